"""The Inspect app as a user meets it: a real server in its own process, a real browser, a real journal on disk."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest

pytest.importorskip("playwright")

from playwright.sync_api import Page, expect

from workbench.exporters.manifest import read_manifest

from .plot import PLOT_WITH_PICKS
from .served import PATIENCE_MS, Server, open_demo, place

# SeisBench asks pandas in an old way when it reads a dataset.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")


def wait_saved(page: Page, entry: int) -> None:
    expect(page.locator(".saved")).to_contain_text(f"entry {entry}", timeout=PATIENCE_MS)


def test_from_the_demo_to_a_dataset_through_a_crash(
    page: Page, server: Server, errors: list[str], tmp_path: Path
) -> None:
    open_demo(page, server.url)
    run_another_picker(page)

    plot = page.wait_for_function(PLOT_WITH_PICKS).json_value()
    mark = next(mark for mark in plot["marks"] if mark["dashed"])
    page.mouse.move(*place(page, mark))
    page.mouse.down()
    page.mouse.move(*place(page, mark, 200), steps=4)
    page.mouse.move(*place(page, mark, 400))
    page.mouse.up()
    wait_saved(page, 1)
    assert server.standing() == [("P", "move")]

    page.get_by_role("button", name="Undo").click()
    wait_saved(page, 2)
    assert server.standing() == []

    page.wait_for_function(PLOT_WITH_PICKS)
    page.mouse.click(*place(page, mark))
    page.keyboard.press("a")
    wait_saved(page, 3)
    assert server.standing() == [("P", "accept")]

    server.kill()
    lost = page.get_by_role("alert")
    expect(lost).to_contain_text("The connection to the server is lost")
    page.mouse.click(*place(page, mark, 3000))
    page.keyboard.press("p")
    drawn = page.wait_for_function(PLOT_WITH_PICKS).json_value()["marks"]
    assert [mark["dashed"] for mark in drawn].count(False) == 1, "what cannot be saved is not drawn"
    # The browser says that the connection is lost, and so it is; a page that is left tries for no other.
    page.goto("about:blank")
    errors.clear()
    server.start()
    open_demo(page, server.url)
    expect(page.locator(".wb-rows.picks .chip.human")).to_have_count(1)
    page.get_by_role("tab", name="Journal").click()
    expect(page.locator(".wb-rows.journal .row")).to_have_count(3)

    export(page, "seisbench", tmp_path / "dataset")
    export(page, "quakeml", tmp_path / "events")
    check_dataset(tmp_path / "dataset", mark)
    check_quakeml(tmp_path / "events", mark)
    check_cards(page, tmp_path / "cards")


def run_another_picker(page: Page) -> None:
    page.get_by_role("button", name="Add picker…").click()
    page.locator(".offer", has_text="AR-AIC").get_by_role("button", name="Add").click()
    card = page.locator(".run", has_text="AR-AIC")
    expect(card.locator(".seconds")).to_contain_text(re.compile(r"\d s"), timeout=PATIENCE_MS)
    page.get_by_role("button", name="Close the list").click()
    # Its S picks would stand in the way of the mouse; what it gave is in the table already.
    page.get_by_role("switch", name="Show AR-AIC").click()
    expect(page.locator(".run.off")).to_have_count(1)
    page.wait_for_function(f"() => ({PLOT_WITH_PICKS})()?.marks.every(mark => mark.marker !== 'diamond')")


def export(page: Page, name: str, folder: Path) -> None:
    page.get_by_role("button", name="Export labels…").click()
    page.locator("dialog select[data-act=format]").select_option(name)
    page.locator("dialog input[data-act=folder]").fill(str(folder))
    page.locator("dialog input[data-act=folder]").blur()
    page.locator("dialog").get_by_role("button", name="Export").click()
    expect(page.locator(".notice")).to_contain_text(f"1 label written to {folder}", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Close this notice").click()
    expect(page.locator(".notice")).to_have_count(0)


def check_cards(page: Page, folder: Path) -> None:
    """A format with settings: they are offered, kept, and so is what it cannot hold; what became of it is told."""
    page.get_by_role("button", name="Export labels…").click()
    form = page.locator("dialog")
    form.locator("select[data-act=format]").select_option("ogs")
    expect(form.locator("details")).to_contain_text("phases other than P and S")
    expect(form.locator("details")).to_contain_text("station codes over four letters")
    form.locator("select[data-setting=weights]").select_option("nonlinloc")
    expect(form.locator("select[data-setting=weights]")).to_have_value("nonlinloc")
    form.locator("input[data-act=folder]").fill(str(folder))
    form.locator("input[data-act=folder]").blur()
    form.get_by_role("button", name="Export").click()
    notice = page.locator(".notice")
    expect(notice).to_contain_text(f"1 label written to {folder} (3 files, as of entry 3)", timeout=PATIENCE_MS)
    notice.locator("summary").click()
    expect(notice.locator("pre")).to_contain_text("left blank, which HYPO71 takes as full weight")
    assert read_manifest(folder).settings["weights"] == "nonlinloc"
    assert (folder / "labels.dat").read_text().startswith("RJOB P")


def check_dataset(folder: Path, mark: dict[str, float]) -> None:
    import pandas as pd
    import seisbench.data

    dataset = seisbench.data.WaveformDataset(folder)
    row = dataset.metadata.iloc[0]
    samples_s = row["trace_p_arrival_sample"] / row["trace_sampling_rate_hz"]
    onset = pd.Timestamp(row["trace_start_time"]).tz_localize(None) + pd.Timedelta(seconds=samples_s)
    assert abs(onset - pd.Timestamp(mark["x"], unit="ms")) < pd.Timedelta(milliseconds=1)
    assert dataset.get_waveforms(0).shape[0] == 3


def check_quakeml(folder: Path, mark: dict[str, float]) -> None:
    import obspy

    catalog = obspy.read_events(str(next(folder.rglob("*.xml"))))
    pick = catalog[0].picks[0]
    assert (pick.phase_hint, pick.evaluation_mode) == ("P", "manual")
    assert abs(pick.time.timestamp * 1e3 - mark["x"]) < 1


def test_the_address_opens_the_same_place_for_a_colleague(page: Page, server: Server, errors: list[str]) -> None:
    open_demo(page, server.url)
    page.locator(".wb-rows.recordings .row").nth(1).click()
    expect(page.locator(".crumbs")).to_contain_text("2010-05-27")
    page.locator("select[data-act=filter]").select_option(index=2)
    page.locator(".wb-rows.picks .row", has_text="UH3").first.click()
    page.wait_for_function("location.search.includes('UH3') && location.search.includes('filter')")
    address = page.url
    chosen = page.locator("select[data-act=filter]").input_value()
    place_named = parse_qs(urlparse(address).query)
    assert place_named["source"] == ["examples"]
    assert place_named["recording"] == ["BW.UH1-UH4_20100527T162403"]

    colleague = page.context.new_page()
    colleague.on("pageerror", lambda error: errors.append(str(error)))
    colleague.set_viewport_size({"width": 1440, "height": 900})
    open_demo(colleague, address)
    expect(colleague.locator("select[data-act=filter]")).to_have_value(chosen)
    expect(colleague.locator(".crumbs")).to_contain_text("2010-05-27")
    expect(colleague.locator(".wb-rows.picks .row.focus").first).to_contain_text("UH3")
    colleague.wait_for_function("address => location.href === address", arg=address)


def test_an_error_is_a_notice_and_the_page_stays_usable(
    page: Page, server: Server, errors: list[str], tmp_path: Path
) -> None:
    open_demo(page, server.url)
    (tmp_path / "empty").mkdir()
    for wrong in (str(tmp_path / "nowhere"), str(tmp_path / "empty")):
        page.get_by_title("Open a source").click()
        page.locator("dialog input[data-act=path]").fill(wrong)
        page.locator("dialog input[data-act=path]").blur()
        page.locator("dialog").get_by_role("button", name="Open", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text(wrong, timeout=PATIENCE_MS)
        page.get_by_role("button", name="Close this notice").click()
    page.locator(".wb-rows.recordings .row").nth(1).click()
    expect(page.locator(".crumbs")).to_contain_text("2010-05-27")
    page.goto(f"{server.url}?source=examples&recording=of-nobody&from=never&align=Q")
    expect(page.get_by_role("alert")).to_contain_text("of-nobody", timeout=PATIENCE_MS)


def test_narrow_dark_and_by_keyboard(page: Page, server: Server, errors: list[str]) -> None:
    open_demo(page, server.url)
    page.set_viewport_size({"width": 1024, "height": 768})
    expect(page.get_by_role("button", name="Show the list of recordings")).to_be_visible()
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
    plot, side = page.locator(".place.plot").bounding_box(), page.locator(".place.side").bounding_box()
    assert plot is not None
    assert side is not None
    assert plot["height"] >= 380
    assert side["y"] >= plot["y"] + plot["height"]

    page.get_by_role("button", name="Show the list of recordings").click()
    page.get_by_role("searchbox", name="Search recordings").fill("UH1")
    expect(page.locator(".wb-rows.recordings .row")).to_have_count(1)
    page.locator(".wb-rows.recordings .row").click()
    expect(page.locator(".crumbs")).to_contain_text("2010-05-27")

    expect(page.locator(".place.plot")).to_have_css("background-color", "rgb(255, 255, 255)")
    page.get_by_role("button", name="To the dark theme").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="To the light theme")).to_be_visible()
    expect(page.locator(".place.plot")).to_have_css("background-color", "rgb(16, 22, 28)")
    page.get_by_role("tab", name="Picks").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Why")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Times")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Map")).to_be_focused()
    page.get_by_role("button", name="Help: all keys").click()
    expect(page.get_by_role("dialog", name="Keys and mouse")).to_contain_text("accept the model's pick")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
