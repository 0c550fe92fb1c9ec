"""``VelocityModel``: a flat Earth of layers, each with one P velocity, S velocity and density."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.errors import SchemaError

__all__ = ["VelocityModel"]


@dataclass(frozen=True)
class VelocityModel:
    """Layers from the surface down; the last one has no bottom.

    A layer may be slower than the one above it: no wave is then refracted along its top, and times are right all the
    same. The default is a continental crust of 38 km.

    Parameters
    ----------
    top_km
        Depth of each layer's top below sea level, rising, the first 0.
    p_km_s, s_km_s
        Velocities; in every layer P is at least 1.2 times as fast as S.
    density_g_cm3
        From 1 to 6.

    Raises
    ------
    SchemaError
        If the layers do not have such a form.
    """

    top_km: tuple[float, ...] = (0.0, 1.0, 4.0, 15.0, 25.0, 38.0)
    p_km_s: tuple[float, ...] = (4.2, 5.4, 5.9, 6.3, 6.8, 8.0)
    s_km_s: tuple[float, ...] = (2.3, 3.08, 3.4, 3.64, 3.9, 4.5)
    density_g_cm3: tuple[float, ...] = (2.45, 2.6, 2.7, 2.8, 2.95, 3.3)

    def __post_init__(self) -> None:
        columns = {
            "top_km": self.top_km,
            "p_km_s": self.p_km_s,
            "s_km_s": self.s_km_s,
            "density_g_cm3": self.density_g_cm3,
        }
        lengths = {name: len(values) for name, values in columns.items()}
        if len(set(lengths.values())) != 1 or not self.top_km:
            raise SchemaError(f"Each layer has a top, two velocities and a density; these lengths differ: {lengths}.")
        for name, values in columns.items():
            if not np.isfinite(values).all():
                raise SchemaError(f"A layer's {name} is a number; these are {values}.")
        if self.top_km[0] != 0 or (np.diff(self.top_km) <= 0).any():
            raise SchemaError(f"Layer tops begin at 0 km and go down; these are {self.top_km}.")
        for top, p_km_s, s_km_s, density in zip(*columns.values(), strict=True):
            if not (0 < 1.2 * s_km_s <= p_km_s <= 15):
                raise SchemaError(
                    f"Below {top:g} km P runs at {p_km_s:g} km/s and S at {s_km_s:g} km/s: both must be above 0, P at "
                    "least 1.2 times as fast as S, and at most 15 km/s."
                )
            if not 1 <= density <= 6:
                raise SchemaError(f"Below {top:g} km the density is {density:g} g/cm3; give one from 1 to 6.")

    def velocity_km_s(self, phase: str) -> np.ndarray:
        """By layer, of ``"P"`` or ``"S"``."""
        return np.asarray({"P": self.p_km_s, "S": self.s_km_s}[phase], dtype=float)

    def layer_of(self, depth_km: np.ndarray | float) -> np.ndarray:
        """Number of the layer at a depth; above sea level the first."""
        return np.clip(np.searchsorted(self.top_km, depth_km, side="right") - 1, 0, len(self.top_km) - 1)
