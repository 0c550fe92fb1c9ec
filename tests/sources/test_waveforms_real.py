"""The real folders beside the checkout: twenty stations, an archive, a swarm of event files."""

import numpy as np

from workbench.schema import check_recording
from workbench.sources import open_source


def test_hengill_is_one_recording_of_twenty_stations(shared_data):
    source = open_source(shared_data / "hengill")
    table = source.scan()
    assert table["recording_id"].tolist() == ["20181230T030000_20st"]
    assert table["duration_s"].tolist() == [300.0]
    assert table.attrs["notices"] == []
    recording = check_recording(source.read("20181230T030000_20st"))
    assert dict(recording.sizes) == {"station": 20, "component": 3, "time": 60_001}
    assert sorted(set(recording["native_sampling_rate_hz"].values)) == [100.0, 200.0]
    assert np.isfinite(recording["latitude_deg"].values).all()
    assert "ON.NESJV.00 HHZ" in recording.attrs["notices"]


def test_the_archive_is_one_recording_of_two_stations(shared_data):
    source = open_source(shared_data / "continuous")
    table = source.scan()
    assert (len(table), table["n_stations"].iloc[0], table["duration_s"].round(3).iloc[0]) == (1, 2, 43_200.0)
    recording = source.read(table["recording_id"].iloc[0])
    assert recording["waveform"].shape == (2, 3, 4_320_001)
    assert np.isfinite(recording["waveform"].values[:, :, 1:]).all()


def test_each_file_of_the_swarm_is_a_recording_of_twelve_stations(shared_data):
    source = open_source(shared_data / "iceland")
    table = source.scan()
    assert len(table) == 20
    assert set(table["n_stations"]) == {12}
    assert table["files"].is_unique
    assert len(table.attrs["notices"]) == 1
    recording = source.read(table["recording_id"].iloc[0])
    assert recording["waveform"].shape == (12, 3, 3252)
    assert recording["elevation_m"].sel(station="Z7.DYJN.").item() == 1381.0
