"""A day of ten stations, and half a day of two real ones, in the app and as HoloViews curves with ``downsample1d``.

Opened, zoomed in to samples, and dragged along, in Chromium, with the real server of each. *Frames* are those in which
a canvas was drawn on while the mouse was moved before each; *behind* is how long after the last move the picture still
changed. *Own* memory is what the server's process holds by itself; what is mapped from files is not in it, for
the system takes that back when it needs to. Nothing is asserted about time: a table is printed.
"""

from __future__ import annotations

import os
import statistics
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("playwright")
pytest.importorskip("holoviews")
sys.path.insert(0, str(Path(__file__).parent))
from made_recordings import write_day
from served_process import ServedProcess, panel_command

psutil = pytest.importorskip("psutil")
browsers = pytest.importorskip("playwright.sync_api")

_HERE = Path(__file__).parent
_REAL = Path(__file__).parents[3] / "shared" / "data" / "continuous"
_MOVES, _STEP_PX = 120, 4
_WHEELS, _WHEELS_S = 14, 60.0
"""Turned so often, or as often as fits into that time."""
_PATIENCE_S = 120
"""For one step; who takes longer gives up, which is said."""

_BEFORE = """
window.__drawn = []; window.__input = 0;
const noted = event => { __input = event.timeStamp; };
for (const name of ["pointermove", "wheel"]) window.addEventListener(name, noted, {capture: true});
let touched = false;
for (const name of ["stroke", "fill", "drawImage"]) {
  const own = CanvasRenderingContext2D.prototype[name];
  CanvasRenderingContext2D.prototype[name] = function (...args) { touched = true; return own.apply(this, args); };
}
const look = () => { requestAnimationFrame(look); if (touched) __drawn.push(performance.now()); touched = false; };
requestAnimationFrame(look);
"""


@pytest.fixture(scope="module")
def made_day(tmp_path_factory) -> Path:
    """Ten stations, three components, 24 h."""
    return write_day(tmp_path_factory.mktemp("day"), n_stations=10)


class PeakMemory:
    """What a server's process holds by itself and in all, in MB: at most while it is measured, and at the end."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._most_mb, self._ended = 0.0, threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()

    def _look(self) -> None:
        while not self._ended.wait(0.1):
            self._most_mb = max(self._most_mb, self._now()["own_mb"])

    def _now(self) -> dict[str, float]:
        try:
            found = self._process.memory_info()
        except psutil.NoSuchProcess:
            return {"own_mb": float("nan"), "resident_mb": float("nan")}
        return {"own_mb": (found.rss - found.shared) / 2**20, "resident_mb": found.rss / 2**20}

    def stop(self) -> dict[str, float]:
        """The numbers, by name."""
        self._ended.set()
        self._watch.join()
        return {**self._now(), "most_own_mb": self._most_mb}


def _settle(page, still_ms=700):
    """Wait until nothing has been drawn for a while; gives when something last was."""
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        page.wait_for_timeout(150)
        now, last = page.evaluate("[performance.now(), __drawn.at(-1) ?? 0]")
        if last and now - last > still_ms:
            return last
    raise AssertionError("the picture does not come to rest")


def _measure(page, address, drawn):
    page.set_default_timeout(1e3 * _PATIENCE_S)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.add_init_script(_BEFORE)
    began = time.monotonic()
    page.goto(address)
    page.wait_for_function(drawn)
    opened_s = time.monotonic() - began
    _settle(page, 2500)
    # Bokeh's largest figure: the traces.
    boxes = [box for figure in page.locator(".bk-Figure").all() if (box := figure.bounding_box())]
    box = max(boxes, key=lambda found: found["width"] * found["height"])
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    zooms = []
    until = time.monotonic() + _WHEELS_S
    while len(zooms) < _WHEELS and (not zooms or time.monotonic() < until):
        page.evaluate("__drawn.splice(0)")
        page.mouse.wheel(0, -300)
        last = _settle(page)
        first, turned = page.evaluate("[__drawn[0], __input]")
        zooms.append((first - turned, last - turned))
    seen, whole = (statistics.median(values) for values in zip(*zooms, strict=True))
    return {"opened_s": opened_s, "zoom_seen_ms": seen, "zoom_whole_ms": whole, **_drag(page, x, y)}


# Inside the page: a driver from outside waits until each move has been taken, so that it is itself what is slow.
_MOVE = """async ([x, y, moves, step]) => {
  let at = document.elementFromPoint(x, y);
  while (at?.shadowRoot) {
    const inner = at.shadowRoot.elementFromPoint(x, y);
    if (!inner || inner === at) break;
    at = inner;
  }
  __drawn.splice(0);
  for (let n = 0; n < moves; n++) {
    await new Promise(requestAnimationFrame);
    // There and back, so that the day does not end meanwhile.
    const clientX = x + step * (n < moves / 2 ? n : moves - n);
    at.dispatchEvent(new PointerEvent("pointermove", {clientX, clientY: y, bubbles: true, composed: true, pointerId: 1,
      pointerType: "mouse", isPrimary: true, buttons: 1, button: -1, view: window}));
  }
  return [__drawn.slice(), __input];
}"""


def _drag(page, x, y):
    page.mouse.move(x, y)
    page.mouse.down()
    moved, last_input = page.evaluate(_MOVE, [x, y, _MOVES, _STEP_PX])
    page.mouse.up()
    behind = max(0.0, _settle(page) - last_input)
    gaps = np.diff(moved) if len(moved) > 2 else np.array([np.nan])
    frames = 1e3 * (len(moved) - 1) / (moved[-1] - moved[0]) if len(moved) > 2 else 0.0
    return {"frames_s": frames, "longest_ms": float(gaps.max()), "behind_ms": behind}


_OURS_DRAWN = """() => window.Bokeh && Bokeh.documents.some(doc => [...doc.all_models].some(model =>
  /^traces-.*-(focus|others)-columns$/.test(model.name || "") && model.data.xs.length)) && __drawn.length"""
_PEER_DRAWN = """() => window.Bokeh && Bokeh.documents.some(doc => [...doc.all_models].some(model =>
  model.type === "ColumnDataSource" && Object.values(model.data).some(column => column?.length > 500)))
  && __drawn.length"""


@pytest.mark.parametrize("case", ["12 h x 2 stations x 3, real", "24 h x 10 stations x 3, made"])
def test_long_records(case, page, tmp_path, request, capsys):
    if "real" in case and not _REAL.is_dir():
        pytest.skip("the real half day lies in ../shared/data, which is not here")
    folder = _REAL if "real" in case else request.getfixturevalue("made_day")
    cli = [sys.executable, "-c", "from workbench.cli import main; main()"]
    commands = {
        "workbench": [*cli, "serve", "--port", "{port}", "--source", str(folder)],
        "peer": panel_command(_HERE / "long_peer_page.py", str(folder)),
    }
    own = {"WORKBENCH_LABELS": str(tmp_path / "labels.sqlite"), "WORKBENCH_CACHE": str(tmp_path)}
    found = {}
    for name, command in commands.items():
        served = ServedProcess(command, own)
        memory = PeakMemory(served.process.pid)
        try:
            ours = name == "workbench"
            place = "inspect" if ours else "long_peer_page"
            address = f"http://127.0.0.1:{served.port}/{place}" if ours else f"http://localhost:{served.port}/{place}"
            tab = page.context.new_page()
            found[name] = _measure(tab, address, _OURS_DRAWN if ours else _PEER_DRAWN)
        except (AssertionError, browsers.TimeoutError) as error:
            # Of the peer that is a result, too.
            if ours:
                raise
            found[name] = {"gave_up": str(error).splitlines()[0]}
        finally:
            found.setdefault(name, {}).update(memory.stop())
            tab.close()
            served.close()
        with capsys.disabled():
            sys.stdout.write(f"\n{case}, {name}, load {os.getloadavg()[0]:.1f}: {_words(found[name])}\n")
    with capsys.disabled():
        for what in found["workbench"]:
            ours, peer = found["workbench"][what], found["peer"].get(what, float("nan"))
            sys.stdout.write(f"  {what:14s} workbench {ours:9.1f}   peer {peer:9.1f}   {peer / ours:6.2f}\n")


def _words(numbers):
    return ", ".join(f"{what} {value:.1f}" if isinstance(value, float) else value for what, value in numbers.items())
