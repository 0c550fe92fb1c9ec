"""Samples brought to a network's rate as SeisBench and ObsPy do it, to the last bit, without what they do around it.

ObsPy designs its filter anew for each trace and looks up by its packages' metadata which function it is: for five
minutes of a station that takes as long as filtering, and as the network.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.signal import iirfilter, sosfilt

__all__ = ["every_how_many", "every_nth"]


def every_how_many(rate_hz: float, wanted_hz: float) -> int:
    """Which samples are left of one rate at another: every so many; 0 where SeisBench resamples in another way.

    >>> every_how_many(200.0, 100.0), every_how_many(100.0, 100.0), every_how_many(125.0, 100.0)
    (2, 1, 0)
    """
    return int(rate_hz / wanted_hz) if rate_hz % wanted_hz == 0 else 0


def every_nth(samples: np.ndarray, rate_hz: float, step: int, *, zero_phase: bool) -> np.ndarray:
    """Every so many of a trace's samples, low-passed before, as float32; the samples themselves where `step` is 1."""
    if step == 1:
        return samples
    sections = _low_pass(rate_hz, rate_hz / step)
    filtered = sosfilt(sections, samples)
    if zero_phase:
        filtered = sosfilt(sections, filtered[::-1])[::-1]
    return np.asarray(filtered[::step], dtype=np.float32)


@cache
def _low_pass(rate_hz: float, to_hz: float) -> np.ndarray:
    """ObsPy's ``lowpass`` at the Nyquist frequency of the rate to come."""
    return np.asarray(iirfilter(4, to_hz * 0.5 / (0.5 * rate_hz), btype="lowpass", ftype="butter", output="sos"))
