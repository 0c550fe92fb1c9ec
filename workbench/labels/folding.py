"""From rows to what stands: labels, recordings, and the journal itself as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, FromClause, Select, bindparam, func, select

from workbench.labels.naming import named, named_values, rows_of_some
from workbench.labels.settling import settlements
from workbench.labels.tables import journal, settled
from workbench.schema import LABEL_COLUMNS, MARK_COLUMNS

__all__ = [
    "OUTCOME_COLUMNS",
    "RECORDING_COLUMNS",
    "STORED",
    "fold_entries",
    "fold_entries_since",
    "fold_labels",
    "fold_marks",
    "fold_outcomes",
    "fold_recordings",
    "last_entry",
    "make_frame",
    "recording_rows",
]

STORED = {"time": "time_ns", "decided_at": "decided_at_ns", "last_decided_at": "last_decided_at_ns"}
"""Times to the columns that hold them, in nanoseconds since 1970."""

_ENTRY_COLUMNS: Mapping[str, str] = {
    "entry": "int64",
    "decision": "str",
    "recording_id": "str",
    "station": "str",
    "phase": "str",
    "time": "datetime64[ns]",
    "uncertainty_minus_s": "float64",
    "uncertainty_plus_s": "float64",
    "polarity": "str",
    "onset_quality": "str",
    "weight": "float64",
    "analyst": "str",
    "decided_at": "datetime64[ns]",
    "replaces": "Int64",
    "restores": "Int64",
    "undoes": "Int64",
    "text": "str",
    "label_id": "str",
    "pick_id": "str",
    "provenance": "str",
}

OUTCOME_COLUMNS: Mapping[str, str] = {
    "recording_id": "str",
    "label_id": "str",
    "pick_id": "str",
    "decision": "str",
    "onset_quality": "str",
    "decided_at": "datetime64[ns]",
}
"""Of a table of what became of onsets."""

RECORDING_COLUMNS: Mapping[str, str] = {
    "recording_id": "str",
    "status": "str",
    "note": "str",
    "n_p": "int64",
    "n_s": "int64",
    "n_labels": "int64",
    "last_decided_at": "datetime64[ns]",
}
"""Of a table of recordings."""


def fold_labels(
    connection: Connection, recording_ids: Sequence[str] | None, analyst: str = "", at: int | None = None
) -> pd.DataFrame:
    """Labels that stand, by recording and time; see :data:`workbench.schema.LABEL_COLUMNS`.

    Parameters
    ----------
    analyst
        Only the marks of that one: her own labels, settled or not, and none that settles others.
    at
        Those that stood after the entry of that number.
    """
    if analyst:
        marks = fold_marks(connection, recording_ids, analyst, at)
        return marks[list(LABEL_COLUMNS)]
    query = _labels_query(_rows_of(recording_ids), at is not None)
    return _table(connection, query, LABEL_COLUMNS, recording_ids, at=at)


def fold_marks(
    connection: Connection, recording_ids: Sequence[str] | None, analyst: str = "", at: int | None = None
) -> pd.DataFrame:
    """Each analyst's own labels side by side, by recording and time; see :data:`workbench.schema.MARK_COLUMNS`."""
    query = _marks_query(_rows_of(recording_ids), bool(analyst), at is not None)
    return _table(connection, query, MARK_COLUMNS, recording_ids, analyst=analyst, at=at)


def fold_outcomes(connection: Connection, recording_ids: Sequence[str], analyst: str = "") -> pd.DataFrame:
    """Of labels that stand (of that analyst) only what became of each, for many recordings at once."""
    return _table(connection, _outcomes_query(bool(analyst)), OUTCOME_COLUMNS, recording_ids, analyst=analyst)


def fold_recordings(connection: Connection, recording_ids: Sequence[str] | None, analyst: str = "") -> pd.DataFrame:
    """One row for each recording that anything was decided about (by that analyst), by recording_id."""
    return make_frame(recording_rows(connection, recording_ids, analyst), RECORDING_COLUMNS)


def recording_rows(
    connection: Connection, recording_ids: Sequence[str] | None, analyst: str = ""
) -> list[tuple[Any, ...]]:
    """The same as plain values, in the order of :data:`RECORDING_COLUMNS`."""
    rows, own = _rows_of(recording_ids, brief=True), bool(analyst)

    def ask(query: Select[Any]) -> Sequence[Any]:
        return _rows(connection, query, recording_ids, analyst=analyst)

    latest = {name: at for name, at in ask(_latest_query(rows, own))}
    counts = {name: tuple(numbers) for name, *numbers in ask(_counts_query(rows, own))}
    texts = {(kind, name): text for kind, name, text in ask(_texts_query(recording_ids is not None, own))}
    found = []
    for recording_id in sorted(latest):
        n_p, n_s, n_onsets, n_all = counts.get(recording_id, (0, 0, 0, 0))
        status = texts.get(("status", recording_id)) or ("in work" if n_all else "untouched")
        note = texts.get(("note", recording_id), "")
        found.append((recording_id, status, note, n_p, n_s, n_onsets, latest[recording_id]))
    return found


def fold_entries(
    connection: Connection, recording_id: str | None, limit: int | None, analyst: str = ""
) -> pd.DataFrame:
    """The rows of the journal (of that analyst), newest first."""
    one = None if recording_id is None else [recording_id]
    query = _entries_query(one is not None, bool(analyst))
    return _table(connection, query if limit is None else query.limit(limit), _ENTRY_COLUMNS, one, analyst=analyst)


def fold_entries_since(connection: Connection, entry: int, analyst: str = "") -> pd.DataFrame:
    """The rows (of that analyst) after an entry, oldest first."""
    rows = connection.execute(_since_query(bool(analyst)), {"since": entry, "analyst": analyst}).all()
    return make_frame(rows, _ENTRY_COLUMNS)


def last_entry(connection: Connection) -> int:
    """The number of the last row; 0 where there is none."""
    return int(connection.execute(_LAST).scalar() or 0)


def _rows_of(recording_ids: Sequence[str] | None, *, brief: bool = False) -> FromClause:
    return journal if recording_ids is None else rows_of_some(brief)


# Building a query takes longer than asking it for one recording: each is built once.


# Where one of them takes rows, these are the journal, or those of the recordings asked for.


@cache
def _in_force(rows: FromClause, past: bool = False) -> Any:
    """The row in force of each label, with ``last_entry``, the latest row of that label (up to the row ``at``)."""
    latest = select(func.max(rows.c.entry).label("entry")).where(rows.c.label_id != "").group_by(rows.c.label_id)
    if past:
        # A row restores only what came before it: all that is in force after a row lies up to that row.
        latest = latest.where(rows.c.entry <= bindparam("at"))
    chosen = latest.subquery("latest")
    last, force = rows.alias("last"), rows.alias("force")
    # A row restore points to the row in force; any other row is in force itself. Back to nothing joins with itself.
    number = func.coalesce(last.c.restores, last.c.entry)
    return (
        select(last.c.entry.label("last_entry"), force)
        .select_from(chosen)
        .join(last, last.c.entry == chosen.c.entry)
        .join(force, force.c.entry == number)
        .where(force.c.decision != "restore")
        .subquery("in_force")
    )


@cache
def _standing(rows: FromClause, past: bool = False) -> Any:
    """The rows in force of labels that no label that stands has settled."""
    force = _in_force(rows, past)
    freed = force.c.label_id.not_in(settlements(rows, past).with_only_columns(settled.c.label_id))
    return select(force).where(freed).subquery("standing")


@cache
def _marks(rows: FromClause, own: bool, past: bool = False) -> Any:
    """The rows in force of labels that settle no others (of one analyst), with ``settled_by``."""
    force = _in_force(rows, past)
    others = _of(select(settled.c.settlement_id), rows is not journal, settled.c.recording_id)
    by = settlements(rows, past).subquery("settled_by")
    query = (
        select(force, func.coalesce(by.c.settlement_id, "").label("settled_by"))
        .outerjoin(by, by.c.label_id == force.c.label_id)
        .where(force.c.label_id.not_in(others))
    )
    return (query.where(force.c.analyst == bindparam("analyst")) if own else query).subquery("marks")


@cache
def _labels_query(rows: FromClause, past: bool) -> Select[Any]:
    return _labels_of(_standing(rows, past), LABEL_COLUMNS)


@cache
def _marks_query(rows: FromClause, own: bool, past: bool) -> Select[Any]:
    return _labels_of(_marks(rows, own, past), MARK_COLUMNS)


@cache
def _outcomes_query(own: bool) -> Select[Any]:
    rows = rows_of_some(brief=True)
    stands = (_marks(rows, own) if own else _standing(rows)).c
    return select(*(stands[STORED.get(name, name)] for name in OUTCOME_COLUMNS))


def _labels_of(table: Any, names: Mapping[str, str]) -> Select[Any]:
    rows = table.c
    columns = [rows.last_entry if name == "entry" else rows[STORED.get(name, name)] for name in names]
    return select(*columns).order_by(rows.recording_id, rows.time_ns, rows.last_entry)


@cache
def _counts_query(rows: FromClause, own: bool) -> Select[Any]:
    there = (_marks(rows, own) if own else _standing(rows)).c
    stands = there.decision != "reject"
    first = func.substr(there.phase, 1, 1)
    return select(
        there.recording_id,
        func.count().filter(stands & (first == "P")),
        func.count().filter(stands & (first == "S")),
        func.count().filter(stands),
        func.count(),
    ).group_by(there.recording_id)


@cache
def _latest_query(rows: FromClause, own: bool) -> Select[Any]:
    query = select(rows.c.recording_id, func.max(rows.c.decided_at_ns)).group_by(rows.c.recording_id)
    return query.where(rows.c.analyst == bindparam("analyst")) if own else query


@cache
def _texts_query(some: bool, own: bool) -> Select[Any]:
    query = select(journal.c.decision, journal.c.recording_id, journal.c.text)
    return _of(_by(query.where(journal.c.decision.in_(("status", "note"))).order_by(journal.c.entry), own), some)


@cache
def _entries_query(some: bool, own: bool) -> Select[Any]:
    query = select(*(journal.c[STORED.get(name, name)] for name in _ENTRY_COLUMNS))
    return _of(_by(query.order_by(journal.c.entry.desc()), own), some)


_LAST = select(func.max(journal.c.entry))


@cache
def _since_query(own: bool) -> Select[Any]:
    columns = (journal.c[STORED.get(name, name)] for name in _ENTRY_COLUMNS)
    return _by(select(*columns).where(journal.c.entry > bindparam("since")).order_by(journal.c.entry), own)


def _of(query: Select[Any], some: bool, column: Any = journal.c.recording_id) -> Select[Any]:
    return query.where(named(column)) if some else query


def _by(query: Select[Any], own: bool) -> Select[Any]:
    return query.where(journal.c.analyst == bindparam("analyst")) if own else query


def _rows(
    connection: Connection,
    query: Select[Any],
    recording_ids: Sequence[str] | None,
    *,
    analyst: str = "",
    at: int | None = None,
) -> Sequence[Any]:
    some = {} if recording_ids is None else named_values(connection, recording_ids)
    own = {"analyst": analyst} if analyst else {}
    return connection.execute(query, some | own | ({} if at is None else {"at": at})).all()


def _table(
    connection: Connection,
    query: Select[Any],
    columns: Mapping[str, str],
    recording_ids: Sequence[str] | None,
    *,
    analyst: str = "",
    at: int | None = None,
) -> pd.DataFrame:
    return make_frame(_rows(connection, query, recording_ids, analyst=analyst, at=at), columns)


def make_frame(rows: Sequence[Sequence[Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    """A table of rows as the database gave them, with the types that a table of these columns has."""
    values = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return pd.DataFrame({name: _column(items, columns[name]) for name, items in zip(columns, values, strict=True)})


def _column(items: Sequence[Any], dtype: str) -> Any:
    if dtype == "datetime64[ns]":
        missing = np.iinfo(np.int64).min  # which numpy reads as NaT
        return np.array([missing if item is None else item for item in items], dtype="int64").view("datetime64[ns]")
    if dtype == "float64":
        return np.array(items, dtype="float64")
    return pd.array(list(items), dtype=dtype)
