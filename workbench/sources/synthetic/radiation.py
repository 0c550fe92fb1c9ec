"""How strongly a shear fault radiates P, SV and SH along a ray, and how such motion looks on Z, N and E."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["MEAN_P", "MEAN_S", "Mechanism", "polarisation", "radiation"]

MEAN_P = 0.516
"""Root mean square of the P radiation over the sphere: the square root of 4/15."""

MEAN_S = 0.632
"""Of S, both directions together: the square root of 2/5."""


@dataclass(frozen=True)
class Mechanism:
    """A double couple: strike, dip and rake in degrees, as in Aki and Richards (1980)."""

    strike_deg: float
    dip_deg: float
    rake_deg: float


def radiation(mechanism: Mechanism, azimuth_deg: np.ndarray, takeoff_deg: np.ndarray) -> np.ndarray:
    """Factors of P, SV and SH, last dimension 3, between -1 and 1 (Aki and Richards, 1980, equations 4.84 to 4.86).

    Parameters
    ----------
    takeoff_deg
        From straight down (0) to straight up (180).
    """
    dip, rake = np.deg2rad(mechanism.dip_deg), np.deg2rad(mechanism.rake_deg)
    phi = np.deg2rad(np.asarray(azimuth_deg) - mechanism.strike_deg)
    i = np.deg2rad(takeoff_deg)
    slip, dip_slip = np.cos(rake), np.sin(rake)
    p = (
        slip * np.sin(dip) * np.sin(i) ** 2 * np.sin(2 * phi)
        - slip * np.cos(dip) * np.sin(2 * i) * np.cos(phi)
        + dip_slip * np.sin(2 * dip) * (np.cos(i) ** 2 - np.sin(i) ** 2 * np.sin(phi) ** 2)
        + dip_slip * np.cos(2 * dip) * np.sin(2 * i) * np.sin(phi)
    )
    sv = (
        dip_slip * np.cos(2 * dip) * np.cos(2 * i) * np.sin(phi)
        - slip * np.cos(dip) * np.cos(2 * i) * np.cos(phi)
        + 0.5 * slip * np.sin(dip) * np.sin(2 * i) * np.sin(2 * phi)
        - 0.5 * dip_slip * np.sin(2 * dip) * np.sin(2 * i) * (1 + np.sin(phi) ** 2)
    )
    sh = (
        slip * np.cos(dip) * np.cos(i) * np.sin(phi)
        + slip * np.sin(dip) * np.sin(i) * np.cos(2 * phi)
        + dip_slip * np.cos(2 * dip) * np.cos(i) * np.cos(phi)
        - 0.5 * dip_slip * np.sin(2 * dip) * np.sin(i) * np.sin(2 * phi)
    )
    return np.stack([p, sv, sh], axis=-1)


def polarisation(azimuth_deg: np.ndarray, incidence_deg: np.ndarray) -> np.ndarray:
    """Unit vectors of P, SV and SH motion at the surface in components Z, N, E: last dimensions (3 motions, 3).

    P points along the ray, up and away from the source. SV lies in the vertical plane of the ray, positive upwards and
    back to the source; SH is level, to the right of the way the wave goes: the signs that :func:`radiation` speaks of.

    Parameters
    ----------
    azimuth_deg
        In which the wave travels.
    incidence_deg
        From the vertical: 0 comes straight up.
    """
    azimuth, i = np.deg2rad(azimuth_deg), np.deg2rad(incidence_deg)
    north, east, level = np.cos(azimuth), np.sin(azimuth), np.zeros_like(azimuth)
    p = np.stack([np.cos(i), np.sin(i) * north, np.sin(i) * east], axis=-1)
    sv = np.stack([np.sin(i), -np.cos(i) * north, -np.cos(i) * east], axis=-1)
    sh = np.stack([level, -east, north], axis=-1)
    return np.stack([p, sv, sh], axis=-2)
