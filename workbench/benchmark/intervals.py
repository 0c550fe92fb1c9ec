"""Intervals that say how much a figure from few cases can be trusted."""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2

__all__ = ["bootstrap_mean", "poisson_rate", "wilson"]

_Z95 = 1.959964


def wilson(hits: int, total: int) -> tuple[float, float]:
    """95 % interval of a proportion (Wilson 1927); (0, 1) if there are no cases.

    >>> [round(bound, 3) for bound in wilson(9, 10)]
    [0.596, 0.982]
    """
    if total == 0:
        return 0.0, 1.0
    share, square = hits / total, _Z95**2 / total
    centre = (share + square / 2) / (1 + square)
    half = _Z95 / (1 + square) * np.sqrt(share * (1 - share) / total + square / (4 * total))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def poisson_rate(count: int, exposure: float) -> tuple[float, float]:
    """95 % interval of a rate from a count in so much time (Garwood 1936).

    >>> [round(bound, 2) for bound in poisson_rate(0, 2.0)]
    [0.0, 1.84]
    """
    if exposure <= 0:
        return 0.0, float("inf")
    low = 0.0 if count == 0 else float(chi2.ppf(0.025, 2 * count)) / 2
    return low / exposure, float(chi2.ppf(0.975, 2 * count + 2)) / 2 / exposure


def bootstrap_mean(values: np.ndarray, rng: np.random.Generator, repeats: int = 2000) -> tuple[float, float]:
    """95 % interval of a mean, by drawing the values again with replacement; NaN if there are none."""
    values = np.asarray(values, float)
    if values.size == 0:
        return float("nan"), float("nan")
    means = values[rng.integers(0, values.size, (repeats, values.size))].mean(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))
