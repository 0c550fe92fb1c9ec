"""What an attribution would show whatever the network had learned, and how alike two are beyond that.

Three things stay when weights are drawn anew, and none of them was learned: how loud a sample is (methods that multiply
by the input keep its shape; Sundararajan and Taly, 2018, on Adebayo et al., 2018), how loud it is around it (methods
that take whole parts away), and how near it lies to the time that is explained (a network looks at what is near, by its
layout). So ranks are compared once what these three account for is taken out: a partial rank correlation.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.stats import rankdata

from workbench.explain.checks.case import Case

__all__ = ["accounted_for", "partial_rank_correlation", "shown_by_any_weights"]

_AROUND_S = 1.0


def shown_by_any_weights(case: Case) -> np.ndarray:
    """Loudness of each sample against the baseline, loudness around it, seconds from the time: (3, channel, sample)."""
    start = case.baseline.draw(case.question)
    loud = (case.question.inputs - start)[0].abs().double().numpy()
    length = max(1, round(_AROUND_S * case.window.rate_hz))
    power = uniform_filter1d(loud**2, length, axis=-1, mode="nearest")
    seconds = np.arange(loud.shape[-1]) / case.window.rate_hz - case.window.seconds_in(case.time)
    # What a running sum leaves of silence may lie below zero.
    return np.stack([loud, np.sqrt(power.clip(0)), np.broadcast_to(np.abs(seconds), loud.shape)])


def partial_rank_correlation(one: np.ndarray, other: np.ndarray, beyond: np.ndarray) -> float:
    """Rank correlation of values (n,) once their ranks' regression on those of others (k, n) is taken out.

    0 where nothing is left of one of the two.

    >>> loud = np.arange(8.0)
    >>> round(partial_rank_correlation(loud, loud + np.array([0, 3, 0, 3, 0, 3, 0, 3]), loud[None]), 2)
    0.0
    """
    left, right = _left_over(one, beyond)[0], _left_over(other, beyond)[0]
    length = np.sqrt((left**2).sum() * (right**2).sum())
    return float((left * right).sum() / length) if length > _NOTHING else 0.0


def accounted_for(values: np.ndarray, by: np.ndarray) -> float:
    """Share (0 to 1) of the variance of the ranks of values (n,) that the ranks of others (k, n) account for."""
    return _left_over(values, by)[1]


_NOTHING = 1e-9


def _left_over(values: np.ndarray, beyond: np.ndarray) -> tuple[np.ndarray, float]:
    ranks = _centred_ranks(values)
    others = np.stack([_centred_ranks(each) for each in beyond], axis=1)
    left = ranks - others @ np.linalg.lstsq(others, ranks, rcond=None)[0]
    whole = float((ranks**2).sum())
    return left, 1.0 - float((left**2).sum()) / whole if whole > 0 else 0.0


def _centred_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks as shares of their number, about a mean of 0."""
    return (rankdata(values) - (np.size(values) + 1) / 2) / max(1, np.size(values))
