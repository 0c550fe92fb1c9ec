"""Broken, empty and hostile files: one clear sentence each, the others are read."""

import gzip
import os
import pickle
import socket

import numpy as np
import pytest
from obspy import Trace, UTCDateTime
from obspy.core.util import AttribDict

from tests.sources.waveform_files import START, trace, write
from workbench.errors import SourceError
from workbench.sources import open_source
from workbench.sources.waveforms import WaveformSource

RECORD_BYTES = 512


@pytest.fixture
def record(tmp_path):
    """A good miniSEED file of many records, outside the folder that is opened."""
    noise = np.random.default_rng(0).integers(-10_000, 10_000, 20_000)
    path = tmp_path / "made" / "good.mseed"
    path.parent.mkdir()
    trace(samples=noise).write(str(path), format="MSEED", reclen=RECORD_BYTES)
    return path.read_bytes(), noise.astype(np.float32)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    return path


def only(source):
    table = source.scan()
    assert len(table) == 1
    return source.read(table["recording_id"].iloc[0]), table.attrs["notices"]


def test_junk_after_the_records_is_skipped_and_said(folder, record):
    content, samples = record
    (folder / "a.mseed").write_bytes(content + b"junk" * 1000)
    recording, notices = only(WaveformSource(folder))
    np.testing.assert_array_equal(recording["waveform"].values[0, 0], samples)
    assert any("Not a SEED record" in notice and "more like it" in notice for notice in notices)
    assert len(notices) <= 3


def test_junk_after_the_first_header_costs_that_record_only_and_is_said(folder, record):
    content, samples = record
    (folder / "a.mseed").write_bytes(content[:64] + b"\xff\x13" * 224 + content[RECORD_BYTES:])
    recording, _ = only(WaveformSource(folder))
    row = recording["waveform"].values[0, 0]
    kept = np.isfinite(row)
    np.testing.assert_array_equal(row[kept], samples[kept])
    assert 0.9 < kept.mean() < 1.0
    assert "cannot be unpacked; they are gaps" in recording.attrs["notices"]


def test_a_header_followed_by_junk_alone_is_named_and_the_others_are_read(folder, record):
    content, _ = record
    (folder / "a.mseed").write_bytes(content[:64] + b"\xff\x13" * 224)
    write(folder / "b.mseed", trace("XX.B..HHZ"))
    source = WaveformSource(folder)
    names = source.scan()["recording_id"]
    assert sum("XX.B" in name or "2st" in name for name in names) == 1
    recording = source.read(next(name for name in names if "XX.B" in name or "2st" in name))
    assert np.isfinite(recording.sel(station="XX.B.")["waveform"].values).all()


def test_a_recording_of_which_no_file_can_be_read_raises_one_clear_error(folder, record):
    content, _ = record
    (folder / "a.mseed").write_bytes(content[:64] + b"\xff\x13" * 224)
    source = WaveformSource(folder)
    with pytest.raises(SourceError, match=r"No file of this recording can be read: a\.mseed"):
        source.read(source.scan()["recording_id"].iloc[0])


def test_a_truncated_file_gives_what_is_there_and_says_so(folder, record):
    content, samples = record
    (folder / "a.mseed").write_bytes(content[: len(content) // 2 + 100])
    recording, notices = only(WaveformSource(folder))
    row = recording["waveform"].values[0, 0]
    np.testing.assert_array_equal(row, samples[: row.size])
    assert row.size > 0.4 * samples.size
    assert any("ends in the middle of a record" in notice for notice in notices)


def test_a_file_that_vanishes_after_the_scan_is_one_clear_error(folder):
    path = write(folder / "a.mseed", trace())
    source = WaveformSource(folder)
    name = source.scan()["recording_id"].iloc[0]
    path.unlink()
    with pytest.raises(SourceError, match="No file of this recording can be read"):
        source.read(name)


def test_files_that_are_no_waveforms_are_named_with_the_reason(folder):
    write(folder / "a.mseed", trace())
    (folder / "empty.mseed").touch()
    (folder / "noise.bin").write_bytes(np.random.default_rng(0).bytes(5000))
    (folder / "short.mseed").write_bytes((folder / "a.mseed").read_bytes()[:48])
    sac = write(folder / "cut.sac", trace("XX.B..HHZ", dtype=np.float32), format="SAC")
    sac.write_bytes(sac.read_bytes()[:2000])
    _, notices = only(WaveformSource(folder))
    assert "empty.mseed is empty (0 bytes)." in notices
    assert "noise.bin is of no waveform format that ObsPy reads." in notices
    assert any(notice.startswith("short.mseed ") for notice in notices)
    assert any(notice.startswith("cut.sac ") for notice in notices)


def test_what_usually_lies_beside_waveforms_is_not_complained_about(folder):
    write(folder / "a.mseed", trace())
    for name in ("README.md", "velocity_model.txt", "20140824.event", ".hidden", "picture.png", "notes.txt"):
        (folder / name).write_text("depth,vp,vs\n0,4,2\n")
    assert only(WaveformSource(folder))[1] == []


class Boom:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


def test_a_pickle_is_never_loaded(folder, tmp_path):
    write(folder / "a.mseed", trace())
    # ObsPy takes a file for one of its pickles, and loads it, if this name is near its beginning.
    hostile = pickle.dumps((b"obspy.core.stream", Boom(tmp_path / "boom")), protocol=0)
    (folder / "b.mseed").write_bytes(hostile)
    (folder / "c.pickle").write_bytes(hostile)
    _, notices = only(WaveformSource(folder))
    assert not (tmp_path / "boom").exists()
    assert "c.pickle is of no waveform format that ObsPy reads." in notices


def test_constant_traces_and_a_single_sample_are_recordings(folder):
    write(folder / "a.mseed", trace(samples=np.zeros(6000)))
    recording, _ = only(WaveformSource(folder))
    assert np.isnan(recording["waveform"].values).all()
    assert "Dead" in recording.attrs["notices"]
    write(folder / "a.mseed", trace(samples=[5]))
    assert only(WaveformSource(folder))[0]["waveform"].values.tolist() == [[[5.0]]]


@pytest.mark.parametrize("name", ["Erdbeben_Südtirol_地震.mseed", "a" * 200 + ".mseed", "[1] *odd? name.mseed"])
def test_odd_names_are_read(folder, name):
    write(folder / "plain", trace()).rename(folder / name)
    recording, notices = only(WaveformSource(folder))
    assert np.isfinite(recording["waveform"].values).all()
    assert notices == []
    assert open_source(folder / name).scan()["files"].tolist() == [name]


def test_a_file_without_any_codes_is_a_station_named_like_the_file(folder):
    write(folder / "a.sac", Trace(trace().data.astype(np.float32)), format="SAC")
    recording, _ = only(WaveformSource(folder))
    assert recording["station"].values.tolist() == [".a."]


def test_a_gzipped_file_is_read_and_one_that_is_none_is_named(folder):
    plain = write(folder / "plain", trace())
    (folder / "a.mseed.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    (folder / "b.mseed.gz").write_bytes(b"no gzip at all")
    recording, notices = only(WaveformSource(folder))
    np.testing.assert_array_equal(recording["waveform"].values[0, 0], trace().data)
    assert any(notice.startswith("b.mseed.gz ") for notice in notices)


def test_pipes_sockets_and_links_out_of_the_folder_are_left_out_and_said(folder, tmp_path, monkeypatch):
    write(folder / "a.mseed", trace())
    outside = write(tmp_path / "outside" / "b.mseed", trace("XX.B..HHZ"))
    os.mkfifo(folder / "pipe.mseed")
    (folder / "link.mseed").symlink_to(outside)
    (folder / "linked").symlink_to(outside.parent)
    (folder / "loop").symlink_to(folder)
    (folder / "broken.mseed").symlink_to(tmp_path / "nowhere")
    (folder / "inside.mseed").mkdir()
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        recording, notices = only(WaveformSource(folder))
    assert recording["station"].values.tolist() == ["XX.A."]
    assert "pipe.mseed is a named pipe (FIFO), neither a file nor a folder; it is not opened." in notices
    assert any(notice.startswith("socket is a socket") for notice in notices)
    for name in ("link.mseed", "linked", "broken.mseed"):
        assert f"{name} is a link that leaves the folder; open what it points to instead." in notices
    followed, _ = only(WaveformSource(folder, follow_links=True))
    assert followed["station"].values.tolist() == ["XX.A.", "XX.B."]
    table = WaveformSource(folder, follow_links=True, roots=[folder]).scan()
    assert table["n_stations"].tolist() == [1]


def test_a_recording_with_many_gaps_is_one_recording_and_counts_them(folder):
    write(folder / "a.mseed", *(trace(start=START + 10 * number, n=800) for number in range(20)))
    recording, _ = only(WaveformSource(folder))
    assert "Gaps: XX.A. HHZ (19, 38 s in all)" in recording.attrs["notices"]


def test_a_header_with_an_impossible_time_is_named(folder):
    write(folder / "a.mseed", trace())
    far = trace("XX.B..HHZ", start=UTCDateTime(2400, 1, 1), dtype=np.float32)
    write(folder / "b.sac", far, format="SAC")
    recording, notices = only(WaveformSource(folder))
    assert recording["station"].values.tolist() == ["XX.A."]
    assert notices == ["b.sac holds no samples with a rate and a time that are possible."]


def test_broken_records_that_claim_other_rates_do_not_hide_the_good_ones(folder, record):
    content, noise = record
    broken = bytearray(content)
    # The rate factor in the fixed header of the third record, and the samples of the fifth.
    broken[2 * RECORD_BYTES + 32 : 2 * RECORD_BYTES + 34] = (4400).to_bytes(2, "big")
    broken[4 * RECORD_BYTES + 64 : 5 * RECORD_BYTES] = b"\xff" * (RECORD_BYTES - 64)
    (folder / "a.mseed").write_bytes(broken)
    source = WaveformSource(folder)
    recordings = [source.read(name) for name in source.scan()["recording_id"]]
    good = max(recordings, key=lambda recording: recording.sizes["time"])["waveform"].values[0, 0]
    kept = np.isfinite(good[: noise.size])
    assert kept.mean() > 0.8
    assert np.mean(good[: noise.size][kept] == noise[kept]) > 0.95


def test_a_sac_header_with_an_impossible_pick_is_read_without_it(folder):
    one = trace(dtype=np.float32)
    one.stats.sac = AttribDict(o=1e35, a=1.5, t0=-3e38, kt0="S")
    write(folder / "a.sac", one, format="SAC")
    source = WaveformSource(folder)
    name = source.scan()["recording_id"].iloc[0]
    assert source.reference_picks(name)["phase"].tolist() == ["P"]
    assert source.event(name) is None


@pytest.mark.parametrize("content", [b"\x89HDF\r\n\x1a\n" + 100 * b"\0", b"nothing of the kind"])
def test_a_broken_hdf5_file_hides_no_waveforms_and_is_named(folder, record, content):
    (folder / "a.mseed").write_bytes(record[0])
    (folder / "old.hdf5").write_bytes(content)
    source = open_source(folder)
    assert source.kind == "waveforms"
    _, notices = only(source)
    (notice,) = notices
    assert notice.startswith("old.hdf5 cannot be opened as HDF5")


def test_a_broken_hdf5_file_alone_is_still_told_as_such(folder):
    (folder / "chunk1.hdf5").write_bytes(b"\x89HDF\r\n\x1a\n" + 100 * b"\0")
    with pytest.raises(SourceError, match=r"chunk1\.hdf5"):
        open_source(folder).scan()
