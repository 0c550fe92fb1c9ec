"""When P and S should arrive, by a one-dimensional Earth."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from workbench.processing.distances import distances
from workbench.schema import Event

__all__ = ["theoretical_arrivals"]

_KM_PER_DEG = 111.19
_REGIONAL_DEG = 20.0
_REGIONAL = ("p", "P", "Pn", "s", "S", "Sn")
_GLOBAL = ("p", "P", "Pn", "Pdiff", "PKP", "PKIKP", "s", "S", "Sn", "Sdiff", "SKS", "SKIKS")
_MOST_RAYS = 48
_DEPTH_KM_IF_UNKNOWN = 10.0
_COLUMNS = {"station": "str", "phase": "str", "time": "datetime64[ns]"}


def theoretical_arrivals(event: Event, stations: pd.DataFrame, *, model: str = "iasp91") -> pd.DataFrame:
    """First P and first S at each station: ``station``, ``phase`` (``"P"``, ``"S"``) and ``time``, sorted by time.

    Direct, head and diving waves (Pg, Pn, ...) stand under P and S. Distances and depths are rounded to 0.1 km, so that
    times are reused; of more than 48 distances the times between 48 are interpolated. Station elevation is not taken
    into account. A depth that is not known is taken as 10 km, one above the surface as 0.

    Parameters
    ----------
    stations
        With the columns ``station``, ``latitude_deg`` and ``longitude_deg``; rows without coordinates are left out, and
        all are if the event has no epicentre.
    model
        A model that ObsPy's TauP ships (Crotwell, Owens and Ritsema, 1999).
    """
    table = distances(event, stations).dropna(subset=["distance_km"])
    if table.empty:
        return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in _COLUMNS.items()})
    depth_km = event.depth_km if np.isfinite(event.depth_km) else _DEPTH_KM_IF_UNKNOWN
    times_s = _travel_times_s(max(0.0, round(depth_km, 1)), table["distance_km"].to_numpy(), model)
    rows = [
        (station, phase, pd.Timestamp(event.time) + pd.Timedelta(round(after_s * 1e9), "ns"))
        for station, pair in zip(table["station"], times_s, strict=True)
        for phase, after_s in zip("PS", pair, strict=True)
        if np.isfinite(after_s)
    ]
    arrivals = pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)
    return arrivals.sort_values("time", kind="stable", ignore_index=True)


def _travel_times_s(depth_km: float, distance_km: np.ndarray, model: str) -> np.ndarray:
    """P and S travel times, shape (distance, 2)."""
    rounded = np.unique(np.round(distance_km, 1))
    if rounded.size <= _MOST_RAYS:
        return np.array([_first_arrivals_s(depth_km, round(float(each), 1), model) for each in distance_km])
    nodes = np.round(np.linspace(rounded[0], rounded[-1], _MOST_RAYS), 1)
    known = np.array([_first_arrivals_s(depth_km, float(node), model) for node in nodes])
    return np.stack([np.interp(distance_km, nodes, known[:, phase]) for phase in (0, 1)], axis=-1)


@lru_cache(maxsize=4096)
def _first_arrivals_s(depth_km: float, distance_km: float, model: str) -> tuple[float, float]:
    distance_deg = distance_km / _KM_PER_DEG
    phases = _REGIONAL if distance_deg < _REGIONAL_DEG else _GLOBAL
    found = _earth(model).get_travel_times(depth_km, distance_deg, phase_list=phases)
    first = {"P": np.nan, "S": np.nan}
    for arrival in sorted(found, key=lambda arrival: -arrival.time):
        first[arrival.name[0].upper()] = arrival.time
    return float(first["P"]), float(first["S"])


@cache
def _earth(model: str) -> Any:
    from obspy.taup import TauPyModel

    return TauPyModel(model)
