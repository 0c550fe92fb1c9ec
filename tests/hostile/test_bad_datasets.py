"""Datasets that are damaged, wrong or malicious: one clear message each."""

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.sources.dataset_files import SEISBENCH_ROW, STEAD_ROW, stead_samples, write_npz, write_seisbench, write_stead
from workbench.errors import SourceError
from workbench.schema import check_recording
from workbench.sources import open_source
from workbench.sources.phasenet_npz import PhaseNetNpzSource
from workbench.sources.seisbench_datasets import SeisBenchSource
from workbench.sources.stead import SteadSource

SECRET = b"root:x:0:0:root:/root:/bin/sh" * 30
"""Content of a file outside the dataset, like /etc/passwd."""


def secret_of(file):
    """Path of the secret file outside the folder of an HDF5 file, and its length in rows of three bytes."""
    path = Path(file.filename).parent.parent / "etc" / "secret"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(SECRET)
    return str(path), len(SECRET) // 3


def stead_with(folder, write):
    """A STEAD pair that lists the trace "evil", which `write` puts into the file."""
    write_stead(folder, names=("evil",), traces={}, rows=[{**STEAD_ROW, "trace_name": "evil"}])
    with h5py.File(folder / "chunk1.hdf5", "a") as file:
        write(file)
    return SteadSource(folder)


def seisbench_with(folder, write):
    write_seisbench(folder, names=("evil",), samples={})
    with h5py.File(folder / "waveforms.hdf5", "a") as file:
        write(file)
    return SeisBenchSource(folder)


def external_storage(file):
    path, size = secret_of(file)
    file.create_dataset("data/evil", shape=(size, 3), dtype="u1", external=[(path, 0, 3 * size)])


def virtual(file):
    raw = file.filename + ".raw.h5"
    path, size = secret_of(file)
    with h5py.File(raw, "w") as other:
        other.create_dataset("text", shape=(size, 3), dtype="u1", external=[(path, 0, 3 * size)])
    layout = h5py.VirtualLayout(shape=(size, 3), dtype="u1")
    layout[:] = h5py.VirtualSource(raw, "text", shape=(size, 3))
    file.create_virtual_dataset("data/evil", layout)


def external_link(file):
    raw = file.filename + ".raw.h5"
    with h5py.File(raw, "w") as other:
        external_storage(other)
    file["data/evil"] = h5py.ExternalLink(raw, "data/evil")


def soft_link_to_external_link(file):
    external_link_group(file, "elsewhere")
    file["data/evil"] = h5py.SoftLink("/elsewhere/evil")


def external_link_group(file, name="data"):
    raw = file.filename + ".raw.h5"
    with h5py.File(raw, "w") as other:
        external_storage(other)
    if name in file:
        del file[name]
    file[name] = h5py.ExternalLink(raw, "data")


WAYS_OUT = (external_storage, virtual, external_link, soft_link_to_external_link, external_link_group)


@pytest.mark.parametrize("way", WAYS_OUT)
@pytest.mark.parametrize("make", [stead_with, seisbench_with])
def test_samples_kept_in_another_file_are_refused(tmp_path, make, way):
    folder = tmp_path / "dataset"
    source = make(folder, way)
    with h5py.File(folder / ("chunk1.hdf5" if make is stead_with else "waveforms.hdf5")) as file:
        # The attack is real: plain h5py shows the secret.
        assert file["data/evil"][()].tobytes() == SECRET
    with pytest.raises(SourceError, match="refused"):
        source.read("evil")


@pytest.mark.parametrize("way", WAYS_OUT)
def test_without_csv_samples_kept_in_another_file_are_refused_too(tmp_path, way):
    folder = tmp_path / "dataset"
    stead_with(folder, way)
    (folder / "chunk1.csv").unlink()
    source = SteadSource(folder / "chunk1.hdf5")
    with pytest.raises(SourceError, match="refused"):
        source.read("evil")


def test_a_truncated_file_says_so(tmp_path):
    write_stead(tmp_path)
    path = tmp_path / "chunk1.hdf5"
    path.write_bytes(path.read_bytes()[:-5000])
    source = open_source(tmp_path)
    with pytest.raises(SourceError, match=r"chunk1\.hdf5 is truncated"):
        source.scan()


def test_a_truncated_chunk_does_not_hide_the_others(tmp_path):
    write_stead(tmp_path, "chunk1")
    write_stead(tmp_path, "chunk2", ("C_EV",))
    path = tmp_path / "chunk2.hdf5"
    path.write_bytes(path.read_bytes()[:3000])
    table = SteadSource(tmp_path).scan()
    assert list(table["recording_id"]) == ["A_EV", "B_NO"]
    assert "truncated" in table.attrs["notices"][0]


def test_damaged_samples_say_so(tmp_path):
    write_stead(tmp_path, names=("A_EV",), traces={})
    path = tmp_path / "chunk1.hdf5"
    with h5py.File(path, "a") as file:
        stored = file.create_dataset(
            "data/A_EV", data=stead_samples(0), chunks=(6000, 3), compression="gzip", fletcher32=True
        )
        place = stored.id.get_chunk_info(0).byte_offset
    content = bytearray(path.read_bytes())
    content[place + 100 : place + 200] = bytes(100)
    path.write_bytes(content)
    source = SteadSource(tmp_path)
    assert len(source.scan()) == 1
    with pytest.raises(SourceError, match="damaged"):
        source.read("A_EV")


@pytest.mark.parametrize("content", [b"", b"not HDF5 at all", b"\x89HDF\r\n\x1a\n" + bytes(200)])
def test_a_file_that_only_looks_like_hdf5_says_so(tmp_path, content):
    (tmp_path / "chunk1.hdf5").write_bytes(content)
    with pytest.raises(SourceError, match=r"chunk1\.hdf5"):
        open_source(tmp_path / "chunk1.hdf5").scan()


def test_an_hdf5_file_of_another_layout_says_what_it_has(tmp_path):
    with h5py.File(tmp_path / "other.hdf5", "w") as file:
        file["measurements/x"] = np.zeros(3)
    with pytest.raises(SourceError, match=r"no group 'data'.*measurements"):
        SteadSource(tmp_path / "other.hdf5").scan()


@pytest.mark.parametrize("column", ["trace_name", "trace_start_time", "receiver_code", "p_arrival_sample"])
def test_a_csv_without_a_needed_column_names_it(tmp_path, column):
    write_stead(tmp_path, columns=[name for name in (*STEAD_ROW, "trace_name") if name != column])
    source = open_source(tmp_path)
    assert source.kind == "stead"
    with pytest.raises(SourceError, match=rf"lacks the columns \['{column}'\]"):
        source.scan()


def test_a_csv_with_rows_of_different_lengths_says_so(tmp_path):
    write_stead(tmp_path)
    with (tmp_path / "chunk1.csv").open("a") as file:
        file.write("only,three,cells\n")
    with pytest.raises(SourceError, match=r"chunk1\.csv cannot be read as CSV"):
        SteadSource(tmp_path).scan()


def test_a_csv_with_a_column_twice_names_it(tmp_path):
    write_stead(tmp_path)
    path = tmp_path / "chunk1.csv"
    path.write_text(path.read_text().replace("p_weight", "p_status"))
    with pytest.raises(SourceError, match=r"\['p_status'\] more than once"):
        SteadSource(tmp_path).scan()


def test_a_csv_as_spreadsheets_write_it_is_read(tmp_path):
    write_stead(tmp_path)
    path = tmp_path / "chunk1.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert SteadSource(tmp_path).scan()["stations"].tolist() == ["TA.109C.", "TA.109C."]


def test_files_without_any_trace_say_so(tmp_path):
    write_stead(tmp_path, names=("A_EV",), traces={})
    path = tmp_path / "chunk1.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    with pytest.raises(SourceError, match="holds no trace"):
        SteadSource(tmp_path).scan()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00garbage", b"trace_name\n\xe9\xe8\n"])
def test_a_csv_that_is_no_text_says_so(tmp_path, content):
    write_stead(tmp_path)
    (tmp_path / "chunk1.csv").write_bytes(content)
    with pytest.raises(SourceError, match=r"chunk1\.csv"):
        SteadSource(tmp_path).scan()


def test_figures_that_are_none_are_not_known(tmp_path):
    row = {
        **STEAD_ROW,
        "trace_name": "A_EV",
        "source_magnitude": "big",
        "trace_start_time": "yesterday",
        "snr_db": "[?]",
    }
    write_stead(tmp_path, names=("A_EV",), rows=[row])
    source = SteadSource(tmp_path)
    (found,) = source.scan().to_dict("records")
    assert np.isnan(found["magnitude"])
    assert np.isnan(found["snr_db"])
    assert "start time is not known" in source.read("A_EV").attrs["notices"]


@pytest.mark.parametrize("shape", [(3, 6000), (6000, 2), (6000,), (2, 6000, 3), (0, 3), ()])
def test_a_trace_of_the_wrong_shape_is_named(tmp_path, shape):
    write_stead(tmp_path, traces={"A_EV": np.zeros(shape, np.float32), "B_NO": stead_samples(1)})
    source = SteadSource(tmp_path)
    source.scan()
    with pytest.raises(SourceError, match=r"'A_EV'.*(shape|empty)"):
        source.read("A_EV")
    assert source.read("B_NO").sizes["time"] == 6000


def test_a_trace_of_text_is_named(tmp_path):
    write_stead(tmp_path, names=("A_EV",), traces={"A_EV": np.full((6000, 3), b"x")})
    with pytest.raises(SourceError, match=r"A_EV.*not samples"):
        SteadSource(tmp_path).read("A_EV")


def test_a_trace_that_claims_an_absurd_size_is_refused(tmp_path):
    write_stead(tmp_path, names=("A_EV",), traces={})
    with h5py.File(tmp_path / "chunk1.hdf5", "a") as file:
        file.create_dataset("data/A_EV", shape=(2**40, 3), dtype="f4", chunks=(6000, 3), compression="gzip")
    with pytest.raises(SourceError, match="too large"):
        SteadSource(tmp_path).read("A_EV")


def test_a_shorter_trace_is_read_and_said(tmp_path):
    write_stead(tmp_path, names=("A_EV",), traces={"A_EV": stead_samples(0, 500)})
    recording = SteadSource(tmp_path).read("A_EV")
    assert recording.sizes["time"] == 500
    assert "500 samples" in recording.attrs["notices"]


def _stead(folder, samples):
    write_stead(folder, names=("A_EV",), traces={"A_EV": samples})
    return SteadSource(folder), "A_EV"


def _seisbench(folder, samples):
    write_seisbench(folder, names=("A_EV",), samples={"A_EV": samples.T[::-1]})
    return SeisBenchSource(folder), "A_EV"


def _npz(folder, samples):
    write_npz(folder / "A_EV.npz", samples=samples)
    return PhaseNetNpzSource(folder), "A_EV"


@pytest.mark.parametrize("make", [_stead, _seisbench, _npz])
def test_bad_samples_become_gaps_and_dead_components_are_said(tmp_path, make):
    samples = stead_samples(3).astype(np.float64)
    samples[10:20, 2] = np.nan
    samples[30, 2] = -np.inf
    samples[40, 2] = 1e300
    samples[:, 1] = 7.0
    samples[:, 0] = np.nan
    source, name = make(tmp_path, samples)
    recording = check_recording(source.read(name))
    z = recording["waveform"].sel(component="Z").values[0]
    assert np.isnan(z).sum() == 12
    np.testing.assert_array_equal(z[50:], samples[50:, 2].astype(np.float32))
    notices = recording.attrs["notices"]
    assert "6010 samples are not a number" in notices
    assert "2 samples are infinite" in notices
    assert "Component N is dead: every sample is 7" in notices
    assert "Component E has no usable sample" in notices


def test_names_that_are_not_ascii_or_very_long_are_read(tmp_path):
    names = ["地震_EV", "Überlingen ☃_NO", "n" * 5000]
    samples = write_stead(tmp_path / "Erdbeben größer", names=names)
    source = open_source(tmp_path / "Erdbeben größer")
    assert list(source.scan()["recording_id"]) == names
    for name in names:
        np.testing.assert_array_equal(source.read(name)["waveform"].values[0, 0], samples[name][:, 2])


@pytest.mark.parametrize("name", ["../chunk1", "/etc/passwd", "..", ".", "a/b", "", "data"])
def test_a_name_with_a_path_in_it_stays_inside_the_file(tmp_path, name):
    write_stead(tmp_path, names=(name,), traces={"A_EV": stead_samples(0)})
    with pytest.raises(SourceError, match=r"holds no trace|without a trace name|is a group"):
        SteadSource(tmp_path).read(name)


def test_an_unreadable_folder_is_named(tmp_path, monkeypatch):
    write_stead(tmp_path)

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    source = SteadSource(tmp_path)
    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(SourceError, match=r"cannot be read \(Permission denied\)"):
        source.scan()


def test_a_folder_named_like_a_file_is_refused(tmp_path):
    write_stead(tmp_path, "chunk2")
    (tmp_path / "chunk1.hdf5").mkdir()
    table = SteadSource(tmp_path).scan()
    assert len(table) == 2
    assert "folder that is named like a file" in table.attrs["notices"][0]


def test_a_folder_without_stead_files_says_what_was_looked_for(tmp_path):
    with pytest.raises(SourceError, match=r"looked for \*\.hdf5 and \*\.csv"):
        SteadSource(tmp_path).scan()


def test_an_onset_outside_all_times_is_no_pick_and_hides_nothing_else(tmp_path):
    far = "99999999999999999999"
    write_stead(
        tmp_path / "stead", rows=[{**STEAD_ROW, "trace_name": "A_EV", "p_arrival_sample": far}], names=("A_EV",)
    )
    rows = [{**SEISBENCH_ROW, "trace_name": "A_EV", "trace_p_arrival_sample": far}]
    write_seisbench(tmp_path / "seisbench", names=("A_EV",), rows=rows)
    write_npz(tmp_path / "npz" / "A_EV.npz", itp=1e30)
    for folder, phase in (("stead", "S"), ("seisbench", "Sg"), ("npz", "S")):
        assert open_source(tmp_path / folder).reference_picks("A_EV")["phase"].tolist() == [phase]


def test_a_compressed_file_with_broken_bits_says_so(tmp_path):
    rng = np.random.default_rng(0)
    np.savez_compressed(tmp_path / "a.npz", data=rng.standard_normal((9001, 3)).astype(np.float32), itp=1, its=2)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[200:1200] = rng.bytes(1000)
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(SourceError, match="damaged"):
        open_source(tmp_path / "a.npz", "phasenet_npz").read("a")
