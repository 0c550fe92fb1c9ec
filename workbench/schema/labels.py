"""``Decision`` and ``Labels``: what an analyst decided, and the table of decisions that stand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pandas as pd

from workbench.errors import SchemaError
from workbench.schema.picks import POLARITIES

__all__ = ["DECISIONS", "LABEL_COLUMNS", "ONSET_QUALITIES", "STATUSES", "Decision", "check_labels", "empty_labels"]

DECISIONS = ("accept", "add", "move", "edit", "reject", "settle", "restore")
"""``edit`` changes anything but the time; ``settle`` stands for the marks of several analysts on one onset, which it
names; ``restore`` puts an earlier row back into force (undo and redo)."""

ONSET_QUALITIES = ("", "impulsive", "emergent", "questionable")
"""The empty string means not looked at. The names are those of QuakeML."""

STATUSES = ("untouched", "in work", "done", "rejected")
"""Of a recording."""

_NAN = float("nan")

LABEL_COLUMNS: Mapping[str, str] = {
    "label_id": "str",
    "entry": "int64",
    "recording_id": "str",
    "station": "str",
    "phase": "str",
    "time": "datetime64[ns]",
    "uncertainty_minus_s": "float64",
    "uncertainty_plus_s": "float64",
    "polarity": "str",
    "onset_quality": "str",
    "weight": "float64",
    "decision": "str",
    "analyst": "str",
    "decided_at": "datetime64[ns]",
    "pick_id": "str",
    "provenance": "str",
}


@dataclass(frozen=True)
class Decision:
    """One decision of an analyst on one onset, before it is written to the journal.

    Parameters
    ----------
    decision
        One of :data:`DECISIONS`.
    label_id
        Of the label that this decision makes or replaces; empty for a new label.
    time
        UTC.
    uncertainty_minus_s, uncertainty_plus_s
        Seconds before and after `time`, 0 or more; NaN where not given.
    weight
        0 (full) to 4 (unused), as in Hypo71; NaN where not given.
    pick_id
        Of the model's pick that was accepted, moved or rejected; empty where there was none.
    provenance
        Where it came from: picker, weights, weights_hash, versions, thresholds, filter on the screen, waveform_hash,
        source. Plain values only.
    """

    decision: str
    recording_id: str
    station: str
    phase: str
    time: pd.Timestamp
    label_id: str = ""
    uncertainty_minus_s: float = _NAN
    uncertainty_plus_s: float = _NAN
    polarity: str = ""
    onset_quality: str = ""
    weight: float = _NAN
    pick_id: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.decision not in DECISIONS:
            raise SchemaError(f"A decision is one of {list(DECISIONS)}; this is {self.decision!r}.")
        if not (self.recording_id and self.station and self.phase):
            raise SchemaError("A decision names its recording, station and phase.")
        if pd.isna(self.time):
            raise SchemaError(f"A decision has a time; this one, {self.phase} on {self.station}, has none.")
        if self.polarity not in POLARITIES:
            raise SchemaError(f"A polarity is one of {list(POLARITIES)}; this is {self.polarity!r}.")
        if self.onset_quality not in ONSET_QUALITIES:
            raise SchemaError(f"An onset quality is one of {list(ONSET_QUALITIES)}; this is {self.onset_quality!r}.")
        for side in (self.uncertainty_minus_s, self.uncertainty_plus_s):
            if side < 0 or math.isinf(side):
                raise SchemaError(f"An uncertainty is 0 seconds or more on either side; this is {side:g}.")
        if not (math.isnan(self.weight) or 0 <= self.weight <= 4):
            raise SchemaError(f"A weight lies between 0 (full) and 4 (unused); this is {self.weight:g}.")


def empty_labels() -> pd.DataFrame:
    """A table of labels without rows."""
    return _empty().copy()


@cache
def _empty() -> pd.DataFrame:
    # Made for each recording that is opened: building it from columns took milliseconds.
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in LABEL_COLUMNS.items()})


def check_labels(labels: pd.DataFrame) -> pd.DataFrame:
    """The same table, if it is of the agreed form: one row per decision that stands.

    A row whose `decision` is ``"reject"`` stands for an onset that is not there. ``provenance`` is JSON.

    Raises
    ------
    SchemaError
        Names the first thing that is not as agreed.
    """
    missing = [name for name in LABEL_COLUMNS if name not in labels]
    if missing:
        raise SchemaError(f"A table of labels has the columns {list(LABEL_COLUMNS)}; this one lacks {missing}.")
    if labels["time"].dtype != "datetime64[ns]":
        raise SchemaError(f"Label times are naive UTC datetime64[ns]; these are {labels['time'].dtype}.")
    if labels["label_id"].duplicated().any():
        raise SchemaError("A label stands once in a table of labels; some stand twice.")
    return labels
