"""Questions about some recordings: many in one, and answered from their rows alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Connection, event

from workbench.labels.journal import Journal
from workbench.schema import Decision

MANY = [f"recording {number}" for number in range(40_000)]
QUESTIONS: dict[str, Callable[[Journal, list[str]], object]] = {
    "labels": lambda journal, ids: journal.labels(ids),
    "labels at": lambda journal, ids: journal.labels(ids, at=5),
    "marks": lambda journal, ids: journal.marks(ids),
    "outcomes": lambda journal, ids: journal.outcomes(ids),
    "recordings": lambda journal, ids: journal.recordings(ids),
    "looks": lambda journal, ids: journal.looks(ids),
    "look": lambda journal, ids: journal.look(ids[0]),
    "entries": lambda journal, ids: journal.entries(ids[0]),
}


@pytest.fixture
def filled(journal: Journal, decide) -> Journal:
    for name in ("r1", "recording 7", "o'clock %(x)s \" \\ é"):
        journal.record(decide(recording_id=name))
        journal.record(decide(recording_id=name, phase="S", after_s=2.0))
        journal.set_looked(name, "XX.A.")
    return journal


@pytest.mark.parametrize("own_only", [False, True])
@pytest.mark.parametrize("name", ["labels", "labels at", "marks", "recordings", "looks"])
def test_more_recordings_are_asked_for_than_a_question_may_name(filled: Journal, name: str, own_only: bool) -> None:
    """SQLite allows 32,766 values, PostgreSQL 65,535."""
    filled.own_only = own_only
    asked = QUESTIONS[name]
    all_of_them = asked(filled, None)  # type: ignore[arg-type]
    wanted = all_of_them[all_of_them["recording_id"] != "r1"].reset_index(drop=True)
    assert len(wanted)
    several = [*MANY, "o'clock %(x)s \" \\ é", *MANY]
    pd.testing.assert_frame_equal(asked(filled, several).reset_index(drop=True), wanted)
    assert asked(filled, []).empty


@pytest.mark.parametrize("own_only", [False, True])
def test_outcomes_are_what_the_labels_say(filled: Journal, own_only: bool) -> None:
    label = filled.labels(["r1"]).iloc[0]
    settled = Decision("settle", "r1", label["station"], label["phase"], label["time"])
    filled.settle(settled, [label["label_id"]])
    filled.undo("recording 7")
    filled.own_only = own_only
    names = ["r1", "recording 7"]
    labels, outcomes = filled.labels(names), filled.outcomes(names)
    shown = labels[list(outcomes.columns)].sort_values("label_id", ignore_index=True)
    assert len(shown) == 3
    pd.testing.assert_frame_equal(outcomes.sort_values("label_id", ignore_index=True), shown)


@pytest.fixture
def plans(path: Path, decide) -> Iterator[tuple[Journal, list[str]]]:
    """A journal in a file with one decision, and how SQLite goes about each question that it is asked from then on."""
    told: list[str] = []

    def explain(connection: Connection, cursor, statement: str, values, *_: object) -> None:
        if statement.startswith(("SELECT", "WITH", "UPDATE")):
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
            told.extend(str(row[-1]) for row in rows)

    with Journal(str(path), "Ada") as journal:
        journal.record(decide())
        event.listen(journal._store.engine, "before_cursor_execute", explain)
        yield journal, told


def check_searched(plans: list[str]) -> None:
    """A journal of a million rows must answer in a moment for one recording."""
    assert any(plan.startswith("SEARCH") for plan in plans)
    assert not [plan for plan in plans if plan.startswith(("SCAN journal", "SCAN tally", "SCAN settled"))]


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("own_only", [False, True])
def test_a_file_is_searched_for_a_recording_and_never_read_from_end_to_end(plans, name: str, own_only: bool) -> None:
    journal, told = plans
    journal.own_only = own_only
    QUESTIONS[name](journal, ["r1"])
    check_searched(told)


def test_a_decision_searches_the_file_and_never_reads_it_from_end_to_end(plans, decide) -> None:
    journal, told = plans
    label = journal.labels(["r1"]).iloc[0]
    journal.record(decide("move", label_id=label["label_id"]), seen=int(label["entry"]))
    journal.settle(decide("settle"), [label["label_id"]])
    journal.undo("r1")
    journal.redo("r1")
    check_searched(told)
