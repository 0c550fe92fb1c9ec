"""Labels as they stood after an entry, and the name of a journal that no move of its file changes."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from workbench.errors import LabelStoreError
from workbench.labels.journal import Journal
from workbench.schema import Decision, check_labels

START = pd.Timestamp("2024-01-01")


def mark(journal: Journal, decision: str = "add", at_s: float = 10.0, **more: str) -> str:
    time = START + pd.Timedelta(seconds=at_s)
    return journal.record(Decision(decision, "r1", "XX.A.", "P", time, **more)).label_id


def standing(labels: pd.DataFrame) -> list[tuple[str, float]]:
    return [(row.decision, (row.time - START).total_seconds()) for row in check_labels(labels).itertuples()]


def test_labels_of_every_entry_are_those_that_stood_then(journal):
    told = []
    label_id = mark(journal)
    told.append(journal.labels())
    for step in (
        lambda: mark(journal, "move", 11.0, label_id=label_id),
        lambda: journal.undo("r1"),
        lambda: journal.redo("r1"),
        lambda: mark(journal, "reject", 11.0, label_id=label_id),
        lambda: mark(journal, at_s=30.0),
        lambda: journal.undo("r1"),
        lambda: journal.set_note("r1", "odd"),
        lambda: journal.undo("r1"),
    ):
        step()
        told.append(journal.labels())
    for entry, then in enumerate(told, start=1):
        pd.testing.assert_frame_equal(journal.labels(at=entry), then)
        pd.testing.assert_frame_equal(journal.labels(["r1"], at=entry), then)
    assert [standing(then) for then in told[:5]] == [
        [("add", 10.0)], [("move", 11.0)], [("add", 10.0)], [("move", 11.0)], [("reject", 11.0)]
    ]  # fmt: skip
    assert journal.labels(["r2"], at=3).empty


def test_a_copy_has_the_name_of_its_journal_and_another_journal_has_not(tmp_path):
    journal = Journal(tmp_path / "labels.sqlite", "Ada")
    mark(journal)
    position = journal.position()
    assert (len(position.journal), position.entry) == (12, 1)
    mark(journal, at_s=20.0)
    assert journal.position(at=1) == position
    assert journal.position().journal == position.journal
    journal.close()
    (tmp_path / "elsewhere").mkdir()
    for file in tmp_path.glob("labels.sqlite*"):
        shutil.copy(file, tmp_path / "elsewhere" / file.name)
    with Journal(tmp_path / "elsewhere" / "labels.sqlite", "Grace") as copy:
        assert copy.position(at=1) == position
    with Journal(tmp_path / "other.sqlite", "Ada") as other:
        assert (other.position().journal, other.position().entry) == ("", 0)
        mark(other)
        assert other.position().journal != position.journal


@pytest.mark.parametrize("entry", [0, -1, 3])
def test_an_entry_that_is_not_there_is_told(journal, entry):
    mark(journal)
    mark(journal, at_s=20.0)
    with pytest.raises(LabelStoreError, match=f"no entry {entry}; its last is 2"):
        journal.position(at=entry)


def test_what_was_settled_later_stands_side_by_side_before(journal, url):
    ada = journal
    with Journal(url, "Grace") as grace:
        marks = [mark(ada), mark(grace, at_s=10.2)]
        told = [ada.labels()]
        ada.settle(Decision("settle", "r1", "XX.A.", "P", START + pd.Timedelta(10.1, "s")), marks)
        told.append(ada.labels())
        ada.undo("r1")
        told.append(ada.labels())
        assert [len(then) for then in told] == [2, 1, 2]
        for entry, then in enumerate(told, start=2):
            pd.testing.assert_frame_equal(ada.labels(at=entry), then)
            pd.testing.assert_frame_equal(ada.labels(["r1"], at=entry), then)
        ada.own_only = True
        assert [standing(ada.labels(at=entry)) for entry in (1, 2, 4)] == [[("add", 10.0)]] * 3
