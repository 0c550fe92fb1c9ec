"""Rates, starts, overlaps, instruments and directions that do not fit: what is done, and that it is said."""

import numpy as np
import pytest
from obspy import UTCDateTime
from obspy.core.inventory import Channel, Inventory, Network, Station

from workbench.sources.waveforms import WaveformSource

from .waveform_files import START, trace, write, write_station


def only(folder, **settings):
    source = WaveformSource(folder, **settings)
    table = source.scan()
    assert len(table) == 1, table
    return source.read(table["recording_id"].iloc[0])


def wave(rate_hz, offset_s=0.0, n_s=60):
    return 1000 * np.sin(2 * np.pi * 2.0 * (np.arange(round(n_s * rate_hz)) / rate_hz + offset_s))


def test_the_rate_of_most_channels_is_taken_and_the_native_one_kept(tmp_path):
    for station, rate_hz in (("A", 100.0), ("B", 100.0), ("C", 200.0), ("D", 50.0)):
        samples = wave(rate_hz)
        write(tmp_path / station, trace(f"XX.{station}..HHZ", rate_hz=rate_hz, samples=samples, dtype=np.float32))
    recording = only(tmp_path)
    assert recording.attrs["sampling_rate_hz"] == 100.0
    assert recording["native_sampling_rate_hz"].values.tolist() == [100.0, 100.0, 200.0, 50.0]
    rows = recording["waveform"].values[:, 0, 50:-50]
    np.testing.assert_allclose(rows[2], rows[0], atol=5)
    np.testing.assert_allclose(rows[3], rows[0], atol=5)
    assert "Resampled from 200 Hz to the 100 Hz of most channels: XX.C. HHZ." in recording.attrs["notices"]
    assert "Resampled from 50 Hz to the 100 Hz of most channels: XX.D. HHZ." in recording.attrs["notices"]


def test_starts_between_samples_are_interpolated_and_said(tmp_path):
    offset_s = 0.0037
    write(tmp_path / "a", trace("XX.A..HHZ", samples=wave(100.0), dtype=np.float32))
    write(tmp_path / "b", trace("XX.B..HHZ", samples=wave(100.0), dtype=np.float32))
    moved = trace("XX.C..HHZ", start=START + offset_s, samples=wave(100.0, offset_s), dtype=np.float32)
    write(tmp_path / "c", moved)
    recording = only(tmp_path)
    rows = recording["waveform"].values[:, 0]
    np.testing.assert_allclose(rows[2, 50:-50], rows[0, 50:-50], atol=1.0)
    # The first sample of C lies after the first time of the axis.
    assert np.isnan(rows[2, 0])
    assert "interpolated: XX.C. HHZ (3.7 ms)" in recording.attrs["notices"]


def test_rounding_of_a_start_time_moves_nothing(tmp_path):
    write(tmp_path / "a", trace("XX.A..HHZ"))
    write(tmp_path / "b", trace("XX.B..HHZ", start=START + 0.000002))
    recording = only(tmp_path)
    np.testing.assert_array_equal(recording["waveform"].values[0], recording["waveform"].values[1])
    assert recording.attrs["notices"] == ""


def test_overlaps_with_the_same_samples_are_merged(tmp_path):
    write(tmp_path / "a", trace(n=4000), trace(start=START + 30, n=3000))
    recording = only(tmp_path)
    np.testing.assert_array_equal(recording["waveform"].values[0, 0], trace().data.astype(np.float32))
    assert "Overlapping samples are the same and were merged: XX.A. HHZ." in recording.attrs["notices"]


def test_overlaps_with_other_samples_keep_the_first_and_say_so(tmp_path):
    write(tmp_path / "a", trace(n=4000), trace(start=START + 30, samples=np.arange(3000) + 5000))
    recording = only(tmp_path)
    np.testing.assert_array_equal(recording["waveform"].values[0, 0, :4000], trace(n=4000).data)
    assert recording["waveform"].values[0, 0, 4000] == 6000
    assert "Overlapping samples differ; the first ones are kept: XX.A. HHZ." in recording.attrs["notices"]


def test_the_instrument_with_most_components_is_shown_and_the_others_named(tmp_path):
    write_station(tmp_path, "XX.A.", band="HN")
    write_station(tmp_path, "XX.A.", band="HH")
    write_station(tmp_path, "XX.B.", band="EH", components="Z")
    write_station(tmp_path, "XX.B.", band="HN")
    write(tmp_path / "soh", trace("XX.A..LCQ", rate_hz=1.0, n=60))
    recording = only(tmp_path)
    assert recording["channel"].values.tolist() == [["HHZ", "HHN", "HHE"], ["HNZ", "HNN", "HNE"]]
    assert "Left out, another instrument is shown: XX.A. HNE/HNN/HNZ/LCQ, XX.B. EHZ." in recording.attrs["notices"]
    chosen = only(tmp_path, instrument="HN")
    assert chosen["channel"].values[0].tolist() == ["HNZ", "HNN", "HNE"]


def test_two_locations_of_a_station_are_two_stations(tmp_path):
    write_station(tmp_path, "XX.A.00")
    write_station(tmp_path, "XX.A.10")
    assert only(tmp_path)["station"].values.tolist() == ["XX.A.00", "XX.A.10"]


def test_components_1_and_2_keep_their_letters_where_all_have_them(tmp_path):
    write_station(tmp_path, components="12Z")
    recording = only(tmp_path)
    assert recording["component"].values.tolist() == ["Z", "1", "2"]
    assert recording["channel"].values.tolist() == [["HHZ", "HH1", "HH2"]]


def test_components_1_and_2_stand_beside_n_and_e_of_others_and_that_is_said(tmp_path):
    write_station(tmp_path, "XX.A.", components="12Z")
    write_station(tmp_path, "XX.B.", components="ENZ")
    recording = only(tmp_path)
    assert recording["component"].values.tolist() == ["Z", "N", "E"]
    assert recording["channel"].values.tolist() == [["HHZ", "HH1", "HH2"], ["HHZ", "HHN", "HHE"]]
    assert "1 and 2 of unknown direction stand in the place of N and E: XX.A.." in recording.attrs["notices"]


def test_components_1_and_2_are_turned_where_stationxml_knows_their_direction(tmp_path):
    azimuths = {"HHZ": (0, -90), "HH1": (30, 0), "HH2": (120, 0)}
    north, east = wave(100.0), 0.5 * wave(100.0, 0.1)
    turn = np.radians(30)
    rows = {"HHZ": wave(100.0), "HH1": north * np.cos(turn) + east * np.sin(turn)}
    rows["HH2"] = -north * np.sin(turn) + east * np.cos(turn)
    for code, samples in rows.items():
        write(tmp_path / code, trace(f"XX.A..{code}", samples=samples, dtype=np.float32))
    channels = [
        Channel(code, "", 46.0, 13.0, 800.0, 0.0, azimuth=azimuth, dip=dip, sample_rate=100.0)
        for code, (azimuth, dip) in azimuths.items()
    ]
    station = Station("A", 46.0, 13.0, 800.0, channels=channels, creation_date=UTCDateTime(2000, 1, 1))
    Inventory([Network("XX", [station])], source="test").write(str(tmp_path / "a.xml"), format="STATIONXML")
    recording = only(tmp_path)
    assert recording["component"].values.tolist() == ["Z", "N", "E"]
    np.testing.assert_allclose(recording["waveform"].values[0, 1], north, atol=0.01)
    np.testing.assert_allclose(recording["waveform"].values[0, 2], east, atol=0.01)
    assert recording["latitude_deg"].values[0] == 46.0
    assert "turned to north and east by StationXML: XX.A.." in recording.attrs["notices"]
    assert "unknown direction" not in recording.attrs["notices"]


def test_a_component_that_a_station_lacks_is_nan_and_named(tmp_path):
    write_station(tmp_path, "XX.A.")
    write_station(tmp_path, "XX.B.", components="ZE")
    recording = only(tmp_path)
    assert np.isnan(recording["waveform"].values[1, 1]).all()
    assert "Components that the station does not have here: XX.B. N." in recording.attrs["notices"]


def test_two_components_only_are_a_recording_of_two(tmp_path):
    write_station(tmp_path, components="ZE")
    recording = only(tmp_path)
    assert recording["component"].values.tolist() == ["Z", "E"]
    assert "No station has the component N here." in recording.attrs["notices"]


def test_a_dead_component_is_missing_and_named(tmp_path):
    write_station(tmp_path, components="ZN")
    write(tmp_path / "dead", trace("XX.A..HHE", samples=np.full(6000, 7)))
    recording = only(tmp_path)
    assert np.isnan(recording["waveform"].values[0, 2]).all()
    assert "Dead (the same value throughout), shown as missing: XX.A. HHE." in recording.attrs["notices"]


def test_nan_and_infinite_samples_are_gaps_and_named(tmp_path):
    samples = wave(100.0)
    samples[100:110], samples[200] = np.nan, np.inf
    write(tmp_path / "a", trace(samples=samples, dtype=np.float64))
    row = only(tmp_path)["waveform"].values[0, 0]
    assert np.flatnonzero(np.isnan(row)).tolist() == [*range(100, 110), 200]
    assert "NaN or infinite" in only(tmp_path).attrs["notices"]


@pytest.mark.parametrize("rate_hz", [1.0, 1000.0])
def test_unusual_rates_are_kept(tmp_path, rate_hz):
    write(tmp_path / "a", trace(rate_hz=rate_hz, n=600))
    recording = only(tmp_path)
    assert recording.attrs["sampling_rate_hz"] == rate_hz
    assert recording.sizes["time"] == 600


def test_a_sac_file_rounds_its_rate_to_single_precision_and_it_is_taken_as_written(tmp_path):
    write(tmp_path / "a.sac", trace(dtype=np.float32), format="SAC")
    write(tmp_path / "b.mseed", trace("XX.B..HHZ"))
    recording = only(tmp_path)
    assert recording.attrs["sampling_rate_hz"] == 100.0
    assert recording.attrs["notices"] == ""


def test_files_that_follow_one_another_are_resampled_without_a_seam(tmp_path):
    write_station(tmp_path, "XX.A.", components="ZNE")
    samples = wave(50.0)
    write(tmp_path / "b1", trace("XX.B..HHZ", rate_hz=50.0, samples=samples[:1500], dtype=np.float32))
    write(tmp_path / "b2", trace("XX.B..HHZ", start=START + 30, rate_hz=50.0, samples=samples[1500:], dtype=np.float32))
    row = only(tmp_path)["waveform"].sel(station="XX.B.", component="Z").values
    np.testing.assert_allclose(row[2950:3050], wave(100.0)[2950:3050], atol=5)


def test_files_of_one_channel_with_other_number_types_are_read_off_the_axis_too(tmp_path):
    write_station(tmp_path, "XX.A.", "Z")
    write_station(tmp_path, "XX.B.", "Z")
    late = START + 0.005
    write(tmp_path / "c1", trace("XX.C..HHZ", start=late, n=3000))
    write(tmp_path / "c2", trace("XX.C..HHZ", start=late + 30, n=3000, dtype=np.float64))
    row = only(tmp_path)["waveform"].sel(station="XX.C.", component="Z").values
    assert np.isfinite(row).mean() > 0.99
