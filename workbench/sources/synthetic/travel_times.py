"""``TravelTimes``: when the first wave of a phase arrives, and how steeply, from one table of a layered model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.errors import SchemaError
from workbench.sources.synthetic.velocity import VelocityModel

__all__ = ["Rays", "TravelTimes"]

_EARTH_KM = 6371.0
_N_RAYS = 3000


@dataclass(frozen=True)
class Rays:
    """First waves of one phase, each array of the shape that was asked for; NaN beyond the table.

    Parameters
    ----------
    first_s, direct_s
        Travel time of whichever wave comes first, and of the one that goes straight up: later where a head wave wins.
    slowness_s_km, direct_slowness_s_km
        Horizontal slowness of both.
    down
        Whether the first wave leaves the source downwards, as a head wave does.
    """

    first_s: np.ndarray
    direct_s: np.ndarray
    slowness_s_km: np.ndarray
    direct_slowness_s_km: np.ndarray
    down: np.ndarray


class TravelTimes:
    """Tabulated once, then read by interpolation for thousands of rays at a time.

    Direct waves are stored as time over straight distance, which varies slowly, and head waves as times, which are
    straight lines: between nodes both are right to a few milliseconds. The Earth is round: its layers are flattened
    for it (Aki and Richards, 1980, section 9.7), each with the velocity of its middle. Tested against TauP.

    Parameters
    ----------
    model
        The layers.
    deepest_km, farthest_km
        End of the table; beyond it a ray is NaN.
    step_km
        Between nodes in depth and in distance.
    """

    def __init__(
        self,
        model: VelocityModel,
        *,
        deepest_km: float = 60.0,
        farthest_km: float = 500.0,
        step_km: float = 0.5,
    ) -> None:
        if not (0 < step_km <= min(deepest_km, farthest_km)):
            raise SchemaError(
                f"A table needs a step above 0 km and smaller than its ends; this is {step_km:g} km to "
                f"{deepest_km:g} km depth and {farthest_km:g} km distance."
            )
        self.model = model
        self._step_km = step_km
        self._depth_km = np.arange(0.0, deepest_km + 1.5 * step_km, step_km)
        self._distance_km = np.arange(0.0, farthest_km + 1.5 * step_km, step_km)
        self._top_km = _flattened(np.asarray(model.top_km))
        bottom_km = np.append(model.top_km[1:], model.top_km[-1])
        stretch = _EARTH_KM / (_EARTH_KM - (np.asarray(model.top_km) + bottom_km) / 2)
        self._tables = {phase: self._tabulate(model.velocity_km_s(phase) * stretch) for phase in "PS"}

    def rays(self, phase: str, depth_km: np.ndarray, distance_km: np.ndarray) -> Rays:
        """First waves of ``"P"`` or ``"S"`` for depths (negative as 0) and epicentral distances that broadcast."""
        depth, distance = np.broadcast_arrays(
            _flattened(np.maximum(depth_km, 0.0)), np.asarray(distance_km, dtype=float)
        )
        table = self._tables[phase]
        inside = (depth <= self._depth_km[-1] - self._step_km) & (distance <= self._distance_km[-1] - self._step_km)
        row = np.where(inside, depth, 0.0) / self._step_km
        column = np.where(inside, distance, 0.0) / self._step_km
        direct_s = _between(table["direct_slowness"], row, column) * np.hypot(depth, distance)
        head_s = _between(table["head_s"], row, column)
        direct_p = _between(table["direct_p"], row, column)
        head_p = table["head_p"][np.round(row).astype(int), np.round(column).astype(int)]
        down = head_s < direct_s
        beyond = np.where(inside, 0.0, np.nan)
        return Rays(
            first_s=np.where(down, head_s, direct_s) + beyond,
            direct_s=direct_s + beyond,
            slowness_s_km=np.where(down, head_p, direct_p) + beyond,
            direct_slowness_s_km=direct_p + beyond,
            down=down & inside,
        )

    def _tabulate(self, velocity: np.ndarray) -> dict[str, np.ndarray]:
        shape = (self._depth_km.size, self._distance_km.size)
        table = {name: np.empty(shape) for name in ("direct_slowness", "direct_p", "head_s", "head_p")}
        for number, depth in enumerate(self._depth_km):
            time_s, p = self._direct(velocity, float(depth))
            straight = np.hypot(self._distance_km, depth)
            # At the source itself the ratio of time and distance is that of its layer.
            straight_or_one = np.where(straight > 0, straight, 1.0)
            table["direct_slowness"][number] = np.where(straight > 0, time_s / straight_or_one, 1 / velocity[0])
            table["direct_p"][number] = p
            table["head_s"][number], table["head_p"][number] = self._head(velocity, float(depth))
        return table

    def _direct(self, velocity: np.ndarray, depth: float) -> tuple[np.ndarray, np.ndarray]:
        """Time and horizontal slowness at every distance of the wave that only goes up."""
        thickness = self._thickness(0.0, depth)
        if not thickness.any():
            return self._distance_km / velocity[0], np.full(self._distance_km.size, 1 / velocity[0])
        crossed = thickness > 0
        thick, speed = thickness[crossed], velocity[crossed]
        fastest = speed.max()
        tangent = np.concatenate([[0.0], np.geomspace(1e-4, 1e7, _N_RAYS)])[:, None]
        ratio = speed / fastest
        # Written so that a ray that is all but level in the fastest layer loses no digits.
        cosine = np.sqrt((1 - ratio**2) + ratio**2 / (1 + tangent**2))
        p = (tangent / np.sqrt(1 + tangent**2) / fastest)[:, 0]
        reach_km = (thick * p[:, None] * speed / cosine).sum(axis=1)
        delay_s = (thick * cosine / speed).sum(axis=1)
        p_at = np.interp(self._distance_km, reach_km, p)
        return p_at * self._distance_km + np.interp(self._distance_km, reach_km, delay_s), p_at

    def _head(self, velocity: np.ndarray, depth: float) -> tuple[np.ndarray, np.ndarray]:
        """Time and slowness at every distance of the earliest wave refracted below the source; infinite where none."""
        best_s = np.full(self._distance_km.size, np.inf)
        best_p = np.full(self._distance_km.size, np.nan)
        for layer, top in enumerate(self._top_km):
            if layer == 0 or top < depth or velocity[layer] <= velocity[:layer].max():
                continue
            path = self._thickness(0.0, top) + self._thickness(depth, top)
            p = 1 / velocity[layer]
            above = velocity[:layer]
            cosine = np.sqrt(1 - (above * p) ** 2)
            critical_km = (path[:layer] * above * p / cosine).sum()
            time_s = self._distance_km * p + (path[:layer] * cosine / above).sum()
            time_s[self._distance_km < critical_km] = np.inf
            better = time_s < best_s
            best_s[better], best_p[better] = time_s[better], p
        return best_s, best_p

    def _thickness(self, upper_km: float, lower_km: float) -> np.ndarray:
        """How much of each layer lies between two depths."""
        bottom = np.append(self._top_km[1:], np.inf)
        return np.clip(np.minimum(bottom, lower_km) - np.maximum(self._top_km, upper_km), 0.0, None)


def _flattened(depth_km: np.ndarray) -> np.ndarray:
    return np.asarray(_EARTH_KM * np.log(_EARTH_KM / (_EARTH_KM - depth_km)))


def _between(table: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Bilinear; infinite where a node that counts is."""
    i, j = row.astype(int), column.astype(int)
    down, right = row - i, column - j
    total = np.zeros(row.shape)
    for below in (0, 1):
        for beside in (0, 1):
            weight = np.where(below, down, 1 - down) * np.where(beside, right, 1 - right)
            total += np.where(weight > 0, weight * np.where(weight > 0, table[i + below, j + beside], 0.0), 0.0)
    return total
