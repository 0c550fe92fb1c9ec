"""Undo and redo are rows, belong to one analyst on one recording, and leave other analysts' decisions alone."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import LabelStoreError
from workbench.labels.folding import fold_recordings
from workbench.labels.journal import Journal
from workbench.schema import Decision

T0 = pd.Timestamp("2024-01-01T00:00:10.123456789")


def test_undone_move_is_where_it_was(journal, decide):
    first = journal.record(decide())
    moved = journal.record(decide("move", after_s=1, label_id=first.label_id))
    undo = journal.undo("r1")
    assert (undo.decision, undo.undoes, undo.restores, undo.replaces) == (
        "restore",
        moved.entry,
        first.entry,
        moved.entry,
    )
    labels = journal.labels()
    assert labels["time"].tolist() == [T0]
    assert labels["decision"].tolist() == ["add"]
    assert labels["entry"].tolist() == [undo.entry]
    assert len(journal.entries()) == 3


def test_undone_add_leaves_no_label_and_redo_brings_it_back(journal, decide):
    journal.record(decide())
    journal.undo("r1")
    assert journal.labels().empty
    assert journal.recordings().loc[0, "status"] == "untouched"
    assert (journal.can_undo("r1"), journal.can_redo("r1")) == (False, True)
    redo = journal.redo("r1")
    assert redo.undoes is None
    assert journal.labels()["time"].tolist() == [T0]


def test_undone_rejection_of_a_label_stands_again(journal, decide):
    first = journal.record(decide())
    journal.record(decide("reject", label_id=first.label_id))
    journal.undo("r1")
    assert journal.labels()["decision"].tolist() == ["add"]


def test_nothing_to_undo_or_redo_writes_nothing(journal, decide):
    assert journal.undo("r1") is None
    assert journal.redo("r1") is None
    journal.set_status("r1", "done")
    journal.set_note("r1", "note")
    assert journal.undo("r1") is None
    assert len(journal.entries()) == 2


def test_a_new_decision_clears_redo(journal, decide):
    journal.record(decide())
    journal.undo("r1")
    journal.record(decide(after_s=5))
    assert not journal.can_redo("r1")
    assert journal.redo("r1") is None


def test_undo_keeps_to_its_recording(journal, decide):
    journal.record(decide(recording_id="r1"))
    journal.record(decide(recording_id="r2"))
    journal.undo("r1")
    assert journal.labels()["recording_id"].tolist() == ["r2"]


def test_undo_survives_a_restart(journal, url, decide):
    first = journal.record(decide())
    journal.record(decide("move", after_s=1, label_id=first.label_id))
    journal.close()
    with Journal(url, "Ada") as again:
        again.undo("r1")
        again.undo("r1")
        assert again.labels().empty
        again.redo("r1")
        assert again.labels()["time"].tolist() == [T0]


def test_undo_takes_back_ones_own_decisions_only(journal, url, decide):
    journal.record(decide())
    with Journal(url, "Bo") as other:
        assert not other.can_undo("r1")
        other.record(decide(after_s=5))
        other.undo("r1")
    assert journal.labels()["analyst"].tolist() == ["Ada"]


def test_undo_never_takes_back_what_another_analyst_did_since(journal, url, decide):
    first = journal.record(decide())
    with Journal(url, "Bo") as other:
        moved = other.record(decide("move", after_s=1, label_id=first.label_id))
        with pytest.raises(LabelStoreError, match=f"Bo changed the P on XX.A. after you .entry {moved.entry}"):
            journal.undo("r1")
        assert journal.labels()["analyst"].tolist() == ["Bo"]
        other.undo("r1")
    assert journal.labels()["analyst"].tolist() == ["Ada"]
    journal.undo("r1")
    assert journal.labels().empty


def test_redo_never_overwrites_what_another_analyst_did_since(journal, url, decide):
    first = journal.record(decide())
    journal.record(decide("move", after_s=1, label_id=first.label_id))
    journal.undo("r1")
    with Journal(url, "Bo") as other:
        other.record(decide("move", after_s=2, label_id=first.label_id))
    with pytest.raises(LabelStoreError, match="Bo changed"):
        journal.redo("r1")
    assert journal.labels()["time"].tolist() == [T0 + pd.Timedelta(seconds=2)]


class Simple:
    """What undo and redo mean: whole states of the labels, kept before and after each decision."""

    def __init__(self) -> None:
        self.states: list[dict[str, tuple[str, int]]] = [{}]
        self.at = 0

    @property
    def state(self) -> dict[str, tuple[str, int]]:
        return self.states[self.at]

    def record(self, label_id: str, decision: str, offset_s: int) -> None:
        del self.states[self.at + 1 :]
        self.states.append({**self.state, label_id: (decision, offset_s)})
        self.at += 1

    def go(self, step: int) -> None:
        self.at = min(max(self.at + step, 0), len(self.states) - 1)


STEPS = st.lists(
    st.one_of(
        st.just("undo"),
        st.just("redo"),
        st.tuples(st.sampled_from("abc"), st.sampled_from(["add", "move", "edit", "reject"]), st.integers(0, 9)),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_any_sequence_of_decisions_undos_and_redos_folds_to_the_right_state(steps):
    expected = Simple()
    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder) / "labels.sqlite", "Ada") as journal:
        for step in steps:
            if step == "undo":
                journal.undo("r1")
                expected.go(-1)
            elif step == "redo":
                journal.redo("r1")
                expected.go(+1)
            else:
                label_id, decision, offset_s = step
                time = T0 + pd.Timedelta(seconds=offset_s)
                journal.record(Decision(decision, "r1", "XX.A.", "P", time, label_id=label_id))
                expected.record(label_id, decision, offset_s)
            assert journal.can_undo("r1") == (expected.at > 0)
            assert journal.can_redo("r1") == (expected.at < len(expected.states) - 1)
        with journal._store.reading() as connection:
            pd.testing.assert_frame_equal(journal.recordings(), fold_recordings(connection, None))
        folded = {
            row.label_id: (row.decision, int((row.time - T0).total_seconds())) for row in journal.labels().itertuples()
        }
    assert folded == expected.state
