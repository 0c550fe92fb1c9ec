"""The sample times that all channels of a recording are brought to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from workbench.sources.waveforms_grouping import Interval
from workbench.sources.waveforms_headers import Segment

__all__ = ["SAME_START", "Grid", "common_grid", "common_rate"]

# Part of a sample below which a difference in start is rounding of header times.
SAME_START = 0.01
_RATE_TOLERANCE = 1e-6


class Grid:
    """Sample times that all channels are brought to.

    Parameters
    ----------
    start_ns
        Time of the first sample, nanoseconds since 1970.
    """

    def __init__(self, start_ns: int, rate_hz: float, n_samples: int) -> None:
        self.start_ns = start_ns
        self.rate_hz = rate_hz
        self.n_samples = n_samples

    def index_of(self, time_ns: int) -> float:
        """Where a time lies, in samples from the first one."""
        return (time_ns - self.start_ns) * 1e-9 * self.rate_hz


def common_rate(segments: Iterable[Segment]) -> float:
    """The rate in Hz that most channels have for most of their time (the higher of two), to four decimals."""
    seconds: dict[tuple[str, str], dict[float, float]] = defaultdict(lambda: defaultdict(float))
    for segment in segments:
        seconds[segment.station, segment.channel][round(segment.rate_hz, 4)] += segment.n_samples / segment.rate_hz
    rates = Counter(max(of_channel, key=of_channel.__getitem__) for of_channel in seconds.values())
    return max(rates, key=lambda rate: (rates[rate], rate))


def common_grid(interval: Interval, segments: Sequence[Segment]) -> Grid:
    """Sample times at the common rate, in step with most starts."""
    most = common_rate(segments)
    rate_hz = next(segment.rate_hz for segment in segments if round(segment.rate_hz, 4) == most)
    # A rate as written in a header, e.g. 100.00000223 for 0.01 s in single precision.
    rate_hz = most if abs(most / rate_hz - 1) < _RATE_TOLERANCE else rate_hz
    step_ns = 1e9 / rate_hz
    alike = [segment for segment in segments if abs(segment.rate_hz / rate_hz - 1) < _RATE_TOLERANCE]
    # In hundredths of a sample, so that rounded header times fall together; 99 and 0 are neighbours.
    steps = Counter(round((segment.start_ns - interval.start_ns) / step_ns * 100) % 100 for segment in alike)
    wanted = max(steps, key=lambda step: (steps[step], -step))
    in_step = next(s for s in alike if round((s.start_ns - interval.start_ns) / step_ns * 100) % 100 == wanted)
    back = np.floor((in_step.start_ns - interval.start_ns) / step_ns + SAME_START)
    start_ns = in_step.start_ns - round(back * step_ns)
    n_samples = max(1, int(np.floor((interval.end_ns - start_ns) / step_ns + SAME_START)) + 1)
    return Grid(start_ns, rate_hz, n_samples)
