"""Every key that the help of the Explain page promises does what the help says, and `Shift+W` leads there."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")

from playwright.sync_api import Page, expect

from workbench.views.explain_help import EXPLAIN_KEYS

from .plot import PLOT_WITH_PICKS
from .served import PATIENCE_MS, Server, open_demo, place
from .test_explain_what_if import drawn

_RANGE = """whole => {
  for (const doc of Bokeh.documents) for (const model of doc.all_models) {
    if (/^explain-.*-x$/.test(model.name || "")) {
      const range = [model.start, model.end];
      return whole === null || whole.every((at, n) => Math.abs(at - range[n]) < 1) ? range : null;
    }
  }
  return null;
}"""


def asked(page: Page, words: str) -> None:
    expect(page.locator(".wb-markup.question > b")).to_contain_text(words, timeout=PATIENCE_MS)


def method(page: Page, name: str) -> None:
    expect(page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")


def test_each_key_does_what_the_help_says(page: Page, server: Server, errors: list[str]) -> None:
    assert [key for key, _ in EXPLAIN_KEYS] == ["[", "]", "M", "B", "Home", "Esc", "?"], "keys without a test here"
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(server.url.replace("/inspect", "/explain"))
    frame = drawn(page)["frame"]
    asked(page, "Why P at")

    page.keyboard.press("]")
    asked(page, "Why S at")
    page.keyboard.press("[")
    asked(page, "Why P at")
    drawn(page, "drawn.flag.startsWith('P ')")

    method(page, "Integrated grad.")
    page.keyboard.press("m")
    expect(page.get_by_role("button", name="Integrated grad.", exact=True)).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Shift+M")
    method(page, "Integrated grad.")

    page.keyboard.press("b")
    expect(page.get_by_text("Brush on")).to_be_visible()
    page.keyboard.press("b")
    expect(page.get_by_text("Brush on")).to_have_count(0)
    page.keyboard.press("b")
    expect(page.get_by_text("Brush on")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Brush on")).to_have_count(0)

    before = page.wait_for_function(_RANGE, arg=None).json_value()
    page.mouse.move(frame[0] + 0.5 * frame[2], frame[1] + 0.5 * frame[3])
    page.mouse.wheel(0, -400)
    page.wait_for_function(
        f"before => {{ const now = ({_RANGE})(null); return now[1] - now[0] < 0.95 * (before[1] - before[0]); }}",
        arg=before,
    )
    page.keyboard.press("Home")
    page.wait_for_function(_RANGE, arg=before)

    page.keyboard.press("?")
    expect(page.locator("dialog")).to_contain_text("Keys and mouse")
    for key, does in EXPLAIN_KEYS:
        expect(page.locator("dialog tr", has=page.get_by_text(key, exact=True))).to_contain_text(does)
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)

    # What is being made is stopped: the checks of another pick, which take seconds.
    page.keyboard.press("]")
    asked(page, "Why S at")
    checking = page.locator("section.belief .verdict", has_text="checking")
    expect(checking).to_have_count(1, timeout=PATIENCE_MS)
    page.keyboard.press("Escape")
    expect(checking).to_have_count(0, timeout=PATIENCE_MS)


def test_shift_w_opens_the_page_about_the_pick_in_hand(page: Page, server: Server, errors: list[str]) -> None:
    open_demo(page, server.url)
    mark = next(mark for mark in page.wait_for_function(PLOT_WITH_PICKS).json_value()["marks"] if mark["dashed"])
    page.mouse.click(*place(page, mark))
    page.keyboard.press("Shift+W")
    page.wait_for_url(re.compile(r"/explain\?.*phase="), timeout=PATIENCE_MS)
    asked(page, "Why ")
    drawn(page)
