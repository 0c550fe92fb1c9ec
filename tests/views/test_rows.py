"""A table whose rows move while a click on one of them is on its way."""

from __future__ import annotations

import pytest

from workbench.session import Session
from workbench.settings import load_settings
from workbench.views.markup import Rows


@pytest.fixture
def session(tmp_path):
    session = Session(settings=load_settings(labels=str(tmp_path / "labels.sqlite")))
    yield session
    session.close()


def test_a_click_is_about_the_row_that_was_clicked_also_where_it_has_moved_or_gone(session):
    names, said = ["a", "b", "c"], []
    rows = Rows(session, lambda i: {"cells": [names[i]], "id": names[i]}, said.append, columns=[])
    rows.fill(len(names))
    names.insert(0, "new")
    rows.fill(len(names))
    rows._handle_msg({"act": "choose", "row": 1, "id": "b"})
    assert [action["row"] for action in said] == [2]
    names.remove("b")
    rows.fill(len(names))
    rows._handle_msg({"act": "choose", "row": 2, "id": "b"})
    assert len(said) == 1


def test_rows_without_identity_and_steps_by_key_go_by_their_place(session):
    said = []
    rows = Rows(session, lambda i: {"cells": [str(i)]}, said.append, columns=[])
    rows.fill(5)
    rows._handle_msg({"act": "choose", "row": 3, "id": ""})
    rows._handle_msg({"act": "step", "by": 1})
    assert [action["row"] for action in said] == [3, -1]
