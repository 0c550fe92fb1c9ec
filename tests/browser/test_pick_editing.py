"""Picks placed, dragged, widened, judged and undone with mouse and keys in a real browser, against a real journal."""

from __future__ import annotations

from concurrent.futures import Future
from time import sleep

import pytest

pytest.importorskip("playwright")

import panel as pn
from panel.tests.util import serve_component, wait_until

from workbench.errors import LabelStoreError, SourceError, WorkbenchError
from workbench.session import Session
from workbench.settings import load_settings
from workbench.views import traces_screen
from workbench.views.traces import TraceView

from .plot import PLOT, PLOT_WITH_PICKS

_PATIENCE_MS = 60_000


class Desk:
    """What a hand does on the plot, in times instead of pixels."""

    def __init__(self, page, session, view, document):
        self.page, self.session, self.view, self._document = page, session, view, document

    def set(self, **params):
        """Change the session as another part of the page would: on the thread of the document."""
        self._document.add_next_tick_callback(lambda: self.session.param.update(**params))

    @property
    def state(self):
        return self.page.wait_for_function(PLOT).json_value()

    def marks(self, dashed=None):
        marks = self.state["marks"]
        return marks if dashed is None else [mark for mark in marks if mark["dashed"] == dashed]

    def px(self, time, height=0.4):
        state = self.state
        left, top, width, tall = state["frame"]
        start, end = state["range"]
        return left + (time - start) / (end - start) * width, top + height * tall

    def drag(self, time, to, height=0.4):
        x, y = self.px(time, height)
        there, _ = self.px(to, height)
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move((x + there) / 2, y, steps=3)
        self.page.mouse.move(there, y)
        self.page.mouse.up()

    def point(self, time, height=0.4):
        self.page.mouse.move(*self.px(time, height))

    def arm(self):
        x, y = self.px(sum(self.state["range"]) / 2 + 5000, 0.02)
        self.page.mouse.click(x, y)
        self.wait(lambda: self.view.armed)

    def press(self, key):
        self.page.keyboard.press(key)

    def labels(self):
        labels = self.session.labels
        return labels[labels["decision"] != "reject"]

    def wait(self, condition):
        wait_until(condition, self.page, timeout=_PATIENCE_MS)


@pytest.fixture
def desk(page, tmp_path):
    settings = load_settings(labels=str(tmp_path / "labels.sqlite"), cache=str(tmp_path / "cache"), analyst="Ada")
    session = Session(settings=settings)
    session.add_picker("sta_lta")
    session.open_source("examples")
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(_PATIENCE_MS)
    page.set_viewport_size({"width": 1100, "height": 760})
    wait_until(lambda: len(session.runs["sta_lta"].picks) > 0, timeout=_PATIENCE_MS)
    view = TraceView(session)
    served = []

    def root():
        served.append(pn.state.curdoc)
        return pn.Column(pn.widgets.TextInput(label="note"), pn.Column(view, width=1000, height=600))

    serve_component(page, root)
    page.wait_for_function(PLOT_WITH_PICKS)
    page.locator(".pill").wait_for()
    yield Desk(page, session, view, served[-1])
    session.close()
    assert errors == []


def test_a_model_pick_dragged_becomes_a_label_and_the_models_own_stays(desk):
    (model,) = desk.marks(dashed=True)
    desk.drag(model["x"], model["x"] + 2000)
    desk.wait(lambda: len(desk.labels()) == 1)
    label = desk.labels().iloc[0]
    assert label["pick_id"] == model["id"]
    assert label["decision"] == "move"
    assert abs(label["time"].value / 1e6 - model["x"] - 2000) < 60
    desk.wait(lambda: any(mark["id"] == label["label_id"] for mark in desk.marks(dashed=False)))
    (still,) = desk.marks(dashed=True)
    assert still["x"] == model["x"]


def test_keys_do_nothing_before_a_click_into_the_plot_nor_while_an_input_has_the_focus(desk):
    time = sum(desk.state["range"]) / 2
    desk.point(time)
    desk.press("p")
    desk.page.get_by_label("note").click()
    desk.press("p")
    desk.arm()
    desk.point(time)
    desk.page.get_by_label("note").click()
    desk.press("s")
    desk.arm()
    desk.press("Escape")
    desk.wait(lambda: not desk.view.armed)
    desk.point(time)
    desk.press("p")
    # What a key sent would have been heard before this.
    desk.arm()
    desk.press("f")
    desk.wait(lambda: desk.session.filter != "none")
    assert len(desk.session.labels) == 0
    assert desk.marks(dashed=False) == []


def test_p_places_a_pick_at_the_cursor_and_undo_takes_it_back(desk):
    desk.arm()
    time = desk.state["range"][0] + 20_000
    desk.point(time)
    desk.press("p")
    assert len(desk.marks(dashed=False)) == 1, "the browser paints before Python answers"
    desk.wait(lambda: len(desk.labels()) == 1)
    assert abs(desk.labels().iloc[0]["time"].value / 1e6 - time) < 60
    desk.press("Control+z")
    desk.wait(lambda: len(desk.labels()) == 0 and desk.marks(dashed=False) == [])
    desk.press("Control+Shift+z")
    desk.wait(lambda: len(desk.labels()) == 1 and len(desk.marks(dashed=False)) == 1)


def test_polarity_onset_weight_uncertainty_and_nudge_act_on_the_pick_in_hand(desk):
    desk.arm()
    desk.point(desk.state["range"][0] + 20_000)
    for key in ("s", "Shift+ArrowUp", "e", "Alt+2", "Shift+2", "ArrowRight", "Shift+ArrowLeft"):
        desk.press(key)
    desk.wait(lambda: len(desk.labels()) == 1 and len(desk.session.journal.entries(desk.session.recording_id)) == 7)
    label = desk.labels().iloc[0]
    assert (label["phase"], label["polarity"], label["onset_quality"]) == ("S", "positive", "emergent")
    assert (label["weight"], label["uncertainty_minus_s"], label["uncertainty_plus_s"]) == (2, 0.04, 0.04)
    first = desk.session.journal.entries(desk.session.recording_id).iloc[-1]
    assert (label["time"] - first["time"]).total_seconds() == pytest.approx(-0.09, abs=1e-6)
    desk.wait(lambda: desk.marks(dashed=False)[0]["flag"] == "S ↑ e")


def test_accept_and_reject_are_about_the_pick_under_the_cursor(desk):
    (model,) = desk.marks(dashed=True)
    desk.arm()
    desk.point(model["x"] + 20)
    desk.press("a")
    desk.wait(lambda: len(desk.labels()) == 1)
    assert desk.labels().iloc[0]["time"].value / 1e6 == pytest.approx(model["x"], abs=1e-3)
    desk.point(model["x"] + 20)
    desk.press("x")
    desk.wait(lambda: len(desk.labels()) == 0)
    assert desk.session.labels.iloc[0]["decision"] == "reject"
    desk.wait(lambda: desk.marks(dashed=False) == [] and desk.marks(dashed=True)[0]["alpha"] < 1)


def test_double_click_adds_p_and_with_shift_s(desk):
    time = desk.state["range"][0] + 18_000
    desk.page.mouse.dblclick(*desk.px(time))
    desk.wait(lambda: list(desk.labels()["phase"]) == ["P"])
    desk.page.keyboard.down("Shift")
    desk.page.mouse.dblclick(*desk.px(time + 4000))
    desk.page.keyboard.up("Shift")
    desk.wait(lambda: sorted(desk.labels()["phase"]) == ["P", "S"])


def test_grips_set_each_side_of_the_uncertainty_alone(desk):
    desk.arm()
    desk.point(desk.state["range"][0] + 20_000)
    desk.press("p")
    desk.press("Shift+4")
    desk.wait(lambda: len(desk.labels()) == 1 and desk.labels().iloc[0]["uncertainty_plus_s"] == 1)
    mark = desk.marks(dashed=False)[0]
    height = mark["grip_y"] / desk.state["frame"][3]
    desk.drag(mark["right"], mark["right"] + 1500, height)
    desk.wait(lambda: desk.labels().iloc[0]["uncertainty_plus_s"] > 2)
    label = desk.labels().iloc[0]
    assert label["uncertainty_plus_s"] == pytest.approx(2.5, abs=0.06)
    assert label["uncertainty_minus_s"] == 1
    assert label["time"].value / 1e6 == pytest.approx(mark["x"], abs=1e-3)


def test_refine_moves_the_cursor_and_no_label(desk):
    (model,) = desk.marks(dashed=True)
    desk.arm()
    desk.point(model["x"] + 300)
    desk.press("r")
    desk.wait(lambda: bool(desk.view.cursor))
    assert len(desk.session.labels) == 0
    assert abs(desk.view.cursor["time"] - model["x"]) < 1000
    desk.press(" ")
    desk.wait(lambda: len(desk.labels()) == 1)
    assert desk.labels().iloc[0]["time"].value / 1e6 == pytest.approx(desk.view.cursor["time"], abs=1e-3)


def test_keys_that_follow_refine_at_once_act_at_the_refined_cursor_in_their_order(desk, monkeypatch):
    refine = desk.session.refine

    def slowly(time, component):
        sleep(0.4)
        return refine(time, component)

    monkeypatch.setattr(desk.session, "refine", slowly)
    (model,) = desk.marks(dashed=True)
    desk.arm()
    for offset in (300, 250):
        desk.point(model["x"] + offset)
        for key in ("r", " ", "Shift+ArrowUp"):
            desk.press(key)
        desk.wait(lambda: len(desk.labels()) == 1 and desk.labels().iloc[0]["polarity"] == "positive")
        assert desk.labels().iloc[0]["time"].value / 1e6 == pytest.approx(desk.view.cursor["time"], abs=1e-3)
        assert abs(desk.view.cursor["time"] - model["x"] - offset) > 20
        desk.press("x")
        desk.wait(lambda: len(desk.labels()) == 0)


def test_keys_act_again_where_refine_is_refused(desk, monkeypatch):
    def refuse(time, component):
        raise WorkbenchError("No samples stand around the cursor.")

    monkeypatch.setattr(desk.session, "refine", refuse)
    desk.arm()
    time = desk.state["range"][0] + 20_000
    desk.point(time)
    for key in ("r", "p"):
        desk.press(key)
    desk.wait(lambda: len(desk.labels()) == 1)
    assert abs(desk.labels().iloc[0]["time"].value / 1e6 - time) < 60
    assert "No samples" in desk.session.notice.text


def test_when_the_journal_refuses_the_browser_shows_the_truth_again(desk, monkeypatch):
    def refuse(decision, **_):
        raise LabelStoreError("The label journal is read-only. Choose another place for it.")

    monkeypatch.setattr(desk.session.journal, "record", refuse)
    (model,) = desk.marks(dashed=True)
    desk.drag(model["x"], model["x"] + 2000)
    desk.wait(lambda: desk.session.notice is not None and "read-only" in desk.session.notice.text)
    desk.wait(lambda: desk.marks(dashed=False) == [])
    assert desk.marks(dashed=True)[0]["x"] == model["x"]


def test_a_threshold_is_dragged_and_picks_follow(desk):
    pill = desk.page.locator(".pill")
    box = pill.bounding_box()
    before = desk.session.runs["sta_lta"].thresholds["P"]
    desk.page.mouse.move(box["x"] + 20, box["y"] + 16)
    desk.page.mouse.down()
    desk.page.mouse.move(box["x"] + 20, box["y"] - 8, steps=4)
    desk.page.mouse.up()
    desk.wait(lambda: desk.session.runs["sta_lta"].thresholds["P"] > before)


def test_brackets_open_the_neighbour_and_a_click_on_a_station_opens_it(desk):
    desk.arm()
    before = desk.session.recording_id
    desk.press("]")
    desk.wait(lambda: desk.session.recording_id != before and not desk.session.loading)
    # Picks order the stations: until they are there, a row may move away from under the pointer.
    desk.wait(lambda: len(desk.session.runs["sta_lta"].picks) > 0)
    names = desk.page.locator(".name")
    desk.wait(lambda: [name.get_attribute("data-station") for name in names.all()] == desk.view.stations)
    wanted = next(station for station in desk.view.stations if station != desk.session.station)
    desk.page.locator(f'.name[data-station="{wanted}"]').click()
    desk.wait(lambda: desk.session.station == wanted)
    desk.wait(lambda: desk.page.locator(".name.open").get_attribute("data-station") == wanted)
    desk.press("ArrowDown")
    desk.wait(lambda: desk.session.station != wanted)


def test_the_wheel_zooms_and_the_session_knows_the_view_that_came_to_rest(desk):
    start, end = desk.state["range"]
    desk.point((start + end) / 2)
    desk.page.mouse.wheel(0, -400)
    desk.wait(lambda: desk.session.view is not None)
    shown = [time.value / 1e6 for time in desk.session.view]
    assert shown[1] - shown[0] < end - start
    assert shown == pytest.approx(desk.state["range"], abs=1)
    desk.arm()
    desk.press("Home")
    desk.wait(lambda: desk.session.view is None and desk.state["range"] == pytest.approx([start, end], abs=1))


def test_aligned_on_p_the_axis_counts_from_it_and_a_pick_placed_there_has_its_true_time(desk):
    (model,) = desk.marks(dashed=True)
    desk.set(align="P")
    desk.wait(lambda: desk.marks(dashed=True)[0]["x"] == pytest.approx(0, abs=1e-3))
    desk.arm()
    desk.point(3000)
    desk.press("s")
    desk.wait(lambda: len(desk.labels()) == 1)
    assert abs(desk.labels().iloc[0]["time"].value / 1e6 - model["x"] - 3000) < 60


def test_no_threshold_floats_where_a_recording_failed_to_open(desk, monkeypatch):
    broken: Future = Future()
    broken.set_exception(SourceError("The file is broken."))
    monkeypatch.setattr(desk.session._shelf, "fetch", lambda recording_id: broken)
    desk.arm()
    desk.press("]")
    desk.wait(lambda: desk.page.locator(".empty.middle").count() == 1)
    assert desk.page.locator(".pill, .threshold, .title, .tick").count() == 0


def test_a_long_station_name_is_cut_beside_the_probability_and_said_in_full_under_the_pointer(desk, monkeypatch):
    long = "UNDERWATER-OBSERVATORY-17"
    monkeypatch.setattr(traces_screen, "short_names", lambda stations: dict.fromkeys(stations, long))
    desk.set(theory=desk.session.theory.copy())
    name = desk.page.locator(".title span", has_text=long)
    desk.wait(lambda: name.count() == 1)
    box = name.bounding_box()
    assert box["x"] + box["width"] < desk.state["frame"][0]
    assert name.get_attribute("title") == desk.session.station
