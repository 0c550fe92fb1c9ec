"""How far two explanations of one recording tell the same story: what two pickers, or two methods, looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from workbench.explain.checks.case import rank_correlation

__all__ = ["AGREE", "DIFFER", "PART_S", "Compared", "compare_attributions"]

PART_S = 0.5
"""Length of the parts that are compared: two networks need not look at the same sample to look at the same wave."""

AGREE, DIFFER = 0.5, 0.2
"""Rank correlation from which on two explanations agree in the main, and below which they tell different stories."""


@dataclass(frozen=True)
class Compared:
    """Two explanations where both pickers look.

    Parameters
    ----------
    common
        Share of the weight, 0 to 1, that lies in the same parts of the same components: 1 for equal, 0 for apart.
    rank
        Spearman's rank correlation of the sizes by parts, -1 to 1.
    seconds
        Length of what both looked at.
    """

    common: float
    rank: float
    seconds: float


def compare_attributions(one: xr.Dataset, other: xr.Dataset) -> Compared | None:
    """How two attributions on the axes of one recording agree; None where their windows have nothing in common.

    Parameters
    ----------
    one, other
        Of the same recording and station; weight is the size, whatever its sign.
    """
    values = [each["attribution"].sel(station=each.attrs["station"]).values.astype(float) for each in (one, other)]
    both = np.isfinite(values[0]) & np.isfinite(values[1])
    rate_hz = float(one.attrs["sampling_rate_hz"])
    length = max(1, round(PART_S * rate_hz))
    where = np.flatnonzero(both.any(axis=0))
    if where.size < 2 * length:
        return None
    inside = slice(where[0], where[-1] + 1)
    edges = np.arange(0, inside.stop - inside.start, length)
    held = np.logical_or.reduceat(both[:, inside], edges, axis=1)
    sizes = [np.add.reduceat(np.where(both, np.abs(each), 0.0)[:, inside], edges, axis=1)[held] for each in values]
    if not (sizes[0].any() and sizes[1].any()):
        return None
    shares = [each / each.sum() for each in sizes]
    common = float(np.minimum(*shares).sum())
    return Compared(common, rank_correlation(*sizes), where.size / rate_hz)
