"""The Network page as a user meets it: an event on all stations, a station opened, edges asked for, and the way on."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright")

from playwright.sync_api import Page, expect

from .served import PATIENCE_MS, Server

DRAWN = """() => {
  const out = {};
  for (const doc of Bokeh.documents) for (const model of doc.all_models) {
    const list = name => Array.from(model.data?.[name] ?? []);
    if (model.name === "network-map-stations") { out.names = list("name"); out.places = [list("x"), list("y")]; }
    if (model.name === "network-map-edges") out.edges = Array.from(model.data.x0 ?? []).length;
    if (model.name === "network-section-onsets") out.onsets = Array.from(model.data.x ?? []).length;
    if (model.name === "network-section-moveout") out.moveout = Array.from(model.data.xs ?? []).length;
    if (model.name === "network-map" && model.type === "Figure") {
      const view = Bokeh.index.find_one(model);
      if (!view?.frame) return null;
      const own = view.el.getBoundingClientRect(), box = view.frame.bbox;
      out.frame = [own.left + box.left, own.top + box.top, box.width, box.height];
      out.range = [model.x_range.start, model.x_range.end, model.y_range.start, model.y_range.end];
    }
  }
  const drawn = out.names?.length === 4 && out.onsets > 4 && out.moveout === 2 && out.edges > 0;
  return drawn && out.frame?.[2] > 100 ? out : null;
}"""
"""What is drawn of the four stations; null as long as there is no fitted moveout, or no edge."""


def test_four_stations_are_seen_together_and_lead_on(page: Page, server: Server, errors: list[str]) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(server.url.replace("/inspect", "/network"))
    drawn = page.wait_for_function(DRAWN, timeout=PATIENCE_MS).json_value()
    expect(page.locator(".network_names .names button")).to_have_count(4)
    expect(page.locator(".network_head", has_text="stations ·")).to_contain_text("km/s")

    # A click on a triangle opens its station everywhere.
    n = drawn["names"].index("BW.UH4.")
    left, top, width, height = drawn["frame"]
    x0, x1, y0, y1 = drawn["range"]
    x = left + (drawn["places"][0][n] - x0) / (x1 - x0) * width
    y = top + (y1 - drawn["places"][1][n]) / (y1 - y0) * height
    page.mouse.click(x, y)
    expect(page.locator(".network_station h2")).to_contain_text("UH4")
    expect(page.locator(".network_names button[aria-pressed=true]")).to_have_text("UH4")
    page.wait_for_url(re.compile("station=BW.UH4"))

    # Keys: the other phase, the station above, and the sheet that says so.
    page.keyboard.press("s")
    expect(page.get_by_role("button", name="S", exact=True).first).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowUp")
    expect(page.locator(".network_station h2")).not_to_contain_text("UH4")
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_contain_text("the next kind of edges")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)

    # The page holds together in the other theme and on a small screen.
    page.get_by_role("button", name="To the dark theme").click()
    expect(page.get_by_role("button", name="To the light theme")).to_be_visible()
    page.set_viewport_size({"width": 1024, "height": 768})
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")

    page.get_by_role("button", name="Open traces").click()
    page.wait_for_url(re.compile("/inspect.*BW.UH1-UH4"))


def test_who_moved_a_pick_is_asked_and_answered(page: Page, server: Server, errors: list[str]) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(server.url.replace("/inspect", "/network") + "?edges=attention&picker=station_graph")
    expect(page.locator(".network_moved h2")).to_contain_text("Who moved P on", timeout=PATIENCE_MS)
    expect(page.locator(".network_moved tbody tr").first).to_contain_text("ms", timeout=PATIENCE_MS)
    expect(page.locator(".network_moved .note")).to_contain_text("Alone, without neighbours")
    page.get_by_role("button", name="Can it be believed?").click()
    expect(page.locator(".network_station .checks > li")).to_have_count(5, timeout=PATIENCE_MS)
