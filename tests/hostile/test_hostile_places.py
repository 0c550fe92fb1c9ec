"""Bombs, doors that lead outside, files that are none, and figures that cannot be: each is read or told, none hangs."""

from __future__ import annotations

import bz2
import gzip
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from obspy import UTCDateTime

from tests.hostile.bounds import answer_or_word
from tests.hostile.readers import READERS, read_source
from tests.sources.dataset_files import SEISBENCH_ROW, STEAD_ROW, write_rows, write_seisbench, write_stead
from tests.sources.waveform_files import trace, write
from workbench.errors import PickerError, SchemaError, SourceError, WorkbenchError
from workbench.explain.netcdf import read_explanation
from workbench.networks.weights_file import load_epgnn, load_xiaonet
from workbench.pickers import open_picker
from workbench.settings import load_settings
from workbench.sources import open_source

pytestmark = pytest.mark.filterwarnings("ignore")
SECRET = "the-secret-of-another-file"
_LOL = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{_LOL}]>'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A good file, beside which something is put."""
    place = tmp_path / "given"
    write(place / "good.mseed", trace("XX.B..HHZ", n=1000))
    return place


def good_is_read(folder: Path) -> None:
    found = answer_or_word(lambda: read_source(folder))
    assert isinstance(found, set), str(found)
    assert "XX.B." in found


# ---- XML


@pytest.mark.parametrize("name", ["stationxml", "quakeml"])
def test_an_xml_bomb_is_told_and_the_others_are_read(tmp_path: Path, name: str) -> None:
    reader = READERS[name]
    reader.make(tmp_path)
    path = tmp_path / reader.spoilt
    text = path.read_text().partition("?>")[2].replace("made", "&l9;").replace("<Code>", "<Code>&l9;")
    path.write_text(BOMB + text.replace("smi:local", "&l9;", 1))
    good_is_read(tmp_path)


@pytest.mark.parametrize("name", ["stationxml", "quakeml"])
def test_an_external_entity_shows_nothing_of_another_file(tmp_path: Path, name: str) -> None:
    reader = READERS[name]
    place = tmp_path / "given"
    place.mkdir()
    reader.make(place)
    (tmp_path / "secret").write_text(SECRET)
    path = place / reader.spoilt
    text = path.read_text().partition("?>")[2].replace("made", "&secret;")
    text = text.replace("<phaseHint>P", "<phaseHint>&secret;")
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY secret SYSTEM "file://{tmp_path / "secret"}">]>'
    path.write_text(head + text)
    source = open_source(place)
    table = source.scan()
    shown = [table.to_csv(), *table.attrs["notices"]]
    shown += [source.reference_picks(each).to_csv() for each in table["recording_id"]]
    assert SECRET not in "".join(shown)


# ---- packed


@pytest.mark.parametrize("ending", [".gz", ".bz2"])
def test_a_packed_bomb_is_told(folder: Path, ending: str) -> None:
    pack = gzip.compress if ending == ".gz" else bz2.compress
    (folder / f"bomb.mseed{ending}").write_bytes(pack(bytes(80 << 20)))
    table = open_source(folder).scan()
    assert any("times its size" in notice for notice in table.attrs["notices"])
    good_is_read(folder)


def npz_of(path: Path, shape: str, content: bytes = b"", member: str = "data.npy") -> None:
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    npy = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, npy)


@pytest.mark.parametrize("shape", ["(10**12, 3)", "(1000000000000, 3)", "(-1, 3)", "(90000000, 3)", "(20000000, 3)"])
def test_an_npz_that_claims_more_than_it_holds_is_told(tmp_path: Path, shape: str) -> None:
    npz_of(tmp_path / "a.npz", shape)
    found = answer_or_word(lambda: open_source(tmp_path, "phasenet_npz").read("a"))
    assert isinstance(found, SourceError)


def test_an_npz_with_a_path_in_a_name_writes_nothing(tmp_path: Path) -> None:
    place = tmp_path / "given"
    place.mkdir()
    npz_of(place / "a.npz", "(2, 3)", bytes(24), "../../outside.npy")
    with pytest.raises(WorkbenchError):
        open_source(place, "phasenet_npz").scan()
    assert [path.name for path in tmp_path.rglob("*")] == ["given", "a.npz"]


# ---- HDF5


def cycle(file: h5py.File) -> None:
    file["data/loop"] = file["data"]


def soft_cycle(file: h5py.File) -> None:
    file["data/a"], file["data/b"] = h5py.SoftLink("/data/b"), h5py.SoftLink("/data/a")


def far(file: h5py.File) -> None:
    file["data/far"] = h5py.ExternalLink("/dev/zero", "/x")


def huge(file: h5py.File) -> None:
    file.create_dataset("data/huge", shape=(2**40, 3), dtype="f8", chunks=(1000, 3))


@pytest.mark.parametrize("trap", [cycle, soft_cycle, far, huge])
@pytest.mark.parametrize("kind", ["stead", "seisbench"])
def test_traps_in_hdf5_are_refused(tmp_path: Path, kind: str, trap: Callable[[h5py.File], None]) -> None:
    if kind == "stead":
        rows = [{**STEAD_ROW, "trace_name": name} for name in ("loop", "a", "far", "huge")]
        write_stead(tmp_path, traces={}, names=(), rows=rows)
    else:
        rows = [{**SEISBENCH_ROW, "trace_name": name} for name in ("loop", "a", "far", "huge")]
        write_seisbench(tmp_path, rows=rows, samples={})
    path = tmp_path / ("chunk1.hdf5" if kind == "stead" else "waveforms.hdf5")
    with h5py.File(path, "a") as file:
        trap(file)
    source = open_source(tmp_path, kind)
    answer_or_word(source.scan)
    for name in ("loop", "a", "far", "huge", "data", "..", "/"):
        assert isinstance(answer_or_word(lambda name=name: source.read(name)), WorkbenchError)


def test_an_explanation_that_leads_to_another_file_is_refused(tmp_path: Path) -> None:
    READERS["explanation"].make(tmp_path)
    (tmp_path / "why.nc").rename(tmp_path / "other.nc")
    with h5py.File(tmp_path / "why.nc", "w") as file:
        file["attribution"] = h5py.ExternalLink(str(tmp_path / "other.nc"), "/attribution")
    with pytest.raises(SourceError, match="refused"):
        read_explanation(tmp_path / "why.nc")


# ---- places


def test_pipes_devices_and_loops_neither_hang_nor_hide_the_others(folder: Path) -> None:
    for name in (
        "a.mseed",
        "a.xml",
        "stations.csv",
        "a.hdf5",
        "a.npz",
        "metadata.csv",
        "a.parquet",
        "x.dat",
        "x.event",
    ):
        os.mkfifo(folder / name)
    (folder / "zero.mseed").symlink_to("/dev/zero")
    (folder / "self").symlink_to(folder / "self")
    (folder / "up").symlink_to(folder)
    good_is_read(folder)


@pytest.mark.parametrize("kind", ["stead", "seisbench", "phasenet_npz", "ogs", "waveforms", None])
@pytest.mark.parametrize("place", ["fifo", "/dev/zero", "loop", "nowhere", "a\0b", "x" * 5000, "~nobody-here/x", ""])
def test_a_place_that_is_none_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str | None, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo")
    Path("loop").symlink_to("loop")
    found = answer_or_word(lambda: open_source(place, kind).scan())
    assert isinstance(found, WorkbenchError)


@pytest.mark.parametrize("name", ["own.safetensors", "own.pt"])
def test_weights_that_are_a_pipe_or_a_device_are_told(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    (tmp_path / "own.json").write_text("{}")
    for path in (tmp_path / name, Path("/dev/zero")):
        for picker in ("xiaonet", "phasenet"):
            found = answer_or_word(lambda path=path, picker=picker: open_picker(picker, str(path)).card)
            assert isinstance(found, WorkbenchError)


@pytest.mark.parametrize("reader", ["shard", "explanation", "journal", "settings"])
def test_a_pipe_in_the_place_of_a_file_is_told(tmp_path: Path, reader: str) -> None:
    os.mkfifo(tmp_path / READERS[reader].spoilt)
    found = answer_or_word(lambda: READERS[reader].read(tmp_path))
    # Settings that are no file are none.
    assert isinstance(found, WorkbenchError) or reader == "settings"


NAMES = ["\u202egpj.mseed", "a\nb.mseed", "-rf.mseed", "n" * 240 + ".mseed", "%2e%2e.mseed", "<b>x.mseed"]


@pytest.mark.parametrize("name", NAMES)
def test_odd_names_of_files_hide_nothing(folder: Path, name: str) -> None:
    write(folder / "a", trace("XX.C..HHZ", n=1000)).rename(folder / name)
    assert "XX.C." in answer_or_word(lambda: read_source(folder))
    good_is_read(folder)


def test_names_that_are_no_text_hide_nothing(folder: Path) -> None:
    (folder / os.fsdecode(b"\xff\xfe.mseed")).write_bytes((folder / "good.mseed").read_bytes())
    (folder / os.fsdecode(b"\xff\xfe")).mkdir()
    (folder / os.fsdecode(b"\xff.xml")).write_text("quakeml")
    good_is_read(folder)
    READERS["phasenet_npz"].make(folder / "npz")
    content = (folder / "npz" / READERS["phasenet_npz"].spoilt).read_bytes()
    (folder / "npz" / os.fsdecode(b"\xff.npz")).write_bytes(content)
    assert "XX.B." in answer_or_word(lambda: read_source(folder / "npz", "phasenet_npz"))


# ---- figures that cannot be


def year(number: int) -> UTCDateTime:
    return UTCDateTime(number, 1, 1)


@pytest.mark.parametrize("start", [year(1), year(1600), year(2262), year(9999)])
@pytest.mark.parametrize("form", ["MSEED", "SAC", "SLIST", "GSE2"])
def test_years_far_away_are_read_or_told(folder: Path, start: UTCDateTime, form: str) -> None:
    try:
        write(
            folder / "far",
            trace("XX.C..HHZ", start=start, n=1000, dtype=np.float32 if form == "SAC" else np.int32),
            format=form,
        )
    except Exception as error:  # noqa: BLE001 - ObsPy itself cannot write such a year in every format
        pytest.skip(f"not written: {error}")
    good_is_read(folder)


@pytest.mark.parametrize("rate", ["-100", "0", "nan", "inf", "1e-300", "1e300", "100,100"])
def test_rates_that_cannot_be_are_told(tmp_path: Path, rate: str) -> None:
    write(tmp_path / "good.mseed", trace("XX.B..HHZ", n=1000))
    write(tmp_path / "a.slist", trace("XX.A..HHZ", n=1000), format="SLIST")
    text = (tmp_path / "a.slist").read_text()
    (tmp_path / "a.slist").write_text(text.replace("100 sps", f"{rate} sps").replace("100.0 sps", f"{rate} sps"))
    good_is_read(tmp_path)
    folder = tmp_path / "seisbench"
    rows = [{**SEISBENCH_ROW, "trace_name": "t0", "trace_sampling_rate_hz": rate}]
    write_seisbench(folder, rows=rows, samples={"t0": np.ones((3, 300), np.float32)})
    answer_or_word(lambda: read_source(folder, "seisbench"))


TIMES = ["0001-01-01T00:00:00", "9999-12-31T23:59:59.999999", "-5", "now", "2024-02-30", "1e400", "\u202e2024", ""]


@pytest.mark.parametrize("time", TIMES)
def test_times_that_cannot_be_are_not_known(tmp_path: Path, time: str) -> None:
    row = {**SEISBENCH_ROW, "trace_name": "t0", "trace_start_time": time, "source_origin_time": time}
    write_seisbench(tmp_path / "a", rows=[row], samples={"t0": np.ones((3, 300), np.float32)})
    answer_or_word(lambda: read_source(tmp_path / "a", "seisbench"))
    row = {**STEAD_ROW, "trace_name": "t0", "trace_start_time": time, "source_origin_time": time}
    write_stead(tmp_path / "b", traces={"t0": np.ones((300, 3), np.float32)}, names=("t0",), rows=[row])
    answer_or_word(lambda: read_source(tmp_path / "b", "stead"))


def test_a_name_that_stands_twice_is_one_recording_or_told(tmp_path: Path) -> None:
    rows = [{**SEISBENCH_ROW, "trace_name": "t0"}] * 3
    write_seisbench(tmp_path, rows=rows, samples={"t0": np.ones((3, 300), np.float32)})
    found = answer_or_word(lambda: open_source(tmp_path, "seisbench").scan())
    assert isinstance(found, WorkbenchError) or found["recording_id"].is_unique


@pytest.mark.parametrize("kind", ["stead", "seisbench", "waveforms"])
def test_a_table_of_a_million_columns_is_told(folder: Path, kind: str) -> None:
    line = "latitude,longitude,station," + ",".join(f"c{n}" for n in range(1_000_000))
    if kind == "stead":
        write_stead(folder, "good", ("A_EV",))
        write_stead(folder, "wide", ("B_EV",))
    elif kind == "seisbench":
        write_seisbench(folder)
    name = {"stead": "wide.csv", "seisbench": "metadata.csv", "waveforms": "stations.csv"}[kind]
    (folder / name).write_text(f"{line}\n1,2,3\n")
    if kind == "waveforms":
        good_is_read(folder)
    else:
        answer_or_word(lambda: open_source(folder, kind).scan())


def test_a_row_of_odd_texts_stays_text(tmp_path: Path) -> None:
    odd = {
        "trace_name": "t0",
        "station_code": "\u202eX<script>",
        "source_id": "=cmd|' /C calc'!A0",
        "split": "x" * 100_000,
    }
    rows = [{**SEISBENCH_ROW, "trace_name": "t0", **odd}]
    write_seisbench(tmp_path, rows=rows, samples={"t0": np.ones((3, 300), np.float32)})
    found = answer_or_word(lambda: read_source(tmp_path, "seisbench"))
    assert isinstance(found, WorkbenchError) or len(found) == 1


# ---- weights and settings


class Boom:
    """What runs when a pickle of it is loaded."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self._path),)


@pytest.mark.parametrize("packed", [True, False])
def test_code_in_weights_is_never_run(tmp_path: Path, packed: bool) -> None:
    import torch

    hostile = {"inc.weight": Boom(tmp_path / "boom")}
    if packed:
        torch.save(hostile, tmp_path / "own.pt")
    else:
        (tmp_path / "own.pt").write_bytes(pickle.dumps(hostile))
    (tmp_path / "own.json").write_text("{}")
    with pytest.raises(PickerError, match="refused"):
        open_picker("phasenet", str(tmp_path / "own.pt")).module  # noqa: B018 - reading it is the test
    assert not (tmp_path / "boom").exists()


SETTINGS_OF_WEIGHTS = [
    "[]", "null", '"x"', "{" * 5000, '{"model_args": {"in_channels": 1e9}}', '{"model_args": 5}',
    '{"model_args": {"norm": "\\u0000"}}', '{"seisbench_requirement": "999"}', "\ufeff{}",
]  # fmt: skip


@pytest.mark.parametrize("text", SETTINGS_OF_WEIGHTS)
def test_settings_of_weights_that_are_none_are_told(
    tmp_path: Path, save_random: Callable[..., Path], text: str
) -> None:
    path = save_random(tmp_path, "PhaseNet", "own")
    path.with_suffix(".json").write_text(text)
    found = answer_or_word(lambda: open_picker("phasenet", str(path)).module)
    # A norm that is none is one that the network never asks about.
    assert isinstance(found, PickerError) or "norm" in text


@pytest.mark.parametrize("channels", ["999999999", "0", "9" * 400, "-1"])
def test_a_header_of_weights_that_claims_a_giant_is_told(tmp_path: Path, channels: str) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / "own.safetensors"
    save_file({"x": np.zeros(1)}, path, {"network": "epgnn", "channels": channels, "size": "5k"})
    for load in (load_epgnn, load_xiaonet):
        assert isinstance(answer_or_word(lambda load=load: load(str(path))), WorkbenchError)


SETTINGS = ["a = " + "[" * 20_000, "labels = 5", "kernels = 5", "[kernels]\na = 1", "[kernels.a]\nurl = [1]", "\0",
            'labels = "\\u0000"', "analyst = 1979-05-27", "[labels]\na = 1", "labels = nan", "x.y.z = 1"]  # fmt: skip


@pytest.mark.parametrize("text", SETTINGS)
def test_settings_that_are_none_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    path = tmp_path / "workbench.toml"
    path.write_text(text)
    monkeypatch.setenv("WORKBENCH_CONFIG", str(path))
    monkeypatch.delenv("WORKBENCH_LABELS")
    found = answer_or_word(load_settings)
    assert isinstance(found, SchemaError) or found.labels_url


def test_places_of_stations_that_cannot_be_hide_nothing(folder: Path) -> None:
    write_rows(folder / "stations.csv", [{"station": "B", "latitude": "1e999", "longitude": "nan", "elevation": "x"}])
    good_is_read(folder)
