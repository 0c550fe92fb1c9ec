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

__all__ = ["RANGES", "SORTS", "Query", "Statuses", "chosen_rows"]

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
        self.codes = np.zeros(len(index), dtype=np.uint8)
        self.counts: dict[int, tuple[int, int]] = {}
        self.notes: dict[int, str] = {}

    def update(self, statuses: pd.DataFrame) -> None:
        """Take over what the journal says now."""
        self.codes[:] = 0
        self.counts, self.notes = {}, {}
        if statuses.empty:
            return
        rows = self._index.get_indexer(pd.Index(statuses["recording_id"]))
        known = rows >= 0
        found = statuses[known]
        self.codes[rows[known]] = found["status"].map({name: code for code, name in enumerate(STATUSES)}).to_numpy()
        for row, n_p, n_s, note in zip(rows[known], found["n_p"], found["n_s"], found["note"], strict=True):
            self.counts[int(row)] = (int(n_p), int(n_s))
            if note:
                self.notes[int(row)] = str(note)

    def totals(self) -> dict[str, int]:
        """Number of recordings by status."""
        counts = np.bincount(self.codes, minlength=len(STATUSES))
        return {name: int(counts[code]) for code, name in enumerate(STATUSES)}


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
