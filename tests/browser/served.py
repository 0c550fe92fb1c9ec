"""The workbench served in a process of its own, and where its page shows what."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, expect

from workbench.labels.journal import Journal

from .plot import PLOT, PLOT_WITH_PICKS

PATIENCE_MS = 120_000
expect.set_options(timeout=60_000)


class Server:
    """``workbench serve`` in a process of its own, with options.

    Parameters
    ----------
    labels
        URL of the journal; a file in the folder if not given.
    """

    def __init__(self, folder: Path, *options: str, labels: str = "") -> None:
        self._options = options
        self.labels = labels or str(folder / "labels.sqlite")
        self._log = folder / "server.log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/inspect"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-c", "from workbench.cli import main; main()", "serve", "--port", str(self.port)]
        command += self._options
        environment = {**os.environ, "WORKBENCH_LABELS": self.labels, "PYTHONUNBUFFERED": "1"}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        end = time.monotonic() + 120
        while not self._listens():
            assert self._process.poll() is None, self.log
            assert time.monotonic() < end, self.log
            time.sleep(0.1)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(30)

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def standing(self) -> list[tuple[str, str]]:
        """Phase and decision of the labels on disk."""
        with Journal(self.labels, "a test") as journal:
            labels = journal.labels()
        return list(zip(labels["phase"], labels["decision"], strict=True))


def open_demo(page: Page, url: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(url)
    expect(page.locator(".wb-rows.picks .row").first).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_function(PLOT_WITH_PICKS, timeout=PATIENCE_MS)


def place(page: Page, mark: dict[str, float], later_ms: float = 0.0) -> tuple[float, float]:
    state = page.wait_for_function(PLOT, timeout=PATIENCE_MS).json_value()
    left, top, width, height = state["frame"]
    start, end = state["range"]
    return left + (mark["x"] + later_ms - start) / (end - start) * width, top + 0.5 * height
