"""Quantiles of time differences with intervals that assume no shape of their distribution."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom

__all__ = ["median_deviation", "quantile"]

_REPEATS = 2000
_FEWEST = 6
_DRAWN_AT_ONCE = 1_000_000


def quantile(values: np.ndarray, share: float) -> tuple[float, float, float]:
    """A quantile with its exact 95 % interval, which lies between two of the values (Conover 1999, section 3.2).

    Returns
    -------
    tuple
        The quantile and its bounds, in the unit of the values; a bound is NaN where so few values give none, all of
        them where there are no values.

    Examples
    --------
    >>> quantile(np.arange(1.0, 12.0), 0.5)
    (6.0, 2.0, 10.0)
    """
    values = np.sort(np.asarray(values, dtype=float))
    n = len(values)
    if n == 0:
        return float("nan"), float("nan"), float("nan")
    # The number of values below the true quantile is binomial: the chance beyond either bound is at most 2.5 %.
    below = int(binom.ppf(0.025, n, share))
    low = below if binom.cdf(below, n, share) <= 0.025 else below - 1
    high = int(binom.ppf(0.975, n, share))
    lower, upper = (float(values[at]) if 0 <= at < n else float("nan") for at in (low, high))
    return float(np.quantile(values, share)), lower, upper


def median_deviation(values: np.ndarray, rng: np.random.Generator) -> tuple[float, float, float]:
    """Median absolute deviation from the median (not scaled), with a 95 % interval by bootstrap.

    NaN of fewer than two values, which deviate from nothing; the interval is NaN of fewer than six, as that of a median
    is: drawn again and again, so few are almost the same each time.
    """
    values = np.asarray(values, dtype=float)
    nothing = float("nan")
    if values.size < _FEWEST:
        return float(_deviation(values[None])[0]) if values.size > 1 else nothing, nothing, nothing
    # In blocks: a hundred thousand differences drawn two thousand times at once would not fit into memory.
    block = max(1, _DRAWN_AT_ONCE // values.size)
    found = np.concatenate(
        [
            _deviation(values[rng.integers(0, values.size, (min(block, _REPEATS - done), values.size))])
            for done in range(0, _REPEATS, block)
        ]
    )
    low, high = np.quantile(found, [0.025, 0.975])
    return float(_deviation(values[None])[0]), float(low), float(high)


def _deviation(values: np.ndarray) -> np.ndarray:
    centre = np.median(values, axis=1, keepdims=True)
    return np.asarray(np.median(np.abs(values - centre), axis=1))
