"""``Earthquake``: a source of known size, place and mechanism; and how its size sets moment and corner frequency."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from workbench.sources.synthetic.radiation import Mechanism

__all__ = ["Earthquake", "corner_hz", "draw_magnitude", "moment_nm", "twin"]

_P_CORNER = 1.3
"""Corner frequency of P over that of S."""


@dataclass(frozen=True)
class Earthquake:
    """One source.

    Parameters
    ----------
    origin_s
        After the start of the window.
    magnitude
        Moment magnitude.
    twin_of
        Number of the earthquake before it in the example whose place, mechanism and scatterers it shares; -1 if none.
    """

    origin_s: float
    latitude_deg: float
    longitude_deg: float
    depth_km: float
    magnitude: float
    stress_drop_mpa: float
    mechanism: Mechanism
    twin_of: int = -1


def moment_nm(magnitude: float) -> float:
    """Seismic moment in newton metres (Hanks and Kanamori, 1979)."""
    return float(10 ** (1.5 * magnitude + 9.1))


def corner_hz(magnitude: float, stress_drop_mpa: float, s_km_s: float, phase: str) -> float:
    """Corner frequency of Brune's circular source (1970); of P, 1.3 times that of S."""
    radius_m = (7 / 16 * moment_nm(magnitude) / (stress_drop_mpa * 1e6)) ** (1 / 3)
    corner = 2.34 / (2 * np.pi) * s_km_s * 1e3 / radius_m
    return float(corner * (_P_CORNER if phase == "P" else 1.0))


def draw_magnitude(rng: np.random.Generator, smallest: float, largest: float, b_value: float) -> float:
    """Between both ends, by Gutenberg and Richter's law; with a b value of 0 all are as likely."""
    if b_value == 0 or largest == smallest:
        return float(rng.uniform(smallest, largest))
    share = 1 - 10 ** (-b_value * (largest - smallest))
    return float(smallest - np.log10(1 - rng.random() * share) / b_value)


def twin(rng: np.random.Generator, first: Earthquake, number: int, later_s: float, weakest: float) -> Earthquake:
    """The second of a doublet: at the place of the first within 100 m, of nearly its size, `later_s` after it."""
    magnitude = max(weakest, first.magnitude + float(rng.uniform(-0.6, 0.2)))
    return replace(
        first,
        origin_s=first.origin_s + later_s,
        latitude_deg=first.latitude_deg + float(rng.uniform(-0.0006, 0.0006)),
        depth_km=max(0.0, first.depth_km + float(rng.uniform(-0.06, 0.06))),
        magnitude=magnitude,
        twin_of=number,
    )
