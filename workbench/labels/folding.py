"""From rows to what stands: labels, recordings, and the journal itself as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Select, func, select

from workbench.labels.tables import RECORDING_ROWS, journal
from workbench.schema import LABEL_COLUMNS

__all__ = ["fold_entries", "fold_labels", "fold_recordings"]

_FEW = 500

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
    few = None if recording_ids is None or len(recording_ids) > _FEW else recording_ids
    in_force = _in_force(few)
    stored = {"time": "time_ns", "decided_at": "decided_at_ns"}
    columns = [
        in_force.c.last_entry if name == "entry" else in_force.c[stored.get(name, name)] for name in LABEL_COLUMNS
    ]
    query = select(*columns).order_by(in_force.c.recording_id, in_force.c.time_ns, in_force.c.last_entry)
    labels = _table(connection, query, LABEL_COLUMNS)
    if recording_ids is not None and few is None:
        labels = labels[labels["recording_id"].isin(list(recording_ids))].reset_index(drop=True)
    return labels


def fold_recordings(connection: Connection, recording_ids: Sequence[str] | None) -> pd.DataFrame:
    """One row for each recording that anything was decided about."""
    few = None if recording_ids is None or len(recording_ids) > _FEW else recording_ids
    seen = select(journal.c.recording_id, func.max(journal.c.decided_at_ns)).group_by(journal.c.recording_id)
    if few is not None:
        seen = seen.where(journal.c.recording_id.in_(few))
    latest = {row[0]: row[1] for row in connection.execute(seen)}
    wanted = None if recording_ids is None else set(recording_ids)
    counts = _counts(connection, few)
    texts = {name: _texts(connection, name, few) for name in RECORDING_ROWS}
    rows = []
    for recording_id in sorted(latest if wanted is None else latest.keys() & wanted):
        n_p, n_s, n_onsets, n_all = counts.get(recording_id, (0, 0, 0, 0))
        status = texts["status"].get(recording_id) or ("in work" if n_all else "untouched")
        note = texts["note"].get(recording_id, "")
        rows.append((recording_id, status, note, n_p, n_s, n_onsets, latest[recording_id]))
    return _frame(rows, _RECORDING_COLUMNS)


def fold_entries(connection: Connection, recording_id: str | None, limit: int | None) -> pd.DataFrame:
    """The rows of the journal, newest first."""
    stored = {"time": "time_ns", "decided_at": "decided_at_ns"}
    query = select(*(journal.c[stored.get(name, name)] for name in _ENTRY_COLUMNS)).order_by(journal.c.entry.desc())
    if recording_id is not None:
        query = query.where(journal.c.recording_id == recording_id)
    if limit is not None:
        query = query.limit(limit)
    return _table(connection, query, _ENTRY_COLUMNS)


def _in_force(recording_ids: Sequence[str] | None) -> Any:
    """The row in force of each label, with ``last_entry``, the latest row of that label."""
    latest = (
        select(func.max(journal.c.entry).label("entry")).where(journal.c.label_id != "").group_by(journal.c.label_id)
    )
    if recording_ids is not None:
        latest = latest.where(journal.c.recording_id.in_(recording_ids))
    chosen = latest.subquery("latest")
    last = journal.alias("last")
    # A row restore points to the row in force; any other row is in force itself. Back to nothing joins with nothing.
    number = func.coalesce(last.c.restores, last.c.entry)
    return (
        select(last.c.entry.label("last_entry"), journal)
        .select_from(chosen)
        .join(last, last.c.entry == chosen.c.entry)
        .join(journal, journal.c.entry == number)
        .where(journal.c.decision != "restore")
        .subquery("in_force")
    )


def _counts(connection: Connection, recording_ids: Sequence[str] | None) -> dict[str, tuple[int, int, int, int]]:
    in_force = _in_force(recording_ids)
    stands = in_force.c.decision != "reject"
    first = func.substr(in_force.c.phase, 1, 1)
    query = select(
        in_force.c.recording_id,
        func.count().filter(stands & (first == "P")),
        func.count().filter(stands & (first == "S")),
        func.count().filter(stands),
        func.count(),
    ).group_by(in_force.c.recording_id)
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in connection.execute(query)}


def _texts(connection: Connection, decision: str, recording_ids: Sequence[str] | None) -> dict[str, str]:
    query = select(journal.c.recording_id, journal.c.text).where(journal.c.decision == decision)
    if recording_ids is not None:
        query = query.where(journal.c.recording_id.in_(recording_ids))
    return {row[0]: row[1] for row in connection.execute(query.order_by(journal.c.entry))}


def _table(connection: Connection, query: Select[Any], columns: Mapping[str, str]) -> pd.DataFrame:
    return _frame([tuple(row) for row in connection.execute(query)], columns)


def _frame(rows: Sequence[tuple[Any, ...]], columns: Mapping[str, str]) -> pd.DataFrame:
    values = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return pd.DataFrame({name: _column(items, columns[name]) for name, items in zip(columns, values, strict=True)})


def _column(items: Sequence[Any], dtype: str) -> Any:
    if dtype == "datetime64[ns]":
        missing = np.iinfo(np.int64).min  # which numpy reads as NaT
        return np.array([missing if item is None else item for item in items], dtype="int64").view("datetime64[ns]")
    if dtype == "float64":
        return np.array(items, dtype="float64")
    return pd.array(list(items), dtype=dtype)  # type: ignore[call-overload]
