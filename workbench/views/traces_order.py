"""In which order stations stand, and what each one's time axis is counted from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from obspy.geodetics import degrees2kilometers, locations2degrees

from workbench.schema import Event

__all__ = ["ORDER_WORDS", "distances_km", "first_arrivals", "onsets_beside", "ordered", "zero_times_ms"]

ORDER_WORDS: Mapping[str, str] = {
    "distance": "by distance",
    "arrival": "by first arrival",
    "name": "by name",
    "file": "as recorded",
}


def distances_km(recording: xr.Dataset, event: Event | None) -> dict[str, float]:
    """Epicentral distance of each station whose place is known; empty without an event."""
    if event is None or np.isnan(event.latitude_deg) or np.isnan(event.longitude_deg):
        return {}
    degrees = locations2degrees(
        event.latitude_deg, event.longitude_deg, recording["latitude_deg"].values, recording["longitude_deg"].values
    )
    kilometres = np.atleast_1d(degrees2kilometers(degrees))
    return {str(s): float(km) for s, km in zip(recording["station"].values, kilometres, strict=True) if np.isfinite(km)}


def first_arrivals(
    tables: Iterable[pd.DataFrame], phase: str, interval: tuple[pd.Timestamp, pd.Timestamp] | None = None
) -> dict[str, pd.Timestamp]:
    """Station to its earliest onset of a phase family (in an interval), from the first table that has one."""
    found: dict[str, pd.Timestamp] = {}
    for table in tables:
        if len(table):
            of_phase = table[table["phase"].str.startswith(phase)]
            if interval is not None:
                of_phase = of_phase[of_phase["time"].between(*interval)]
            for station, time in of_phase.groupby("station")["time"].min().items():
                found.setdefault(str(station), pd.Timestamp(time))
    return found


def onsets_beside(tables: Iterable[pd.DataFrame], phase: str, focus: str) -> dict[str, pd.Timestamp]:
    """Station to its onset nearest in time to the first one of the open station, from the first table that has one.

    A recording often holds several earthquakes: the earliest onset of another station may be that of another one.
    """
    tables = [table for table in tables if len(table)]
    first = first_arrivals(tables, phase)
    if focus not in first:
        return first
    found: dict[str, pd.Timestamp] = {}
    for table in tables:
        of_phase = table[table["phase"].str.startswith(phase)]
        away = (of_phase["time"] - first[focus]).abs()
        for station, row in away.groupby(of_phase["station"]).idxmin().items():
            found.setdefault(str(station), pd.Timestamp(of_phase.loc[row, "time"]))
    return found | {focus: first[focus]}


def ordered(
    stations: Sequence[str], wanted: str, km: Mapping[str, float], arrivals: Mapping[str, pd.Timestamp]
) -> tuple[list[str], str]:
    """Stations in the wanted order, and the order that it is; what has no distance or arrival stands last.

    Distance falls back to first arrival, and that to the order of the file, where nothing is known.
    """
    kind = wanted
    if kind == "distance" and not km:
        kind = "arrival"
    if kind == "arrival" and not arrivals:
        kind = "file"
    if kind == "distance":
        return sorted(stations, key=lambda s: km.get(s, np.inf)), kind
    if kind == "arrival":
        return sorted(stations, key=lambda s: arrivals.get(s, pd.Timestamp.max)), kind
    return (sorted(stations) if kind == "name" else list(stations)), kind


def zero_times_ms(
    align: str, stations: Sequence[str], event: Event | None, arrivals: Mapping[str, pd.Timestamp], focus: str
) -> dict[str, float]:
    """What each station's time axis is counted from, in ms since 1970; 0 for plain time.

    A station without the onset that the others are aligned on is counted from that of the open station, or from the
    earliest, so that it stays on the screen.
    """
    if align == "origin" and event is not None:
        return dict.fromkeys(stations, event.time.value / 1e6)
    if align not in ("P", "S") or not arrivals:
        return dict.fromkeys(stations, 0.0)
    instead = arrivals.get(focus, min(arrivals.values()))
    return {station: arrivals.get(station, instead).value / 1e6 for station in stations}
