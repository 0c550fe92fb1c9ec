"""The trace view in a real JupyterLab: a click into the plot arms it, a key places a pick, the label is on disk."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

pytest.importorskip("playwright")
pytest.importorskip("jupyterlab")
pytest.importorskip("jupyter_bokeh")

from playwright.sync_api import Locator, Page, expect

from workbench.labels.journal import Journal
from workbench.sources import open_source

from .plot import PLOT
from .test_explain_what_if import drawn

_PATIENCE_MS = 180_000
_CELL = """
import panel as pn
pn.extension(inline=True, comms="ipywidgets")
from workbench.session import Session
from workbench.settings import load_settings
from workbench.views.traces import TraceView
session = Session(settings=load_settings(labels="labels.sqlite", cache="cache", analyst="Ada"))
session.add_picker("sta_lta")
session.open_source("examples")
pn.Column(TraceView(session), height=480, sizing_mode="stretch_width")
"""

_WHY_CELL = """
import panel as pn
pn.extension(inline=True, comms="ipywidgets")
from workbench.session import Explaining, Session
from workbench.settings import load_settings
from workbench.views.explain_question import QuestionLine
from workbench.views.explain_traces import ExplainTraces
from workbench.views.explain_what_if import WhatIfCard
session = Session(settings=load_settings(labels="why.sqlite", cache="cache", analyst="Ada"))
session.add_picker("xiaonet")
explaining = Explaining(session, auto=True)
session.open_source("examples")
traces = pn.Column(QuestionLine(explaining), ExplainTraces(explaining), height=480, sizing_mode="stretch_width")
pn.Column(traces, pn.Row(WhatIfCard(explaining), height=440), sizing_mode="stretch_width")
"""


def _notebook(source: str) -> str:
    cell = {"cell_type": "code", "id": "0", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps({"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address of a JupyterLab over a folder with two notebooks, and the folder."""
    tmp_path = tmp_path_factory.mktemp("lab")
    folder, own = tmp_path / "notebooks", tmp_path / "own"
    folder.mkdir()
    for name, cell in (("traces", _CELL), ("why", _WHY_CELL)):
        (folder / f"{name}.ipynb").write_text(_notebook(cell), encoding="utf-8")
    quiet = own / "config" / "labconfig" / "page_config.json"
    quiet.parent.mkdir(parents=True)
    quiet.write_text('{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}', encoding="utf-8")
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "run",
        "IPYTHONDIR": "ipy",
    }
    environment = {**os.environ, **{name: str(own / place) for name, place in places.items()}}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"),
        *("--IdentityProvider.token=", f"--ServerApp.root_dir={folder}"),
    ]
    log = tmp_path / "lab.log"
    with log.open("wb") as out:
        server = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        _wait_for(port, server, log)
        yield f"http://127.0.0.1:{port}/lab", folder
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _PATIENCE_MS / 1e3
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
            return
        except OSError:
            gone = server.poll() is not None or time.monotonic() > end
            assert not gone, log.read_text(encoding="utf-8")
            time.sleep(0.2)


def _run_first_cell(page: Page) -> None:
    # A cell that is run before its kernel is there is passed over.
    expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle", timeout=_PATIENCE_MS)
    page.locator(".jp-Notebook .jp-CodeCell").first.click(timeout=_PATIENCE_MS)
    page.keyboard.press("Shift+Enter")


def _click_until(plot: Locator, told: Locator) -> None:
    """Click into a plot until it is told: the notebook may lay its cells out anew under the first click."""
    end = time.monotonic() + _PATIENCE_MS / 1e3
    while told.count() == 0 and time.monotonic() < end:
        plot.click(position={"x": 250, "y": 60}, timeout=_PATIENCE_MS)
        with suppress(AssertionError):
            expect(told).to_have_count(1, timeout=5000)
    expect(told).to_have_count(1)


def test_a_pick_placed_by_a_key_in_jupyterlab_is_a_label_in_the_journal(lab: tuple[str, Path], page: Page) -> None:
    address, folder = lab
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_viewport_size({"width": 1300, "height": 900})
    page.goto(f"{address}/tree/traces.ipynb?reset")
    _run_first_cell(page)

    expect(page.locator(".stage .name.open")).to_have_text("RJOB", timeout=_PATIENCE_MS)
    expect(page.locator(".stage .pill")).to_have_text("P 4.00", timeout=_PATIENCE_MS)
    _click_until(page.locator(".stage .bk-Figure").first, page.locator(".stage .outline.on"))
    page.locator(".stage .bk-Figure").first.hover(position={"x": 260, "y": 60}, timeout=_PATIENCE_MS)
    page.keyboard.press("s")
    expect(page.locator(".stage .readout b")).to_contain_text("00:20:", timeout=_PATIENCE_MS)

    with Journal(f"sqlite:///{folder / 'labels.sqlite'}", "reader") as journal:
        end = time.monotonic() + _PATIENCE_MS / 1e3
        while not len(labels := journal.labels()) and time.monotonic() < end:
            page.wait_for_timeout(100)
    (label,) = labels.to_dict("records")
    assert (label["phase"], label["station"], label["analyst"]) == ("S", "BW.RJOB.", "Ada")
    assert page.locator(".stage .readout b").inner_text() == f"{label['time'].round('ms'):%H:%M:%S.%f}"[:-3]
    page.keyboard.press("]")
    expect(page.locator(".stage .name")).to_have_count(4, timeout=_PATIENCE_MS)
    source = open_source("examples")
    times = (
        source.read(source.scan()["recording_id"].iloc[1])["time"].values.astype("datetime64[ns]").astype(float) / 1e6
    )
    whole = [times[0], times[-1]]
    page.wait_for_function(f"whole => ({PLOT})()?.range.every((at, n) => Math.abs(at - whole[n]) < 1)", arg=whole)
    assert page.locator(".jp-Notebook .jp-Cell").count() == 2, "the key was for the plot, not for the notebook"
    assert errors == []


def test_a_pick_is_explained_and_tried_in_jupyterlab(lab: tuple[str, Path], page: Page) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_viewport_size({"width": 1300, "height": 1200})
    page.goto(f"{lab[0]}/tree/why.ipynb?reset")
    _run_first_cell(page)

    ask = page.locator(".wb-markup.question > b").first
    expect(ask).to_contain_text("Why P at 00:20:07", timeout=_PATIENCE_MS)
    flag = drawn(page, "drawn.bars > 0 && drawn.flag")["flag"]
    assert flag.startswith("P 00:20:07")
    # Keys are the notebook's until the plot was clicked on: a click there asks about that time, which is before P.
    other = page.locator(".wb-markup.question > b:not(:has-text('00:20:07.71'))").first
    # The traces: the figure above them is too low for this place, and a click there would never be let through.
    _click_until(page.locator(".why-stage .traces .bk-Figure").first, other)
    page.keyboard.press("]")
    expect(ask).to_contain_text("Why P at 00:20:07.71", timeout=_PATIENCE_MS)
    page.keyboard.press("]")
    expect(ask).to_contain_text("Why S at 00:20:", timeout=_PATIENCE_MS)
    drawn(page, "drawn.flag.startsWith('S ')")

    page.get_by_title("Flip the polarity of Z", exact=True).click()
    drawn(page, "drawn.flag.startsWith('what if')")
    page.get_by_role("button", name="Reset").click()
    drawn(page, "drawn.flag.startsWith('S ')")
    assert page.locator(".jp-Notebook .jp-Cell").count() == 2, "the key was for the plot, not for the notebook"
    assert errors == []
