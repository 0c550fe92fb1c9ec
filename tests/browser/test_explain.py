"""The Explain page as a user meets it: from a pick on Inspect to its reasons, other methods and picks, and what-ifs."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")

from playwright.sync_api import Page, expect

from .plot import PLOT_WITH_PICKS
from .served import PATIENCE_MS, Server, open_demo, place

DRAWN = """() => {
  const out = {};
  for (const doc of Bokeh.documents) for (const model of doc.all_models) {
    const name = model.name || "", d = model.data;
    if (/^explain-.*-bars-columns$/.test(name)) out.bars = Array.from(d.left ?? []).length;
    if (/^explain-.*-lines-columns$/.test(name)) out.points = Array.from(d.xs ?? []).map(xs => Array.from(xs).length);
    if (/^explain-.*-muted-columns$/.test(name)) out.muted = Array.from(d.left ?? []).length;
    if (/^explain-.*-flags-columns$/.test(name)) out.flag = Array.from(d.words).filter(Boolean)[0];
    if (/^explain-.*-x$/.test(name)) out.range = [model.start, model.end];
    if (/^explain-.*-traces$/.test(name) && model.type === "Figure") {
      const view = Bokeh.index.find_one(model);
      if (!view?.frame) return null;
      const own = view.el.getBoundingClientRect(), box = view.frame.bbox;
      out.frame = [own.left + box.left, own.top + box.top, box.width, box.height];
    }
  }
  return out.points?.some(n => n > 100) && out.frame?.[2] > 100 ? out : null;
}"""
"""What is drawn of an explanation; null as long as there is none."""


def wait_drawn(page: Page, condition: str = "true") -> dict:
    script = f"() => {{ const drawn = ({DRAWN})(); return drawn && ({condition}) ? drawn : null; }}"
    return page.wait_for_function(script, timeout=PATIENCE_MS).json_value()


def question(page: Page):
    return page.locator(".wb-markup.question > b")


def test_a_pick_of_inspect_is_explained_doubted_and_tried(page: Page, server: Server, errors: list[str]) -> None:
    open_demo(page, server.url)
    mark = next(mark for mark in page.wait_for_function(PLOT_WITH_PICKS).json_value()["marks"] if mark["dashed"])
    page.mouse.click(*place(page, mark))
    page.keyboard.press("w")
    expect(page.get_by_role("tab", name="Why")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".why .ask")).to_contain_text("Why P at 00:20:")
    expect(page.locator(".why [role=status]")).to_contain_text("%")

    page.get_by_role("button", name="Open in Explain").click()
    page.wait_for_url(re.compile("/explain"))
    expect(question(page)).to_contain_text("Why P at 00:20:")
    first = wait_drawn(page)
    assert first["bars"] > 0
    assert "probability 0." in first["flag"]
    assert "phase=P" in page.url
    assert "time=2009-08-24" in page.url

    page.get_by_role("button", name="Saliency", exact=True).click()
    expect(page.get_by_role("button", name="Saliency", exact=True)).to_have_attribute("aria-pressed", "true")
    page.wait_for_url(re.compile("method=saliency"))
    wait_drawn(page, f"drawn.bars !== {first['bars']}")

    page.keyboard.press("]")
    expect(question(page)).to_contain_text("Why S at 00:20:")
    wait_drawn(page, "drawn.flag.startsWith('S ')")
    page.keyboard.press("[")
    wait_drawn(page, "drawn.flag.startsWith('P ')")
    expect(page.locator(".wb-markup.belief")).to_contain_text(re.compile("holds up|with care|do not rely on it yet"))

    # A component that is missing: the pick is judged anew, and so is the explanation.
    page.locator(".wb-markup.what_if").get_by_role("button", name="Z", exact=True).first.click()
    expect(page.locator(".question .answer")).to_contain_text("With these changes")
    wait_drawn(page, "drawn.flag.startsWith('what if')")
    page.locator(".wb-markup.what_if").get_by_role("button", name="Reset").click()
    wait_drawn(page, "drawn.flag.startsWith('P ')")

    # The slider of noise, as far left as it goes.
    page.locator(".wb-markup.what_if input[type=range]").first.focus()
    page.keyboard.press("Home")
    changed = wait_drawn(page, "drawn.flag.startsWith('what if')")
    assert changed["flag"].split()[-1] != first["flag"].split()[-1], "the probability moved"


def test_a_newcomer_sees_a_pick_explained_and_mutes_a_part_by_hand(
    page: Page, server: Server, errors: list[str]
) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(server.url.replace("/inspect", "/explain"))
    drawn = wait_drawn(page)
    expect(question(page)).to_contain_text("Why P at 00:20:")
    left, top, width, height = drawn["frame"]

    page.keyboard.press("b")
    expect(page.get_by_text("Brush on")).to_be_visible()
    page.mouse.move(left + 0.5 * width, top + 0.1 * height)
    page.mouse.down()
    page.mouse.move(left + 0.6 * width, top + 0.2 * height, steps=3)
    page.mouse.up()
    wait_drawn(page, "drawn.muted === 1 && drawn.flag.startsWith('what if')")
    page.keyboard.press("Escape")
    expect(page.get_by_text("Brush on")).to_have_count(0)

    # Any time can be asked about: here, between the picks, where there is none.
    page.mouse.click(left + 0.75 * width, top + 0.1 * height)
    expect(question(page)).not_to_contain_text("00:20:07")
    wait_drawn(page, "drawn.muted === 0")

    page.get_by_role("button", name="To the dark theme").click()
    expect(page.get_by_role("button", name="To the light theme")).to_be_visible()
    page.set_viewport_size({"width": 1024, "height": 768})
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_contain_text("mute brush")
