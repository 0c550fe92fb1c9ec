"""The Live app as a user meets it: start, traces that move, a pick, stop."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright")

from playwright.sync_api import Page, expect

from .served import PATIENCE_MS, Server

DRAWN = """() => {
  const out = {};
  for (const doc of Bokeh.documents) for (const model of doc.all_models) {
    if (model.name === "live-traces") out.traces = model.data.xs.length;
    if (model.name === "live-picks") out.phases = Array.from(model.data.phase);
    if (model.name === "live") out.end = model.x_range.end;
  }
  return out.traces ? out : null;
}"""


def test_a_stream_is_started_picked_and_stopped(page: Page, server: Server, errors: list[str]) -> None:
    page.set_viewport_size({"width": 1024, "height": 768})
    page.goto(server.url.replace("/inspect", "/live"))
    start = page.get_by_role("button", name="Start")
    expect(start).to_have_count(1, timeout=PATIENCE_MS)
    expect(page.get_by_role("link", name="Inspect")).to_have_attribute("href", "inspect")
    assert page.evaluate(DRAWN) is None

    page.get_by_label("Speed").select_option("20")
    start.click()
    page.wait_for_function(DRAWN, timeout=PATIENCE_MS)
    first = page.evaluate(DRAWN)
    page.wait_for_function(f"end => ({DRAWN})()?.end > end", arg=first["end"], timeout=PATIENCE_MS)
    page.wait_for_function(f"() => ({DRAWN})()?.phases.length > 0", timeout=PATIENCE_MS)
    status = page.locator(".status_line [role=status]")
    expect(status).to_contain_text("Streaming at 20 times real time")
    expect(status).to_contain_text("after its onset")

    page.get_by_role("button", name="Stop").click()
    expect(status).to_contain_text("Stopped")
    stopped = page.evaluate(DRAWN)
    # What was on its way would have come before the answer to this.
    page.get_by_role("button", name="To the dark theme").click()
    expect(page.get_by_role("button", name="To the light theme")).to_be_visible(timeout=PATIENCE_MS)
    assert page.evaluate(DRAWN)["end"] == stopped["end"]
    expect(page.get_by_role("button", name="Start again")).to_be_visible()
    assert errors == []
