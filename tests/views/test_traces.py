"""What the trace view tells the browser, and what it does when the browser tells it something; no browser here."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from workbench.schema import CATALOG
from workbench.session import Session
from workbench.settings import load_settings
from workbench.views.pick_table import PickTable
from workbench.views.theme import TOKENS
from workbench.views.traces import TraceView


def wait(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the work did not end in time"
        time.sleep(0.01)


@pytest.fixture
def session(tmp_path):
    settings = load_settings(labels=str(tmp_path / "labels.sqlite"), cache=str(tmp_path / "cache"), analyst="Ada")
    session = Session(settings=settings)
    session.add_picker("sta_lta")
    session.open_source("examples")
    wait(lambda: len(session.runs["sta_lta"].picks) > 0 and session.job.state == "done")
    yield session
    session.close()


@pytest.fixture
def view(session):
    return TraceView(session)


def told(view, name):
    """The last that the browser was told under a name."""
    return view._editor._told[name]


def answer(view, op, **values):
    view._answer({"op": op, **values})


def test_the_browser_hears_of_rows_picks_thresholds_and_keys(session, view):
    screen = told(view, "screen")
    assert [row["name"] for row in screen["rows"]] == ["RJOB"]
    assert screen["date"] == "2009-08-24 UTC"
    assert screen["duration"] == "30 s"
    assert screen["pills"] == [
        {"key": "sta_lta", "phase": "P", "value": session.runs["sta_lta"].thresholds["P"], "ratio": True}
    ]
    (mark,) = told(view, "marks")["items"]
    assert (mark["who"], mark["phase"], mark["marker"]) == ("model", "P", "inverted_triangle")
    assert told(view, "keymap")["p"] == "phase:P"


def test_the_curves_are_called_a_ratio_only_where_no_probability_is_among_them(session, view):
    assert told(view, "screen")["curve"] | {"words": ""} == {"name": "Ratio", "formula": "r/(1+r)", "words": ""}
    run = session.runs["sta_lta"]
    other = replace(run, key="other", card=replace(run.card, threshold_unit="probability"))
    session.runs = {"sta_lta": run, "other": other}
    assert told(view, "screen")["curve"]["name"] == "Probability"
    session.runs = {"sta_lta": run, "other": replace(other, on=False)}
    assert told(view, "screen")["curve"]["name"] == "Ratio"


def test_lines_are_drawn_within_their_rows_and_over_the_whole_recording(session, view):
    data = view._figures.sources["focus"].data
    assert np.nanmin(data["x"]) == pytest.approx(session.recording["time"].values[0].astype("int64") / 1e6)
    assert np.isnan(data["x"]).sum() == 3
    assert np.nanmin(data["y"]) > 0
    assert np.nanmax(data["y"]) < view._drawing.size[1]
    assert len(view._figures.sources["others"].data["x"]) == 0


def test_a_theme_changes_colours_and_no_trace(view):
    lines = view._figures.sources["focus"].data
    view.theme = "dark"
    assert view._figures.focus_line.glyph.line_color == TOKENS["dark"]["trace_focus"]
    assert told(view, "colours")["p"] == TOKENS["dark"]["p"]
    assert view._figures.sources["focus"].data is lines


def test_a_moved_pick_is_answered_with_the_label_and_the_untouched_model(session, view):
    (model,) = told(view, "marks")["items"]
    answer(view, "act", action="move", id=model["id"], time=model["time"] + 500, seq=4, **{"as": "new 1"})
    marks = told(view, "marks")
    assert marks["seq"] == 4
    by_who = {mark["who"]: mark for mark in marks["items"]}
    assert by_who["human"]["time"] == pytest.approx(model["time"] + 500, abs=1e-3)
    assert by_who["human"]["pick"] == model["id"]
    assert by_who["model"]["time"] == model["time"]
    assert marks["in_hand"] == by_who["human"]["id"]
    answer(view, "act", action="polarity:negative", id="new 1", seq=5)
    assert session.labels.iloc[0]["polarity"] == "negative"


def test_a_failed_decision_is_a_notice_and_the_truth_again(session, view):
    answer(view, "act", action="accept", id="no such pick", seq=9)
    assert session.notice.level == "error"
    assert "no such pick" in session.notice.text
    assert told(view, "marks")["seq"] == 9
    assert [mark["who"] for mark in told(view, "marks")["items"]] == ["model"]


def test_a_rejected_pick_is_said_to_be_rejected(session, view):
    (model,) = told(view, "marks")["items"]
    view.act("reject", identity=model["id"])
    (mark,) = told(view, "marks")["items"]
    assert mark["rejected"]
    view.act("undo")
    assert not told(view, "marks")["items"][0]["rejected"]


def test_catalogue_and_theory_are_told_apart_from_models(session, view):
    onset = session.recording["time"].values[800]
    row = {"pick_id": "c", "station": session.station, "phase": "S", "time": onset, "probability": np.nan}
    reference = pd.DataFrame([{**row, "uncertainty_s": np.nan, "polarity": "", "picker": CATALOG}])
    session.param.update(
        reference=reference, theory=pd.DataFrame([{"station": session.station, "phase": "S", "time": onset}])
    )
    assert [mark["who"] for mark in told(view, "marks")["items"]] == ["theory", "catalog", "model"]
    assert told(view, "screen")["catalogue"]
    assert told(view, "screen")["theory"]


def test_when_nothing_is_picked_the_highest_value_is_said_and_a_lower_threshold_offered(session, view):
    session.set_threshold("sta_lta", "P", 40.0)
    empty = told(view, "screen")["empty"]
    assert empty["text"].startswith("No picks at P 40.00. The highest ratio is ")
    assert 0 < empty["value"] < 40
    answer(view, "threshold", key=empty["key"], phase=empty["phase"], value=empty["value"])
    assert told(view, "screen")["empty"] is None
    assert len(session.runs["sta_lta"].picks) > 0


def test_a_view_from_the_browser_fetches_finer_points_and_the_session_hears_when_it_rests(session, view):
    start, end = view._drawing.x
    near = {
        "start": start + 5000,
        "end": start + 7000,
        "token": view._drawing.token(),
        "placed": told(view, "place")["number"],
    }
    answer(view, "view", number=1, settled=False, **near)
    assert session.view is None
    assert np.nanmax(view._figures.sources["focus"].data["x"]) < end
    answer(view, "view", number=2, settled=True, **near)
    assert [t.value / 1e6 for t in session.view] == pytest.approx([start + 5000, start + 7000], abs=1e-3)
    answer(
        view,
        "view",
        number=3,
        settled=True,
        **{**near, "token": "another recording"},
    )
    assert told(view, "viewed") == 3


def test_a_view_that_was_on_its_way_when_the_session_chose_another_is_not_taken_for_it(session, view):
    whole = view._drawing.x
    near = {"start": whole[0] + 5000, "end": whole[0] + 7000, "token": view._drawing.token()}
    answer(view, "view", number=1, settled=True, placed=told(view, "place")["number"], **near)
    late = told(view, "place")["number"]
    view.act("whole")
    answer(view, "view", number=2, settled=True, placed=late, **near)
    assert session.view is None
    assert (view._figures.x_range.start, view._figures.x_range.end) == whole
    assert told(view, "viewed") == 2


def test_a_view_the_browser_came_to_rest_at_is_not_sent_back_to_it(session, view):
    start, _ = view._drawing.x
    x_range, before = view._figures.x_range, told(view, "place")["number"]
    rested = {"start": start + 5000.00037, "end": start + 7000.00049}
    x_range.update(**rested)  # as the browser's own range reaches Python
    answer(view, "view", number=1, settled=True, placed=before, token=view._drawing.token(), **rested)
    assert session.view is not None
    assert (x_range.start, x_range.end) == (rested["start"], rested["end"])
    assert told(view, "place")["number"] == before


def test_what_the_browser_says_of_itself_is_not_sent_back_to_undo_what_it_did_since(session, view, monkeypatch):
    sent = []
    monkeypatch.setattr(view._editor, "_send_msg", sent.append)
    answer(view, "armed", on=True)
    assert view.armed
    assert sent == []
    view._editor._handle_msg({"op": "ready"})
    assert "armed" not in sent.pop()
    view.armed = False
    assert sent == [{"armed": False}]
    (model,) = told(view, "marks")["items"]
    answer(view, "hand", id=model["id"], seq=7)
    assert (told(view, "marks")["in_hand"], told(view, "marks")["seq"]) == (model["id"], 7)


def test_aligned_on_p_the_axis_counts_from_the_onset(session, view):
    pick = session.runs["sta_lta"].picks.iloc[0]["time"]
    session.view = (pick - pd.Timedelta(2, unit="s"), pick + pd.Timedelta(3, unit="s"))
    session.align = "P"
    assert (view._figures.x_range.start, view._figures.x_range.end) == pytest.approx((-2000, 3000), abs=1e-2)
    assert told(view, "screen")["date"] == "s from P"
    session.align = "time"
    assert view._figures.x_range.start == pytest.approx(pick.value / 1e6 - 2000, abs=1e-2)


def test_the_strip_shows_labels_and_the_picks_that_no_label_speaks_about(session, view):
    def shown():
        return sorted(view._figures.sources["overview_marks"].data["x"])

    (model,) = told(view, "marks")["items"]
    assert shown() == [model["time"]]
    later = pd.Timestamp(round(model["time"] * 1e6), unit="ns") + pd.Timedelta(5, unit="s")
    session.decide(lambda desk: desk.set(session.station, "S", later))
    assert shown() == [model["time"], model["time"] + 5000]
    session.decide(lambda desk: desk.reject(model["id"]))
    assert shown() == [model["time"] + 5000]


def test_the_table_of_picks_says_the_hour_where_a_recording_holds_more_than_one(session):
    table = PickTable(session, stations=lambda: [session.station])
    assert [column["label"] for column in table._columns()][2] == "mm:ss"
    assert table._row(0)["cells"][2].count(":") == 1
    hours = session.recording.isel(time=slice(0, 2)).copy()
    hours["time"] = session.recording["time"].values[0] + np.array([0, 7_200_000_000_000], "timedelta64[ns]")
    session.recording = hours
    assert [column["label"] for column in table._columns()][2] == "hh:mm:ss"
    assert table._row(0)["cells"][2].count(":") == 2


def test_filters_components_and_loudness_are_actions_too(session, view):
    view.act("filter:toggle")
    assert session.filter != "none"
    view.act("filter:toggle")
    assert session.filter == "none"
    view.act("components")
    assert session.components == ["Z"]
    assert len(told(view, "screen")["rows"][0]["bands"]) == 1
    view.act("amplitude:1")
    assert view.loudness > 1
    view.act("no such action")
    assert "no such action" in session.notice.text


def test_other_stations_stand_around_the_open_one_and_the_next_is_opened_by_an_action(session, view):
    view.act("recording:1")
    wait(lambda: not session.loading and session.recording.sizes["station"] == 4)
    rows = told(view, "screen")["rows"]
    assert [row["focus"] for row in rows].count(True) == 1
    assert told(view, "screen")["count"].startswith("4 of 4 stations")
    order = view.stations
    session.station = order[0]
    view.act("station:1")
    assert session.station == order[1]


def test_the_spectrogram_is_there_on_demand(session, view):
    assert not view._figures.spectrogram.visible
    session.spectrogram = True
    assert view._figures.spectrogram.visible
    image = view._figures.sources["spectrogram"].data["image"][0]
    assert image.ndim == 2
    assert np.isfinite(image).all()


def test_with_nothing_open_the_view_says_so(tmp_path):
    settings = load_settings(labels=str(tmp_path / "labels.sqlite"), cache=str(tmp_path / "cache"), analyst="Ada")
    session = Session(settings=settings)
    view = TraceView(session)
    assert told(view, "screen")["nothing"]
    view.act("phase:P", time=pd.Timestamp("2024-01-01"))
    assert "No recording is open" in session.notice.text
    session.close()
