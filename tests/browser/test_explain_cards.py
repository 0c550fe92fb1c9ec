"""The cards of the Explain page under a hand: a slider tries a change, a cell says who reads, a button gives a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import panel as pn
import pytest

pytest.importorskip("playwright")

from panel.tests.util import serve_component
from playwright.sync_api import Page, expect

from tests.explain.made import STATION, TARGET, made_attention, made_attribution, made_recording
from workbench.explain.netcdf import read_explanation
from workbench.session import Explaining, Session
from workbench.settings import load_settings
from workbench.views.explain_attention import AttentionCard
from workbench.views.explain_save import SaveCard

from .served import PATIENCE_MS, Server

MATRIX = """() => {
  for (const doc of Bokeh.documents) for (const model of doc.all_models) {
    if (model.name !== "explain-matrix") continue;
    const view = Bokeh.index.find_one(model);
    if (!view?.frame || view.frame.bbox.width < 50 || model.x_range.end < 1e6) return null;
    const own = view.el.getBoundingClientRect(), box = view.frame.bbox;
    return [own.left + box.left, own.top + box.top, box.width, box.height];
  }
  return null;
}"""
"""Left, top, width and height of the matrix on the page, null until it is drawn."""


@pytest.fixture
def explaining() -> Iterator[Explaining]:
    session = Session(settings=load_settings())
    made = Explaining(session)
    session.recording = recording = made_recording()
    made.param.update(station=STATION, phase="S", time=TARGET)
    made.param.update(attribution=made_attribution(recording), attention=made_attention(), attention_known=True)
    yield made
    made.close()
    session.close()


def test_a_change_is_tried_and_the_answer_kept_as_a_file(page: Page, server: Server, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    page.goto(server.url.replace("/inspect", "/explain"))
    expect(page.locator(".shares .percent").first).to_contain_text("%")

    noise = page.get_by_label("Noise, SNR")
    noise.focus()
    page.keyboard.press("Home")
    expect(noise).to_have_attribute("aria-valuetext", "−20 dB")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    expect(noise).to_have_attribute("aria-valuetext", "0 dB")
    expect(noise).to_have_value("0")
    expect(page.locator(".what_if .outcome")).to_contain_text("robability", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Reset").click()
    expect(noise).to_have_attribute("aria-valuetext", "off")

    with page.expect_download() as waited:
        page.get_by_role("button", name="NetCDF").click()
    path = tmp_path / waited.value.suggested_filename
    waited.value.save_as(path)
    attribution, _, _ = read_explanation(path)
    assert attribution.attrs["phase"] in path.name
    assert attribution.attrs["picker"] == "xiaonet"


def test_a_cell_under_the_pointer_says_which_step_reads_which(page: Page, explaining: Explaining) -> None:
    layout = pn.Row(AttentionCard(explaining), SaveCard(explaining), width=700, height=320)
    serve_component(page, layout)
    told = page.locator(".save .told")
    expect(told).to_contain_text("The step that holds the S reads most from 03:00:41.7 (70 %)")
    words = "The step at 03:00:13.6 takes 70 % from the step at 03:00:41.7."
    for attempt in range(100):
        # The card may still be finding its place: the pointer goes there until it is heard.
        left, top, width, height = page.wait_for_function(MATRIX, timeout=PATIENCE_MS).json_value()
        page.mouse.move(left + (23.4 + 0.2 * (attempt % 2)) / 47 * width, top + 1.5 / 47 * height)
        if told.inner_text() == words:
            break
        page.wait_for_timeout(300)
    expect(told).to_have_text(words)
    page.get_by_label("Layer", exact=True).select_option("1")
    expect(page.locator(".save .body")).to_contain_text("itself and its two neighbours")
    page.get_by_label("Step that reads").focus()
    page.keyboard.press("Home")
    expect(told).to_have_text(re.compile(r"The step at 03:00:12\.3 takes 50 % from the step at 03:00:12\.3\."))
