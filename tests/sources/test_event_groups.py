"""Events by their stations, noise as networks, and splits in which no event is torn."""

import numpy as np
import pandas as pd
import pytest

from workbench.errors import SchemaError
from workbench.sources import open_source
from workbench.sources.event_groups import (
    event_groups,
    events_by_stations,
    noise_groups,
    split_by_event,
    split_of_events,
)
from workbench.sources.split import read_split, write_split
from workbench.sources.trace_table import site_of, trace_table

from .event_files import made_traces, write_seisbench_events, write_stead_events

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}


@pytest.fixture
def table(tmp_path):
    """Events of 8, 4 and 2 stations, and noise of five stations."""
    traces = [trace for trace in made_traces(3, 8, n_noise=12) if not (trace.event == 1 and trace.station > "S3")]
    traces = [trace for trace in traces if not (trace.event == 2 and trace.station > "S1")]
    return trace_table(open_source(write_stead_events(tmp_path, traces)))


def test_groups_tell_stations_onsets_and_magnitude_of_each_event(table):
    groups = event_groups(table).set_index("event_id")
    assert groups["n_stations"].to_dict() == {"id0": 8, "id1": 4, "id2": 2}
    assert groups["n_with_p"].to_dict() == groups["n_traces"].to_dict() == {"id0": 8, "id1": 4, "id2": 2}
    assert groups["magnitude"].to_dict() == {"id0": 1.0, "id1": 2.0, "id2": 3.0}
    assert groups.loc["id1", "origin_time"] == pd.Timestamp("2020-01-01T00:10")


def test_the_report_counts_events_by_stations_before_and_after(table):
    kept = table[~((table["event_id"] == "id0") & (table["station"] > "XX.S4."))]
    report = events_by_stations(table, kept).set_index("at_least")
    assert report["events"].to_dict() == {1: 3, 3: 2, 5: 1, 8: 1}
    assert report["events_kept"].to_dict() == {1: 3, 3: 2, 5: 1, 8: 0}
    assert report["traces"].to_dict() == {1: 14, 3: 12, 5: 8, 8: 8}
    assert report.loc[8, "share_kept"] == 0.0
    assert "events_kept" not in events_by_stations(table)


def test_two_instruments_of_one_site_are_one_station(table):
    twins = table.assign(station=table["station"].str.replace(".S1.", ".S0.10"))
    assert event_groups(twins)["n_stations"].tolist() == [7, 3, 1]


def test_noise_of_a_region_makes_networks_that_hold_each_site_once(table):
    groups = noise_groups(table, np.random.default_rng(0), most_stations=3)
    rows = np.concatenate(groups)
    assert sorted(rows) == np.flatnonzero(table["category"] == "noise").tolist()
    assert max(map(len, groups)) == 3
    for group in groups:
        assert not site_of(table["station"].iloc[group]).duplicated().any()


def test_noise_without_coordinates_goes_by_network(shared_data):
    table = trace_table(open_source(shared_data / "stead" / "sample.hdf5"))
    for group in noise_groups(table, np.random.default_rng(0)):
        assert len(set(table["station"].iloc[group].str.split(".").str[0])) == 1


def test_no_event_and_no_site_of_noise_is_torn_by_a_split(tmp_path):
    table = trace_table(open_source(write_stead_events(tmp_path, made_traces(60, 3, n_noise=30))))
    roles = split_by_event(table, SHARES)
    together = roles.groupby(table["event_id"].where(table["event_id"] != "", table["station"]))
    assert set(together.nunique()) == {1}
    by_event = roles[table["event_id"] != ""].groupby(table["event_id"]).first().value_counts(normalize=True)
    assert by_event["train"] == pytest.approx(0.8, abs=0.15)
    assert set(by_event.index) == set(SHARES)


def test_a_split_stays_when_events_are_added(tmp_path):
    few = trace_table(open_source(write_stead_events(tmp_path / "few", made_traces(10, 2))))
    many = trace_table(open_source(write_stead_events(tmp_path / "many", made_traces(20, 2))))
    before = split_by_event(few, SHARES).groupby(few["event_id"]).first()
    after = split_by_event(many, SHARES).groupby(many["event_id"]).first()
    pd.testing.assert_series_equal(before, after.loc[before.index])
    other = split_by_event(many, SHARES, seed=1).groupby(many["event_id"]).first()
    assert (other != after).any()


def test_a_dataset_s_own_split_counts_but_tears_no_event(tmp_path):
    traces = made_traces(3, 2)
    for trace, split in zip(traces, ["train", "train", "dev", "dev", "train", "test"], strict=True):
        trace.row = {"split": split}
    table = trace_table(open_source(write_seisbench_events(tmp_path, traces)))
    assert split_by_event(table, SHARES).tolist() == ["train"] * 2 + ["validation"] * 2 + ["test"] * 2


@pytest.mark.parametrize("shares", [{"train": 0.5}, {"train": 0.5, "dev": 0.5}, {"train": 1.5, "test": -0.5}])
def test_shares_that_make_no_split_are_refused(table, shares):
    with pytest.raises(SchemaError, match="add up to 1"):
        split_by_event(table, shares)


def test_events_of_one_recording_have_one_role():
    table = pd.DataFrame(
        {
            "recording_id": ["day"] * 40,
            "event_id": [f"id{number}" for number in range(40)],
            "station": "XX.A.",
            "split": "",
        }
    )
    assert len(set(split_by_event(table, SHARES))) == 1


def test_a_split_is_read_back_as_it_was_written(table, tmp_path):
    roles = split_by_event(table, SHARES)
    split = split_of_events(table, roles, name="made", path="made", kind="stead")
    read = read_split(write_split(split, tmp_path / "split.json"))
    assert read == split
    found = table["recording_id"].map(read.sets[0].role_of)
    assert found.tolist() == roles.tolist()
    assert read.sets[0].role_of("a new one") == "unused"
