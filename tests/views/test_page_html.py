"""What the panels show: names from files are text, numbers are right, and states are said in words."""

import re
from pathlib import Path

import pandas as pd
import pytest
from bokeh.document import Document
from panel.io.state import set_curdoc

from workbench.errors import SourceError
from workbench.inference.input_check import Finding
from workbench.inference.runs import PickerRun
from workbench.pickers.offers import Offer
from workbench.schema import Job, PickerCard, check_recordings_table
from workbench.session import Notice, Session
from workbench.settings import load_settings
from workbench.views.export_dialog import ExportDialog
from workbench.views.markup import stylesheet
from workbench.views.notices import NoticeBar
from workbench.views.page import InspectPage
from workbench.views.pickers_html import offers_html, own_html, panel_html, run_html
from workbench.views.recordings_html import foot_html, recording_row
from workbench.views.source_dialog import folders_near
from workbench.views.status_line import time_left
from workbench.views.theme import TOKENS, bokeh_theme, theme_config

EVIL = '<img src=x onerror="alert(1)">'


@pytest.fixture
def session():
    made = Session(settings=load_settings())
    yield made
    made.close()


def test_names_from_files_are_text() -> None:
    table = check_recordings_table(pd.DataFrame({"recording_id": [EVIL], "group": [EVIL], "category": [EVIL]}))
    row = recording_row(table.iloc[0], "untouched", (0, 0), EVIL, "")
    assert "<img" not in "".join(row["cells"]) + row["title"]
    assert "<img" not in foot_html({"untouched": 1, "in work": 0, "done": 0, "rejected": 0}, 0, 1, EVIL)
    card = PickerCard("x", EVIL, weights=EVIL, thresholds={"P": 0.3})
    assert "<img" not in run_html(PickerRun("x", card, thresholds={"P": 0.3}), "▼", [Finding("stop", EVIL)], False)


def test_a_notice_says_what_happened_as_text(session: Session) -> None:
    bar = NoticeBar(session)
    session.notice = Notice("error", EVIL, "line one")
    html = bar.__panel__().html
    assert "<img" not in html
    assert 'role="alert"' in html
    session.notice = None
    assert not bar.__panel__().visible


def test_a_picker_that_cannot_be_used_says_why() -> None:
    lacking = Offer("gpd", "GPD", False, "No weights of it are on this computer.", "Fetch some.", True)
    html = offers_html([lacking], {}, ())
    assert "No weights of it are on this computer. Fetch some." in html
    assert "Get…" in html
    assert "Add" not in html
    html = offers_html([lacking], {"gpd": ["stead"]}, ())
    assert "Download stead" in html


def test_a_picker_is_offered_with_each_of_its_weights_once() -> None:
    offer = Offer("phasenet", "PhaseNet", True, needs_weights=True, weights=("original", "stead"))
    html = offers_html([offer], {"phasenet": ()}, {"phasenet/original"})
    assert "original is on the list" in html
    assert "Add stead" in html
    assert "Add original" not in html


def test_a_picker_on_its_way_is_not_called_missing() -> None:
    shared = {"busy": False, "ready": False, "adding": False}
    assert "No picker is on the list" in panel_html([], "", **shared)
    coming = panel_html([], "", **shared, coming="Loading PhaseNet…")
    assert "Loading PhaseNet…" in coming
    assert "No picker" not in coming


def test_run_waits_for_a_recording() -> None:
    assert "disabled" in panel_html(["x"], "", busy=False, ready=False, adding=False)
    assert "disabled" not in panel_html(["x"], "", busy=False, ready=True, adding=False)
    assert "Cancel" in panel_html(["x"], "", busy=True, ready=True, adding=False)


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (Job("1", "t", "running", fraction=0.5, elapsed_s=4.0), "4.0 s left"),
        (Job("1", "t", "running", fraction=0.1, elapsed_s=100.0), "15 min left"),
        (Job("1", "t", "running", fraction=0.0, elapsed_s=4.0), ""),
        (Job("1", "t", "running", fraction=float("nan"), elapsed_s=4.0), ""),
    ],
)
def test_time_left_is_said_only_when_it_is_known(job: Job, words: str) -> None:
    assert time_left(job) == words


def test_folders_are_suggested_inside_the_served_folders_only(tmp_path: Path) -> None:
    for name in ("data/2024", "data/2025", "secret/keys"):
        (tmp_path / name).mkdir(parents=True)
    roots = (tmp_path / "data",)
    assert folders_near(f"{tmp_path}/data/", roots) == [f"{tmp_path}/data/2024/", f"{tmp_path}/data/2025/"]
    assert folders_near(f"{tmp_path}/secret/", roots) == [f"{tmp_path}/data"]
    assert folders_near(f"{tmp_path}/data/../secret/", roots) == [f"{tmp_path}/data"]
    assert folders_near(f"{tmp_path}/sec", None) == [f"{tmp_path}/secret/"]


def test_an_export_stays_where_the_server_may_write(session: Session, tmp_path: Path) -> None:
    session.roots = (tmp_path / "data",)
    dialog = ExportDialog(session)
    assert dialog.allowed(tmp_path / "data" / "out") == tmp_path / "data" / "out"
    assert dialog.allowed(Path("mine")).name == "mine"
    for outside in (tmp_path / "elsewhere", tmp_path / "data" / ".." / "elsewhere", Path("/etc")):
        with pytest.raises(SourceError, match="outside"):
            dialog.allowed(outside)


def test_a_folder_that_is_refused_is_said_in_the_dialog(session: Session, tmp_path: Path) -> None:
    session.roots = (tmp_path,)
    view = ExportDialog(session)
    view.open()
    view._act({"act": "folder", "value": "/somewhere/else"})
    view._act({"act": "export"})
    assert "/somewhere/else lies outside of what this server may write" in view._markup.html
    assert session.notice is None
    view._act({"act": "closed"})
    view.open()
    assert "lies outside" not in view._markup.html


def test_every_colour_of_the_style_sheets_is_a_token() -> None:
    for name in ("base.css", "frame.css", "rows.css", "pickers.css", "dialog.css", "toolbar.css", "tabs.css"):
        text = stylesheet(name)
        assert not re.search(r"var\(--wb-[a-z-]+\)", text), "every token falls back to the light theme"
        known = set(TOKENS["light"].values())
        assert set(re.findall(r"#[0-9A-Fa-f]{6}", text)) <= known


def test_both_themes_say_the_same_things() -> None:
    assert set(TOKENS["light"]) == set(TOKENS["dark"])
    light, dark = theme_config()["light"], theme_config()["dark"]
    assert light.keys() == dark.keys()
    assert light["palette"]["primary"]["main"] != dark["palette"]["primary"]["main"]
    assert bokeh_theme("light")["attrs"].keys() == bokeh_theme("dark")["attrs"].keys()


def test_weights_of_ones_own_are_loaded_from_the_served_folders_only(session: Session, tmp_path: Path) -> None:
    served, asked = tmp_path / "served", []
    served.mkdir()
    (served / "mine.pt").touch()
    (tmp_path / "secret.pt").touch()
    (served / "link.pt").symlink_to(tmp_path / "secret.pt")
    session.roots = (served,)
    session.request_picker = lambda name, weights: asked.append((name, weights))
    (served / "set").mkdir()
    (served / "set" / "theirs.pt").touch()
    (served / "set" / "theirs.json").symlink_to(tmp_path / "secret.pt")
    both = (served / "set", served / "set" / "theirs.pt")
    for place in (*both, tmp_path / "secret.pt", served / ".." / "secret.pt", served / "link.pt"):
        with pytest.raises(SourceError, match="outside the folders that are served"):
            session.request_own_weights("phasenet", str(place))
    with pytest.raises(SourceError, match="does not exist"):
        session.request_own_weights("phasenet", str(served / "none.pt"))
    assert asked == []
    session.request_own_weights("phasenet", str(served / "mine.pt"))
    assert asked == [("phasenet", str(served / "mine.pt"))]
    html = own_html([Offer("gpd", "GPD", False, "", "", True), Offer("sta_lta", "STA/LTA", True)], EVIL)
    assert "<img" not in html
    assert 'data-picker="gpd"' in html
    assert "sta_lta" not in html


def test_material_ui_leaves_the_figures_to_the_tokens(session: Session) -> None:
    document = Document()
    with set_curdoc(document):
        page = InspectPage(session, {"Inspect": ""}).__panel__()
        left_alone = page.get_root(document).data._custom_theme
    assert {"Plot", "Axis", "Grid", "Title"} <= set(left_alone)
