"""Where stations stand on a flat map in km, and which of their names can be written without touching another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["KM_PER_DEG", "Flat", "NamePlace", "degree_ticks", "name_places", "seen_extent"]

KM_PER_DEG = 111.195
_LINE_PX = 13
_FAR = 8.0


@dataclass(frozen=True)
class Flat:
    """A plane that touches the Earth in the middle of some stations; x is east, y is north, in km."""

    latitude_deg: float
    longitude_deg: float

    @classmethod
    def around(cls, latitude_deg: np.ndarray, longitude_deg: np.ndarray) -> Flat:
        """In the middle (the median) of places, across the antimeridian too; at 0, 0 without any."""
        known = np.isfinite(latitude_deg) & np.isfinite(longitude_deg)
        if not known.any():
            return cls(0.0, 0.0)
        turned = np.radians(np.asarray(longitude_deg, float)[known])
        middle = float(np.degrees(np.arctan2(np.sin(turned).mean(), np.cos(turned).mean())))
        beside = (np.asarray(longitude_deg, float)[known] - middle + 180) % 360 - 180
        return cls(float(np.median(np.asarray(latitude_deg, float)[known])), middle + float(np.median(beside)))

    @property
    def east_km_per_deg(self) -> float:
        """Length of a degree of longitude."""
        return KM_PER_DEG * max(float(np.cos(np.radians(self.latitude_deg))), 0.01)

    def place(self, latitude_deg: np.ndarray, longitude_deg: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """East and north in km; NaN where not known."""
        east = (np.asarray(longitude_deg, float) - self.longitude_deg + 180) % 360 - 180
        return east * self.east_km_per_deg, (np.asarray(latitude_deg, float) - self.latitude_deg) * KM_PER_DEG


def seen_extent(east: np.ndarray, north: np.ndarray) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    """Which stations the map shows at first, and west, east, south, north of those.

    One that is more than eight times as far from the middle as most would press all others into a point.
    """
    known = np.isfinite(east) & np.isfinite(north)
    away = np.hypot(east, north)
    limit = _FAR * max(float(np.median(away[known])), 1.0) if known.any() else 0.0
    seen = known & (away <= limit) if known.sum() > 3 else known
    if not seen.any():
        return seen, (-1.0, 1.0, -1.0, 1.0)
    x, y = east[seen], north[seen]
    return seen, (float(x.min()), float(x.max()), float(y.min()), float(y.max()))


def degree_ticks(
    low_km: float, high_km: float, km_per_deg: float, middle_deg: float, most: int
) -> list[tuple[float, float]]:
    """(km, degrees) at round degrees between two places of an axis; at most about `most`.

    >>> degree_ticks(-6.0, 6.0, 111.0, 64.0, 4)
    [(-5.55, 63.95), (0.0, 64.0), (5.55, 64.05)]
    """
    span = max((high_km - low_km) / km_per_deg, 1e-6)
    raw = span / max(most, 1)
    power = float(10.0 ** np.floor(np.log10(raw)))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    first = int(np.ceil((middle_deg + low_km / km_per_deg) / step))
    last = int(np.floor((middle_deg + high_km / km_per_deg) / step))
    rounds = range(first, min(last, first + 50) + 1)
    return [(round((n * step - middle_deg) * km_per_deg, 6), round(n * step, 9)) for n in rounds]


@dataclass(frozen=True)
class NamePlace:
    """Of a name beside its triangle, in px; ``align`` as Bokeh says it; not written if ``shown`` is not set."""

    shown: bool
    right_px: float = 0.0
    down_px: float = 0.0
    align: str = "left"


_PAD_PX = 4
_SIDES = ((11, 5, "left"), (-11, 5, "right"), (0, -10, "center"), (0, 21, "center"))


def name_places(
    x_px: np.ndarray, y_px: np.ndarray, words: Sequence[str], first: Sequence[int], width_px: float = np.inf
) -> list[NamePlace]:
    """Where each name stands: right, left, above or below its triangle, wherever it touches nothing; else nowhere.

    Parameters
    ----------
    x_px, y_px
        Of the triangles, y downwards; NaN for a station that is not on the map.
    first
        Rows whose names are placed before all others.
    width_px
        Of the frame, which names stay in.
    """
    found = [NamePlace(False)] * len(words)
    taken = [(x - 7, x + 7, y - 8, y + 7) for x, y in zip(x_px, y_px, strict=True) if np.isfinite(x + y)]
    rest = [row for row in range(len(words)) if row not in set(first)]
    for row in [*first, *rest]:
        x, y = float(x_px[row]), float(y_px[row])
        if not np.isfinite(x + y) or not words[row]:
            continue
        width = 6.6 * len(words[row]) + 4
        for right, down, align in _SIDES:
            left = x + right - (0 if align == "left" else width if align == "right" else width / 2)
            box = (left, left + width, y + down - _LINE_PX + 2, y + down + 1)
            inside = box[0] >= _PAD_PX and box[1] <= width_px - _PAD_PX
            if inside and not any(_touch(box, other) for other in taken):
                found[row] = NamePlace(True, right, down, align)
                taken.append(box)
                break
    return found


def _touch(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]
