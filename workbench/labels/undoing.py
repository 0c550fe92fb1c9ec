"""What undo and redo would take back, worked out from the rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from workbench.errors import LabelStoreError
from workbench.labels.rows import copied
from workbench.labels.tables import RECORDING_ROWS, journal

__all__ = ["last_row", "redo_row", "stacks", "undo_row"]


# Building a query takes longer than asking it.
_DECISIONS = (
    select(journal.c.entry, journal.c.decision, journal.c.undoes, journal.c.restores)
    .where(
        journal.c.recording_id == bindparam("recording_id"),
        journal.c.analyst == bindparam("analyst"),
        journal.c.decision.not_in(RECORDING_ROWS),
    )
    .order_by(journal.c.entry)
)
_LAST_OF_LABEL = (
    select(journal).where(journal.c.label_id == bindparam("label_id")).order_by(journal.c.entry.desc()).limit(1)
)


def stacks(connection: Connection, recording_id: str, analyst: str) -> tuple[list[int], list[int]]:
    """Entries of one analyst on one recording that undo and redo would take next, each with the next one last."""
    rows = connection.execute(_DECISIONS, {"recording_id": recording_id, "analyst": analyst})
    done: list[int] = []
    undone: list[int] = []
    for entry, decision, undoes, restores in rows:
        if decision != "restore":
            done.append(entry)
            undone.clear()
        elif undoes is not None:
            done.remove(undoes)
            undone.append(undoes)
        else:
            undone.remove(restores)
            done.append(restores)
    return done, undone


def last_row(connection: Connection, label_id: str) -> Row[Any] | None:
    """The latest row of a label."""
    return connection.execute(_LAST_OF_LABEL, {"label_id": label_id}).first()


def undo_row(connection: Connection, entry: int, analyst: str) -> dict[str, Any]:
    """The row that takes an entry back.

    Raises
    ------
    LabelStoreError
        If another analyst has changed the label since.
    """
    undone = _row(connection, entry)
    last = _last_if(connection, undone, entry)
    before = _in_force(connection, undone.replaces)
    shown = undone if before is None else _row(connection, before)
    return copied(shown, analyst, replaces=last.entry, restores=before, undoes=entry)


def redo_row(connection: Connection, entry: int, analyst: str) -> dict[str, Any]:
    """The row that puts an undone entry back into force.

    Raises
    ------
    LabelStoreError
        If another analyst has changed the label since.
    """
    redone = _row(connection, entry)
    last = _last_if(connection, redone, _in_force(connection, redone.replaces))
    return copied(redone, analyst, replaces=last.entry, restores=entry, undoes=None)


def _row(connection: Connection, entry: int) -> Row[Any]:
    return connection.execute(select(journal).where(journal.c.entry == entry)).one()


def _in_force(connection: Connection, entry: int | None) -> int | None:
    """The decision that stood when that entry was the last one of its label."""
    if entry is None:
        return None
    row = _row(connection, entry)
    number: int | None = row.restores if row.decision == "restore" else row.entry
    return number


def _last_if(connection: Connection, row: Row[Any], in_force: int | None) -> Row[Any]:
    last = last_row(connection, row.label_id)
    if last is None or _in_force(connection, last.entry) != in_force:
        who, number = (last.analyst, last.entry) if last is not None else ("someone", 0)
        raise LabelStoreError(
            f"{who} changed the {row.phase} on {row.station} after you (entry {number}); undo and redo leave that "
            "alone. Make a new decision instead."
        )
    return last
