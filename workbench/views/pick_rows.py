"""Rows of the pick table: each onset once, with what every picker says of it in milliseconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from workbench.inference.comparison import compare
from workbench.schema import CATALOG

__all__ = ["LARGE_MS", "TOLERANCE_S", "PickRow", "pick_rows"]

LARGE_MS = 100.0
"""From this difference on a cell is a badge."""

TOLERANCE_S = 2.5
"""Farther apart than this, two picks of a phase on a station are two onsets."""


@dataclass(frozen=True)
class PickRow:
    """One onset on one station.

    Parameters
    ----------
    identity
        label_id of the analyst's label, or pick_id of the first picker's pick.
    who
        ``"human"``, ``"model"``, ``"catalog"`` or ``"rejected"``.
    picker
        Key of the picker that the row is measured against; empty for a human's row.
    minus_ms, plus_ms
        Uncertainty; NaN where not given.
    differences_ms
        Picker's key to its pick minus this row's time; a picker that found nothing here is absent.
    """

    identity: str
    station: str
    phase: str
    time: pd.Timestamp
    who: str
    picker: str = ""
    minus_ms: float = float("nan")
    plus_ms: float = float("nan")
    polarity: str = ""
    onset_quality: str = ""
    differences_ms: Mapping[str, float] = field(default_factory=dict)


def pick_rows(labels: pd.DataFrame, picks: Mapping[str, pd.DataFrame], stations: Sequence[str]) -> list[PickRow]:
    """All onsets of a recording, by station in the given order, then by time.

    Parameters
    ----------
    labels
        That stand on the recording, rejects too.
    picks
        Key of the picker to its picks, in the order of the table; the key ``"catalog"`` for those that came with the
        source.
    """
    rows = [_label_row(label) for label in labels.to_dict("records")]
    found: list[dict[str, float]] = [{} for _ in rows]
    for key, table in picks.items():
        if table.empty:
            continue
        matched = _matches(table, rows)
        for pick in table.to_dict("records"):
            at = matched.get(pick["pick_id"])
            if at is not None:
                found[at[0]][key] = at[1]
            else:
                who = "catalog" if key == CATALOG else "model"
                rows.append(PickRow(pick["pick_id"], pick["station"], pick["phase"], pick["time"], who, key))
                found.append({})
    place = {station: n for n, station in enumerate(stations)}
    full = [PickRow(**{**row.__dict__, "differences_ms": ms}) for row, ms in zip(rows, found, strict=True)]
    return sorted(full, key=lambda row: (place.get(row.station, len(place)), row.time))


def _label_row(label: Mapping[str, object]) -> PickRow:
    rejected = label["decision"] == "reject"
    return PickRow(
        identity=str(label["label_id"]),
        station=str(label["station"]),
        phase=str(label["phase"]),
        time=pd.Timestamp(label["time"]),  # type: ignore[arg-type]
        who="rejected" if rejected else "human",
        minus_ms=1e3 * float(label["uncertainty_minus_s"]),  # type: ignore[arg-type]
        plus_ms=1e3 * float(label["uncertainty_plus_s"]),  # type: ignore[arg-type]
        polarity=str(label["polarity"]),
        onset_quality=str(label["onset_quality"]),
    )


def _matches(table: pd.DataFrame, rows: Sequence[PickRow]) -> dict[str, tuple[int, float]]:
    """pick_id to the row that it belongs to, and the difference in ms."""
    if not rows:
        return {}
    reference = pd.DataFrame(
        {
            "pick_id": [str(n) for n in range(len(rows))],
            "station": [row.station for row in rows],
            "phase": [row.phase for row in rows],
            "time": pd.to_datetime([row.time for row in rows]).astype("datetime64[ns]"),
        }
    )
    pairs = compare(table, reference, tolerance_s=TOLERANCE_S)
    return {
        str(pick_id): (int(n), float(ms))
        for pick_id, n, ms in zip(pairs["pick_id"], pairs["reference_id"], pairs["difference_ms"], strict=True)
        if pd.notna(ms) and n != ""
    }
