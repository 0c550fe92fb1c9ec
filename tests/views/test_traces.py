"""What the trace view tells the browser, and what it does when the browser tells it something; no browser here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import param
import pytest

from tests.waiting import wait_for
from workbench.processing.filtering import FILTERS
from workbench.schema import CATALOG, check_recordings_table, empty_picks, make_recording
from workbench.session import Session
from workbench.settings import load_settings
from workbench.views.pick_table import PickTable
from workbench.views.theme import TOKENS
from workbench.views.traces import TraceView


@pytest.fixture
def session(tmp_path):
    settings = load_settings(labels=str(tmp_path / "labels.sqlite"), cache=str(tmp_path / "cache"), analyst="Ada")
    session = Session(settings=settings)
    session.add_picker("sta_lta")
    session.open_source("examples")
    wait_for(lambda: len(session.runs["sta_lta"].picks) > 0 and session.job.state == "done")
    yield session
    session.close()


@pytest.fixture
def view(session):
    return TraceView(session)


def told(view, name):
    """The last that the browser was told under a name."""
    return view._editor._told[name]


def answer(view, op, **values):
    """What a browser says that shows what is drawn now, unless another token is given."""
    view._answer({"op": op, "token": told(view, "screen")["token"], **values})


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


def traces(view):
    """Component to the values that the browser was sent of the open station."""
    samples = told(view, "samples")
    return {
        series["component"]: samples["values"][series["start"] : series["start"] + series["n"]]
        for series in samples["series"]
        if series["station"] == view._session.station
    }


def test_the_browser_holds_the_samples_of_the_whole_recording(session, view):
    sent = traces(view)
    assert list(sent) == ["Z", "N", "E"]
    shown = session.shown["waveform"].sel(station=session.station)
    for component, values in sent.items():
        np.testing.assert_array_equal(values, shown.sel(component=component).values)
    first = told(view, "samples")["series"][0]
    assert first["first"] == pytest.approx(session.recording["time"].values[0].astype("int64") / 1e6)
    assert first["step"] == pytest.approx(1e3 / session.recording.attrs["sampling_rate_hz"])
    assert told(view, "samples")["values"].dtype == np.float32


def test_rows_that_change_their_height_send_no_sample_again(session, view):
    sent = told(view, "samples")
    answer(view, "size", width=700, height=400, stage=700)
    assert told(view, "screen")["height"] == 400
    assert told(view, "samples") is sent


def test_a_theme_changes_colours_and_no_trace(view):
    sent = told(view, "samples")
    view.theme = "dark"
    assert told(view, "colours")["trace_focus"] == TOKENS["dark"]["trace_focus"]
    assert told(view, "colours")["p"] == TOKENS["dark"]["p"]
    assert told(view, "samples") is sent


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


def test_a_key_on_a_recording_that_has_been_left_changes_nothing_of_the_one_that_came(session, view):
    (model,) = told(view, "marks")["items"]
    left = {"token": told(view, "screen")["token"], "station": session.station, "time": model["time"]}
    answer(view, "act", action="refine", seq=1, **left)
    assert view.cursor
    view.act("recording:1")
    wait_for(lambda: not session.loading and session.job.state == "done" and len(session.picks) > 0)
    label = session.picks["pick_id"].iloc[0]
    session.decide(lambda desk: desk.accept(label))
    session.in_hand, before = "", session.station
    for seq, (action, where) in enumerate(
        [("phase:P", {}), ("set", {}), ("reject", {"id": label}), ("move", {"id": label}), ("undo", {})], start=2
    ):
        session.notice = None
        answer(view, "act", action=action, seq=seq, **left, **where)
        assert "Another recording" in session.notice.text, action
        assert told(view, "marks")["seq"] == seq
    answer(view, "hand", id=label, seq=9, token=left["token"])
    answer(view, "focus", station=left["station"], token=left["token"])
    assert (session.in_hand, session.station, told(view, "marks")["seq"]) == ("", before, 9)
    assert len(session.journal.entries(session.recording_id)) == 1
    view.act("phase:P")
    assert "cursor is not on the plot" in session.notice.text, "the cursor was of the recording that was left"
    answer(view, "act", action="recording:-1", seq=10, **left)
    wait_for(lambda: not session.loading)
    assert told(view, "screen")["token"] == left["token"]


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


def test_a_view_from_the_browser_is_followed_and_the_session_hears_when_it_rests(session, view):
    start, end = view._drawing.x
    near = {
        "start": start + 5000,
        "end": start + 7000,
        "token": view._drawing.token(),
        "placed": told(view, "x")[2],
    }
    answer(view, "view", number=1, settled=False, **near)
    assert session.view is None
    assert max(x[-1] for x in told(view, "curves")["xs"]) < end
    answer(view, "view", number=2, settled=True, **near)
    assert [t.value / 1e6 for t in session.view] == pytest.approx([start + 5000, start + 7000], abs=1e-3)
    assert told(view, "x") == [start + 5000, start + 7000, near["placed"]], "not sent: the browser is there already"
    session.view = None
    answer(
        view,
        "view",
        number=3,
        settled=True,
        **{**near, "token": "another recording"},
    )
    assert told(view, "viewed") == 3
    assert session.view is None


def test_a_view_that_was_on_its_way_when_the_session_chose_another_is_not_taken_for_it(session, view):
    whole = view._drawing.x
    near = {"start": whole[0] + 5000, "end": whole[0] + 7000, "token": view._drawing.token()}
    answer(view, "view", number=1, settled=True, placed=told(view, "x")[2], **near)
    late = told(view, "x")[2]
    view.act("whole")
    answer(view, "view", number=2, settled=True, placed=late, **near)
    assert session.view is None
    assert told(view, "x")[:2] == list(whole)
    assert told(view, "viewed") == 2


def test_a_view_the_browser_came_to_rest_at_is_not_sent_back_to_it(session, view, monkeypatch):
    start, _ = view._drawing.x
    before, sent = told(view, "x")[2], []
    monkeypatch.setattr(view._editor, "_send_msg", sent.append)
    rested = {"start": start + 5000.00037, "end": start + 7000.00049}
    answer(view, "view", number=1, settled=True, placed=before, token=view._drawing.token(), **rested)
    assert session.view is not None
    assert not any("x" in values for values in sent)


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
    assert told(view, "x")[:2] == pytest.approx([-2000, 3000], abs=1e-2)
    assert told(view, "screen")["date"] == "s from P"
    session.align = "time"
    assert told(view, "x")[0] == pytest.approx(pick.value / 1e6 - 2000, abs=1e-2)


def test_the_strip_shows_labels_and_the_picks_that_no_label_speaks_about(session, view):
    def shown():
        return sorted(told(view, "overview_marks")["x"])

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


def test_the_table_of_picks_rounds_to_the_millisecond_as_the_plot_does(session):
    time = (
        session.labels["time"].iloc[0] if len(session.labels) else pd.Timestamp(session.recording["time"].values[500])
    )
    session.decide(lambda desk: desk.set(session.station, "S", time.floor("s") + pd.Timedelta("360.7ms")))
    table = PickTable(session, stations=lambda: [session.station])
    cells = [table._row(index)["cells"][2] for index in range(len(table.rows))]
    assert sum(".361" in cell for cell in cells) == 1
    assert not any(".360" in cell for cell in cells)


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
    wait_for(lambda: not session.loading and session.recording.sizes["station"] == 4)
    # The stations stand by first arrival, which the picker has still to say.
    wait_for(lambda: session.runs["sta_lta"].annotations is not None)
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
    image = told(view, "spectrogram")["image"][0]
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


def ahead(view, monkeypatch):
    """What is sent of the neighbours from now on; invitations to ask for them come whenever a neighbour is ready."""
    sent = []
    send = view._editor.send

    def listen(**values):
        if values.get("ahead") != {}:
            sent.append(values)
        send(**values)

    monkeypatch.setattr(view._editor, "send", listen)
    return sent


def pictures(sent):
    return {values["ahead"]["by"]: values["ahead"] for values in sent if values.get("ahead")}


def same_picture(one, other):
    """Whether two pictures would look the same, array by array."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same_picture(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same_picture, one, other))
    return np.array_equal(one, other, equal_nan=one.dtype.kind == "f") if isinstance(one, np.ndarray) else one == other


def picked_ahead(session):
    """Whether the next recording is in memory, with the curves of the picker that runs ahead."""
    neighbour = session.neighbour(1)
    return neighbour is not None and neighbour.runs["sta_lta"].annotations is not None


def test_a_neighbour_is_drawn_again_when_its_picks_have_come(session, view, monkeypatch):
    wait_for(lambda: picked_ahead(session))
    sent = ahead(view, monkeypatch)
    found = session.neighbour
    bare = {key: replace(run, annotations=None) for key, run in session.runs.items()}
    monkeypatch.setattr(session, "neighbour", lambda by: replace(found(by), runs=bare) if by == 1 else None)
    answer(view, "idle")
    answer(view, "idle")
    without = pictures(sent)[1]
    assert without["picture"]["curves"]["xs"] == []
    assert len(sent) == 1, "it was drawn once"
    monkeypatch.setattr(session, "neighbour", lambda by: found(by) if by == 1 else None)
    answer(view, "idle")
    page = pictures(sent)[1]
    assert page["page"] != without["page"]
    assert len(page["picture"]["curves"]["xs"]) == 1


def test_a_neighbour_drawn_ahead_is_drawn_as_when_it_is_opened(session, view, monkeypatch):
    wait_for(lambda: picked_ahead(session))
    sent = ahead(view, monkeypatch)
    answer(view, "idle")
    answer(view, "idle")
    page = pictures(sent)[1]
    fresh = TraceView(session)
    session.cancel()
    session.step(1)
    assert told(view, "screen")["token"].startswith(session.recording_id)
    assert told(view, "samples") is page["picture"]["samples"], "it was not drawn again"
    assert [values["show"] for values in sent if "show" in values] == [page["page"]]
    for name in page["picture"]:
        assert same_picture(page["picture"][name], told(fresh, name)), name


def test_a_neighbour_has_the_labels_it_has_in_the_journal(session, view, monkeypatch):
    wait_for(lambda: session.neighbour(1) is not None)
    there = session.neighbour(1)
    row = {"recording_id": there.recording_id, "station": there.station, "phase": "S"}
    session.step(1)
    wait_for(lambda: session.job.state == "done" and session.runs["sta_lta"].annotations is not None)
    session.decide(lambda desk: desk.set(row["station"], "S", pd.Timestamp(session.recording["time"].values[500])))
    session.step(-1)
    sent = ahead(view, monkeypatch)
    answer(view, "idle")
    items = pictures(sent)[1]["picture"]["marks"]["items"]
    assert [mark["phase"] for mark in items if mark["who"] == "human"] == ["S"]


@pytest.mark.parametrize(
    "change",
    [
        {"filter": "the last"},
        {"components": ["Z"]},
        {"amplitude": "common"},
        {"order": "name"},
        {"align": "P"},
        {"spectrogram": True},
    ],
)
def test_pictures_drawn_ahead_are_let_go_when_their_looks_change(session, view, monkeypatch, change):
    wait_for(lambda: session.neighbour(1) is not None)
    sent = ahead(view, monkeypatch)
    answer(view, "idle")
    session.param.update(change if "filter" not in change else {"filter": list(FILTERS)[-1]})
    assert sent[-1]["ahead"] is None
    answer(view, "idle")
    assert sent[-1]["ahead"]["by"] == 1
    before, after = (values["ahead"]["picture"] for values in sent if values.get("ahead"))
    assert not same_picture(before, after)


def test_a_threshold_lets_pictures_go_and_curves_of_the_open_recording_do_not(session, view, monkeypatch):
    # Curves of a neighbour that come later invite the browser to ask for it again.
    wait_for(lambda: picked_ahead(session))
    answer(view, "idle")
    sent = ahead(view, monkeypatch)
    run = session.runs["sta_lta"]
    session.runs = {"sta_lta": replace(run, annotations=run.annotations.copy())}
    assert not any("ahead" in values for values in sent)
    session.set_threshold("sta_lta", "P", 7.0)
    assert sent[-1]["ahead"] is None


def test_size_theme_and_loudness_let_pictures_go(view, monkeypatch):
    sent = ahead(view, monkeypatch)
    view.theme = "dark"
    view.act("amplitude:1")
    answer(view, "size", width=900, height=500, stage=700)
    assert [values["ahead"] for values in sent] == [None, None, None]


def test_a_browser_that_turned_where_the_session_did_not_follow_is_corrected(session, view, monkeypatch):
    wait_for(lambda: session.neighbour(1) is not None)
    sent = ahead(view, monkeypatch)
    answer(view, "idle")
    page = sent[-1]["ahead"]["page"]
    answer(view, "turned", turn=1)
    told_again = []
    tell = view._editor.tell
    monkeypatch.setattr(view._editor, "tell", lambda **values: (told_again.append(values), tell(**values)))
    answer(view, "check", page=page)
    assert told_again[-1]["turn"] == 1
    assert told_again[-1]["screen"]["token"].startswith(session.recording_id)
    assert told_again[-1]["samples"] is told(view, "samples")
    session.step(1)
    told_again.clear()
    answer(view, "check", page=page)
    assert told_again == []


class Day:
    """One recording of a day at 20 Hz, from memory."""

    kind, title, location = "made", "Made", "made"
    n_samples = 24 * 3600 * 20

    def scan(self, report=None):
        return check_recordings_table(pd.DataFrame({"recording_id": ["day"]}))

    def read(self, recording_id):
        return make_recording(
            np.random.default_rng(0).standard_normal((1, 1, self.n_samples), dtype=np.float32),
            stations=["XX.A."],
            components="Z",
            start="2024-01-01",
            sampling_rate_hz=20.0,
            recording_id=recording_id,
            source="made",
        )

    def reference_picks(self, recording_id):
        return empty_picks()

    def event(self, recording_id):
        return None


def test_of_a_day_the_browser_holds_the_extremes_and_gets_samples_around_a_short_view(session, view):
    session.open_source(Day())
    wait_for(lambda: told(view, "screen")["token"].startswith("day/"))
    coarse = told(view, "samples")
    assert len(coarse["values"]) <= 40_000
    assert told(view, "finer") is None
    start, _ = view._drawing.x
    axis = {"token": view._drawing.token(), "placed": view._drawing.placed, "settled": True}
    hour = 3_600_000
    answer(view, "view", number=1, start=start + hour, end=start + 13 * hour, **axis)
    assert told(view, "finer") is None, "what is held is fine enough"
    answer(view, "view", number=2, start=start + hour, end=start + 1.02 * hour, **axis)
    finer = told(view, "finer")
    assert finer["series"][0]["step"] == 50
    assert finer["low"] <= start + 0.99 * hour
    assert finer["high"] >= start + 1.03 * hour
    answer(view, "view", number=3, start=start + 1.002 * hour, end=start + 1.012 * hour, **axis)
    assert told(view, "finer") is finer, "all samples are there already"
    assert told(view, "samples") is coarse


def test_what_is_told_of_the_recording_that_the_browser_has_left_carries_the_turn_of_before(session, view, monkeypatch):
    wait_for(lambda: session.neighbour(1) is not None)
    answer(view, "idle")
    answer(view, "turned", turn=1)
    session.set_threshold("sta_lta", "P", 7.0)
    assert told(view, "turn") == 0
    session.step(1)
    assert told(view, "turn") == 1


def test_a_neighbour_that_is_opened_at_another_station_is_not_shown_as_it_was_drawn(session, view):
    wait_for(lambda: session.neighbour(1) is not None)
    answer(view, "idle")
    other = str(session.neighbour(1).recording["station"].values[-1])
    with param.parameterized.batch_call_watchers(session):
        session.step(1)
        session.station = other
    assert view._drawing.page == ""
    assert [row["station"] for row in told(view, "screen")["rows"] if row["focus"]] == [other]
