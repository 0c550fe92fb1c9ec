"""A group's server in real Chromium: Anna decides by her own name, Ben only looks, and no script is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright")

from playwright.sync_api import BrowserContext, Page, expect

from workbench.labels.journal import Journal
from workbench.logins import set_login

from .plot import PLOT_WITH_PICKS
from .served import PATIENCE_MS, Server

WORDS = {"anna": "anna's own words", "ben": "ben's own words"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    logins = tmp_path / "logins.json"
    for name, words in WORDS.items():
        set_login(logins, name, words, read_only=name == "ben")
    served = Server(tmp_path, "--login", str(logins))
    served.start()
    yield served
    served.kill()
    # A browser that goes away in the middle of a message is told of by the server's libraries, and is no fault.
    assert not re.search(r"\bERROR\b|File \".*/(workbench|apps)/", served.log), served.log


def log_in(page: Page, server: Server, name: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(server.url)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(WORDS[name])
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".wb-rows.picks .row").first).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_function(PLOT_WITH_PICKS, timeout=PATIENCE_MS)


def take(page: Page, row: int) -> None:
    """Take a pick in hand, so that keys act on it."""
    found = page.locator(".wb-rows.picks .row").nth(row)
    found.click()
    expect(found).to_have_attribute("aria-selected", "true")
    expect(page.get_by_text("Keys on")).to_be_visible()


def test_each_login_decides_or_only_looks(
    page: Page, context: BrowserContext, server: Server, errors: list[str]
) -> None:
    log_in(page, server, "anna")
    expect(page.get_by_role("img", name="Logged in: anna")).to_be_visible()
    take(page, 0)
    page.keyboard.press("a")
    expect(page.get_by_text("Saved")).to_be_visible()
    with Journal(str(server.labels), "a test") as journal:
        assert list(journal.entries()["analyst"]) == ["anna"]
    page.get_by_role("link", name="Log out").click()
    expect(page.get_by_text("You are logged out")).to_be_visible()
    page.get_by_role("link", name="Log in again").click()
    expect(page.get_by_label("Password")).to_be_visible()

    log_in(page, server, "ben")
    expect(page.get_by_text("read-only", exact=True)).to_be_visible()
    done = page.locator("[data-act=done]")
    expect(done).to_be_disabled()
    expect(done).to_have_attribute("title", "This login may look, and write nothing: no label, status, note or file. "
                                   "Whoever runs the server can change that.")  # fmt: skip
    # What the greyed button would send, sent all the same.
    done.evaluate("button => { button.disabled = false; button.click() }")
    expect(page.locator(".notice.error")).to_contain_text("write nothing")
    page.reload()
    expect(page.locator(".wb-rows.picks .row").first).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_function(PLOT_WITH_PICKS, timeout=PATIENCE_MS)
    take(page, 1)
    page.keyboard.press("x")
    expect(page.locator(".notice.error")).to_contain_text("write nothing")
    with Journal(str(server.labels), "a test") as journal:
        assert list(journal.entries()["analyst"]) == ["anna"]
