"""From a decision to a row of the journal, and from a row to an entry."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Row

from workbench.errors import SchemaError
from workbench.schema import Decision

__all__ = ["Entry", "as_entry", "check_text", "copied", "decision_row", "recording_row"]

_CONTENT = (
    "recording_id",
    "label_id",
    "station",
    "phase",
    "time_ns",
    "uncertainty_minus_s",
    "uncertainty_plus_s",
    "polarity",
    "onset_quality",
    "weight",
    "pick_id",
    "provenance",
)


@dataclass(frozen=True)
class Entry:
    """One row of the journal, as it was written.

    Parameters
    ----------
    entry
        Its number; later rows have higher ones.
    time
        Of the onset, UTC; NaT for a row about a recording.
    decided_at
        When it was written, UTC.
    replaces
        The last earlier entry of the same label; None for the first.
    restores
        For a row ``restore``: the entry that is in force again; None where the label went back to nothing.
    undoes
        For an undo: the entry that it took back.
    text
        Status or note.
    """

    entry: int
    label_id: str
    decision: str
    recording_id: str
    station: str
    phase: str
    time: pd.Timestamp
    analyst: str
    decided_at: pd.Timestamp
    replaces: int | None = None
    restores: int | None = None
    undoes: int | None = None
    text: str = ""


def as_entry(number: int, row: Mapping[str, Any]) -> Entry:
    """The entry that a row became under a number."""
    names = ("label_id", "station", "phase", "text")
    return Entry(
        entry=number,
        decision=row["decision"],
        recording_id=row["recording_id"],
        time=pd.Timestamp(row["time_ns"], unit="ns") if row.get("time_ns") is not None else pd.NaT,
        analyst=row["analyst"],
        decided_at=pd.Timestamp(row["decided_at_ns"], unit="ns"),
        replaces=row.get("replaces"),
        restores=row.get("restores"),
        undoes=row.get("undoes"),
        **{name: row.get(name, "") for name in names},
    )


def decision_row(decision: Decision, label_id: str, replaces: int | None, analyst: str) -> dict[str, Any]:
    """The row for a decision."""
    return {
        "decision": decision.decision,
        "recording_id": decision.recording_id,
        "label_id": label_id,
        "station": decision.station,
        "phase": decision.phase,
        "time_ns": _nanoseconds(decision.time),
        "uncertainty_minus_s": _number(decision.uncertainty_minus_s),
        "uncertainty_plus_s": _number(decision.uncertainty_plus_s),
        "polarity": decision.polarity,
        "onset_quality": decision.onset_quality,
        "weight": _number(decision.weight),
        "pick_id": decision.pick_id,
        "provenance": _json(decision.provenance),
        "replaces": replaces,
        "analyst": analyst,
        "decided_at_ns": time.time_ns(),
    }


def recording_row(decision: str, recording_id: str, text: str, analyst: str) -> dict[str, Any]:
    """The row for the status or note of a recording."""
    return {
        "decision": decision,
        "recording_id": recording_id,
        "text": text,
        "analyst": analyst,
        "decided_at_ns": time.time_ns(),
    }


def copied(row: Row[Any], analyst: str, **changes: Any) -> dict[str, Any]:
    """A row ``restore`` with the content of another row, so that it can be read without looking that one up."""
    content = {name: getattr(row, name) for name in _CONTENT}
    return {**content, "decision": "restore", "analyst": analyst, "decided_at_ns": time.time_ns(), **changes}


def check_text(row: Mapping[str, Any]) -> None:
    """Nothing, if every text of a row is one that all databases keep.

    Raises
    ------
    SchemaError
        Names the first that is not.
    """
    for name, value in row.items():
        try:
            if "\0" in str(value):
                raise ValueError("a NUL character")
            str(value).encode()
        except ValueError as error:
            raise SchemaError(f"The {name} {value!r} is not text that can be kept; rename the file.") from error


def _nanoseconds(moment: Any) -> int:
    try:
        stamp = pd.Timestamp(moment)
        if stamp.tzinfo is not None:
            stamp = stamp.tz_convert("UTC").tz_localize(None)
        return int(stamp.as_unit("ns").value)
    except (ValueError, TypeError) as error:
        raise SchemaError(f"The time {moment!r} of a decision cannot be kept in nanoseconds: {error}.") from error


def _number(value: Any) -> float | None:
    return None if value is None or math.isnan(value) else float(value)


def _json(provenance: Mapping[str, Any]) -> str:
    try:
        return json.dumps(_plain(dict(provenance)), ensure_ascii=False, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise SchemaError(f"The provenance of a decision holds plain values only: {error}.") from error


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    # numpy scalars come from thresholds and curves; JSON knows neither them nor NaN.
    value = value.item() if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
