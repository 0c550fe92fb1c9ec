"""``Event`` and ``Station``: an earthquake's preferred origin, and a place where the ground is recorded."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

__all__ = ["Event", "Station"]

_NAN = float("nan")


@dataclass(frozen=True)
class Event:
    """An earthquake and one estimate of its origin; NaN where a figure is not known."""

    event_id: str
    time: pd.Timestamp
    latitude_deg: float = _NAN
    longitude_deg: float = _NAN
    depth_km: float = _NAN
    magnitude: float = _NAN
    magnitude_type: str = ""


@dataclass(frozen=True)
class Station:
    """A place where the ground is recorded; `station` is ``"NET.STA.LOC"``, NaN where a figure is not known."""

    station: str
    latitude_deg: float = _NAN
    longitude_deg: float = _NAN
    elevation_m: float = _NAN
