"""Which files become which recordings, and what stands in a recording."""

import numpy as np
import pytest
from obspy import Trace

from workbench.errors import JobCancelledError, SourceError, UnknownNameError
from workbench.schema import check_recording, check_recordings_table
from workbench.sources import open_source
from workbench.sources.waveforms import WaveformSource

from .waveform_files import START, trace, write, write_station


def only(source):
    table = source.scan()
    assert len(table) == 1, table
    return check_recording(source.read(table["recording_id"].iloc[0]))


def test_stations_of_one_interval_are_one_recording(tmp_path):
    for station in ("XX.A.", "XX.B.", "YY.C.00"):
        write_station(tmp_path, station)
    source = open_source(tmp_path)
    table = check_recordings_table(source.scan())
    row = table.iloc[0]
    assert source.kind == "waveforms"
    assert (len(table), row["recording_id"], row["n_stations"]) == (1, "20240501T120000_3st", 3)
    assert (row["duration_s"], row["sampling_rate_hz"]) == (59.99, 100.0)
    recording = source.read(row["recording_id"])
    assert list(recording["station"].values) == ["XX.A.", "XX.B.", "YY.C.00"]
    assert list(recording["component"].values) == ["Z", "N", "E"]
    assert recording["channel"].values.tolist()[0] == ["HHZ", "HHN", "HHE"]
    assert recording["time"].values[0] == np.datetime64("2024-05-01T12:00:00")
    np.testing.assert_array_equal(recording["waveform"].values[1, 0], trace().data.astype(np.float32))
    assert recording.attrs["notices"] == ""
    assert table.attrs["notices"] == []


def test_a_station_that_began_late_belongs_to_the_recording_and_the_gap_is_said(tmp_path):
    write_station(tmp_path, "XX.A.")
    write_station(tmp_path, "XX.B.", start=START + 40, n=2000)
    recording = only(WaveformSource(tmp_path))
    assert np.isnan(recording["waveform"].values[1, :, :4000]).all()
    assert np.isfinite(recording["waveform"].values[1, :, 4000:]).all()
    assert "Gaps: XX.B. HHZ (1, 40 s in all)" in recording.attrs["notices"]


def test_files_of_events_that_overlap_in_time_stay_apart(tmp_path):
    for number in range(3):
        begin = START + 20 * number
        traces = [trace(f"XX.{station}..HHZ", start=begin) for station in "ABC"]
        write(tmp_path / f"event{number}.mseed", *traces)
    table = WaveformSource(tmp_path).scan()
    assert table["n_stations"].tolist() == [3, 3, 3]
    assert table["files"].tolist() == ["event0.mseed", "event1.mseed", "event2.mseed"]


def test_folders_of_events_that_overlap_in_time_stay_apart(tmp_path):
    for number in range(2):
        for station in "AB":
            name = f"event{number}/XX.{station}.mseed"
            write(tmp_path / name, trace(f"XX.{station}..HHZ", start=START + 20 * number))
    source = WaveformSource(tmp_path)
    table = source.scan()
    assert table["n_stations"].tolist() == [2, 2]
    assert source.read(table["recording_id"].iloc[1])["time"].values[0] == np.datetime64("2024-05-01T12:00:20")


def test_many_files_of_single_events_are_one_recording_each(tmp_path):
    for number in range(12):
        write(tmp_path / f"{number}.mseed", trace(start=START + 3600 * number))
    table = WaveformSource(tmp_path).scan()
    assert len(table) == 12
    assert table["start"].is_monotonic_increasing


def test_two_recordings_of_the_same_second_have_different_names(tmp_path):
    for number in range(2):
        write(tmp_path / f"{number}.mseed", *(trace(f"XX.{s}..HHZ", start=START + 0.2 * number) for s in "AB"))
    assert WaveformSource(tmp_path).scan()["recording_id"].tolist() == [
        "20240501T120000_2st",
        "20240501T120000_2st_2",
    ]


def test_files_of_a_channel_that_follow_one_another_are_joined_with_their_gap(tmp_path):
    write(tmp_path / "a.mseed", trace(n=3000))
    write(tmp_path / "b.mseed", trace(start=START + 35, n=3000))
    recording = only(WaveformSource(tmp_path))
    missing = np.flatnonzero(np.isnan(recording["waveform"].values[0, 0]))
    assert (missing[0], missing[-1]) == (3000, 3499)
    assert "Gaps: XX.A. HHZ (1, 5 s in all)" in recording.attrs["notices"]


def test_a_file_with_events_far_apart_is_cut(tmp_path):
    write(tmp_path / "all.mseed", trace(), trace(start=START + 7200), trace(start=START + 9000))
    assert WaveformSource(tmp_path).scan()["duration_s"].tolist() == [59.99] * 3


def test_an_archive_is_cut_at_midnight_and_small_pieces_stay_with_their_neighbour(tmp_path):
    day = 86_400
    midnight = START + 12 * 3600
    for number in range(3):
        folder = tmp_path / "2024" / "XX" / "A" / "HHZ.D"
        begin = midnight + number * day - (60 if number == 0 else 0)
        n = day + (60 if number == 0 else 0)
        name = f"XX.A..HHZ.D.2024.{123 + number}"
        write(folder / name, trace(start=begin, n=n, rate_hz=1.0, samples=np.full(n, number + 1)))
    source = WaveformSource(tmp_path)
    table = source.scan()
    assert table["group"].tolist() == ["2024-05-01", "2024-05-03", "2024-05-04"]
    assert table["duration_s"].tolist() == [day + 59, day - 1, day - 1]
    second = source.read(table["recording_id"].iloc[1])
    assert second.sizes["time"] == day


def test_a_day_of_many_stations_is_cut_to_fit_into_memory(tmp_path):
    for station in "AB":
        write_station(tmp_path, f"XX.{station}.", n=72_000, rate_hz=10.0)
    source = WaveformSource(tmp_path, most_mb=0.5)
    table = source.scan()
    assert table["duration_s"].sum() == pytest.approx(7200, abs=2)
    assert table.attrs["notices"] == [
        "Recordings that would take more than 0.5 MB (setting most_mb) are cut to 22.5 min."
    ]
    recordings = [source.read(name) for name in table["recording_id"]]
    assert max(recording["waveform"].nbytes for recording in recordings) <= 0.5 * 2**20
    together = np.concatenate([recording["waveform"].values[0, 0] for recording in recordings])
    np.testing.assert_array_equal(together, trace(n=72_000, rate_hz=10.0).data.astype(np.float32))


def test_one_file_is_a_source_too_and_knows_the_stations_beside_it(tmp_path):
    path = write(tmp_path / "a.mseed", trace())
    write(tmp_path / "other.mseed", trace("XX.B..HHZ"))
    (tmp_path / "stations.csv").write_text("network,station,latitude,longitude,elevation\nXX,A,46.5,13.1,850\n")
    recording = only(open_source(path))
    assert list(recording["station"].values) == ["XX.A."]
    assert recording["elevation_m"].values[0] == 850.0


@pytest.mark.parametrize("format", ["SAC", "GSE2", "SLIST"])
def test_other_formats_are_read(tmp_path, format):
    write(tmp_path / "a.wave", trace(dtype=np.float32 if format == "SAC" else np.int32), format=format)
    recording = only(WaveformSource(tmp_path))
    np.testing.assert_allclose(recording["waveform"].values[0, 0], trace().data, atol=1.0)


def test_a_scan_reports_each_file_and_can_be_stopped(tmp_path):
    write_station(tmp_path)
    seen = []
    WaveformSource(tmp_path).scan(lambda fraction, step: seen.append((fraction, step)))
    assert [fraction for fraction, _ in seen] == sorted(fraction for fraction, _ in seen)
    assert "header 2 of 3" in seen[1][1]

    def stop(fraction, step):
        if fraction > 0.5:
            raise JobCancelledError("stopped")

    with pytest.raises(JobCancelledError):
        WaveformSource(tmp_path).scan(stop)


def test_a_recording_that_is_not_there_is_named(tmp_path):
    write_station(tmp_path)
    with pytest.raises(UnknownNameError, match="Did you mean '20240501T120000_XX"):
        WaveformSource(tmp_path).read("20240501T120000_XX.B")


def test_a_folder_without_waveforms_says_what_was_looked_for(tmp_path):
    (tmp_path / "readme.md").write_text("nothing")
    with pytest.raises(SourceError, match="miniSEED"):
        open_source(tmp_path)
    with pytest.raises(SourceError, match="holds no file with waveforms"):
        open_source(tmp_path, "waveforms").scan()


def test_names_stay_the_same_when_the_folder_is_scanned_again(tmp_path):
    for number in range(3):
        write(tmp_path / f"{number}.mseed", *(trace(f"XX.{s}..HHZ", start=START + 20 * number) for s in "AB"))
    first, second = (WaveformSource(tmp_path).scan() for _ in range(2))
    assert first.equals(second)


def test_day_of_stations_is_one_recording_on_disk(tmp_path, monkeypatch):
    # Its samples would fill memory: they lie in a file, and are the same ones.
    monkeypatch.setattr("workbench.processing.large_arrays.MAPPED_FROM_BYTES", 1_000)
    rng = np.random.default_rng(0)
    wanted = {}
    for code in ("AAA", "BBB"):
        for letter in "ZNE":
            wanted[code, letter] = rng.integers(-1000, 1000, 86_400).astype(np.int32)
            header = {"network": "XX", "station": code, "channel": f"HH{letter}", "sampling_rate": 1.0}
            Trace(wanted[code, letter], header).write(str(tmp_path / f"{code}{letter}.mseed"), format="MSEED")
    source = WaveformSource(tmp_path)
    (name,) = source.scan()["recording_id"]
    waveform = source.read(name)["waveform"]
    for (code, letter), samples in wanted.items():
        assert (waveform.sel(station=f"XX.{code}.", component=letter).values == samples).all()
