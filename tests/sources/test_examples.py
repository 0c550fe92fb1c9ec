"""ObsPy's bundled recordings: what the demo shows."""

import numpy as np
import obspy
import pytest

from workbench.errors import UnknownNameError
from workbench.processing.distances import distances
from workbench.schema import Event, check_recording, check_recordings_table
from workbench.sources import open_source
from workbench.sources.base import Source

RJOB, UH = "BW.RJOB_20090824T002003", "BW.UH1-UH4_20100527T162403"


@pytest.fixture(scope="module")
def examples():
    return open_source("examples")


def test_the_demo_is_named_as_what_it_is(examples):
    assert isinstance(examples, Source)
    assert examples.title == "Real recordings bundled with ObsPy"
    assert open_source(examples.location).title == open_source("examples:").title == examples.title


def test_both_recordings_are_listed(examples):
    table = check_recordings_table(examples.scan())
    assert table["recording_id"].tolist() == [RJOB, UH]
    assert table["n_stations"].tolist() == [1, 4]
    assert table.attrs["notices"] == []


def test_rjob_holds_obspys_own_samples(examples):
    recording = check_recording(examples.read(RJOB))
    for trace in obspy.read():
        row = recording["waveform"].sel(station="BW.RJOB.", component=trace.stats.channel[-1])
        np.testing.assert_array_equal(row, trace.data.astype(np.float32))
    where = obspy.read_inventory().select(station="RJOB")[0][0]
    assert recording["latitude_deg"].values[0] == pytest.approx(where.latitude, abs=1e-6)
    assert recording["longitude_deg"].values[0] == pytest.approx(where.longitude, abs=1e-6)
    assert recording["elevation_m"].values[0] == where.elevation


def test_uh_has_four_stations_at_one_rate_and_says_what_was_done(examples):
    recording = check_recording(examples.read(UH))
    assert recording["station"].values.tolist() == [f"BW.UH{number}." for number in (1, 2, 3, 4)]
    assert recording.attrs["sampling_rate_hz"] == 50.0
    assert recording["native_sampling_rate_hz"].values.tolist() == [50.0, 50.0, 50.0, 100.0]
    assert "Resampled from 100 Hz" in recording.attrs["notices"]
    assert recording["channel"].values[2].tolist() == ["SHZ", "SHN", "SHE"]
    assert np.isfinite(recording["waveform"].sel(component="Z").values).mean() > 0.999


def test_uh_stations_lie_where_obspys_bulletin_has_them(examples):
    # Epicentre in degrees from nlloc_custom.qml, epicentral distances in km from nlloc_custom.hyp.
    event = Event("2010-05-27T16:56", np.datetime64("2010-05-27"), 48.0470705, 11.6455375)
    recording = examples.read(UH)
    stations = recording[["latitude_deg", "longitude_deg"]].to_dataframe().reset_index()
    found = distances(event, stations)["distance_km"]
    np.testing.assert_allclose(found, [3.8905, 2.9758, 1.8796, 8.3590], atol=0.15)


def test_an_unknown_name_suggests_the_nearest(examples):
    for ask in (examples.read, examples.reference_picks, examples.event):
        with pytest.raises(UnknownNameError, match="Did you mean"):
            ask("BW.RJOB_20090824T00200")
    assert examples.reference_picks(RJOB).empty
    assert examples.event(RJOB) is None
