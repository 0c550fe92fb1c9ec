"""Cohen's kappa: how far two analysts agree beyond chance, with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["cohen_kappa", "counts_of"]

_Z95 = 1.959964


def counts_of(first: Sequence[str], second: Sequence[str], categories: Sequence[str]) -> np.ndarray:
    """How often the first analyst said the category of a row and the second that of a column."""
    place = {name: n for n, name in enumerate(categories)}
    counts = np.zeros((len(categories), len(categories)), dtype=np.int64)
    for one, other in zip(first, second, strict=True):
        counts[place[one], place[other]] += 1
    return counts


def cohen_kappa(counts: ArrayLike) -> tuple[float, float, float]:
    """Kappa (Cohen 1960) with its 95 % interval from the large-sample error of Fleiss, Cohen and Everitt (1969).

    Parameters
    ----------
    counts
        Square: units that the first analyst put into the category of the row and the second into that of the column.

    Returns
    -------
    tuple
        Kappa, -1 to 1, and the bounds of the interval, which stay within that. All NaN without units; kappa is NaN too
        where both used one and the same category only, for then chance alone agrees fully.

    Examples
    --------
    >>> [round(value, 3) for value in cohen_kappa([[20, 5], [10, 15]])]
    [0.4, 0.151, 0.649]
    """
    shares = np.asarray(counts, dtype=float)
    n = shares.sum()
    nothing = float("nan"), float("nan"), float("nan")
    if n == 0:
        return nothing
    shares = shares / n
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    agreed, by_chance = float(np.trace(shares)), float(rows @ columns)
    if np.isclose(by_chance, 1.0):
        return nothing
    kappa = (agreed - by_chance) / (1 - by_chance)
    same = np.diag(shares)
    weights = (columns[:, None] + rows[None, :]) ** 2
    on = float((same * (1 - (rows + columns) * (1 - kappa)) ** 2).sum())
    off = (1 - kappa) ** 2 * float((shares * weights).sum() - (same * (rows + columns) ** 2).sum())
    variance = (on + off - (kappa - by_chance * (1 - kappa)) ** 2) / (n * (1 - by_chance) ** 2)
    half = _Z95 * float(np.sqrt(max(variance, 0.0)))
    return kappa, max(-1.0, kappa - half), min(1.0, kappa + half)
