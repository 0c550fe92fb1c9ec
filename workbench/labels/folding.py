"""From rows to what stands: labels, recordings, and the journal itself as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Select, bindparam, func, select

from workbench.labels.tables import RECORDING_ROWS, journal
from workbench.schema import LABEL_COLUMNS

__all__ = ["fold_entries", "fold_labels", "fold_recordings"]

_FEW = 500

_STORED = {"time": "time_ns", "decided_at": "decided_at_ns"}

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

_RECORDING_COLUMNS: Mapping[str, str] = {
    "recording_id": "str",
    "status": "str",
    "note": "str",
    "n_p": "int64",
    "n_s": "int64",
    "n_labels": "int64",
    "last_decided_at": "datetime64[ns]",
}


def fold_labels(connection: Connection, recording_ids: Sequence[str] | None) -> pd.DataFrame:
    """Labels that stand, by recording and time; see :data:`workbench.schema.LABEL_COLUMNS`."""
    labels = _table(connection, _labels_query(_are_few(recording_ids)), LABEL_COLUMNS, recording_ids)
    return _only(labels, recording_ids)


def fold_recordings(connection: Connection, recording_ids: Sequence[str] | None) -> pd.DataFrame:
    """One row for each recording that anything was decided about, by recording_id."""
    few = _are_few(recording_ids)
    latest = {name: at for name, at in _rows(connection, _latest_query(few), recording_ids)}
    counts = {name: tuple(numbers) for name, *numbers in _rows(connection, _counts_query(few), recording_ids)}
    texts = {(kind, name): text for kind, name, text in _rows(connection, _texts_query(few), recording_ids)}
    rows = []
    for recording_id in sorted(latest):
        n_p, n_s, n_onsets, n_all = counts.get(recording_id, (0, 0, 0, 0))
        status = texts.get(("status", recording_id)) or ("in work" if n_all else "untouched")
        note = texts.get(("note", recording_id), "")
        rows.append((recording_id, status, note, n_p, n_s, n_onsets, latest[recording_id]))
    return _only(_frame(rows, _RECORDING_COLUMNS), recording_ids)


def fold_entries(connection: Connection, recording_id: str | None, limit: int | None) -> pd.DataFrame:
    """The rows of the journal, newest first."""
    few = None if recording_id is None else [recording_id]
    query = _entries_query(few is not None)
    return _table(connection, query if limit is None else query.limit(limit), _ENTRY_COLUMNS, few)


def _are_few(recording_ids: Sequence[str] | None) -> bool:
    # Databases limit the number of values in one question; more are sorted out afterwards.
    return recording_ids is not None and len(recording_ids) <= _FEW


def _only(table: pd.DataFrame, recording_ids: Sequence[str] | None) -> pd.DataFrame:
    if recording_ids is None or _are_few(recording_ids):
        return table
    return table[table["recording_id"].isin(list(recording_ids))].reset_index(drop=True)


# Building a query takes longer than asking it for one recording: each is built once.


@cache
def _in_force(few: bool) -> Any:
    """The row in force of each label, with ``last_entry``, the latest row of that label."""
    latest = (
        select(func.max(journal.c.entry).label("entry")).where(journal.c.label_id != "").group_by(journal.c.label_id)
    )
    chosen = _of(latest, few).subquery("latest")
    last = journal.alias("last")
    # A row restore points to the row in force; any other row is in force itself. Back to nothing joins with itself.
    number = func.coalesce(last.c.restores, last.c.entry)
    return (
        select(last.c.entry.label("last_entry"), journal)
        .select_from(chosen)
        .join(last, last.c.entry == chosen.c.entry)
        .join(journal, journal.c.entry == number)
        .where(journal.c.decision != "restore")
        .subquery("in_force")
    )


@cache
def _labels_query(few: bool) -> Select[Any]:
    rows = _in_force(few).c
    columns = [rows.last_entry if name == "entry" else rows[_STORED.get(name, name)] for name in LABEL_COLUMNS]
    return select(*columns).order_by(rows.recording_id, rows.time_ns, rows.last_entry)


@cache
def _counts_query(few: bool) -> Select[Any]:
    rows = _in_force(few).c
    stands = rows.decision != "reject"
    first = func.substr(rows.phase, 1, 1)
    return select(
        rows.recording_id,
        func.count().filter(stands & (first == "P")),
        func.count().filter(stands & (first == "S")),
        func.count().filter(stands),
        func.count(),
    ).group_by(rows.recording_id)


@cache
def _latest_query(few: bool) -> Select[Any]:
    query = select(journal.c.recording_id, func.max(journal.c.decided_at_ns)).group_by(journal.c.recording_id)
    return _of(query, few)


@cache
def _texts_query(few: bool) -> Select[Any]:
    query = select(journal.c.decision, journal.c.recording_id, journal.c.text)
    return _of(query.where(journal.c.decision.in_(RECORDING_ROWS)).order_by(journal.c.entry), few)


@cache
def _entries_query(few: bool) -> Select[Any]:
    query = select(*(journal.c[_STORED.get(name, name)] for name in _ENTRY_COLUMNS))
    return _of(query.order_by(journal.c.entry.desc()), few)


def _of(query: Select[Any], few: bool) -> Select[Any]:
    return query.where(journal.c.recording_id.in_(bindparam("recording_ids", expanding=True))) if few else query


def _rows(connection: Connection, query: Select[Any], recording_ids: Sequence[str] | None) -> Sequence[Any]:
    return connection.execute(query, {"recording_ids": recording_ids} if _are_few(recording_ids) else {}).all()


def _table(
    connection: Connection, query: Select[Any], columns: Mapping[str, str], recording_ids: Sequence[str] | None
) -> pd.DataFrame:
    return _frame(_rows(connection, query, recording_ids), columns)


def _frame(rows: Sequence[Sequence[Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    values = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return pd.DataFrame({name: _column(items, columns[name]) for name, items in zip(columns, values, strict=True)})


def _column(items: Sequence[Any], dtype: str) -> Any:
    if dtype == "datetime64[ns]":
        missing = np.iinfo(np.int64).min  # which numpy reads as NaT
        return np.array([missing if item is None else item for item in items], dtype="int64").view("datetime64[ns]")
    if dtype == "float64":
        return np.array(items, dtype="float64")
    return pd.array(list(items), dtype=dtype)
