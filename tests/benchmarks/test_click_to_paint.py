"""Milliseconds from an input event to the painted picture, beside a HoloViews page in the same run, on this machine.

Two figures, by the same rules for both pages:

*seen*: from the time stamp of the input event to the end of the first frame in which a canvas was drawn on after the
data of the last trace (of the pick, for an edit) had reached Bokeh's model: a canvas of the figure that shows them, or,
for what no figure of Bokeh shows, a canvas of the page itself. The
frame ends when its animation callbacks, style, layout and paint are through: a message that was posted while the canvas
was drawn on arrives then. What remains until the screen lights up, compositing, is outside the page and the same for
both.

*two frames*: from the event's first listener (of the press, for a click) to the second animation frame after those
data came, whether anything was painted in it or not; two frames alone are 16.7 to 33 ms. It was the only figure of this
table before, and stands beside the other so that old tables can be compared.

Nothing is asserted about time: a table is printed. The workbench draws the stations that fit the plot, the open one
with all components; the peer draws every component of every station, so the table counts traces.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("playwright")
pytest.importorskip("holoviews")

sys.path.insert(0, str(Path(__file__).parent))
from made_recordings import SHAPES
from served_process import ServedProcess, panel_command

_HERE = Path(__file__).parent
_BEFORE = """
window.__event = {pressed: 0, stamp: 0}; window.__log = [];
for (const name of ["pointerdown", "keydown", "wheel"])
  window.addEventListener(name, event => {
    __event = {pressed: performance.now(), stamp: event.timeStamp};
  }, {capture: true});
window.addEventListener("click", event => { __event.stamp = event.timeStamp; }, {capture: true});

const frame = () => new Promise(resolve => requestAnimationFrame(resolve));
// Entries wait for a canvas of their figure to be drawn on, and then for the end of that frame. What no figure of Bokeh
// draws is drawn by the page itself, on a canvas outside of them.
let waiting = [], drawn = [], inFrame = false;
const channel = new MessageChannel(), ownRequest = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = call => ownRequest(time => {
  inFrame = true;
  try { call(time); } finally { inFrame = false; }
});
channel.port1.onmessage = () => {
  const now = performance.now();
  for (const entry of drawn.splice(0)) entry.seen(now);
};
const frameEnds = () => channel.port2.postMessage(0);
for (const name of ["stroke", "fill", "drawImage"]) {
  const own = CanvasRenderingContext2D.prototype[name];
  CanvasRenderingContext2D.prototype[name] = function (...args) {
    const here = waiting.filter(entry => entry.drawnOn(this.canvas));
    if (here.length) {
      waiting = waiting.filter(entry => !here.includes(entry));
      drawn.push(...here);
      if (inFrame) frameEnds(); else ownRequest(frameEnds);
    }
    return own.apply(this, args);
  };
}
const layersOf = model => {
  const view = Bokeh.index.find_one(model)?.canvas_view;
  return view ? [view.primary.canvas, view.overlays.canvas] : [];
};
// Looked for once a source: the search takes longer than some of what is measured.
const shownBy = new Map();
const figuresOf = source => {
  const all = Bokeh.documents.flatMap(doc => [...doc.all_models].filter(model => model.type === "Figure"));
  const own = all.filter(figure => figure.renderers.some(renderer => renderer.data_source === source));
  return {figures: own.length ? own : all, own: own.length > 0};
};
const drawnOn = source => {
  if (!shownBy.has(source)) shownBy.set(source, figuresOf(source));
  const {figures, own} = shownBy.get(source), layers = figures.flatMap(layersOf);
  return canvas => layers.includes(canvas) === own;
};
const size = column => column === undefined ? 0 : ArrayBuffer.isView(column[0]) || Array.isArray(column[0])
  ? Array.from(column).reduce((sum, one) => sum + one.length, 0) : column.length;
window.__watch = () => {
  const known = new Set();
  const changed = source => async () => {
    const {pressed, stamp} = __event;
    const logged = {rows: size(Object.values(source.data)[0])};
    __log.push(logged);
    waiting.push({drawnOn: drawnOn(source), seen: now => { logged.seen = now - stamp; }});
    await frame(); await frame();
    logged.frames = performance.now() - pressed;
  };
  const look = () => {
    for (const doc of Bokeh.documents) for (const model of doc.all_models)
      if (model.type === "ColumnDataSource" && !known.has(model.id)) {
        known.add(model.id);
        model.properties.data.change.connect(changed(model));
        model.streaming.connect(changed(model));
      }
  };
  look();
  setInterval(look, 200);
};
"""
_COUNT = """() => {
  let traces = 0;
  for (const doc of Bokeh.documents) for (const model of doc.all_models)
    if (/^traces-.*-(focus|others)-columns$/.test(model.name || "")) traces += model.data.xs.length;
  return traces;
}"""
# With subcoordinate_y the peer's wheel scales the traces; here it is to zoom along the time axis.
_ZOOM_IN_TIME = """() => {
  for (const doc of Bokeh.documents) for (const model of doc.all_models) if (model.type === "Figure") {
    const wheels = model.toolbar.tools.filter(tool => tool.type === "WheelZoomTool");
    const time = wheels.find(tool => tool.dimensions !== "height") || wheels[0];
    for (const tool of wheels) tool.active = false;
    time.dimensions = "width";
    time.active = true;
  }
}"""
_CASES = {
    "next, 3 x 6000": ("one", "next", 45, 800),
    "next, 30 x 3 x 6000": ("network", "next", 60, 800),
    "the same, all 30 shown": ("network", "next", 60, 1700),
    "zoom, 24 h x 3": ("day", "zoom", 40, 800),
    "pick edit": ("one", "pick", 20, 800),
}


@pytest.fixture(scope="module")
def pages():
    """Addresses of the two pages, each on its own server."""
    names = ("workbench_page", "peer_page")
    servers = {name: ServedProcess(panel_command(_HERE / f"{name}.py")) for name in names}
    yield {name: f"http://localhost:{server.port}/{name}" for name, server in servers.items()}
    for server in servers.values():
        server.close()


def _open(page, address, case, height=800):
    page.set_default_timeout(120_000)
    page.set_viewport_size({"width": 1400, "height": height + 150})
    page.add_init_script(_BEFORE)
    page.goto(f"{address}?case={case}&height={height}")
    size = "c => c && (c.length > 500 || (c[0] && c[0].length > 500))"
    lines = f"m.type === 'ColumnDataSource' && Object.values(m.data).some({size})"
    page.wait_for_function(f"() => window.Bokeh && Bokeh.documents.some(d => [...d.all_models].some(m => {lines}))")
    page.wait_for_timeout(4000)
    page.evaluate("__watch()")
    page.wait_for_timeout(500)


def _quiet(page, least):
    """Wait until nothing has been painted for a while, then give what was."""
    before, still = -1, 0
    end = time.monotonic() + 60
    while time.monotonic() < end and still < 4:
        page.wait_for_timeout(300)
        now = page.evaluate("__log.length")
        still = still + 1 if now == before and now >= least else 0
        before = now
    return [entry for entry in page.evaluate("__log.splice(0)") if entry.get("seen") is not None]


def _measure(page, action, repeats):
    found = []
    box = page.locator(".bk-Figure").first.bounding_box()
    for i in range(repeats + 1):
        page.evaluate("__log.splice(0)")
        x, y = box["x"] + 400 + 25 * i, box["y"] + 300
        page.mouse.move(x - 3, y)
        page.mouse.move(x, y)
        page.wait_for_timeout(200)
        if action == "next":
            page.get_by_role("button", name="Next", exact=True).click()
        elif action == "zoom":
            page.mouse.wheel(0, -200)
        elif action == "pick":
            page.mouse.click(x, y)
        else:
            page.keyboard.press("p")
        log = _quiet(page, 1)
        if action in ("next", "zoom"):
            log = [entry for entry in log if entry["rows"] >= 500]
        if log:
            found.append(log[0] if action in ("pick", "key") else log[-1])
    # The first one pays for what is made only once.
    return found[1:]


def _words(values):
    return f"{statistics.median(values):6.0f} ({min(values):.0f}-{max(values):.0f})" if values else "-"


@pytest.mark.parametrize("name", _CASES)
def test_click_to_paint(pages, page, name, capsys):
    case, action, aim, height = _CASES[name]
    _open(page, pages["workbench_page"], case, height)
    if action == "pick":
        box = page.locator(".bk-Figure").first.bounding_box()
        page.mouse.click(box["x"] + 300, box["y"] + 300)
    ours = _measure(page, "key" if action == "pick" else action, 7)
    drawn = page.evaluate(_COUNT)
    _open(page, pages["peer_page"], case, height)
    n_stations, n_components, _ = SHAPES[case]
    if action == "zoom":
        page.evaluate(_ZOOM_IN_TIME)
    peer = _measure(page, action, 3)
    assert ours, f"the workbench painted nothing for {name}"
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    with capsys.disabled():
        sys.stdout.write(f"\n{name}, aim {aim} ms, load {load:.1f}\n")
        for how, words in (("seen", "seen"), ("frames", "two frames")):
            own, others = ([entry[how] for entry in entries] for entries in (ours, peer))
            ratio = statistics.median(others) / statistics.median(own) if others else float("nan")
            sys.stdout.write(
                f"  {words:11s} workbench {_words(own):18s} [{drawn} traces]   "
                f"peer {_words(others):22s} [{n_stations * n_components} traces]   {ratio:6.1f} x\n"
            )
