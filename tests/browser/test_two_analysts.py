"""Two colleagues on two browsers: one recording picked blind by both, compared, and settled by keys alone."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

pytest.importorskip("playwright")

from panel.tests.util import wait_until
from playwright.sync_api import Browser, Page, expect

from workbench.labels.journal import Journal

from .plot import PLOT
from .served import PATIENCE_MS, Server

_N_MARKS = f"n => {{ const plot = ({PLOT})(); return plot && plot.marks.length === n ? plot : null; }}"


@pytest.fixture
def second(browser: Browser) -> Iterator[Page]:
    """The page of somebody else: a browser with cookies of its own."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield page
    context.close()


def open_review(page: Page, server: Server, name: str) -> None:
    page.goto(server.url.replace("/inspect", "/review"))
    # The doubts have brought an onset to the screen: from here on nothing moves by itself.
    expect(page.locator(".review_why .doubts")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator(".status_line")).to_contain_text("recordings looked at", timeout=PATIENCE_MS)
    page.locator("button.analyst").click()
    field = page.locator("dialog input")
    field.fill(name)
    field.press("Enter")
    expect(page.locator("button.analyst .name")).to_have_text(name)
    expect(page.locator("dialog")).to_have_count(0)


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")


def pick_p(page: Page, share: float) -> None:
    """Set P at that share of the time on the screen, and say that the station is done."""
    page.keyboard.press("]")
    expect(page.locator("button.blind")).to_be_visible()
    expect(page.locator(".review_why .calm")).to_contain_text("Set each onset that you see")
    state = page.wait_for_function(_N_MARKS, arg=0).json_value()
    left, top, width, height = state["frame"]
    page.mouse.click(left + 0.9 * width, top + 0.02 * height)
    expect(page.locator(".status_line")).to_contain_text("Keys on")
    page.mouse.move(left + share * width, top + 0.5 * height)
    page.keyboard.press("p")
    page.wait_for_function(_N_MARKS, arg=1)
    expect(page.locator(".status_line")).to_contain_text("Saved")
    page.keyboard.press("n")
    expect(page.locator(".wb-rows.review .outcome.kept")).to_have_count(1)


def test_two_colleagues_pick_blind_and_settle(page: Page, second: Page, server: Server, errors: list[str]) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    open_review(page, server, "Ada Lovelace")
    tab(page, "Blind")
    page.locator("input[data-act=percent]").fill("50")
    page.locator("select[data-act=of]").select_option("recordings")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".wb-rows.review .row")).to_have_count(1)
    pick_p(page, 0.40)

    open_review(second, server, "Ben Kim")
    tab(second, "Blind")
    expect(second.locator(".wb-rows.review .row")).to_have_count(1)
    pick_p(second, 0.42)
    assert "Ada" not in second.locator("body").inner_text()
    # Another page of the same browser is blind, too, and knows the name.
    second.get_by_role("link", name="Inspect").click()
    expect(second.locator("button.blind")).to_be_visible(timeout=PATIENCE_MS)
    expect(second.locator("button.analyst .name")).to_have_text("Ben Kim")
    second.wait_for_function(_N_MARKS, arg=1)
    second.go_back()
    expect(second.locator("button.blind")).to_be_visible(timeout=PATIENCE_MS)

    # He stops, sees both marks with whose they are, and takes hers; takes that back; sets it between and moves it.
    tab(second, "Settle")
    expect(second.locator(".wb-rows.review .nothing")).to_contain_text("would show what is hidden")
    second.locator("button.blind").click()
    expect(second.locator("button.blind")).to_have_count(0)
    second.get_by_role("button", name="Anew").click()
    expect(second.locator(".wb-rows.review .words")).to_contain_text("Ada Lovelace has P")
    second.keyboard.press("]")
    expect(second.locator(".review_why .mark")).to_have_count(2)
    flags = f"() => {{ const plot = ({PLOT})(); return plot && plot.marks.map(mark => mark.flag).filter(Boolean); }}"
    second.wait_for_function(
        f"() => {{ const f = ({flags})(); return f && f.includes('P AL') && f.includes('P BK'); }}"
    )
    second.keyboard.press("1")
    expect(second.locator(".wb-rows.review .outcome")).to_have_text("settled")
    with Journal(str(server.labels), "reader") as journal:
        (settled,) = journal.labels().to_dict("records")
        hers = journal.marks().set_index("analyst").loc["Ada Lovelace"]
    assert (settled["decision"], settled["analyst"], settled["time"]) == ("settle", "Ben Kim", hers["time"])
    assert [mark["analyst"] for mark in json.loads(settled["provenance"])["settled"]["marks"]] == [
        "Ada Lovelace", "Ben Kim"
    ]  # fmt: skip
    second.keyboard.press("z")
    expect(second.locator(".wb-rows.review .outcome")).to_have_count(0)
    second.keyboard.press("b")
    expect(second.locator(".wb-rows.review .outcome")).to_have_text("midway")
    second.keyboard.press(".")
    wait_until(lambda: [decision for _, decision in server.standing()] == ["move"], second, timeout=PATIENCE_MS)

    # The page holds together in the other theme and on a small screen.
    second.get_by_role("button", name="To the dark theme").click()
    second.set_viewport_size({"width": 1024, "height": 768})
    second.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
