"""Labels that settle the marks of several analysts: which there are, what may be settled, and what is written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd
from sqlalchemy import Connection, FromClause, Select, bindparam, insert, select

from workbench.errors import DecidedMeanwhileError, SchemaError
from workbench.labels.meanwhile import ago, did
from workbench.labels.naming import named, named_values, rows_of_some
from workbench.labels.tables import journal, settled

__all__ = ["check_free", "check_free_again", "check_not_settled", "keep_settled", "settled_words", "settlements"]


@cache
def settlements(rows: FromClause, past: bool = False) -> Select[Any]:
    """The query for ``settlement_id`` and ``label_id`` of all settlements that stand.

    Parameters
    ----------
    rows
        Of the journal: all, or those of :func:`workbench.labels.naming.rows_of_some`, and then only theirs.
    past
        Those that stood after the entry given as ``at``.
    """
    last, later = rows.alias("settlement"), rows.alias("later")
    newer = select(later.c.entry).where(later.c.label_id == last.c.label_id, later.c.entry > last.c.entry)
    if past:
        newer = newer.where(later.c.entry <= bindparam("at"))
    # A row restore that restores nothing takes the label back: then its marks stand again.
    taken_back = (last.c.decision == "restore") & last.c.restores.is_(None)
    query = (
        select(settled.c.settlement_id, settled.c.label_id)
        .join(last, last.c.label_id == settled.c.settlement_id)
        .where(~newer.exists(), ~taken_back)
    )
    if past:
        query = query.where(last.c.entry <= bindparam("at"))
    if rows is not journal:
        query = query.where(named(settled.c.recording_id))
    return query


def check_free(
    connection: Connection, recording_id: str, marks: Sequence[str], *, seen: int | None = None, analyst: str = ""
) -> None:
    """Nothing, if the marks are labels of that recording that stand, that nobody has settled, and that were seen so.

    A label that settles others may be settled with a mark that came later: its own marks stay settled by it.

    Parameters
    ----------
    seen, analyst
        The journal's last entry that whoever settles has seen, and who that is; None for whatever others did.

    Raises
    ------
    DecidedMeanwhileError
        If somebody has settled, changed or taken back one of them meanwhile; says who.
    SchemaError
        If one is no label of that recording.
    """
    last = {row.label_id: row for row in connection.execute(_ROWS_OF_LABELS, {"recording_id": recording_id})}
    strange = [mark for mark in marks if mark not in last]
    if strange or not marks:
        raise SchemaError(f"Settled are labels on {recording_id!r}; {strange or 'none'} is not one.")
    check_not_settled(connection, recording_id, marks)
    for row in (last[mark] for mark in marks):
        taken_back = row.decision == "restore" and row.restores is None
        if taken_back or (seen is not None and row.entry > seen and row.analyst != analyst):
            raise DecidedMeanwhileError(
                f"{row.analyst} {did(row.decision, row.undoes)} this {row.phase} {ago(row.decided_at_ns)}; look again, "
                "then settle it. Nothing was written."
            )


_ROWS_OF_LABELS = (
    select(*(journal.c[name] for name in ("entry", "label_id", "decision", "restores", "undoes", "analyst", "phase")))
    .add_columns(journal.c.decided_at_ns)
    .where(journal.c.recording_id == bindparam("recording_id"), journal.c.label_id != "")
    .order_by(journal.c.entry)
)


def check_not_settled(connection: Connection, recording_id: str, marks: Sequence[str]) -> None:
    """Nothing, if no label that stands has settled one of these labels of that recording.

    Raises
    ------
    DecidedMeanwhileError
        If one has; says who settled it, whoever changed that label since.
    """
    query = settlements(rows_of_some(brief=True))
    for row in connection.execute(query, named_values(connection, [recording_id])):
        if row.label_id in marks:
            first = connection.execute(_FIRST_OF_LABEL, {"label_id": row.settlement_id}).one()
            raise DecidedMeanwhileError(
                f"{first.analyst} has settled the {first.phase} on {first.station} already (entry {first.entry}). "
                "Nothing was written: marks that were settled stay as they were, and what is settled is changed as any "
                "other label is."
            )


_FIRST_OF_LABEL = (
    select(journal.c.entry, journal.c.analyst, journal.c.phase, journal.c.station)
    .where(journal.c.label_id == bindparam("label_id"))
    .order_by(journal.c.entry)
    .limit(1)
)


def check_free_again(connection: Connection, entry: int, settlement_id: str, analyst: str) -> None:
    """Nothing, if the marks that the entry of a label settled, if any, are as they were, and free.

    Raises
    ------
    DecidedMeanwhileError
        If another label settles one of them by now, or somebody else has changed one since.
    """
    own = select(settled.c.recording_id, settled.c.label_id).where(settled.c.settlement_id == settlement_id)
    rows = connection.execute(own).all()
    # Later entries of such a label only change it: it stands all the while, and so its marks are settled by it.
    if rows and connection.execute(_FIRST_OF_LABEL, {"label_id": settlement_id}).one().entry == entry:
        marks = [row.label_id for row in rows]
        check_free(connection, rows[0].recording_id, marks, seen=entry, analyst=analyst)


def keep_settled(connection: Connection, settlement_id: str, recording_id: str, marks: Sequence[str]) -> None:
    """Write which marks a label settles, within the transaction that writes the label."""
    row = {"settlement_id": settlement_id, "recording_id": recording_id}
    connection.execute(insert(settled), [row | {"label_id": mark} for mark in marks])


def settled_words(marks: pd.DataFrame, how: str, absent: Sequence[str]) -> Mapping[str, Any]:
    """What a settled label's provenance keeps of the marks: who, when, what, and the time between them.

    Parameters
    ----------
    marks
        Rows of :data:`workbench.schema.MARK_COLUMNS`.
    how
        In a word or two how it was settled.
    absent
        Analysts who looked there and marked nothing.
    """
    times = marks["time"]
    return {
        "settled": {
            "how": how,
            "difference_s": (times.max() - times.min()).total_seconds(),
            "marks": [
                {
                    "analyst": mark.analyst,
                    "decided_at": mark.decided_at.isoformat(),
                    "label_id": mark.label_id,
                    "entry": int(mark.entry),
                    "decision": mark.decision,
                    "phase": mark.phase,
                    "time": mark.time.isoformat(),
                    "uncertainty_minus_s": mark.uncertainty_minus_s,
                    "uncertainty_plus_s": mark.uncertainty_plus_s,
                    "polarity": mark.polarity,
                    "onset_quality": mark.onset_quality,
                    "provenance": json.loads(mark.provenance),
                }
                for mark in marks.sort_values("time").itertuples()
            ],
            "absent": list(absent),
        }
    }
