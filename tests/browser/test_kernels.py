"""Another kernel, chosen in the bar of the page, run on, killed, and used again: a real server and a real browser."""

from __future__ import annotations

import os
import re
import signal

import psutil
import pytest

pytest.importorskip("playwright")

from playwright.sync_api import Page, expect

from .served import PATIENCE_MS, Server, open_demo


def worker_of(server: Server) -> int:
    (found,) = (
        child.pid
        for child in psutil.Process(server.pid).children()
        if "workbench.compute.process_side" in child.cmdline()
    )
    return found


def test_page_stays_alive_whatever_happens_to_its_kernel(page: Page, server: Server) -> None:
    open_demo(page, server.url)
    picks = page.locator(".wb-rows.picks .row")
    n_picks = picks.count()
    chip = page.locator("button.kernel")
    expect(chip).to_contain_text("This computer")
    chip.click()
    dialog = page.locator("dialog.kernels")
    dialog.locator("[data-key=use-process]").click()
    expect(dialog.locator(".device .state")).to_have_text("ready", timeout=PATIENCE_MS)
    assert picks.count() == n_picks
    dialog.get_by_role("button", name="Close").click()

    page.get_by_role("button", name="Run", exact=True).click()
    chip.click()
    expect(dialog.locator(".jobrow").first).to_contain_text("own process", timeout=PATIENCE_MS)
    expect(dialog.locator(".jobrow").first).to_contain_text("done in", timeout=PATIENCE_MS)

    os.kill(worker_of(server), signal.SIGKILL)
    expect(dialog.locator(".device")).to_contain_text("it was killed (SIGKILL)", timeout=PATIENCE_MS)
    # Picking ahead may need it, and have it started, before anybody can press "Start".
    again = dialog.get_by_role("button", name=re.compile("^(Start|Restart)$")).and_(page.locator(":enabled"))
    again.first.click(timeout=PATIENCE_MS)
    expect(dialog.locator(".device")).not_to_contain_text("SIGKILL", timeout=PATIENCE_MS)
    expect(dialog.locator(".device .state")).to_have_text("ready", timeout=PATIENCE_MS)
    expect(chip).to_contain_text("ready")
    dialog.get_by_role("button", name="Close").click()
    assert picks.count() == n_picks
