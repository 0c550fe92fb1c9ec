"""Where the weight of an explanation lies: its share on each component, and by seconds from the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

__all__ = ["SECONDS", "Share", "component_shares", "second_shares", "weighed"]

SECONDS = ("earlier", "−5 to −2 s", "−2 to 0 s", "0 to +2 s", "later")
"""Names of the intervals that :func:`second_shares` tells of, in order."""

_MARGIN = 16
"""Samples beyond the window."""

_EDGES_S = (-np.inf, -5.0, -2.0, 0.0, 2.0, np.inf)


@dataclass(frozen=True)
class Share:
    """A part of the whole weight, which is the sum of the sizes of all samples.

    Parameters
    ----------
    name
        Of the component or the interval.
    positive, negative
        Fractions of the whole, 0 to 1, that speak for the answer and against it.
    """

    name: str
    positive: float
    negative: float

    @property
    def whole(self) -> float:
        """Both together."""
        return self.positive + self.negative


def component_shares(attribution: xr.Dataset) -> list[Share]:
    """One share for each component, in the order of the recording; they add up to one, or are all zero."""
    values, _ = weighed(attribution)
    return _shares([str(name) for name in attribution["component"].values], list(values), values)


def second_shares(attribution: xr.Dataset) -> list[Share]:
    """One share for each interval of :data:`SECONDS`, from the time that is explained; an edge belongs to the later."""
    values, seconds = weighed(attribution)
    place = np.searchsorted(_EDGES_S[1:-1], seconds, side="right")
    return _shares(SECONDS, [values[:, place == number] for number in range(len(SECONDS))], values)


def weighed(attribution: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """The part of an attribution that holds anything: values (component, sample) as float64, and seconds from the pick.

    NaN counts as 0. What lies outside the network's window is not gone through: a recording may be long.
    """
    attrs, times = attribution.attrs, attribution["time"].values
    start = np.datetime64(pd.Timestamp(attrs["window_start"]), "ns")
    end = start + np.timedelta64(round(float(attrs["window_s"]) * 1e9), "ns")
    # Where the rates differ, a sample of the network may lie on the one of the recording before or after it.
    first, stop = np.searchsorted(times, [start, end])
    where = slice(max(0, int(first) - _MARGIN), int(stop) + _MARGIN)
    row = [str(name) for name in attribution["station"].values].index(attrs["station"])
    values = np.nan_to_num(attribution["attribution"].values[row, :, where].astype(float))
    target = np.datetime64(pd.Timestamp(attrs["target_time"]), "ns")
    return values, (times[where] - target) / np.timedelta64(1, "ns") * 1e-9


def _shares(names: Sequence[str], parts: Sequence[np.ndarray], values: np.ndarray) -> list[Share]:
    whole = float(np.abs(values).sum()) or 1.0
    return [
        Share(name, float(part[part > 0].sum()) / whole, float(np.abs(part[part < 0]).sum()) / whole)
        for name, part in zip(names, parts, strict=True)
    ]
