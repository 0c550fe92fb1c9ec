"""Samples and times as they come from a file, made usable, and what is odd about them in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

__all__ = ["component_ranks", "time_after", "usable_samples"]

_ORDER = "ZNE12RTUVW3"


def component_ranks(components: Sequence[str]) -> list[int]:
    """Positions that put components in the order of a recording: Z, N, E, 1, 2, turned ones, then others as they stand.

    >>> component_ranks("ENZ")
    [2, 1, 0]
    >>> component_ranks("Z12H")
    [0, 1, 2, 3]
    """
    places = {name: place for place, name in enumerate(_ORDER)}
    return sorted(range(len(components)), key=lambda index: (places.get(components[index], len(places)), index))


def time_after(start: pd.Timestamp | int | None, seconds: float = 0.0) -> pd.Timestamp | None:
    """A time (or nanoseconds since 1970) and so many seconds; None where that is no time, or not of 1678 to 2261.

    >>> time_after(pd.Timestamp("2024-01-01"), 1.5), time_after(0, 1e30)
    (Timestamp('2024-01-01 00:00:01.500000'), None)
    """
    try:
        return pd.Timestamp(start or 0) + pd.Timedelta(round(seconds * 1e9), "ns")
    except (OverflowError, ValueError):
        return None


def usable_samples(samples: np.ndarray, components: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Samples as float32 with NaN for infinite ones, and one sentence for each thing that is odd about them.

    Parameters
    ----------
    samples
        Shape (component, time), real numbers.
    components
        One letter each, for the sentences.
    """
    # A double beyond the range of a float becomes infinite, which is dealt with below.
    with np.errstate(over="ignore"):
        waveform = np.ascontiguousarray(samples, dtype=np.float32)
    notices = []
    finite = np.isfinite(waveform)
    if not finite.all():
        n_infinite = int(np.isinf(waveform).sum())
        n_missing = int(np.isnan(waveform).sum())
        if n_missing:
            notices.append(f"{n_missing} samples are not a number; they are a gap.")
        if n_infinite:
            notices.append(f"{n_infinite} samples are infinite; they are taken as a gap.")
        waveform = np.where(finite, waveform, np.float32(np.nan))
    for values, good, component in zip(waveform, finite, components, strict=True):
        if not good.any():
            notices.append(f"Component {component} has no usable sample.")
        elif len(values) > 1 and (values[good] == values[good][0]).all():
            notices.append(f"Component {component} is dead: every sample is {values[good][0]:g}.")
    return waveform, notices
