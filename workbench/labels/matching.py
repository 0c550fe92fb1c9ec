"""Which marks of several analysts are of one onset: one to one, within a tolerance, as near as can be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

__all__ = ["TOLERANCE_S", "family", "group_times", "pair_times"]

TOLERANCE_S = 1.0
"""Farther apart than this, marks of one phase on one station are of two onsets."""


def family(phase: str) -> str:
    """P for Pn, Pg and so on, S alike; any other phase is a family of its own.

    >>> family("Pn"), family("Sg"), family("Lg")
    ('P', 'S', 'Lg')
    """
    return phase[:1] if phase[:1] in ("P", "S") else phase


def pair_times(first_ns: Sequence[int], second_ns: Sequence[int], tolerance_s: float) -> list[tuple[int, int]]:
    """Positions of times that belong together: as many pairs as there can be and, of those, with the least difference.

    Parameters
    ----------
    first_ns, second_ns
        Times in nanoseconds, in any order.
    tolerance_s
        A difference of exactly this counts.

    Examples
    --------
    >>> pair_times([0, 900_000_000], [950_000_000, 1_800_000_000], 1.0)
    [(0, 0), (1, 1)]
    """
    if not len(first_ns) or not len(second_ns):
        return []
    apart = np.abs(np.asarray(first_ns, np.int64)[:, None] - np.asarray(second_ns, np.int64)[None, :])
    reach = round(tolerance_s * 1e9)
    if apart.shape == (1, 1):
        return [(0, 0)] if apart[0, 0] <= reach else []
    # One pair too few costs more than any differences of those that there are.
    cost = np.where(apart <= reach, apart, (min(apart.shape) + 1) * (reach + 1)).astype(float)
    rows, columns = linear_sum_assignment(cost)
    return [(int(i), int(k)) for i, k in zip(rows, columns, strict=True) if apart[i, k] <= reach]


def group_times(times_ns: Sequence[Sequence[int]], tolerance_s: float) -> list[dict[int, int]]:
    """Onsets of any number of analysts: for each, which analyst (by position) marked it, and by which of her times.

    The marks of each next analyst are paired with the middles of the groups of those before.
    """
    groups: list[dict[int, int]] = []
    for who, own in enumerate(times_ns):
        middles = [_middle([times_ns[other][at] for other, at in group.items()]) for group in groups]
        met = {k: i for i, k in pair_times(middles, own, tolerance_s)}
        for at in range(len(own)):
            if at in met:
                groups[met[at]][who] = at
            else:
                groups.append({who: at})
    return groups


def _middle(times_ns: Sequence[int]) -> int:
    # Whole numbers: as a float, a time since 1970 is good to a quarter of a microsecond.
    return sum(times_ns) // len(times_ns)
