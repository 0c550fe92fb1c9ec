"""One action table, three key profiles, one help sheet."""

from __future__ import annotations

import pytest

from workbench.errors import UnknownNameError
from workbench.session import Session
from workbench.settings import load_settings
from workbench.views.help import HelpSheet
from workbench.views.keys import ACTIONS, PROFILES, key_table, keymap
from workbench.views.status_line import StatusLine
from workbench.views.traces import TraceView

_MODIFIERS = ["Ctrl", "Alt", "Shift"]
_OWNED_BY_THE_BROWSER = {"F1", "F3", "F5", "F11", "Ctrl+n", "Ctrl+t", "Ctrl+w", "Ctrl+1", "Ctrl+9"}


@pytest.mark.parametrize("profile", PROFILES)
def test_every_key_does_an_action_of_the_table(profile):
    assert set(keymap(profile).values()) <= set(ACTIONS)


@pytest.mark.parametrize("profile", PROFILES)
def test_no_profile_takes_a_key_that_the_browser_owns(profile):
    assert not _OWNED_BY_THE_BROWSER & set(keymap(profile))


@pytest.mark.parametrize("profile", PROFILES)
def test_modifiers_stand_in_the_order_in_which_the_browser_part_writes_them(profile):
    for key in keymap(profile):
        modifiers = [part for part in key.split("+")[:-1] if part]
        assert modifiers == [m for m in _MODIFIERS if m in modifiers], key


@pytest.mark.parametrize("profile", PROFILES)
def test_picking_undo_and_stepping_can_be_done_by_keys_alone(profile):
    actions = set(keymap(profile).values())
    assert {"undo", "redo", "accept", "reject", "delete", "refine", "help", "disarm"} <= actions
    assert {"recording:1", "recording:-1", "station:1", "station:-1", "filter:toggle"} <= actions
    assert {"phase:P", "set"} & actions


def test_the_help_sheet_names_every_key_of_a_profile_once():
    rows = key_table("default")
    assert sum(len(row.keys) for row in rows) == len(keymap("default"))
    assert next(row for row in rows if row.action == "phase:P").keys == ("P", "1")
    assert next(row for row in rows if row.action == "redo").keys == ("Ctrl+Shift+Z", "Ctrl+Y")


def test_an_unknown_profile_is_named():
    with pytest.raises(UnknownNameError, match="Did you mean 'snuffler'"):
        keymap("snufler")


def test_the_profile_chosen_in_the_help_sheet_is_that_of_the_page(tmp_path):
    session = Session(settings=load_settings(labels=str(tmp_path / "labels.sqlite"), keys="obspyck"))
    try:
        traces = TraceView(session)
        sheet, status = HelpSheet(session, traces), StatusLine(session, traces, lambda: None)
        sheet.open()
        assert "<b>obspyck</b>" in sheet.__panel__().html
        assert "<kbd>R</kbd> refine" in status.__panel__().html
        sheet._act({"act": "profile", "value": "snuffler"})
        assert traces.profile == "snuffler"
        assert traces._editor._told["keymap"] == keymap("snuffler")
        assert "<b>snuffler</b>" in sheet.__panel__().html
        assert "<kbd>1</kbd> <kbd>2</kbd> place" in status.__panel__().html
    finally:
        session.close()


def test_a_profile_of_the_settings_that_is_none_is_named(tmp_path):
    session = Session(settings=load_settings(labels=str(tmp_path / "labels.sqlite"), keys="emacs"))
    try:
        with pytest.raises(UnknownNameError, match="emacs"):
            TraceView(session)
    finally:
        session.close()
