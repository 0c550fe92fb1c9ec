"""One origin and two straight-line velocities for the onsets of one event: what each onset is measured against.

This is no location to publish: rays are straight, the ground is uniform. It is a curve through the onsets from which a
wrong one stands out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

from workbench.schema import Event

__all__ = ["CommonOrigin", "fit_common_origin", "origin_needs"]

_KM_PER_DEG = 111.195
_P_KM_S, _P_SPREAD = 5.5, 0.25
_RATIO, _RATIO_SPREAD = 1.75, 0.08
_DEPTH_KM, _DEPTH_SPREAD = 6.0, 1.0
_PICK_S = 0.12
_LEAST_STATIONS = 3
_LEAST_ONSETS = 5


@dataclass(frozen=True, eq=False)
class CommonOrigin:
    """Where and when an event was, by a fit to its onsets.

    Parameters
    ----------
    time
        Of the origin, UTC.
    velocity_km_s
        ``"P"`` and ``"S"``.
    given
        Whether the place is that of the source's catalogue; only time and velocities are fitted then.
    residual_s
        Of each onset that was given, in its order: observed minus fitted; NaN without coordinates.
    """

    latitude_deg: float
    longitude_deg: float
    depth_km: float
    time: pd.Timestamp
    velocity_km_s: Mapping[str, float]
    given: bool
    residual_s: np.ndarray

    def travel_s(self, distance_km: np.ndarray | float, phase: str) -> np.ndarray:
        """Seconds from the origin to an epicentral distance, as fitted."""
        return np.hypot(distance_km, self.depth_km) / self.velocity_km_s[phase[:1]]

    def distance_km(self, latitude_deg: np.ndarray, longitude_deg: np.ndarray) -> np.ndarray:
        """Epicentral distances, on a flat piece of the Earth around the epicentre."""
        return np.hypot(*_east_north(latitude_deg, longitude_deg, self.latitude_deg, self.longitude_deg))

    def azimuth_deg(self, latitude_deg: np.ndarray, longitude_deg: np.ndarray) -> np.ndarray:
        """From the epicentre to each place, clockwise from north."""
        east, north = _east_north(latitude_deg, longitude_deg, self.latitude_deg, self.longitude_deg)
        return np.degrees(np.arctan2(east, north)) % 360


def origin_needs(onsets: pd.DataFrame, event: Event | None = None) -> str:
    """Why no origin can be fitted, in words; empty where one can.

    Parameters
    ----------
    onsets
        As for :func:`fit_common_origin`.
    """
    known = onsets[np.isfinite(onsets["latitude_deg"]) & np.isfinite(onsets["longitude_deg"])]
    n_stations, least = known["station"].nunique(), 2 if _has_place(event) else _LEAST_STATIONS
    if n_stations < least:
        return (
            f"{n_stations} {'station' if n_stations == 1 else 'stations'} with coordinates and an onset; "
            f"a common origin takes {least}."
        )
    if not _has_place(event) and len(known) < _LEAST_ONSETS:
        return f"{len(known)} onsets on {n_stations} stations; a common origin takes {_LEAST_ONSETS}."
    return ""


def fit_common_origin(onsets: pd.DataFrame, event: Event | None = None) -> CommonOrigin | None:
    """The origin from which most onsets came in time; None where :func:`origin_needs` says why not.

    Parameters
    ----------
    onsets
        With the columns ``station``, ``phase`` (P or S family), ``time``, ``latitude_deg`` and ``longitude_deg``; at
        most one for each station and phase. Those without coordinates take no part.
    event
        Its place is kept where it has one.

    Notes
    -----
    Robust (Cauchy) least squares from several starts, held by weak expectations: P velocity 5.5 km/s within a quarter,
    P to S ratio 1.75 within 0.08, depth 6 km within a factor of three.
    """
    if origin_needs(onsets, event):
        return None
    zero = onsets["time"].min()
    seconds = (onsets["time"] - zero).dt.total_seconds().to_numpy()
    is_s = onsets["phase"].str.startswith("S").to_numpy()
    latitude, longitude = onsets["latitude_deg"].to_numpy(float), onsets["longitude_deg"].to_numpy(float)
    known = np.isfinite(latitude) & np.isfinite(longitude)
    first = int(np.flatnonzero(known)[np.argmin(seconds[known])])
    centre = (event.latitude_deg, event.longitude_deg) if event is not None and _has_place(event) else (
        float(latitude[first]), float(longitude[first]),
    )  # fmt: skip
    east, north = _east_north(latitude, longitude, *centre)
    fitted = _fit(seconds[known], is_s[known], east[known], north[known], event if _has_place(event) else None)
    x, y, depth, p_km_s, ratio, after = fitted
    velocity = {"P": p_km_s, "S": p_km_s / ratio}
    distance = np.hypot(np.hypot(east - x, north - y), depth)
    expected = after + distance / np.where(is_s, velocity["S"], velocity["P"])
    return CommonOrigin(
        centre[0] + y / _KM_PER_DEG,
        _wrapped(centre[1] + x / (_KM_PER_DEG * max(np.cos(np.radians(centre[0])), 0.01))),
        depth,
        zero + pd.Timedelta(round(after * 1e9), "ns"),
        velocity,
        _has_place(event),
        seconds - expected,
    )


def _fit(
    seconds: np.ndarray, is_s: np.ndarray, east: np.ndarray, north: np.ndarray, event: Event | None
) -> tuple[float, ...]:
    """East and north of the centre in km, depth in km, P in km/s, P to S ratio, origin in s after the first onset."""
    depth_known = event is not None and np.isfinite(event.depth_km)
    log_depth = np.log(max(event.depth_km, 0.1) if event is not None and depth_known else _DEPTH_KM)
    reach = max(float(np.hypot(east, north).max()), 1.0)

    def unpack(values: np.ndarray) -> tuple[np.ndarray, ...]:
        x, y, log_z, log_p, ratio, after = values
        return (0.0, 0.0, log_z, log_p, ratio, after) if event is not None else (x, y, log_z, log_p, ratio, after)  # type: ignore[return-value]

    def misfit(values: np.ndarray) -> np.ndarray:
        x, y, log_z, log_p, ratio, after = unpack(values)
        path = np.hypot(np.hypot(east - x, north - y), np.exp(log_z))
        slowness = np.where(is_s, ratio, 1.0) / np.exp(log_p)
        expectations = [
            (log_z - log_depth) / (1e-3 if depth_known else _DEPTH_SPREAD),
            (log_p - np.log(_P_KM_S)) / _P_SPREAD,
            (ratio - _RATIO) / _RATIO_SPREAD,
        ]
        return np.concatenate([(seconds - after - path * slowness) / _PICK_S, np.asarray(expectations)])

    places = [(0.0, 0.0)] if event is not None else _starts(east, north, reach)
    best = None
    for x, y in places:
        began = np.array([x, y, log_depth, np.log(_P_KM_S), _RATIO, -np.exp(log_depth) / _P_KM_S])
        found = least_squares(misfit, began, loss="cauchy", x_scale=[reach / 3, reach / 3, 0.5, 0.2, 0.1, 1.0])
        best = found if best is None or found.cost < best.cost else best
    assert best is not None
    x, y, log_z, log_p, ratio, after = (float(value) for value in unpack(best.x))
    return x, y, float(np.exp(log_z)), float(np.exp(log_p)), ratio, after


def _starts(east: np.ndarray, north: np.ndarray, reach: float) -> list[tuple[float, float]]:
    """The station of the first onset (the centre), the middle of all, and four places around the first."""
    around = [(0.3 * reach * dx, 0.3 * reach * dy) for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))]
    return [(0.0, 0.0), (float(np.median(east)), float(np.median(north))), *around]


def _has_place(event: Event | None) -> bool:
    return event is not None and bool(np.isfinite([event.latitude_deg, event.longitude_deg]).all())


def _east_north(
    latitude_deg: np.ndarray, longitude_deg: np.ndarray, latitude: float, longitude: float
) -> tuple[np.ndarray, np.ndarray]:
    east_deg = (np.asarray(longitude_deg, float) - longitude + 180) % 360 - 180
    north_deg = np.asarray(latitude_deg, float) - latitude
    return east_deg * _KM_PER_DEG * max(np.cos(np.radians(latitude)), 0.01), north_deg * _KM_PER_DEG


def _wrapped(longitude_deg: float) -> float:
    return float((longitude_deg + 180) % 360 - 180)
