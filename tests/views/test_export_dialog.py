"""The dialog that exports: every format with its settings and what it cannot hold, and what became of the labels."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.waiting import wait_for
from workbench.errors import UnknownNameError
from workbench.exporters import EXPORTERS
from workbench.exporters.manifest import read_manifest
from workbench.exporters.settings import export_settings
from workbench.labels.desk import Desk
from workbench.session import Session
from workbench.views.export_dialog import ExportDialog


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    yield session
    session.close()


def place(desk: Desk, station: str, phase: str, at: pd.Timestamp) -> Any:
    return desk.set(station, phase, at)


def html(dialog: ExportDialog) -> str:
    return str(dialog.__panel__().html)


@pytest.mark.parametrize("name", sorted(EXPORTERS))
def test_a_format_is_offered_with_its_settings_and_what_it_cannot_hold(session: Session, name: str) -> None:
    dialog = ExportDialog(session)
    dialog.open()
    dialog._act({"act": "format", "value": name})
    shown = html(dialog)
    exporter = EXPORTERS[name]
    assert exporter.title.replace("'", "&#x27;") in shown
    for setting in export_settings(name):
        assert f'data-setting="{setting}"' in shown
    for phrase in exporter.cannot_hold:
        assert phrase.replace("'", "&#x27;") in shown


def test_a_setting_is_kept_for_its_format_and_a_wrong_value_is_told(session: Session) -> None:
    dialog = ExportDialog(session)
    dialog.open()
    dialog._act({"act": "format", "value": "nonlinloc"})
    dialog._act({"act": "setting", "setting": "station", "value": "NET_STA"})
    dialog._act({"act": "setting", "setting": "unknown_s", "value": "much"})
    assert "unknown_s is a number" in html(dialog)
    dialog._act({"act": "format", "value": "csv"})
    dialog._act({"act": "format", "value": "nonlinloc"})
    assert '<option value="NET_STA" selected>' in html(dialog)
    assert 'value="0.5"' in html(dialog)


def test_a_format_and_a_setting_that_are_none_change_nothing(session: Session) -> None:
    dialog = ExportDialog(session)
    dialog.open()
    before = html(dialog)
    with pytest.raises(UnknownNameError):
        dialog._act({"act": "format", "value": "nonsense"})
    assert html(dialog) == before
    dialog._act({"act": "setting", "setting": "__class__", "value": "x"})
    dialog._act({"act": "setting"})
    assert "There is no setting of seisbench" in html(dialog)
    assert dialog._settings == {"seisbench": {}}


def test_what_became_of_the_labels_is_told(session: Session, tmp_path: Path) -> None:
    session.open_source("examples")
    wait_for(lambda: session.recording is not None and not session.loading)
    station, times = str(session.recording["station"].values[0]), session.recording["time"].values
    for phase, sample in (("P", 700), ("Pn", 650), ("S", 900)):
        session.decide(partial(place, station=station, phase=phase, at=pd.Timestamp(times[sample])))
    dialog = ExportDialog(session)
    dialog.open()
    dialog._act({"act": "format", "value": "ogs"})
    dialog._act({"act": "folder", "value": str(tmp_path / "out")})
    dialog._act({"act": "export"})
    wait_for(lambda: session.notice is not None)
    assert session.notice.text == (
        f"2 labels written to {tmp_path / 'out'} (3 files, as of entry 3). 1 label left out: see the details."
    )
    assert session.notice.level == "warn"
    assert "P and S only" in session.notice.detail
    manifest = read_manifest(tmp_path / "out")
    assert (manifest.entry, manifest.source.partition(":")[0]) == (3, "examples")


@pytest.mark.parametrize("folder", ["", " ", "."])
def test_the_folder_of_all_exports_is_not_made_one_of_them(session: Session, folder: str) -> None:
    session.open_source("examples")
    wait_for(lambda: session.recording is not None and not session.loading)
    station, time = str(session.recording["station"].values[0]), session.recording["time"].values[700]
    session.decide(partial(place, station=station, phase="P", at=pd.Timestamp(time)))
    dialog = ExportDialog(session)
    dialog.open()
    dialog._act({"act": "folder", "value": folder})
    dialog._act({"act": "export"})
    assert "Name a new folder to write in" in html(dialog)
    assert not session.exports_folder.exists()


def test_who_picks_blind_exports_nothing_for_it_would_not_be_the_journals_labels(
    session: Session, tmp_path: Path
) -> None:
    session.open_source("examples")
    wait_for(lambda: session.recording is not None and not session.loading)
    station, time = str(session.recording["station"].values[0]), session.recording["time"].values[700]
    session.decide(partial(place, station=station, phase="P", at=pd.Timestamp(time)))
    session.set_blind("colleagues")
    wait_for(lambda: session.recording is not None and not session.loading)
    dialog = ExportDialog(session)
    dialog.open()
    dialog._act({"act": "folder", "value": str(tmp_path / "out")})
    dialog._act({"act": "export"})
    assert "You are picking blind" in html(dialog)
    assert list(tmp_path.iterdir()) == []
