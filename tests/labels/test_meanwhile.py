"""Two analysts on the same onset: the second is told, and nothing of hers is written."""

from __future__ import annotations

import time

import pytest

from workbench.errors import DecidedMeanwhileError
from workbench.labels.journal import Journal
from workbench.labels.meanwhile import ago


@pytest.fixture
def anna(url, journal):
    with Journal(url, "Anna") as anna:
        yield anna


def refused(words):
    return pytest.raises(DecidedMeanwhileError, match=f"{words}.*look again, then decide. Nothing was written")


def test_a_label_that_was_moved_meanwhile_is_not_moved_again(journal, anna, decide):
    label = journal.record(decide())
    seen = journal.look("r1").head
    anna.record(decide("move", label_id=label.label_id, after_s=0.4), seen=anna.look("r1").head)
    with refused(r"Anna moved this P \d+ s ago"):
        journal.record(decide("reject", label_id=label.label_id), seen=seen)
    look = journal.look("r1")
    assert (look.labels["analyst"].tolist(), look.labels["decision"].tolist()) == (["Anna"], ["move"])
    journal.record(decide("reject", label_id=label.label_id), seen=look.head)
    assert journal.labels()["decision"].tolist() == ["reject"]


def test_a_pick_that_was_accepted_meanwhile_does_not_become_a_second_label(journal, anna, decide):
    seen = journal.look("r1").head
    anna.record(decide("accept", pick_id="p"))
    with refused("Anna accepted this P"):
        journal.record(decide("reject", pick_id="p", after_s=9), seen=seen)
    anna.undo("r1")
    with refused("Anna took back this P"):
        journal.record(decide("reject", pick_id="p", after_s=9), seen=seen)
    assert len(journal.entries()) == 2


def test_an_onset_set_meanwhile_at_the_same_place_is_not_set_twice(journal, anna, decide):
    seen = journal.look("r1").head
    anna.record(decide())
    with refused("Anna set this P"):
        journal.record(decide(after_s=0.3), seen=seen)
    for other in ({"after_s": 3.0}, {"phase": "S"}, {"station": "XX.B."}, {"recording_id": "r2"}):
        journal.record(decide(**other), seen=seen)
    assert len(journal.labels()) == 5


def test_ones_own_decisions_and_rows_about_the_recording_are_no_obstacle(journal, anna, decide):
    label = journal.record(decide())
    journal.record(decide("move", label_id=label.label_id), seen=0)
    anna.set_status("r1", "done")
    anna.set_note("r1", "odd")
    journal.record(decide("edit", label_id=label.label_id), seen=journal.head() - 2)
    assert len(journal.entries()) == 5


def test_who_picks_blind_is_neither_refused_nor_told(journal, anna, decide):
    anna.record(decide("accept", pick_id="p"))
    journal.own_only = True
    journal.record(decide("accept", pick_id="p"), seen=0)
    assert journal.since(0)["analyst"].tolist() == ["Ada"]
    assert journal.look("r1").labels["analyst"].tolist() == ["Ada"]


def test_what_was_written_since_is_told_in_its_order(journal, anna, decide):
    first = anna.record(decide())
    assert (journal.head(), len(journal.since(first.entry))) == (first.entry, 0)
    anna.record(decide(after_s=5))
    journal.set_status("r2", "done")
    assert journal.since(first.entry)["decision"].tolist() == ["add", "status"]


def test_how_long_ago_is_said_in_the_unit_that_fits():
    now = time.time_ns()
    assert [ago(now - int(seconds * 1e9)) for seconds in (-3, 12.2, 130, 8000, 200_000)] == [
        "0 s ago", "12 s ago", "2 min ago", "2 h ago", "2 days ago",
    ]  # fmt: skip
