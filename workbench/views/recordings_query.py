"""Which recordings are listed, and in which order: a query over the table of a source, fast for a million rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from workbench.schema import STATUSES

__all__ = ["RANGES", "SORTS", "Query", "Statuses", "chosen_rows", "group_starts"]

RANGES = {"magnitude": "Magnitude", "distance_km": "Distance, km", "snr_db": "SNR, dB"}
"""Columns that can be limited to a range, with their labels."""

SORTS = {
    "": "As listed",
    "start": "Time",
    "magnitude": "Magnitude",
    "distance_km": "Distance",
    "snr_db": "SNR",
    "recording_id": "Name",
}
"""Columns to sort by, with their labels."""

_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2}(T\d{2}(:\d{2})?)?)?)?$")
_SEARCHED = ("recording_id", "stations", "group", "category", "place")


@dataclass(frozen=True)
class Query:
    """What the analyst asks of the list.

    Parameters
    ----------
    text
        Words that all stand, in upper or lower case, in a recording's name, stations, group, category, place or note.
    status
        One of :data:`workbench.schema.STATUSES`, or empty for all.
    category
        As in the table, or empty for all.
    ranges
        Column of :data:`RANGES` to (lowest, highest), NaN where open. A recording that lacks the figure is left out.
    sort, descending
        Column of :data:`SORTS`; what lacks the figure stands last.
    """

    text: str = ""
    status: str = ""
    category: str = ""
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    sort: str = ""
    descending: bool = False

    @property
    def filters(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.text.strip() or self.status or self.category or self.ranges)


class Statuses:
    """Status of each row of a table of recordings, as an index into :data:`workbench.schema.STATUSES`, and its labels.

    Parameters
    ----------
    index
        Ids of the recordings, in the order of the source's table.
    """

    def __init__(self, index: pd.Index) -> None:
        self._index = index
        self._last: pd.DataFrame | None = None
        self.codes = np.zeros(len(index), dtype=np.uint8)
        self.notes: dict[int, str] = {}
        self._n = np.zeros((len(index), 2), dtype=np.int32)

    def update(self, statuses: pd.DataFrame) -> None:
        """Take over what the journal says now; quick where little has changed."""
        changed = self._changed(statuses)
        if changed is None:
            self.codes[:], self._n[:], self.notes = 0, 0, {}
            changed = np.arange(len(statuses))
        self._last = statuses
        if not len(changed):
            return
        found = statuses.iloc[changed]
        rows = self._index.get_indexer(pd.Index(found["recording_id"]))
        found, rows = found[rows >= 0], rows[rows >= 0]
        self.codes[rows] = pc.index_in(pa.array(found["status"]), pa.array(STATUSES)).to_numpy()
        self._n[rows] = found[["n_p", "n_s"]].to_numpy()
        said = (found["note"] != "").to_numpy(dtype=bool)
        if self.notes:
            for row in rows[~said]:
                self.notes.pop(int(row), None)
        self.notes |= {int(row): str(note) for row, note in zip(rows[said], found["note"][said], strict=True)}

    def _changed(self, statuses: pd.DataFrame) -> np.ndarray | None:
        """Rows that say something else than before, or are new; None where all must be read."""
        last = self._last
        if last is None or not len(last) or len(statuses) < len(last):
            return None
        now = statuses.iloc[: len(last)]
        if not _equal(now, last, "recording_id").all():
            return None
        same = np.ones(len(last), dtype=bool)
        for name in ("status", "note", "n_p", "n_s"):
            same &= _equal(now, last, name)
        return np.concatenate([np.flatnonzero(~same), np.arange(len(last), len(statuses))])

    def counts_of(self, row: int) -> tuple[int, int]:
        """Labels of P and of S on a recording."""
        n_p, n_s = self._n[row]
        return int(n_p), int(n_s)

    def totals(self) -> dict[str, int]:
        """Number of recordings by status."""
        counts = np.bincount(self.codes, minlength=len(STATUSES))
        return {name: int(counts[code]) for code, name in enumerate(STATUSES)}


def _equal(one: pd.DataFrame, other: pd.DataFrame, name: str) -> np.ndarray:
    return np.asarray(one[name].array == other[name].array, dtype=bool)


def chosen_rows(table: pd.DataFrame, statuses: Statuses, query: Query) -> np.ndarray:
    """Row numbers of the recordings that a query asks for, in its order."""
    keep = np.ones(len(table), dtype=bool)
    if query.status:
        keep &= statuses.codes == STATUSES.index(query.status)
    if query.category:
        keep &= (table["category"] == query.category).to_numpy(dtype=bool)
    for column, (low, high) in query.ranges.items():
        values = table[column].to_numpy()
        keep &= ~np.isnan(values)
        if not np.isnan(low):
            keep &= values >= low
        if not np.isnan(high):
            keep &= values <= high
    for word in query.text.split():
        keep &= _holds(table, statuses, word, keep)
    rows = np.flatnonzero(keep)
    return _sorted(table, rows, query) if query.sort else rows


def group_starts(groups: pd.Series, rows: np.ndarray) -> np.ndarray:
    """Places in `rows` where another group begins than that of the row before; the first place is one.

    >>> group_starts(pd.Series(["a", "a", "b", "a"]), np.array([0, 1, 2, 3])).tolist()
    [0, 2, 3]
    """
    # Neighbours alone are compared: to number all groups of a million rows takes a quarter of a second.
    chosen = groups if len(rows) == len(groups) else groups.iloc[rows]
    names = pc.fill_null(pa.array(chosen, type=pa.large_string(), from_pandas=True), "")
    differ = pc.not_equal(names[1:], names[:-1]).to_numpy(zero_copy_only=False)
    return np.flatnonzero(np.concatenate([[True] * min(len(names), 1), differ]))


def _holds(table: pd.DataFrame, statuses: Statuses, word: str, among: np.ndarray) -> np.ndarray:
    rows = np.flatnonzero(among)
    held = np.zeros(len(rows), dtype=bool)
    for column in (name for name in _SEARCHED if name in table):
        held |= _contains(table[column].iloc[rows], word)
    if _DATE.match(word):
        held |= _in_period(table["start"].to_numpy()[rows], word)
    result = np.zeros(len(among), dtype=bool)
    result[rows[held]] = True
    result[[row for row, note in statuses.notes.items() if word.casefold() in note.casefold()]] = True
    return result


def _contains(values: pd.Series, word: str) -> np.ndarray:
    # Arrow's own search: pandas lowers every string first, which takes ten times as long.
    found = pc.match_substring(pa.array(values, from_pandas=True), word, ignore_case=True)
    return np.asarray(pc.fill_null(found, False).to_numpy(zero_copy_only=False), dtype=bool)


def _in_period(times: np.ndarray, word: str) -> np.ndarray:
    """Times in the year, month, day, hour or minute that a word names; none if it names no date ("2016-99")."""
    try:
        period = pd.Period(word)
    except ValueError:
        return np.zeros(len(times), dtype=bool)
    first, last = (np.datetime64(time, "ns") for time in (period.start_time, period.end_time))
    return np.asarray((times >= first) & (times <= last))


def _sorted(table: pd.DataFrame, rows: np.ndarray, query: Query) -> np.ndarray:
    values = table[query.sort].iloc[rows].reset_index(drop=True)
    order = values.sort_values(ascending=not query.descending, kind="stable", na_position="last").index.to_numpy()
    return rows[order]
