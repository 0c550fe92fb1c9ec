"""The Review page as a curator meets it: the queue grows, an onset is decided by keys, and the next one comes."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")

from playwright.sync_api import Page, expect

from workbench.labels.journal import Journal

from .served import PATIENCE_MS, Server

WADATI = """() => {
  const out = {};
  for (const doc of Bokeh.documents) for (const model of doc.all_models) {
    if (model.name === "times-wadati-points") {
      out.points = Array.from(model.data.x).map((x, i) => [x, model.data.y[i], model.data.station[i]]);
    }
    if (model.name === "times-wadati") {
      const view = Bokeh.index.find_one(model);
      if (!view?.frame) return null;
      const own = view.el.getBoundingClientRect(), box = view.frame.bbox;
      out.frame = [own.left + box.left, own.top + box.top, box.width, box.height];
      out.range = [model.x_range.start, model.x_range.end, model.y_range.start, model.y_range.end];
    }
  }
  const drawn = out.points?.length >= 3 && out.range?.every(Number.isFinite);
  return drawn && out.frame[2] > 100 && out.frame[3] > 30 ? out : null;
}"""
"""Points of the Wadati diagram and where they are on the page; null until they are drawn."""


def test_a_click_on_a_point_of_wadati_opens_that_pick(page: Page, server: Server, errors: list[str]) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{server.url.replace('/inspect', '/review')}?source=synthetic")
    expect(page.locator(".status_line")).to_contain_text("recordings looked at", timeout=PATIENCE_MS)
    expect(page.locator(".review_why .decided")).to_contain_text("Nobody has decided")
    drawn = page.wait_for_function(WADATI, timeout=PATIENCE_MS).json_value()
    # The last in line: others may lie on top of one another.
    x, y, station = max(drawn["points"])
    left, top, width, height = drawn["frame"]
    x0, x1, y0, y1 = drawn["range"]
    page.mouse.click(left + (x - x0) / (x1 - x0) * width, top + (y1 - y) / (y1 - y0) * height)
    expect(page.locator(".review_why .name")).to_have_text(station.strip("."))
    expect(page.locator(".review_why .what")).to_contain_text("S label")
    page.wait_for_url(re.compile(f"station={station}"))
    # What is decided now is decided about that pick.
    page.keyboard.press("x")
    expect(page.locator(".status_line")).to_contain_text("Saved")
    with Journal(f"sqlite:///{server.labels}", "reader") as journal:
        labels = journal.labels()
    assert list(zip(labels["station"], labels["phase"], labels["decision"], strict=True)) == [(station, "S", "reject")]


def test_an_onset_is_decided_by_a_key_and_the_next_one_comes(page: Page, server: Server, errors: list[str]) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(server.url.replace("/inspect", "/review"))
    rows = page.locator(".wb-rows.review .row")
    expect(rows.nth(1)).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator(".review_why .doubts")).to_be_visible()
    left = page.locator(".review_head .left")

    # All recordings are looked at before the first decision: what comes later would stand above it.
    expect(page.locator(".status_line")).to_contain_text("recordings looked at", timeout=PATIENCE_MS)
    n_left = int(left.inner_text())
    title = page.locator(".review_why .what").inner_text()
    page.keyboard.press("x")
    expect(left).to_have_text(str(n_left - 1))
    expect(page.locator(".wb-rows.review .outcome.rejected")).to_have_count(1)
    expect(page.locator(".review_why .what")).not_to_have_text(title)
    expect(page.locator(".status_line")).to_contain_text("Saved")
    with Journal(f"sqlite:///{server.labels}", "reader") as journal:
        assert list(journal.labels()["decision"]) == ["reject"]

    # Tab skips, Z takes back, a weight of zero takes the reason away.
    page.keyboard.press("Tab")
    expect(left).to_have_text(str(n_left - 2))
    page.keyboard.press("z")
    expect(left).to_have_text(str(n_left - 1))
    chosen = page.locator("select[data-act=reason]")
    name = chosen.locator("option").nth(1).get_attribute("value")
    page.locator(f"input[data-reason={name}]").fill("0")
    expect(chosen.locator(f"option[value={name}]")).to_have_count(0)
    page.get_by_role("button", name="Reset").click()
    expect(chosen.locator(f"option[value={name}]")).to_have_count(1)

    # The page holds together in the other theme and on a small screen, and leads to the explanation.
    page.get_by_role("button", name="To the dark theme").click()
    expect(page.get_by_role("button", name="To the light theme")).to_be_visible()
    page.set_viewport_size({"width": 1024, "height": 768})
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Explain this pick").click()
    page.wait_for_url(re.compile("/explain"))
