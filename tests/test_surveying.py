"""All stations seen together: groups, an origin behind them, edges and who moved a pick, by real pickers."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest

from tests import waiting
from workbench.errors import UnknownNameError
from workbench.explain.graph.edges import ALONE
from workbench.session import Session, Surveying
from workbench.settings import load_settings

wait_for = partial(waiting.wait_for, seconds=120.0)

FOUR = "BW.UH1-UH4_20100527T162403"
ONE = "BW.RJOB_20090824T002003"


@pytest.fixture
def session(tmp_path):
    settings = load_settings(labels=str(tmp_path / "labels.sqlite"), cache=str(tmp_path / "cache"), analyst="Ada")
    session = Session(settings=settings)
    yield session
    session.close()


def open_(session, picker, recording_id):
    surveying = Surveying(session)
    session.add_picker(picker)
    session.open_source("examples")
    session.open(recording_id)
    wait_for(lambda: session.recording is not None and session.recording.attrs["recording_id"] == recording_id)
    wait_for(lambda: all(run.annotations is not None for run in session.runs.values()))
    wait_for(lambda: surveying.gather is not None and surveying.group >= 0 and len(surveying.gather.onsets))
    return surveying


@pytest.fixture
def surveying(session):
    made = open_(session, "xiaonet", FOUR)
    wait_for(lambda: made.gather.origin is not None)
    yield made
    made.close()


def test_the_event_of_the_most_stations_is_shown_against_one_origin(surveying):
    gather = surveying.gather
    assert gather.onsets["station"].nunique() == 4
    assert gather.origin.velocity_km_s["P"] > gather.origin.velocity_km_s["S"] > 1
    assert gather.onsets["residual_s"].abs().median() < 0.1
    assert gather.stations["distance_km"].between(0, 20).all()
    assert gather.start < gather.onsets["time"].min() < gather.onsets["time"].max() < gather.end


def test_another_event_and_back(surveying):
    first, here = surveying.gather.zero, surveying.group
    surveying.step_group(-1 if here else 1)
    wait_for(lambda: surveying.gather.zero != first)
    assert surveying.group != here
    surveying.step_group(1 if here else -1)
    wait_for(lambda: surveying.gather.zero == first)


def test_stations_are_stepped_through_in_the_order_of_the_section(surveying, session):
    order = surveying.station_order()
    distance = surveying.gather.stations.set_index("station")["distance_km"]
    assert list(distance[order]) == sorted(distance)
    session.station = order[0]
    surveying.step_station(1)
    assert session.station == order[1]
    surveying.step_station(-5)
    assert session.station == order[0]
    surveying.order = "arrival"
    onsets = surveying.gather.onsets.groupby("station")["time"].min()
    assert surveying.station_order() == list(onsets.sort_values().index)
    with pytest.raises(UnknownNameError):
        surveying.focus("XX.NONE.")


def test_a_moved_pick_is_measured_where_the_analyst_put_it(surveying, session):
    before = surveying.gather.onset("BW.UH3.", "P")
    pick = session.picks[session.picks["time"] == before["time"]].iloc[0]
    session.station = "BW.UH3."
    session.in_hand = pick["pick_id"]
    session.decide(lambda desk: desk.move(pick["pick_id"], pick["time"] + pd.Timedelta("700ms")))
    wait_for(lambda: surveying.gather.onset("BW.UH3.", "P")["who"] == "human")
    after = surveying.gather.onset("BW.UH3.", "P")
    assert (after["time"] - before["time"]).total_seconds() == pytest.approx(0.7, abs=0.011)
    assert after["residual_s"] - before["residual_s"] > 0.2
    assert "BW.UH3." in surveying.gather.off_moveout("P")


def test_edges_of_similar_envelopes_come_for_any_picker(surveying):
    wait_for(lambda: surveying.edge_weights is not None)
    assert surveying.edge_weights.attrs["kind"] == "similarity"
    assert surveying.edge_weights["weight"].between(0, 1).all()
    surveying.edges = "off"
    assert surveying.edge_weights is None


def test_a_picker_of_single_stations_is_not_asked_who_moved_it(surveying):
    surveying.edges = "attention"
    assert not surveying.sees_all
    assert surveying.edge_weights is None


def test_the_station_graph_says_who_moved_a_pick(session):
    surveying = open_(session, "station_graph", FOUR)
    surveying.edges = "attention"
    session.station = surveying.gather.onsets.iloc[0]["station"]
    surveying.phase = str(surveying.gather.onsets.iloc[0]["phase"])
    wait_for(lambda: surveying.edge_weights is not None and surveying.left_out is not None)
    assert surveying.edge_weights.attrs["kind"] == "attention"
    assert ALONE in set(surveying.left_out["station"])
    assert set(surveying.edge_seconds["station"].values) <= set(surveying.gather.stations["station"])
    left_out = surveying.left_out
    surveying.edges = "attribution"
    wait_for(lambda: surveying.edge_weights is not None)
    assert surveying.left_out is left_out, "it is of the same pick"
    surveying.check()
    assert surveying.checking
    wait_for(lambda: surveying.checks)
    assert not surveying.checking
    surveying.step_station(1 if surveying.station_order()[0] == session.station else -1)
    assert surveying.checks == [], "they were of another pick"
    surveying.close()


def test_one_station_has_an_event_and_no_origin(session):
    surveying = open_(session, "xiaonet", ONE)
    assert "common origin takes" in surveying.gather.problem
    assert surveying.gather.origin is None
    assert list(surveying.gather.onsets["phase"]) == ["P", "S"]
    wait_for(lambda: surveying.edge_weights is not None)
    assert surveying.edge_weights.empty
    surveying.close()


def test_a_recording_without_coordinates_keeps_its_order_of_arrival(session, surveying):
    lost = session.recording.copy(deep=True)
    for name in ("latitude_deg", "longitude_deg"):
        lost[name][:] = np.nan
    session.recording = lost
    wait_for(lambda: surveying.gather.stations["latitude_deg"].isna().all())
    assert "0 stations with coordinates" in surveying.gather.problem
    onsets = surveying.gather.onsets.groupby("station")["time"].min()
    assert surveying.station_order() == list(onsets.sort_values().index)
