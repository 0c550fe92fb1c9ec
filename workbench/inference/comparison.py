"""Picks set against other picks: differences one by one, and how many of a reference are found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["Recall", "compare", "recall", "wilson_interval"]

_COLUMNS = {
    "station": "str",
    "phase": "str",
    "time": "datetime64[ns]",
    "reference_time": "datetime64[ns]",
    "difference_ms": "float64",
    "pick_id": "str",
    "reference_id": "str",
}


def compare(picks: pd.DataFrame, reference: pd.DataFrame, tolerance_s: float = 0.5) -> pd.DataFrame:
    """Pick by pick differences, one row for each reference and each pick without one, sorted by time.

    A pick and a reference belong together if they are of one station and phase and each is the other's nearest, at most
    `tolerance_s` apart; closest pairs first, so that no pick is used twice.

    Parameters
    ----------
    picks, reference
        Tables with ``station``, ``phase``, ``time`` and, where there is one, ``pick_id``.

    Returns
    -------
    pandas.DataFrame
        ``station, phase, time, reference_time, difference_ms`` (pick minus reference), ``pick_id, reference_id``; NaT,
        NaN and an empty string where one of the two is missing.
    """
    rows: list[dict[str, object]] = []
    keys = sorted(set(_keys(picks)) | set(_keys(reference)))
    picks_by_key, reference_by_key = _grouped(picks), _grouped(reference)
    for station, phase in keys:
        found, wanted = picks_by_key.get((station, phase), []), reference_by_key.get((station, phase), [])
        pairs = _pairs([time for time, _ in found], [time for time, _ in wanted], tolerance_s)
        for at, to in pairs:
            (time, pick), (reference_time, other) = found[at], wanted[to]
            difference_ms = (time - reference_time) / pd.Timedelta(milliseconds=1)
            rows.append(_row(station, phase, time, reference_time, difference_ms, pick, other))
        paired, met = {at for at, _ in pairs}, {to for _, to in pairs}
        rows += [_row(station, phase, *entry) for entry in _left(found, paired, picked=True)]
        rows += [_row(station, phase, *entry) for entry in _left(wanted, met, picked=False)]
    table = pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)
    order = table["time"].fillna(table["reference_time"]).argsort(kind="stable")
    return table.iloc[order].reset_index(drop=True)


def _keys(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(table["station"], table["phase"], strict=True))


def _grouped(table: pd.DataFrame) -> dict[tuple[str, str], list[tuple[pd.Timestamp, str]]]:
    grouped: dict[tuple[str, str], list[tuple[pd.Timestamp, str]]] = {}
    ids = table["pick_id"] if "pick_id" in table else [""] * len(table)
    for key, time, pick in zip(_keys(table), table["time"], ids, strict=True):
        grouped.setdefault(key, []).append((time, str(pick)))
    return grouped


def _pairs(times: Sequence[pd.Timestamp], others: Sequence[pd.Timestamp], tolerance_s: float) -> list[tuple[int, int]]:
    """Indices of those that belong together, closest first."""
    if not times or not others:
        return []
    first = np.asarray(times, dtype="datetime64[ns]").astype(np.int64)
    second = np.asarray(others, dtype="datetime64[ns]").astype(np.int64)
    # A whole nanosecond of grace, so that a difference equal to the tolerance counts.
    reach_ns = int(tolerance_s * 1e9) + 1
    order = np.argsort(second, kind="stable")
    low = np.searchsorted(second[order], first - reach_ns, side="left")
    high = np.searchsorted(second[order], first + reach_ns, side="right")
    near = [(abs(first[at] - second[to]), at, to) for at in range(len(first)) for to in order[low[at] : high[at]]]
    pairs: list[tuple[int, int]] = []
    used: tuple[set[int], set[int]] = (set(), set())
    for _, at, to in sorted(near):
        if at not in used[0] and to not in used[1]:
            pairs.append((int(at), int(to)))
            used[0].add(at)
            used[1].add(to)
    return pairs


def _left(entries: list[tuple[pd.Timestamp, str]], used: set[int], *, picked: bool) -> list[tuple[object, ...]]:
    rest = [entry for index, entry in enumerate(entries) if index not in used]
    if picked:
        return [(time, pd.NaT, np.nan, pick, "") for time, pick in rest]
    return [(pd.NaT, time, np.nan, "", pick) for time, pick in rest]


def _row(station: str, phase: str, *values: object) -> dict[str, object]:
    return dict(zip(_COLUMNS, (station, phase, *values), strict=True))


@dataclass(frozen=True)
class Recall:
    """Share of reference picks that were found.

    Parameters
    ----------
    found, n
        Reference picks with a pick near enough, and all of them.
    low, high
        95 % confidence interval (Wilson, 1927).
    """

    phase: str
    tolerance_s: float
    found: int
    n: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """0 to 1; NaN if there are no reference picks."""
        return self.found / self.n if self.n else float("nan")


def recall(
    picks: pd.DataFrame,
    reference: pd.DataFrame,
    *,
    phases: Sequence[str] = ("P", "S"),
    tolerances_s: Sequence[float] = (0.1, 0.5),
) -> list[Recall]:
    """Recall of a reference by picks, for each phase and tolerance.

    For more than one recording, put the recording's id into ``station``, so that only picks of one recording meet.
    """
    results = []
    for phase in phases:
        of_phase = picks[picks["phase"] == phase], reference[reference["phase"] == phase]
        for tolerance_s in tolerances_s:
            differences = compare(*of_phase, tolerance_s=tolerance_s)
            found, n = int(differences["difference_ms"].notna().sum()), len(of_phase[1])
            results.append(Recall(phase, tolerance_s, found, n, *wilson_interval(found, n)))
    return results


def wilson_interval(found: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Confidence interval of a share (Wilson, 1927), 95 % by default; NaN if n is 0.

    >>> tuple(round(limit, 3) for limit in wilson_interval(35, 37))
    (0.823, 0.985)
    """
    if n == 0:
        return float("nan"), float("nan")
    share = found / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(centre - half), float(centre + half)
