"""``NetworkSettings``: what a made network is drawn from, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from workbench.errors import SchemaError
from workbench.sources.synthetic.geometry import LAYOUTS
from workbench.sources.synthetic.velocity import VelocityModel

__all__ = ["NetworkSettings"]

_RANGES = {
    "radius_km": (0.1, 300.0),
    "elevation_m": (-11000.0, 9000.0),
    "magnitude": (-2.0, 6.0),
    "depth_km": (0.0, 100.0),
    "snr_db": (-60.0, 120.0),
    "slower": (0.5, 2.0),
    "q_s": (5.0, 5000.0),
    "kappa_s": (0.0, 0.2),
    "stress_drop_mpa": (0.01, 200.0),
    "coda": (0.0, 5.0),
    "noise_level": (-1.0, 1.5),
}
_NUMBERS = {
    "duration_s": (1.0, 3600.0),
    "sampling_rate_hz": (10.0, 1000.0),
    "doublet": (0.0, 1.0),
    "b_value": (0.0, 3.0),
    "reach": (0.0, 10.0),
    "uneven": (0.0, 0.2),
    "q_exponent": (0.0, 0.9),
    "amplification": (0.0, 2.0),
    "noise_spread": (0.0, 0.5),
    "bursts": (0.0, 50.0),
    "gap": (0.0, 1.0),
    "glitch": (0.0, 1.0),
    "dead": (0.0, 1.0),
    "gain_counts_per_m_s": (1e-3, 1e15),
    "full_scale_counts": (1.0, 1e15),
}
_MOST_STATIONS = 2000


@dataclass(frozen=True)
class NetworkSettings:
    """What a made network is drawn from. A pair is a range, drawn from anew for each window.

    Parameters
    ----------
    stations
        How many, or a range of numbers.
    layout, radius_km
        One of `LAYOUTS`, or several to draw from; and the radius of the circle that the stations stand in.
    centre_deg, elevation_m
        Latitude and longitude of the middle; range of station elevations.
    coordinates
        Given stations instead: latitude, longitude, elevation in m, one row each. `stations`, `layout` and the like
        are then not used.
    duration_s, sampling_rate_hz
        Of the window.
    events
        Chances of 0, 1, 2, ... earthquakes in a window; they sum to 1. More than one may overlap.
    doublet
        Chance that an earthquake after the first is a twin of it, seconds later at the same place.
    magnitude, b_value
        Range of moment magnitudes, -2 to 6; 0 draws them evenly, 1 as nature does.
    depth_km, reach
        Range of depths below sea level; and how far from the middle epicentres lie, in radii of the network.
    snr_db
        Range of signal-to-noise ratios, decibels: noise is scaled so that the median station sees the first
        earthquake at a ratio drawn from it. None leaves noise as loud as it is.
    model, slower
        Layers, and the range of a factor on all travel times.
    uneven
        Standard deviation, as a share of the travel time, by which stations depart from the layers.
    q_s, q_exponent, kappa_s, stress_drop_mpa, coda
        Ranges of Q of S at 1 Hz, of damping under a station, of stress drop, and of the coda's strength (see
        :class:`workbench.sources.synthetic.motion.Ground`).
    amplification
        Standard deviation of the natural logarithm of what the ground under a station does to amplitudes.
    noise_level
        Range between 0 (Peterson's low-noise model) and 1 (his high-noise model), one draw a window; None for no noise.
    noise_spread
        Standard deviation of the stations' levels around it; 0.1 is about 6 dB at 5 Hz.
    noise
        Recordings of noise to cut from instead, each of shape (3, sample), at `sampling_rate_hz` and of at least
        `duration_s`.
    bursts
        Knocks, steps and cars on one station alone, per station and window; recorded `noise` has its own.
    sensor_hz
        Corners of the sensors to draw from, Hz; 0 for one that sees all. Name one twice to draw it twice as often.
    gap, glitch, dead
        Chance of each at one station.
    gain_counts_per_m_s, full_scale_counts
        Of the digitiser; what exceeds its full scale is clipped.
    start
        Time of the first sample, UTC.

    Raises
    ------
    SchemaError
        If a setting is out of range; says which, and what would do.
    """

    stations: int | tuple[int, int] = 8
    layout: str | Sequence[str] = "random"
    radius_km: tuple[float, float] = (15.0, 50.0)
    centre_deg: tuple[float, float] = (46.2, 13.1)
    elevation_m: tuple[float, float] = (0.0, 1500.0)
    coordinates: np.ndarray | None = field(default=None, repr=False, compare=False)
    duration_s: float = 30.0
    sampling_rate_hz: float = 100.0
    events: tuple[float, ...] = (0.1, 0.7, 0.15, 0.05)
    doublet: float = 0.3
    magnitude: tuple[float, float] = (0.0, 4.0)
    b_value: float = 0.0
    depth_km: tuple[float, float] = (2.0, 20.0)
    reach: float = 1.3
    snr_db: tuple[float, float] | None = None
    model: VelocityModel = field(default_factory=VelocityModel)
    slower: tuple[float, float] = (0.96, 1.04)
    uneven: float = 0.015
    q_s: tuple[float, float] = (80.0, 300.0)
    q_exponent: float = 0.4
    kappa_s: tuple[float, float] = (0.01, 0.05)
    stress_drop_mpa: tuple[float, float] = (0.5, 10.0)
    coda: tuple[float, float] = (0.3, 1.0)
    amplification: float = 0.4
    noise_level: tuple[float, float] | None = (0.2, 0.75)
    noise_spread: float = 0.1
    noise: Sequence[np.ndarray] | None = field(default=None, repr=False, compare=False)
    bursts: float = 0.3
    sensor_hz: tuple[float, ...] = (0.0, 1.0, 1.0, 2.0)
    gap: float = 0.03
    glitch: float = 0.05
    dead: float = 0.03
    gain_counts_per_m_s: float = 5e8
    full_scale_counts: float = 2.0**23
    start: str = "2024-01-01T00:00:00"

    def __post_init__(self) -> None:
        check_settings(self)

    @property
    def n_samples(self) -> int:
        """Of a window."""
        return round(self.duration_s * self.sampling_rate_hz)


def check_settings(settings: NetworkSettings) -> None:
    """Nothing, if the settings can be drawn from; else a SchemaError that names the first that cannot."""
    for name, (least, most) in _NUMBERS.items():
        value = getattr(settings, name)
        if not (least <= value <= most):
            raise SchemaError(f"{name} is {value!r}; give a number from {least:g} to {most:g}.")
    for name, limits in _RANGES.items():
        pair = getattr(settings, name)
        if pair is not None or name not in ("snr_db", "noise_level"):
            _check_range(name, pair, *limits)
    events = np.asarray(settings.events, dtype=float)
    if events.ndim != 1 or not events.size or not (events >= 0).all() or abs(events.sum() - 1) > 1e-6:
        raise SchemaError(
            f"events holds the chances of 0, 1, 2, ... earthquakes, and sums to 1; it is {settings.events}."
        )
    if not settings.sensor_hz or not all(0 <= corner <= 20 for corner in settings.sensor_hz):
        raise SchemaError(f"sensor_hz holds corners from 0 (sees all) to 20 Hz; it is {settings.sensor_hz}.")
    _check_places(settings)
    _check_noise(settings)
    try:
        pd.Timestamp(settings.start)
    except ValueError as error:
        raise SchemaError(f"start is a time such as '2024-01-01T00:00:00'; it is {settings.start!r}.") from error


def _check_range(name: str, pair: object, least: float, most: float) -> None:
    values = np.asarray(pair, dtype=float) if isinstance(pair, Sequence | np.ndarray) else np.empty(0)
    if values.shape != (2,) or not (least <= values[0] <= values[1] <= most):
        raise SchemaError(f"{name} is {pair!r}; give its smallest and largest value, both from {least:g} to {most:g}.")


def _check_places(settings: NetworkSettings) -> None:
    if settings.coordinates is not None:
        places = np.asarray(settings.coordinates, dtype=float)
        if places.ndim != 2 or places.shape[-1] != 3 or not 1 <= len(places) <= _MOST_STATIONS:
            raise SchemaError(
                f"coordinates has a row of latitude, longitude and elevation (m) for each of 1 to {_MOST_STATIONS} "
                f"stations; this has shape {places.shape}."
            )
        wrong = np.flatnonzero(~np.isfinite(places).all(axis=1) | (np.abs(places[:, 0]) > 90))
        if wrong.size:
            raise SchemaError(
                f"Station {wrong[0]} of coordinates stands at {places[wrong[0]]}, which is no place on Earth."
            )
        return
    counts = (settings.stations,) * 2 if isinstance(settings.stations, int) else settings.stations
    _check_range("stations", counts, 1, _MOST_STATIONS)
    layouts = (settings.layout,) if isinstance(settings.layout, str) else tuple(settings.layout)
    unknown = [name for name in layouts if name not in LAYOUTS]
    if unknown or not layouts:
        raise SchemaError(f"A layout is one of {', '.join(LAYOUTS)}; this is {settings.layout!r}.")
    latitude, longitude = settings.centre_deg
    if not (abs(latitude) <= 89 and abs(longitude) <= 360):
        raise SchemaError(
            f"centre_deg is latitude (at most 89 from the equator) and longitude; it is {settings.centre_deg}."
        )


def _check_noise(settings: NetworkSettings) -> None:
    if settings.snr_db is not None and settings.noise_level is None:
        raise SchemaError("Without noise (noise_level is None) there is no ratio: leave snr_db out, or give a level.")
    for number, recording in enumerate(settings.noise or ()):
        shape = np.shape(recording)
        if len(shape) != 2 or shape[0] != 3 or shape[1] < settings.n_samples:
            raise SchemaError(
                f"Recording {number} of noise has shape {shape}; windows of {settings.duration_s:g} s need "
                f"(3, {settings.n_samples}) or longer."
            )
        if not np.isfinite(recording).all():
            raise SchemaError(f"Recording {number} of noise has gaps; cut pieces without.")
    if settings.noise is not None and not len(settings.noise):
        raise SchemaError("noise holds no recording; leave it out for made noise.")
