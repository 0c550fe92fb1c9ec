"""Marks of several analysts side by side in the journal, settled and freed again; and what one of them alone sees."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from sqlalchemy.exc import DBAPIError

from workbench.errors import DecidedMeanwhileError, LabelStoreError, SchemaError
from workbench.labels.double_picking import DoubleItem, choose_share
from workbench.labels.journal import Journal
from workbench.labels.settling import settled_words


@pytest.fixture
def ben(url, journal):
    with Journal(url, "Ben") as journal:
        yield journal


@pytest.fixture
def both(journal, ben, decide):
    """Ada's and Ben's label of one onset, 0.3 s apart."""
    return journal.record(decide()).label_id, ben.record(decide(after_s=0.3)).label_id


def settle(journal, decide, both, decision="settle", **values):
    words = settled_words(journal.marks(["r1"]), "midway", [])
    return journal.settle(decide(decision, after_s=0.1, provenance=words, **values), both)


def test_two_labels_stand_side_by_side_until_they_are_settled(journal, ben, decide, both):
    assert set(journal.labels()["label_id"]) == set(both)
    entry = settle(ben, decide, both)
    labels, marks = journal.labels(), journal.marks()
    assert labels["label_id"].tolist() == [entry.label_id]
    assert (labels["decision"][0], labels["analyst"][0]) == ("settle", "Ben")
    assert marks["label_id"].tolist() == list(both)
    assert marks["settled_by"].tolist() == [entry.label_id] * 2
    assert journal.recordings().loc[0, ["n_p", "n_labels"]].tolist() == [1, 1]


def test_a_settled_label_keeps_who_when_and_the_time_between(journal, decide, both):
    settle(journal, decide, both)
    kept = json.loads(journal.labels()["provenance"][0])["settled"]
    assert kept["difference_s"] == 0.3
    assert [mark["analyst"] for mark in kept["marks"]] == ["Ada", "Ben"]
    marks = journal.marks()
    assert [pd.Timestamp(mark["time"]) for mark in kept["marks"]] == marks["time"].tolist()
    assert [pd.Timestamp(mark["decided_at"]) for mark in kept["marks"]] == marks["decided_at"].tolist()


def test_undo_frees_the_marks_and_redo_settles_them_again(journal, ben, decide, both):
    entry = settle(ben, decide, both)
    ben.undo("r1")
    assert set(journal.labels()["label_id"]) == set(both)
    assert (journal.marks()["settled_by"] == "").all()
    ben.redo("r1")
    assert journal.labels()["label_id"].tolist() == [entry.label_id]
    assert journal.recordings().loc[0, "n_labels"] == 1


def test_a_settled_label_may_be_moved_and_stays_settled(journal, ben, decide, both):
    entry = settle(ben, decide, both)
    journal.record(decide("move", label_id=entry.label_id, after_s=0.2))
    assert journal.labels()["label_id"].tolist() == [entry.label_id]
    journal.undo("r1")
    assert journal.labels()["decision"].tolist() == ["settle"]


def test_a_label_that_was_settled_meanwhile_is_not_changed_where_nobody_would_see_it(journal, ben, decide, both):
    seen = journal.look("r1").head
    entry = settle(ben, decide, both)
    with pytest.raises(DecidedMeanwhileError, match=r"Ben has settled the P on XX\.A\. already.*Nothing was written"):
        journal.record(decide("move", label_id=both[0], after_s=0.7), seen=seen)
    assert journal.head() == entry.entry
    # Who picks blind hears nothing of it, and goes on with her own.
    journal.own_only = True
    journal.record(decide("move", label_id=both[0], after_s=0.7), seen=seen)
    assert len(journal.labels()) == 1


def test_a_settled_label_may_be_moved_back_and_forth(journal, ben, decide, both):
    entry = settle(ben, decide, both)
    ben.record(decide("move", label_id=entry.label_id, after_s=0.2))
    ben.undo("r1")
    ben.redo("r1")
    assert ben.labels()["decision"].tolist() == ["move"]
    ben.undo("r1")
    ben.undo("r1")
    assert set(ben.labels()["label_id"]) == set(both)
    ben.redo("r1")
    ben.redo("r1")
    assert ben.labels()[["label_id", "decision"]].to_numpy().tolist() == [[entry.label_id, "move"]]


def test_nobody_takes_a_mark_back_that_was_settled_and_is_told_by_whom(journal, ben, url, decide, both):
    moved = journal.record(decide("move", label_id=both[0], after_s=0.05))
    journal.undo("r1")
    entry = settle(ben, decide, both)
    with Journal(url, "Cleo") as cleo:
        cleo.record(decide("move", label_id=entry.label_id, after_s=0.2))
    head = journal.head()
    words = rf"Ben has settled the P on XX\.A\. already \(entry {entry.entry}\)\. Nothing was written"
    for take_back_or_again in (journal.undo, journal.redo):
        with pytest.raises(DecidedMeanwhileError, match=words):
            take_back_or_again("r1")
    assert journal.head() == head
    assert len(journal.marks()) == 2
    # Who picks blind hears nothing of it: she sees her own mark, and may take it back.
    journal.own_only = True
    assert journal.redo("r1").restores == moved.entry
    journal.undo("r1")
    journal.undo("r1")
    assert journal.labels().empty


def test_marks_are_settled_as_they_were_seen_and_while_they_stand(journal, ben, decide, both):
    seen = journal.head()
    ben.record(decide("move", label_id=both[1], after_s=0.4))
    with pytest.raises(DecidedMeanwhileError, match=r"Ben moved this P .* ago; look again"):
        journal.settle(decide("settle", after_s=0.1), both, seen=seen)
    ben.settle(decide("settle", after_s=0.1), both, seen=seen)
    ben.undo("r1")
    journal.undo("r1")
    with pytest.raises(DecidedMeanwhileError, match="Ada took back this P"):
        ben.redo("r1")
    with pytest.raises(DecidedMeanwhileError, match="Ada took back this P"):
        ben.settle(decide("settle", after_s=0.1), both)
    assert ben.labels()["label_id"].tolist() == [both[1]]


def test_what_is_settled_again_is_what_was_settled(journal, ben, decide, both):
    settle(ben, decide, both)
    ben.undo("r1")
    journal.record(decide("move", label_id=both[0], after_s=0.9))
    with pytest.raises(DecidedMeanwhileError, match="Ada moved this P"):
        ben.redo("r1")
    assert set(journal.labels()["label_id"]) == set(both)


def test_the_same_is_settled_once(journal, ben, decide, both):
    settle(ben, decide, both)
    with pytest.raises(LabelStoreError, match=r"Ben has settled the P on XX\.A\. already"):
        settle(journal, decide, both)
    ben.undo("r1")
    settle(journal, decide, both)
    with pytest.raises(LabelStoreError, match="Ada has settled"):
        ben.redo("r1")
    assert len(journal.labels()) == 1


def test_marks_that_came_late_are_settled_with_the_settled_label(journal, ben, url, decide, both):
    first = settle(ben, decide, both)
    with Journal(url, "Cleo") as cleo:
        late = cleo.record(decide(after_s=0.5))
    assert set(journal.labels()["label_id"]) == {first.label_id, late.label_id}
    again = settle(journal, decide, [first.label_id, late.label_id])
    assert journal.labels()["label_id"].tolist() == [again.label_id]
    assert set(journal.marks()["settled_by"]) == {first.label_id, again.label_id}


def test_an_onset_may_be_settled_as_none(journal, ben, decide, both):
    settle(ben, decide, both, "reject")
    assert journal.labels()["decision"].tolist() == ["reject"]
    assert journal.recordings().loc[0, "n_labels"] == 0


@pytest.mark.parametrize(("decision", "marks"), [("move", None), ("settle", []), ("settle", ["nobody's"])])
def test_only_labels_of_the_recording_are_settled_and_nothing_is_written_else(journal, decide, both, decision, marks):
    with pytest.raises(SchemaError):
        journal.settle(decide(decision), both if marks is None else marks)
    assert len(journal.entries()) == 2
    assert (journal.marks()["settled_by"] == "").all()


def test_the_database_refuses_to_forget_what_was_settled(journal, ask, decide, both):
    settle(journal, decide, both)
    for statement in ("UPDATE settled SET label_id = 'x'", "DELETE FROM settled"):
        with pytest.raises(DBAPIError, match="append-only"):
            ask(statement)


def test_own_rows_alone_are_told_to_who_picks_blind(journal, ben, decide, both):
    journal.set_note("r1", "S is late here")
    journal.set_status("r1", "done")
    ben.record(decide(recording_id="r2"))
    ben.own_only = True
    assert ben.labels()["analyst"].tolist() == ["Ben", "Ben"]
    assert ben.recordings()[["recording_id", "status", "note", "n_p"]].to_numpy().tolist() == [
        ["r1", "in work", "", 1], ["r2", "in work", "", 1]
    ]  # fmt: skip
    assert set(ben.entries()["analyst"]) == {"Ben"}
    # Whether it was settled, and how, would tell what the other had.
    settle(journal, decide, both)
    own = ben.labels(["r1"])
    assert own["label_id"].tolist() == [both[1]]
    assert ben.recordings(["r1"]).loc[0, "n_p"] == 1
    journal.own_only = True
    assert journal.labels()["label_id"].tolist() == [both[0]], "not even one's own settled label"


def test_the_list_of_double_picking_and_who_is_done(journal, ben):
    start = pd.Timestamp("2024-01-01T00:00:05")
    items = [DoubleItem("r1", "XX.A.", start, start + pd.Timedelta("60s"), "20 %, seed 7"), DoubleItem("r2")]
    journal.send_to_double_picking(items)
    ben.own_only = True
    assert ben.double_items() == items, "the list is for all"
    ben.set_looked("r1", "XX.A.")
    ben.set_looked("r2", "")
    ben.set_looked("r2", "", done=False)
    journal.set_status("r2", "done")
    looks = {tuple(row) for row in journal.looks().itertuples(index=False)}
    assert looks == {("r1", "XX.A.", "Ben"), ("r2", "", "Ada")}
    assert len(journal.looks(["r2"])) == 1
    assert journal.several_recordings() == ["r1", "r2"]
    journal.send_to_double_picking(items[:1], withdrawn=True)
    assert [item.recording_id for item in ben.double_items()] == ["r2"]


def test_a_status_reopens_nothing_that_was_picked_blind(journal, ben):
    def looks():
        return [tuple(row) for row in journal.looks(["r1"]).itertuples(index=False)]

    whole = [("r1", "", "Ada")]
    journal.set_looked("r1", "")
    for status in ("in work", "done", "untouched"):
        journal.set_status("r1", status)
        assert looks() == whole, status
    journal.set_looked("r1", "", done=False)
    assert looks() == []
    journal.set_status("r1", "rejected")
    ben.set_status("r1", "in work")
    assert looks() == whole, "another's status is not hers"
    journal.set_status("r1", "in work")
    assert looks() == [], "it was only the status that said so"
    journal.set_status("r1", "done")
    journal.set_looked("r1", "", done=False)
    assert looks() == [], "she said so herself, and last"


def test_a_list_is_sent_as_a_whole_or_not_at_all(journal):
    journal.send_to_double_picking([])
    with pytest.raises(SchemaError, match="not text that can be kept"):
        journal.send_to_double_picking([DoubleItem("r1"), DoubleItem("r\0")])
    assert journal.head() == 0
    assert journal.double_items() == []


def test_a_share_is_the_same_for_the_same_seed():
    assert choose_share(100, 0.2, 1) == choose_share(100, 0.2, 1)
    assert len(choose_share(100, 0.2, 1)) == 20
    assert choose_share(100, 0.2, 1) != choose_share(100, 0.2, 2)
    assert len(choose_share(3, 0.01, 1)) == 1
    assert choose_share(2, 7.0, 1) == [0, 1]
    assert choose_share(0, 0.5, 1) == []
