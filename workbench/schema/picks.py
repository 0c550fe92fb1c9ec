"""``Picks``: measured onset times by a picker or a catalogue, one row each. A pick need not belong to an event."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from workbench.errors import SchemaError

__all__ = ["CATALOG", "PICK_COLUMNS", "POLARITIES", "check_picks", "empty_picks", "make_picks", "pick_id"]

CATALOG = "catalog"
"""Stands in the column ``picker`` for a pick that came with the source."""

POLARITIES = ("", "positive", "negative", "undecidable")
"""Of the first motion; the empty string means not looked at. The names are those of QuakeML."""

PICK_COLUMNS: Mapping[str, str] = {
    "pick_id": "str",
    "station": "str",
    "phase": "str",
    "time": "datetime64[ns]",
    "probability": "float64",
    "uncertainty_s": "float64",
    "polarity": "str",
    "picker": "str",
}


def pick_id(recording_id: str, picker: str, weights: str, station: str, phase: str, time: pd.Timestamp) -> str:
    """The same sixteen hexadecimal digits each time the same picker finds the same onset."""
    return _digits(_started(recording_id, picker, weights), station, phase, pd.Timestamp(time).as_unit("ns").value)


def _started(*texts: str) -> hashlib.blake2b:
    return hashlib.blake2b("\x1f".join(texts).encode(), digest_size=8)


def _digits(started: hashlib.blake2b, station: str, phase: str, time_ns: int) -> str:
    digest = started.copy()
    digest.update(f"\x1f{station}\x1f{phase}\x1f{time_ns}".encode())
    return digest.hexdigest()


def empty_picks() -> pd.DataFrame:
    """A table of picks without rows."""
    return _empty().copy()


@cache
def _empty() -> pd.DataFrame:
    # Made some twenty times for each recording that is opened: building it from columns took milliseconds.
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in PICK_COLUMNS.items()})


def make_picks(rows: Iterable[Mapping[str, Any]], *, recording_id: str, picker: str, weights: str = "") -> pd.DataFrame:
    """Checked picks of one picker on one recording, sorted by time.

    Parameters
    ----------
    rows
        Each with ``station``, ``phase``, ``time`` (UTC) and, where known, ``probability`` (0 to 1), ``uncertainty_s``
        (one standard deviation) and ``polarity``.
    """
    listed = list(rows)
    if not listed:
        return empty_picks()
    # Column by column: this runs at every move of a threshold.
    times = pd.DatetimeIndex([row["time"] for row in listed]).as_unit("ns")
    started = _started(recording_id, picker, weights)
    order = np.argsort(times.asi8, kind="stable")
    times, listed = times[order], [listed[at] for at in order.tolist()]
    columns: dict[str, Any] = {
        "pick_id": [
            _digits(started, row["station"], row["phase"], time_ns)
            for row, time_ns in zip(listed, times.asi8.tolist(), strict=True)
        ],
        "station": [row["station"] for row in listed],
        "phase": [row["phase"] for row in listed],
        "time": times,
        "probability": [row.get("probability", float("nan")) for row in listed],
        "uncertainty_s": [row.get("uncertainty_s", float("nan")) for row in listed],
        "polarity": [row.get("polarity", "") for row in listed],
        "picker": [picker] * len(listed),
    }
    table = {
        name: times if name == "time" else pd.array(columns[name], dtype=dtype) for name, dtype in PICK_COLUMNS.items()
    }
    return check_picks(pd.DataFrame(table, copy=False))


def check_picks(picks: pd.DataFrame) -> pd.DataFrame:
    """The same table, if it is of the agreed form.

    Raises
    ------
    SchemaError
        Names the first thing that is not as agreed.
    """
    missing = [name for name in PICK_COLUMNS if name not in picks]
    if missing:
        raise SchemaError(f"A table of picks has the columns {list(PICK_COLUMNS)}; this one lacks {missing}.")
    if picks["time"].dtype != "datetime64[ns]":
        raise SchemaError(f"Pick times are naive UTC datetime64[ns]; these are {picks['time'].dtype}.")
    if np.isnat(picks["time"].to_numpy()).any():
        raise SchemaError("Every pick has a time; some of these are missing.")
    # As an array, in which comparing is quick; NaN lies nowhere outside.
    probability = picks["probability"].to_numpy()
    outside = probability[(probability < -1e-3) | (probability > 1 + 1e-3)]
    if len(outside):
        raise SchemaError(
            f"A pick's probability lies between 0 and 1; {len(outside)} do not, the first is {outside[0]:g}."
        )
    strange = sorted(set(picks["polarity"].unique()) - set(POLARITIES))
    if strange:
        raise SchemaError(f"A polarity is one of {list(POLARITIES)}; these are not: {strange}.")
    return picks
