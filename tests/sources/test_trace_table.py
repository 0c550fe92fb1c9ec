"""One row per trace, with the same columns whatever the source, and ids that tell events apart."""

import numpy as np
import pandas as pd
import pytest

from workbench.sources import open_source
from workbench.sources.catalogued import first_onset
from workbench.sources.trace_table import TRACE_COLUMNS, site_of, trace_table

from .event_files import made_traces, write_seisbench_events, write_stead_events
from .waveform_files import write_station

WRITERS = {"stead": write_stead_events, "seisbench": write_seisbench_events}


@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_traces_of_both_layouts_have_the_same_table(kind, tmp_path):
    traces = made_traces(2, 3, n_noise=2)
    table = trace_table(open_source(WRITERS[kind](tmp_path / kind, traces)))
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(TRACE_COLUMNS)
    by_name = table.set_index("recording_id")
    for trace in traces:
        row = by_name.loc[trace.name]
        assert row["station"] == f"XX.{trace.station}."
        assert row["start"] == trace.start
        assert (row["n_samples"], row["sampling_rate_hz"]) == (6000, 100)
        assert (row["latitude_deg"], row["longitude_deg"]) == trace.place
        np.testing.assert_allclose([row["p_sample"], row["s_sample"]], [trace.p_sample, trace.s_sample])
        assert row["category"] == ("event" if trace.event >= 0 else "noise")
        assert row["event_id"] == (f"id{trace.event}" if trace.event >= 0 else "")
        assert row["magnitude"] == 1.0 + trace.event or (trace.event < 0 and np.isnan(row["magnitude"]))


def test_events_without_an_id_are_told_apart_by_their_origin(tmp_path):
    write_seisbench_events(tmp_path, made_traces(2, 2), columns=["source_id"])
    ids = trace_table(open_source(tmp_path)).groupby(lambda row: row // 2)["event_id"].unique()
    assert [len(found) for found in ids] == [1, 1]
    assert ids[0] != ids[1]
    assert ids[0][0].startswith("origin 2020-01-01T00:00:00")


def test_events_without_origin_time_are_told_apart_by_place_size_and_time(tmp_path):
    traces = made_traces(3, 2)
    for trace in traces[4:]:
        trace.row = {"source_magnitude": 1.0, "trace_start_time": (trace.start + pd.Timedelta(1, "h")).isoformat()}
    write_seisbench_events(tmp_path, traces, columns=["source_id", "source_origin_time"])
    first, second = "place 46.0000/13.0000/10.00/1.00", "place 46.0000/13.0000/10.00/2.00"
    expected = [first] * 2 + [second] * 2 + [f"{first}#2"] * 2
    assert trace_table(open_source(tmp_path))["event_id"].tolist() == expected


def test_traces_of_which_no_event_is_known_stand_for_themselves(shared_data):
    table = trace_table(open_source(shared_data / "stead" / "sample.hdf5"))
    events = table[table["category"] == "event"]
    assert (events["event_id"] == "trace " + events["recording_id"]).all()
    assert (table.loc[table["category"] == "noise", "event_id"] == "").all()
    assert table["category"].value_counts().to_dict() == {"event": 37, "noise": 19}


def test_an_id_that_two_catalogues_use_stands_for_two_events(tmp_path):
    traces = made_traces(2, 2)
    for trace in traces:
        trace.row = {"source_id": "8556349"}
    traces[2].row["source_origin_time"] = traces[3].row["source_origin_time"] = "2020-03-01 00:10:00"
    for trace in traces[2:]:
        trace.row["trace_start_time"] = str(trace.start + pd.Timedelta(60, "D"))
    ids = trace_table(open_source(write_stead_events(tmp_path, traces)))["event_id"].tolist()
    assert ids == ["8556349", "8556349", "8556349#2", "8556349#2"]


def test_the_first_of_several_phases_is_the_onset(tmp_path):
    traces = made_traces(1, 1)
    traces[0].row = {
        "trace_P_arrival_sample": "",
        "trace_Pn_arrival_sample": 700.0,
        "trace_Pg_arrival_sample": 720.0,
        "trace_pP_arrival_sample": 650.0,
        "trace_Sg_arrival_sample": 900.0,
        "trace_S_arrival_sample": "",
    }
    row = trace_table(open_source(write_seisbench_events(tmp_path, traces))).iloc[0]
    assert (row["p_sample"], row["s_sample"]) == (700.0, 900.0)


def test_a_folder_of_waveforms_has_a_row_for_each_station(tmp_path):
    for station in ("XX.A.", "XX.B."):
        write_station(tmp_path, station)
    table = trace_table(open_source(tmp_path))
    assert table["station"].tolist() == ["XX.A.", "XX.B."]
    assert len(set(table["recording_id"])) == 1
    assert table["p_sample"].isna().all()
    assert table["category"].tolist() == ["", ""]


def test_picks_of_other_events_in_the_window_are_not_those_of_the_event(shared_data):
    source = open_source(shared_data / "iceland")
    table = trace_table(source)
    assert table["event_id"].nunique() == 20
    assert (table.groupby("event_id").size() == 12).all()
    # A window of that swarm holds more picks than one event has.
    n_picks = sum(len(source.reference_picks(name)) for name in table["recording_id"].unique())
    n_own = table[["p_sample", "s_sample"]].count().sum()
    assert n_own < n_picks
    # Both phases of a station: S comes after P, by the 9 s that 50 km make at most.
    both = table.dropna(subset=["p_sample", "s_sample"])
    assert len(both) > 100
    assert (both["s_sample"] - both["p_sample"]).between(50, 900).all()


def test_onsets_and_sites_by_name():
    picks = pd.DataFrame(
        {
            "station": ["A.B."] * 3,
            "phase": ["pP", "Pg", "Pn"],
            "time": pd.to_datetime(["2020-01-01", "2020-01-03", "2020-01-02"]),
        }
    )
    assert first_onset(picks, "A.B.", "P") == pd.Timestamp("2020-01-02")
    assert first_onset(picks, "A.B.", "S") is pd.NaT
    assert site_of(pd.Series(["XX.A.00", "XX.A.", "XX.B.10"])).tolist() == ["XX.A", "XX.A", "XX.B"]
