"""Marks of made analysts, whose offsets, spreads and misses are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from workbench.schema import LOOK_COLUMNS, MARK_COLUMNS

__all__ = ["looks_of", "marks_of"]

T0 = pd.Timestamp("2024-01-01T00:00:10.123456789")


def marks_of(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """A table of marks; ``after_s`` is the time after T0, and everything else has a default."""
    full = []
    for n, row in enumerate(rows):
        given = dict(row)
        time = T0 + pd.Timedelta(seconds=given.pop("after_s", 0.0))
        plain = {
            "label_id": f"m{n}", "entry": n + 1, "recording_id": "r1", "station": "XX.A.", "phase": "P", "time": time,
            "uncertainty_minus_s": np.nan, "uncertainty_plus_s": np.nan, "polarity": "", "onset_quality": "",
            "weight": np.nan, "decision": "add", "analyst": "Ada", "decided_at": T0, "pick_id": "",
            "provenance": "{}", "settled_by": "",
        }  # fmt: skip
        full.append(plain | given)
    return pd.DataFrame(full, columns=list(MARK_COLUMNS)).astype(dict(MARK_COLUMNS))


def looks_of(*places: tuple[str, str, str]) -> pd.DataFrame:
    """Recording, station and analyst of each who has done with it."""
    return pd.DataFrame(list(places), columns=list(LOOK_COLUMNS)).astype(dict(LOOK_COLUMNS))
