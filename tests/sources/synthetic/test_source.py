"""The demo: what its windows are said to be, they are."""

import numpy as np
import pandas as pd
import pytest

from workbench.errors import SourceError, UnknownNameError
from workbench.processing.travel_times import theoretical_arrivals
from workbench.schema import waveform_hash
from workbench.sources import open_source
from workbench.sources.synthetic.source import SyntheticSource


@pytest.fixture(scope="module")
def source():
    return open_source("synthetic")


@pytest.fixture(scope="module")
def table(source):
    return source.scan().set_index("recording_id")


def test_it_says_that_nothing_was_recorded(source):
    assert source.title == "Synthetic network (made, not recorded)"
    recording = source.read("large")
    assert recording.attrs["source"] == source.title
    assert recording.attrs["history"].startswith("made:")


def test_the_series_in_growing_noise_is_one_earthquake(source, table):
    series = [name for name in table.index if name.startswith("noise_")]
    assert table.loc[series, "snr_db"].tolist() == [30.0, 20.0, 10.0, 5.0, 0.0, -5.0]
    assert set(table.loc[series, "magnitude"]) == {1.6}
    starts = table.loc[series, "start"]
    onsets = [source.reference_picks(name)["time"].to_numpy() - starts[name].to_datetime64() for name in series]
    for others in onsets[1:]:
        np.testing.assert_array_equal(others, onsets[0])
    quiet, loud = (source.read(name)["waveform"].values.astype(float) for name in ("noise_30db", "noise_-5db"))
    first = min(int(onset / np.timedelta64(10, "ms")) for onset in onsets[0])
    ratio = loud[..., : first - 10].std() / quiet[..., : first - 10].std()
    assert 20 * np.log10(ratio) == pytest.approx(35.0, abs=0.1)


def test_the_table_names_the_first_origin(source, table):
    assert table.loc["twins", "n_events"] == 2
    assert table.loc["overlap", "n_events"] == 3
    assert table.loc["deep", "origin_depth_km"] == 35.0
    assert table.loc["no_earthquake", "category"] == "noise"
    assert pd.isna(table.loc["no_earthquake", "origin_time"])
    assert source.event("no_earthquake") is None
    event = source.event("overlap")
    assert event.time == table.loc["overlap", "origin_time"]
    assert event.magnitude == table.loc["overlap", "magnitude"]
    assert source.read("overlap").attrs["event_id"] == event.event_id


def test_picks_agree_with_another_models_travel_times(source):
    """Iasp91 is no model of these layers, but within a second of them at such distances."""
    recording, event = source.read("large"), source.event("large")
    stations = recording[["latitude_deg", "longitude_deg"]].to_dataframe().reset_index()
    expected = theoretical_arrivals(event, stations).set_index(["station", "phase"])["time"]
    picks = source.reference_picks("large").set_index(["station", "phase"])["time"]
    assert len(picks) == 20
    late_s = (picks - expected.loc[picks.index]).dt.total_seconds()
    assert late_s.abs().max() < 1.5


def test_faults_are_in_the_notices(source):
    recording = source.read("faults")
    notices = recording.attrs["notices"].splitlines()
    waveform = recording["waveform"].values
    gaps = [line.split()[0] for line in notices if "has a gap" in line]
    assert gaps == [str(name) for name in recording["station"].values[np.isnan(waveform).any(axis=(1, 2))]]
    assert any("is dead" in line for line in notices)


def test_what_was_read_can_be_changed_without_changing_the_next_reading(source):
    before = waveform_hash(source.read("small"))
    source.read("small")["waveform"].values[:] = 0
    assert waveform_hash(source.read("small")) == before


def test_another_seed_is_another_network():
    one, other = open_source("synthetic:1"), open_source("synthetic:2")
    assert (one.location, other.location) == ("synthetic:1", "synthetic:2")
    assert not np.array_equal(one.read("large")["latitude_deg"], other.read("large")["latitude_deg"])
    assert waveform_hash(one.read("large")) != waveform_hash(other.read("large"))


@pytest.mark.parametrize("place", ["synthetic:-1", "synthetic:many", "synthetic:1.5"])
def test_a_seed_that_is_none_is_refused(place):
    with pytest.raises(SourceError, match="'synthetic:SEED', a whole number"):
        open_source(place)


def test_what_is_no_made_network_is_not_opened_as_one(tmp_path):
    with pytest.raises(SourceError, match="made network opens as"):
        open_source(tmp_path, "synthetic")
    with pytest.raises(SourceError, match="from 0 on"):
        SyntheticSource(-1)
    with pytest.raises(UnknownNameError, match="Did you mean 'large'"):
        open_source("synthetic").read("larg")
