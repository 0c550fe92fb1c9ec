"""PhaseNet's training files: components, channels, onsets, start times, and files that are none."""

import os
import zipfile

import numpy as np
import pandas as pd
import pytest

from workbench.errors import SourceError, UnknownNameError
from workbench.schema import check_recording, check_recordings_table
from workbench.sources import open_source
from workbench.sources.phasenet_npz import PhaseNetNpzSource

from .dataset_files import stead_samples, write_npz


def test_real_files_are_listed_with_their_onsets(shared_data):
    source = open_source(shared_data / "ncedc")
    table = check_recordings_table(source.scan())
    assert (source.kind, len(table)) == ("phasenet_npz", 71)
    assert (table["p_arrival_sample"] == 3000).all()
    row = table.set_index("recording_id").loc["BG_ACR_2012082505145960"]
    assert (row["stations"], row["s_arrival_sample"], row["duration_s"]) == ("BG.ACR.", 3099, 90.01)
    assert row["start"] == pd.Timestamp("2012-08-25T05:14:59.6")
    picks = source.reference_picks("BG_ACR_2012082505145960")
    assert list(picks["phase"]) == ["P", "S"]
    assert list(picks["time"] - row["start"]) == [pd.Timedelta("30s"), pd.Timedelta("30.99s")]
    assert source.event("BG_ACR_2012082505145960") is None


def test_components_become_zne(shared_data):
    source = PhaseNetNpzSource(shared_data / "ncedc")
    recording = check_recording(source.read("BG_ACR_2012082505145960"))
    with np.load(shared_data / "ncedc" / "BG_ACR_2012082505145960.npz") as file:
        np.testing.assert_array_equal(recording["waveform"].values[0], file["data"].T[::-1])
    assert recording["channel"].values.tolist() == [["DPZ", "DPN", "DPE"]]


def test_a_station_with_one_channel_has_no_other_components(shared_data):
    recording = PhaseNetNpzSource(shared_data / "ncedc").read("NC_LCF_1988093006011698_02")
    waveform = recording["waveform"].values[0]
    assert np.isfinite(waveform[0]).all()
    assert np.isnan(waveform[1:]).all()
    assert recording["channel"].values.tolist() == [["EHZ", "", ""]]
    assert recording.attrs["notices"] == "The station has no component N.\nThe station has no component E."


def test_a_single_file_is_a_source(tmp_path):
    write_npz(tmp_path / "NC_MCB_2017010105240675.npz")
    source = open_source(tmp_path / "NC_MCB_2017010105240675.npz")
    assert (source.kind, len(source.scan())) == ("phasenet_npz", 1)
    assert source.read("NC_MCB_2017010105240675")["station"].values.tolist() == ["NC.MCB."]


def test_a_start_time_and_station_in_the_file_count(tmp_path):
    more = {"t0": "2019-07-04T17:00:00.5", "station_id": "CI.CCC.00.HH", "itp": np.array([100, -1]), "its": np.nan}
    write_npz(tmp_path / "a.npz", **more)
    source = PhaseNetNpzSource(tmp_path)
    recording = source.read("a")
    assert recording["time"].values[0] == np.datetime64("2019-07-04T17:00:00.5")
    assert recording["station"].values.tolist() == ["CI.CCC.00"]
    picks = source.reference_picks("a")
    assert list(picks["time"]) == [pd.Timestamp("2019-07-04T17:00:01.5")]


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "b", ""])
def test_an_id_that_is_no_file_of_the_folder_is_unknown(tmp_path, name):
    write_npz(tmp_path / "outside.npz")
    write_npz(tmp_path / "folder" / "a.npz")
    with pytest.raises(UnknownNameError):
        PhaseNetNpzSource(tmp_path / "folder").read(name)


def test_bad_files_stand_in_the_notices_and_the_others_are_listed(tmp_path):
    write_npz(tmp_path / "a.npz")
    write_npz(tmp_path / "shape.npz", samples=np.zeros((3, 9001)))
    write_npz(tmp_path / "empty.npz", samples=np.zeros((0, 3)))
    (tmp_path / "junk.npz").write_bytes(b"PK\x03\x04 junk")
    content = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "short.npz").write_bytes(content[: len(content) // 2])
    np.savez(tmp_path / "other.npz", something=np.zeros(3))
    os.mkfifo(tmp_path / "fifo.npz")
    table = PhaseNetNpzSource(tmp_path).scan()
    assert list(table["recording_id"]) == ["a"]
    assert len(table.attrs["notices"]) == 6
    with pytest.raises(SourceError, match=r"shape \(3, 9001\)"):
        PhaseNetNpzSource(tmp_path).read("shape")
    with pytest.raises(SourceError, match="named pipe"):
        PhaseNetNpzSource(tmp_path).read("fifo")


def test_a_pickled_object_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (os.system, (f"touch {tmp_path / 'ran'}",))

    np.savez(tmp_path / "evil.npz", data=stead_samples(0), itp=np.array([Evil()], dtype=object), its=1)
    source = PhaseNetNpzSource(tmp_path)
    with pytest.raises(SourceError, match=r"evil\.npz cannot be read"):
        source.scan()
    assert not (tmp_path / "ran").exists()


def test_an_array_that_claims_an_absurd_size_is_refused(tmp_path):
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776, 3), }"
    header += b" " * (117 - len(header)) + b"\n"
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w") as archive:
        archive.writestr("data.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(SourceError, match="too large"):
        PhaseNetNpzSource(tmp_path).read("bomb")
