"""The windows that the demo of a made network shows: what each is for, and what it is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from workbench.sources.synthetic.geometry import lay_out, place_at
from workbench.sources.synthetic.network import SyntheticNetwork

__all__ = ["CASES", "Case", "network_of"]

_N_STATIONS, _RADIUS_KM, _CENTRE_DEG = 10, 30.0, (46.2, 13.1)
_FIRST, _APART = pd.Timestamp("2024-01-01T00:00:00"), pd.Timedelta(1, "h")

_WHOLE: Mapping[str, Any] = {"gap": 0.0, "glitch": 0.0, "dead": 0.0, "bursts": 0.0}
_ONE: Mapping[str, Any] = {**_WHOLE, "events": (0.0, 1.0), "sensor_hz": (1.0,)}


@dataclass(frozen=True)
class Case:
    """One window.

    Parameters
    ----------
    group
        Heading in the list.
    what
        In words, for people.
    draw
        Cases of one number are drawn alike: the same earthquake, the same noise but for its loudness.
    settings
        Of :class:`SyntheticNetwork`.
    own_stations
        Whether it has stations of its own, not those of the demo's network.
    """

    group: str
    what: str
    draw: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    own_stations: bool = False


def _in_noise(ratio_db: float) -> Case:
    settings = {**_ONE, "magnitude": (1.6, 1.6), "snr_db": (ratio_db, ratio_db)}
    return Case("One earthquake in growing noise", f"the same earthquake, median station {ratio_db:g} dB", 1, settings)


CASES: Mapping[str, Case] = {
    "noise_30db": _in_noise(30.0),
    "noise_20db": _in_noise(20.0),
    "noise_10db": _in_noise(10.0),
    "noise_5db": _in_noise(5.0),
    "noise_0db": _in_noise(0.0),
    "noise_-5db": _in_noise(-5.0),
    "large": Case("Earthquakes", "magnitude 3.5, all stations", 2, {**_ONE, "magnitude": (3.5, 3.5)}),
    "small": Case("Earthquakes", "magnitude 0.5, near stations only", 3, {**_ONE, "magnitude": (0.5, 0.5)}),
    "deep": Case(
        "Earthquakes", "magnitude 2.5, 35 km deep", 4, {**_ONE, "magnitude": (2.5, 2.5), "depth_km": (35.0, 35.0)}
    ),
    "twins": Case(
        "Several at once",
        "a doublet: two earthquakes at one place, seconds apart",
        5,
        {**_ONE, "events": (0.0, 0.0, 1.0), "doublet": 1.0, "magnitude": (1.8, 2.2)},
    ),
    "overlap": Case(
        "Several at once",
        "three earthquakes at three places, overlapping",
        6,
        {**_ONE, "events": (0.0, 0.0, 0.0, 1.0), "doublet": 0.0, "magnitude": (1.5, 2.5)},
    ),
    "faults": Case(
        "Stations in trouble",
        "gaps, glitches, dead channels and bursts",
        7,
        {"events": (0.0, 1.0), "magnitude": (2.0, 2.0), "gap": 0.4, "glitch": 0.4, "dead": 0.4, "bursts": 1.0},
    ),
    "no_earthquake": Case(
        "Stations in trouble", "noise and bursts, no earthquake", 8, {**_WHOLE, "events": (1.0,), "bursts": 2.0}
    ),
    "one_station": Case(
        "Other networks", "one station alone", 9, {**_ONE, "stations": 1, "magnitude": (2.0, 2.0)}, own_stations=True
    ),
    "line": Case(
        "Other networks",
        "24 stations along a line of 120 km: moveout, and head waves far out",
        10,
        {**_ONE, "stations": 24, "layout": "line", "radius_km": (60.0, 60.0), "reach": 0.6, "magnitude": (2.8, 2.8)},
        own_stations=True,
    ),
}


def network_of(case: Case, number: int, seed: int) -> SyntheticNetwork:
    """The network that makes a case; windows are 60 s long and start an hour apart.

    Parameters
    ----------
    number
        Of the case, from 0.
    seed
        Where the demo's own stations stand.
    """
    start = (_FIRST + number * _APART).isoformat()
    settings: dict[str, Any] = {"duration_s": 60.0, "start": start, "noise_level": (0.35, 0.45), **case.settings}
    if not case.own_stations:
        rng = np.random.default_rng((seed, 0))
        east_north_km = lay_out(rng, "random", _N_STATIONS, _RADIUS_KM)
        places = place_at(*_CENTRE_DEG, east_north_km[:, 0], east_north_km[:, 1])
        settings["coordinates"] = np.stack([*places, rng.uniform(100.0, 1800.0, _N_STATIONS)], axis=-1)
    return SyntheticNetwork(**settings)
