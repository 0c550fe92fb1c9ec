"""Every what-if under a hand on the Explain page: pick, curve and explanation move, and Reset brings all back."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytest.importorskip("playwright")

from playwright.sync_api import Page, expect

from .served import PATIENCE_MS, Server

DRAWN = """() => {
  const out = {}, sum = list => Array.from(list ?? []).reduce((all, one) => all + (Number.isFinite(one) ? one : 0), 0);
  for (const doc of Bokeh.documents) for (const model of doc.all_models) {
    const name = model.name || "", d = model.data;
    if (/^explain-.*-bars-columns$/.test(name)) out.bars = sum(d.top) - sum(d.bottom);
    if (/^explain-.*-curves-columns$/.test(name)) out.curve = Array.from(d.ys ?? []).map(sum).join();
    if (/^explain-.*-lines-columns$/.test(name)) out.points = Array.from(d.xs ?? []).map(xs => Array.from(xs).length);
    if (/^explain-.*-muted-columns$/.test(name)) out.muted = Array.from(d.left ?? []).length;
    if (/^explain-.*-flags-columns$/.test(name)) out.flag = Array.from(d.words ?? []).filter(Boolean)[0];
    if (/^explain-.*-traces$/.test(name) && model.type === "Figure") {
      const view = Bokeh.index.find_one(model);
      if (!view?.frame) return null;
      const own = view.el.getBoundingClientRect(), box = view.frame.bbox;
      out.frame = [own.left + box.left, own.top + box.top, box.width, box.height];
    }
  }
  return out.points?.some(n => n > 100) && out.frame?.[2] > 100 ? out : null;
}"""
"""What is drawn of an explanation, in a few numbers; null as long as there is none."""

SHARES = ".shares .bars"


def drawn(page: Page, condition: str = "true") -> dict[str, Any]:
    script = f"() => {{ const drawn = ({DRAWN})(); return drawn && ({condition}) ? drawn : null; }}"
    found: dict[str, Any] = page.wait_for_function(script, timeout=PATIENCE_MS).json_value()
    return found


def shares(page: Page) -> list[str]:
    return [bar.get_attribute("aria-label") or "" for bar in page.locator(SHARES).all()]


@pytest.fixture
def explained(page: Page, server: Server, errors: list[str]) -> dict[str, Any]:
    """The page with its first pick explained, and what is drawn of it."""
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(server.url.replace("/inspect", "/explain"))
    expect(page.locator(SHARES)).to_have_count(8, timeout=PATIENCE_MS)
    return drawn(page)


def slide(page: Page, label: str, key: str, times: int = 1) -> None:
    slider = page.get_by_label(label)
    slider.focus()
    for _ in range(times):
        page.keyboard.press(key)


def press(page: Page, title: str) -> None:
    page.locator("section.what_if").get_by_title(title, exact=True).click()


def brush(page: Page, frame: list[float]) -> None:
    left, top, width, height = frame
    page.locator("section.what_if").get_by_role("button", name="Brush").click()
    expect(page.get_by_text("Brush on")).to_be_visible()
    page.mouse.move(left + 0.3 * width, top + 0.1 * height)
    page.mouse.down()
    page.mouse.move(left + 0.45 * width, top + 0.9 * height, steps=3)
    page.mouse.up()


def punch(page: Page) -> None:
    page.locator("section.what_if").get_by_role("button", name="Gap…").click()
    page.locator("section.what_if").get_by_role("button", name="Punch").click()


CHANGES = {
    "noise": lambda page, _: slide(page, "Noise, SNR", "ArrowLeft", 20),
    "clip": lambda page, _: slide(page, "Clip at", "Home"),
    "drop": lambda page, _: press(page, "Use Z"),
    "swap": lambda page, _: page.get_by_label("Swap two components").select_option("ZE"),
    "flip": lambda page, _: press(page, "Flip the polarity of Z"),
    "filter": lambda page, _: page.get_by_label("Filter").select_option("2–8 Hz"),
    "shift": lambda page, _: slide(page, "Window shift", "Home"),
    "gap": lambda page, _: punch(page),
    "mute": lambda page, frame: brush(page, frame),
}


def test_each_change_moves_pick_curve_and_explanation_and_reset_brings_all_back(
    page: Page, explained: dict[str, Any]
) -> None:
    told = shares(page)
    for name, change in CHANGES.items():
        change(page, explained["frame"])
        moved = drawn(page, f"drawn.flag.startsWith('what if') && drawn.bars !== {explained['bars']} && drawn.bars > 0")
        assert moved["curve"] != explained["curve"], name
        expect(page.locator(".question .answer").first).to_contain_text("With these changes", timeout=PATIENCE_MS)
        expect(page.locator("section.shares")).to_contain_text("as changed", timeout=PATIENCE_MS)
        assert shares(page) != told, name
        expect(page.locator(".what_if .outcome")).to_contain_text("robability")
        page.locator("section.what_if").get_by_role("button", name="Reset").click()
        back = drawn(page, "drawn.flag.startsWith('P ')")
        assert {key: back[key] for key in ("flag", "bars", "curve", "muted")} == {
            key: explained[key] for key in ("flag", "bars", "curve", "muted")
        }, name
        expect(page.locator("section.shares")).not_to_contain_text("as changed")
        assert shares(page) == told, name
    expect(page.get_by_text("Brush on")).to_have_count(0)


def test_a_gap_over_the_pick_is_said_in_words(page: Page, explained: dict[str, Any]) -> None:
    card = page.locator("section.what_if")
    card.get_by_role("button", name="Gap…").click()
    card.get_by_label("length, s").fill("2")
    card.get_by_label("length, s").press("Tab")
    card.get_by_role("button", name="Punch").click()
    expect(page.locator(".question .answer").first).to_contain_text("lies in a gap", timeout=PATIENCE_MS)
    expect(card.locator(".outcome")).to_contain_text("No P above 0.30 any more")
    expect(page.locator(".wb-markup.notices .notice")).to_have_count(0)


def test_a_dot_of_the_strip_is_tried(page: Page, explained: dict[str, Any]) -> None:
    expect(page.locator("section.what_if")).to_contain_text(re.compile("over 41 windows"), timeout=PATIENCE_MS)
    place = page.wait_for_function(
        """() => {
          for (const doc of Bokeh.documents) {
            const figure = Array.from(doc.all_models).find(m => m.name === "explain-strip" && m.type === "Figure");
            const view = figure && Bokeh.index.find_one(figure);
            if (!view?.frame || view.frame.bbox.width < 50 || view.frame.bbox.height < 20) continue;
            const own = view.el.getBoundingClientRect(), box = view.frame.bbox, {start, end} = figure.x_range;
            return [own.left + box.left + (1 - start) / (end - start) * box.width, own.top + box.top + box.height / 2];
          }
          return null;
        }""",
        timeout=PATIENCE_MS,
    ).json_value()
    page.mouse.click(*place)
    expect(page.locator(".what_if .strip .value")).to_have_text("+1.0 s")
    drawn(page, "drawn.flag.startsWith('what if')")
