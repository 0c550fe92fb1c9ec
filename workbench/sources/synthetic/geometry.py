"""Where stations of a made network stand, and how far and in which direction they see an epicentre, on a sphere."""

from __future__ import annotations

import numpy as np

from workbench.errors import SchemaError

__all__ = ["LAYOUTS", "distance_and_azimuth", "lay_out", "place_at"]

LAYOUTS = ("random", "ring", "grid", "line", "clusters")
"""Scattered in a circle, on a circle around one in the middle, on a square grid, along a line, in three groups."""

_EARTH_KM = 6371.0


def lay_out(rng: np.random.Generator, layout: str, n_stations: int, radius_km: float) -> np.ndarray:
    """Kilometres east and north of the middle, shape (station, 2); the layout is turned at random.

    Raises
    ------
    SchemaError
        If there is no such layout.
    """
    if layout == "random":
        return _scattered(rng, n_stations) * radius_km
    if layout == "clusters":
        middles = _scattered(rng, 3)
        return (middles[rng.integers(3, size=n_stations)] + 0.15 * _scattered(rng, n_stations)) * radius_km
    if layout == "ring":
        turns = 2 * np.pi * np.arange(max(n_stations - 1, 1)) / max(n_stations - 1, 1)
        around = np.stack([np.cos(turns), np.sin(turns)], axis=-1)
        places = np.concatenate([np.zeros((1, 2)), around])[:n_stations]
    elif layout == "grid":
        side = int(np.ceil(np.sqrt(n_stations)))
        axis = np.linspace(-0.7, 0.7, side) if side > 1 else np.zeros(1)
        places = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)[:n_stations]
    elif layout == "line":
        places = np.stack([np.linspace(-1, 1, n_stations), np.zeros(n_stations)], axis=-1)
    else:
        raise SchemaError(f"A layout is one of {', '.join(LAYOUTS)}; this is {layout!r}.")
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    # No surveyor meets the plan: a regular layout is disturbed by a few percent.
    return (places @ turn + 0.03 * rng.standard_normal((n_stations, 2))) * radius_km


def _scattered(rng: np.random.Generator, n: int) -> np.ndarray:
    angle, radius = rng.uniform(0, 2 * np.pi, n), np.sqrt(rng.uniform(0, 1, n))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)


def place_at(
    latitude_deg: float, longitude_deg: float, east_km: np.ndarray, north_km: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Latitude and longitude (-180 to 180) of points that lie so far from one place."""
    arc = np.hypot(east_km, north_km) / _EARTH_KM
    bearing = np.arctan2(east_km, north_km)
    start = np.deg2rad(latitude_deg)
    sine = np.sin(start) * np.cos(arc) + np.cos(start) * np.sin(arc) * np.cos(bearing)
    latitude = np.arcsin(np.clip(sine, -1, 1))
    turned = np.arctan2(np.sin(bearing) * np.sin(arc) * np.cos(start), np.cos(arc) - np.sin(start) * sine)
    longitude = longitude_deg + np.rad2deg(turned)
    return np.rad2deg(latitude), (longitude + 180.0) % 360.0 - 180.0


def distance_and_azimuth(
    from_latitude_deg: np.ndarray,
    from_longitude_deg: np.ndarray,
    to_latitude_deg: np.ndarray,
    to_longitude_deg: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Great-circle distance in km and azimuth in degrees (0 to 360, from north over east); arrays broadcast."""
    start, end = np.deg2rad(from_latitude_deg), np.deg2rad(to_latitude_deg)
    turn = np.deg2rad(np.asarray(to_longitude_deg) - np.asarray(from_longitude_deg))
    half = np.sin((end - start) / 2) ** 2 + np.cos(start) * np.cos(end) * np.sin(turn / 2) ** 2
    east = np.sin(turn) * np.cos(end)
    north = np.cos(start) * np.sin(end) - np.sin(start) * np.cos(end) * np.cos(turn)
    distance_km = 2 * _EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return distance_km, np.rad2deg(np.arctan2(east, north)) % 360.0
