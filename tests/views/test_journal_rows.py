"""Rows of the journal that are about blind double picking, in words."""

from __future__ import annotations

import pytest

from workbench.labels.double_picking import DoubleItem
from workbench.session import Session
from workbench.settings import load_settings
from workbench.views.journal import JournalPanel


@pytest.fixture
def session(tmp_path):
    settings = load_settings(labels=str(tmp_path / "labels.sqlite"), cache=str(tmp_path / "cache"), analyst="Ada")
    session = Session(settings=settings)
    yield session
    session.close()


def test_what_is_sent_taken_back_and_done_is_told(session):
    item = DoubleItem("r1", "XX.A.", sent="20 %")
    session.journal.send_to_double_picking([item])
    session.journal.set_looked("r1", "XX.A.")
    session.journal.set_looked("r1", "", done=False)
    session.journal.send_to_double_picking([item], withdrawn=True)
    session.recording_id = "r1"
    panel = JournalPanel(session)
    panel._fill()
    told = [panel._row(n)["cells"][1] for n in range(4)]
    assert told == ["off blind picking: XX.A", "not done with all stations", "done with XX.A", "to blind picking: XX.A"]
