"""Neighbours that the browser holds ahead: shown at once, the same as drawn when asked for, and never out of date."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("playwright")

import panel as pn
from panel.tests.util import serve_component, wait_until

from workbench.schema import check_recordings_table, empty_picks, make_recording
from workbench.session import Session
from workbench.settings import load_settings
from workbench.views.markup import Markup
from workbench.views.tags import tag
from workbench.views.traces import TraceView

N_RECORDINGS, N_SAMPLES = 6, 700
_PATIENCE_MS = 60_000
_PICTURE = """() => {
  const plain = value => ArrayBuffer.isView(value) || Array.isArray(value) ? Array.from(value, plain) : value;
  const columns = {}, ranges = {};
  for (const doc of Bokeh.documents) for (const model of doc.all_models) {
    const name = /^traces-[^-]*-(.*)$/.exec(model.name || "")?.[1];
    if (/columns$/.test(name))
      columns[name] = Object.fromEntries(Object.entries(model.data).map(([key, column]) => [key, plain(column)]));
    if (model.type === "Figure") ranges[name] = [model.x_range, model.y_range].map(range => [range.start, range.end]);
  }
  const words = ["names", "notes", "pills", "legend"].map(part => {
    const found = [];
    const look = root => { for (const node of root.querySelectorAll("*")) {
      if (node.classList.contains(part)) found.push(node.innerHTML);
      if (node.shadowRoot) look(node.shadowRoot);
    } };
    look(document);
    return found.join();
  });
  return {columns, ranges, words};
}"""


class Made:
    """Recordings in memory; the first station of number i is called R<i>."""

    kind, title, location = "made", "Made", "made"

    def scan(self, report=None):
        return check_recordings_table(pd.DataFrame({"recording_id": [f"made {i}" for i in range(N_RECORDINGS)]}))

    def read(self, recording_id):
        number = int(recording_id.split()[-1])
        samples = np.random.default_rng(number).standard_normal((2, 3, N_SAMPLES)).astype(np.float32)
        samples[:, :, 200 + 40 * number :] *= 10
        return make_recording(
            samples * (1 + number),
            stations=[f"XX.R{number}.", "XX.B."],
            components="ZNE",
            start=f"2024-01-01T00:{number:02d}:00",
            sampling_rate_hz=100.0,
            recording_id=recording_id,
            source="made",
        )

    def reference_picks(self, recording_id):
        return empty_picks()

    def event(self, recording_id):
        return None


class Reader:
    """What a person does and sees, and what the browser says of it."""

    def __init__(self, page, session, view, document):
        self.page, self.session, self.view, self._document = page, session, view, document
        self.heard, self._moved = [], 0
        answer = view._editor._answer
        view._editor._answer = lambda message: (self.heard.append(message), answer(message))

    @property
    def turned(self):
        return [message for message in self.heard if message["op"] == "turned"]

    @property
    def shown(self):
        return self.page.locator(".name.open").inner_text()

    @property
    def picture(self):
        return self.page.evaluate(_PICTURE)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def wait(self, condition):
        wait_until(lambda: bool(condition()), self.page, timeout=_PATIENCE_MS)

    def do(self, call):
        """Call something on the thread of the document."""
        done = []
        self._document.add_next_tick_callback(lambda: (call(), done.append(True)))
        self.wait(lambda: done)

    def hold(self, n):
        """Wait until the browser holds that many neighbours; the cursor that it is told of after them says so."""
        self.wait(lambda: sum(drawn is not None for drawn in self.view._ahead._drawn.values()) == n)
        before = self.hair()
        start = self.session.recording["time"].values[0].astype("int64") / 1e6
        self._moved = (self._moved + 700) % 6000
        self.do(lambda: self.view.param.update(cursor={"time": start + self._moved, "station": self.session.station}))
        self.wait(lambda: self.hair() != before)

    def hair(self):
        return self.page.locator(".hair").evaluate("hair => [hair.hidden, hair.style.left]")

    def arm(self):
        box = self.page.locator(".stage .bk-Figure").first.bounding_box()
        self.page.mouse.click(box["x"] + 700, box["y"] + 10)
        self.wait(lambda: self.view.armed)


@pytest.fixture
def reader(page, tmp_path):
    settings = load_settings(labels=str(tmp_path / "labels.sqlite"), cache=str(tmp_path / "cache"), analyst="Ada")
    session = Session(settings=settings)
    session.open_source(Made())
    wait_until(lambda: session.recording is not None, timeout=_PATIENCE_MS)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(_PATIENCE_MS)
    page.set_viewport_size({"width": 1100, "height": 760})
    view = TraceView(session)
    buttons = Markup(session, lambda action: session.step(int(action["by"])))
    buttons.html = "".join(
        tag("button", words, data_act="step", data_by=by, data_turn=by) for words, by in (("Back", -1), ("Next", 1))
    )
    served = []

    def root():
        served.append(pn.state.curdoc)
        note = pn.widgets.TextInput(label="note")
        return pn.Column(pn.Row(note, buttons), pn.Column(view, width=1000, height=600))

    serve_component(page, root)
    found = Reader(page, session, view, served[-1])
    found.wait(lambda: page.locator(".name.open").count() == 1)
    yield found
    session.close()
    assert errors == []


def test_a_neighbour_that_is_held_is_shown_before_python_has_moved(reader, monkeypatch):
    reader.arm()
    reader.hold(1)
    steps = []
    monkeypatch.setattr(reader.session, "step", steps.append)
    monkeypatch.setattr(reader.view, "_on_check", lambda message: None)
    reader.press("]")
    assert reader.shown == "R1"
    reader.wait(lambda: steps == [1])
    assert reader.session.recording_id == "made 0"


def test_a_neighbour_that_was_held_looks_as_one_that_is_drawn_when_asked_for(reader, monkeypatch):
    reader.arm()
    reader.hold(1)
    reader.press("]")
    reader.hold(2)
    assert len(reader.turned) == 1
    held = reader.picture
    monkeypatch.setattr(reader.view._ahead, "draw_one", lambda: None)
    for by, name in ((1, "R2"), (-1, "R1")):
        reader.do(lambda by=by: (reader.view._ahead.drop(), reader.session.step(by)))
        reader.wait(lambda name=name: reader.shown == name)
    asked = reader.picture
    assert held["words"] == asked["words"]
    assert held["ranges"] == asked["ranges"]
    for name, columns in held["columns"].items():
        assert columns == asked["columns"][name], name
    assert len(held["columns"]["focus-columns"]["xs"]) == 3


def test_the_traces_on_the_figure_are_the_samples_of_the_recording(reader):
    drawn = reader.picture["columns"]["focus-columns"]
    samples = reader.session.shown["waveform"].sel(station=reader.session.station).values
    start = reader.session.recording["time"].values[0].astype("int64") / 1e6
    for x, y, own in zip(drawn["xs"], drawn["ys"], samples, strict=True):
        assert x == pytest.approx(start + 10 * np.arange(N_SAMPLES))
        assert np.corrcoef(-np.array(y), own)[0, 1] > 0.999999


def test_the_traces_are_seen_in_their_colours(reader):
    """Dark pixels of the open station's colour stand in each of its rows, once the canvas has been painted."""
    inked = """() => {
      const found = [], look = root => { for (const node of root.querySelectorAll("*")) {
        if (node.matches("canvas.traces")) found.push(node);
        if (node.shadowRoot) look(node.shadowRoot);
      } };
      look(document);
      const [canvas] = found, rows = 12, {width, height} = canvas;
      if (!width || !height) return 0;
      const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data, ink = new Set();
      for (let i = 0; i < pixels.length; i += 4)
        if (pixels[i + 3] === 255 && Math.abs(pixels[i] - 0x2b) + Math.abs(pixels[i + 1] - 0x36) < 6)
          ink.add(Math.floor((Math.floor(i / 4 / width) / height) * rows));
      return ink.size;
    }"""
    reader.wait(lambda: reader.page.evaluate(inked) >= 9)


def test_nothing_of_the_other_theme_stays_along_the_edges_of_the_plots(reader):
    """The first pixels of each row of the probability's canvas: light ones of the light theme, and then none."""
    bright = """() => {
      const models = Bokeh.documents.flatMap(doc => [...doc.all_models]);
      const {canvas} = Bokeh.index.find_one(models.find(model => /-probability$/.test(model.name))).canvas_view.primary;
      const pixels = canvas.getContext("2d").getImageData(0, 0, 1, canvas.height).data;
      return pixels.filter((value, i) => i % 4 === 0 && value > 100).length;
    }"""
    reader.wait(lambda: reader.page.evaluate(bright) > 50)
    reader.do(lambda: setattr(reader.view, "theme", "dark"))
    reader.wait(lambda: reader.page.evaluate(bright) == 0)


def test_a_button_turns_at_once_too(reader, monkeypatch):
    reader.hold(1)
    reader.page.get_by_role("button", name="Next").click()
    assert reader.shown == "R1"
    reader.wait(lambda: reader.session.recording_id == "made 1")
    assert len(reader.turned) == 1


def test_python_turns_to_a_page_that_is_held_without_sending_it(reader, monkeypatch):
    reader.hold(1)
    told = []
    tell = reader.view._editor.tell
    monkeypatch.setattr(reader.view._editor, "tell", lambda **values: (told.append(set(values)), tell(**values)))
    reader.do(lambda: reader.session.step(1))
    reader.wait(lambda: reader.shown == "R1")
    assert not any("samples" in names for names in told)
    assert not any(message["op"] == "again" for message in reader.heard)


def test_a_pick_right_after_a_turn_is_a_label_of_the_recording_on_the_screen(reader):
    reader.arm()
    box = reader.page.locator(".stage .bk-Figure").first.bounding_box()
    reader.hold(1)
    reader.page.mouse.move(box["x"] + 400, box["y"] + 100)
    reader.press("]", "p")
    reader.wait(lambda: len(reader.session.labels) == 1)
    label = reader.session.journal.labels().iloc[0]
    assert (label["recording_id"], label["station"]) == ("made 1", "XX.R1.")
    times = reader.session.recording["time"].values
    assert times[0] < label["time"].to_datetime64() < times[-1]
    reader.wait(lambda: len(reader.picture["columns"]["marks-columns"]["id"]) == 1)


def test_many_turns_in_a_row_end_where_they_should(reader):
    reader.arm()
    reader.hold(1)
    reader.press("]", "]", "]", "]", "[")
    reader.wait(lambda: reader.session.recording_id == "made 3")
    reader.hold(2)
    assert reader.shown == "R3"
    reader.press("]", "[", "]", "]", "]", "]")
    reader.wait(lambda: reader.session.recording_id == "made 5")
    reader.hold(1)
    assert reader.shown == "R5"


def test_at_the_end_of_the_list_the_last_recording_stays(reader):
    reader.arm()
    reader.hold(1)
    reader.press("[")
    reader.press("]", "[", "[")
    reader.wait(lambda: sum(m["op"] == "act" for m in reader.heard) == 4)
    reader.hold(1)
    assert (reader.shown, reader.session.recording_id) == ("R0", "made 0")


def test_what_changes_the_looks_of_all_recordings_is_waited_for(reader, monkeypatch):
    reader.arm()
    reader.hold(1)
    answered = []
    monkeypatch.setattr(reader.view, "_on_sure", answered.append)
    reader.press("f", "]")
    reader.wait(lambda: reader.session.recording_id == "made 1")
    assert reader.session.filter != "none"
    assert reader.turned == [], "the browser did not know yet what the filter makes of the next recording"
    reader.wait(lambda: reader.shown == "R1" and answered)


def test_after_a_click_elsewhere_on_the_page_python_is_asked_whether_pictures_still_hold(reader, monkeypatch):
    reader.hold(1)
    answers = []
    sure = reader.view._on_sure
    monkeypatch.setattr(reader.view, "_on_sure", answers.append)
    reader.page.get_by_label("note").click()
    reader.wait(lambda: answers)
    reader.arm()
    reader.press("]")
    reader.wait(lambda: reader.session.recording_id == "made 1")
    assert reader.turned == []
    reader.hold(2)
    reader.do(lambda: sure(answers[-1]))
    reader.hold(2)
    reader.press("]")
    reader.wait(lambda: reader.session.recording_id == "made 2")
    assert len(reader.turned) == 1


def test_a_turn_that_python_cannot_follow_is_taken_back(reader, monkeypatch):
    reader.arm()
    reader.hold(1)
    monkeypatch.setattr(reader.session, "step", lambda by: None)
    reader.press("]")
    reader.wait(lambda: reader.turned != [])
    reader.wait(lambda: reader.shown == "R0")
    assert reader.session.recording_id == "made 0"


def test_a_zoom_is_drawn_from_what_is_held_and_detail_is_fetched_for_a_long_record(reader):
    box = reader.page.locator(".stage .bk-Figure").first.bounding_box()
    before = reader.picture
    reader.page.mouse.move(box["x"] + 500, box["y"] + 100)
    reader.page.mouse.wheel(0, -400)
    reader.wait(lambda: reader.session.view is not None)
    after = reader.picture
    (xs, was) = (picture["columns"]["focus-columns"]["xs"][0] for picture in (after, before))
    assert len(xs) < len(was)
    assert set(xs) <= set(was)
    assert reader.view._editor._told["finer"] is None
