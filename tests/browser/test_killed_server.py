"""A server that is killed at any moment loses no edit that the page has called saved."""

from __future__ import annotations

import random
import re
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("playwright")

from playwright.sync_api import Page

from workbench.labels.journal import Journal

from .plot import PLOT
from .served import PATIENCE_MS, Server, open_demo

_KILLS = 8


def saved_on_the_page(page: Page) -> set[int]:
    """Numbers of the entries that the page calls saved."""
    shown = " ".join(page.locator(".saved").all_text_contents())
    return {int(number.replace(",", "")) for number in re.findall(r"entry ([\d,]+)", shown)}


def kill_while_edits_stream_in(page: Page, server: Server, rng: random.Random) -> set[int]:
    """Numbers of the entries that the page called saved until its server was killed, some time after the first."""
    open_demo(page, server.url)
    left, top, width, height = page.wait_for_function(PLOT).json_value()["frame"]
    page.mouse.click(left + 0.9 * width, top + 0.5 * height)
    dead = threading.Event()

    def kill() -> None:
        server.kill()
        dead.set()

    end, saved = threading.Timer(rng.uniform(0.0, 3.0), kill), set()
    limit_s = time.monotonic() + PATIENCE_MS / 1e3
    while not dead.is_set():
        assert saved or time.monotonic() < limit_s, "no edit was saved"
        page.mouse.move(left + rng.uniform(0.05, 0.95) * width, top + 0.5 * height)
        page.keyboard.press(rng.choice("psie"))
        saved |= saved_on_the_page(page)
        if saved and end.ident is None:
            end.start()
    end.join()
    return saved | saved_on_the_page(page)


def test_a_server_killed_while_edits_stream_in_loses_none_that_the_page_called_saved(page: Page, tmp_path: Path):
    rng = random.Random(2)
    page.set_default_timeout(PATIENCE_MS)
    servers, n_saved = [Server(tmp_path)], 0
    try:
        servers[0].start()
        for _ in range(_KILLS):
            servers.append(Server(tmp_path))
            # The next server starts while this one is at work; both know the journal, only this one is written to.
            start = threading.Thread(target=servers[-1].start)
            start.start()
            saved = kill_while_edits_stream_in(page, servers[-2], rng)
            start.join()
            n_saved += len(saved)
            with Journal(str(servers[-1].labels), "a test") as journal:
                rows = set(journal.entries()["entry"])
            assert rows >= saved, "the page called an edit saved that is not on disk"
    finally:
        for server in servers:
            server.kill()
    assert n_saved >= _KILLS, "too few edits to say anything"
    with closing(sqlite3.connect(servers[0].labels)) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
