"""A catalogue without waveforms as a user meets it: its picks, why there are no traces, its map and its times."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import pytest

pytest.importorskip("playwright")

from playwright.sync_api import Page, expect

from tests.sources.ogs.made_catalogue import write_catalogue

from .served import PATIENCE_MS, Server

TAPPED = """() => {
  for (const doc of Bokeh.documents) for (const model of doc.all_models) {
    const data = model.data;
    if (data?.identity && data?.words && Array.from(data.x ?? []).length === 4) {
      model.selected.indices = [0];
      return true;
    }
  }
  return false;
}"""
"""Selects the first residual, as a tap does; false as long as the four are not drawn."""


def test_a_bare_catalogue_opens(page: Page, server: Server, errors: list[str], tmp_path: Path) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    source = write_catalogue(tmp_path / "catalogue")
    page.goto(f"{server.url}?{urlencode({'source': str(source)})}")
    expect(page.locator(".empty.absent")).to_contain_text("no waveforms", timeout=PATIENCE_MS)
    expect(page.locator(".empty.absent")).to_contain_text("--waveforms FOLDER")
    expect(page.locator(".wb-rows.picks .row")).to_have_count(4)
    expect(page.locator(".wb-rows.recordings", has_text="M.RITE")).to_be_visible()

    page.get_by_role("tab", name="Times").click()
    expect(page.get_by_text("Residuals to three layers")).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_function(TAPPED, timeout=PATIENCE_MS)
    page.get_by_role("tab", name="Picks").click()
    expect(page.locator(".wb-rows.picks .row.selected, .wb-rows.picks .row[aria-selected=true]")).to_have_count(1)
