"""The dialog that opens sources: what needs no file has a button."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from workbench.session import Session
from workbench.views.source_dialog import SourceDialog


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    yield session
    session.close()


@pytest.mark.parametrize("place", ["examples", "synthetic"])
def test_a_button_opens_what_needs_no_file(session: Session, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    asked = []
    monkeypatch.setattr(session, "request_source", lambda *arguments: asked.append(arguments))
    dialog = SourceDialog(session)
    dialog.open()
    assert f'data-act="{place}"' in dialog.__panel__().html
    dialog._act({"act": place})
    assert asked == [(place, None)]
    assert dialog.__panel__().html == ""


def test_a_made_network_is_no_path_and_no_kind_of_file(session: Session) -> None:
    session.open_source("synthetic")
    dialog = SourceDialog(session)
    dialog.open()
    html = dialog.__panel__().html
    assert 'value="synthetic"' not in html
    assert "Computed, not recorded" in html


def test_a_catalogue_is_opened_with_the_folder_of_its_waveforms(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(session, "request_source", lambda *arguments: asked.append(arguments))
    dialog = SourceDialog(session)
    dialog.open()
    assert 'data-act="waveforms"' in dialog.__panel__().html
    dialog._act({"act": "path", "value": "/data/catalogue"})
    dialog._act({"act": "waveforms", "value": "/data/sds"})
    dialog._act({"act": "open"})
    assert asked == [(f"ogs:/data/catalogue{os.pathsep}/data/sds", None)]
