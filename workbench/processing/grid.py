"""Windows on a fixed grid in time, so that a stream and a file give the same curve whatever came before or after.

Every window begins at a whole multiple of the step since 1970, whatever the recording's start; what lies outside the
recording, or in a gap, is NaN, which the network takes as missing. A window's output depends on nothing but its own
samples, and only the part between its two discarded edges is used. So a sample's probability is the same whether its
recording is read as one file, in packets, or cut in two a minute earlier.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.errors import PickerError

__all__ = ["Grid", "kept_outputs", "sample_index", "stack_mean"]


@dataclass(frozen=True)
class Grid:
    """Where windows lie and which part of their output is used, in samples.

    Parameters
    ----------
    window_samples
        Length of a window.
    step_samples
        From one window to the next.
    front_samples, back_samples
        Discarded at the start and at the end of a window's output.
    fewest_samples
        With at least one component there, below which a window is not looked at.
    settle_samples
        After a gap or the start of a station's samples, for which nothing is said: a beginning looks like an onset.

    Examples
    --------
    >>> grid = Grid(3000, 500, 2000, 500)
    >>> grid.windows_for(first=10_000, stop=10_500)
    (16, 17)
    >>> grid.latency_s(100.0)
    (5.0, 10.0)
    """

    window_samples: int = 3000
    step_samples: int = 1000
    front_samples: int = 1500
    back_samples: int = 500
    fewest_samples: int = 300
    settle_samples: int = 100

    def __post_init__(self) -> None:
        kept = self.window_samples - self.front_samples - self.back_samples
        if self.step_samples <= 0 or kept <= 0 or kept % self.step_samples:
            raise PickerError(
                f"Windows of {self.window_samples} samples that keep {kept} cannot be moved by {self.step_samples}: "
                "what is kept must be a whole number of steps."
            )
        if self.settle_samples > self.front_samples:
            raise PickerError("More is needed to settle after a gap than is discarded in front of a window.")

    def windows_for(self, first: int, stop: int) -> tuple[int, int]:
        """Numbers, first and after the last, of the windows whose kept part meets samples `first` to `stop`."""
        begin = (first - (self.window_samples - self.back_samples)) // self.step_samples + 1
        return begin, (stop - 1 - self.front_samples) // self.step_samples + 1

    def start_of(self, window: int) -> int:
        """Index of a window's first sample."""
        return window * self.step_samples

    def latency_s(self, rate_hz: float) -> tuple[float, float]:
        """Shortest and longest time from a sample to the last window that it needs."""
        longest = self.window_samples - self.front_samples
        return (longest - self.step_samples) / rate_hz, longest / rate_hz


def sample_index(time: np.datetime64, rate_hz: float) -> int:
    """Number of the sample at a time since 1970, at that rate, rounded to the nearest.

    >>> sample_index(np.datetime64("1970-01-01T00:00:01.004", "ns"), 100.0)
    100
    """
    return round(int(time.astype("datetime64[ns]").astype("int64")) * rate_hz / 1e9)


def kept_outputs(outputs: np.ndarray, windows: np.ndarray, grid: Grid) -> np.ndarray:
    """P and S of windows, NaN in the discarded edges, in gaps, and in windows that are dead or have too few samples.

    Shapes
    ------
    outputs : (window, class, sample), P and S first
    windows : (window, component, sample), NaN where missing
    result : (window, sample, 2)
    """
    kept = np.full((outputs.shape[0], outputs.shape[2], 2), np.nan, np.float32)
    part = slice(grid.front_samples, grid.window_samples - grid.back_samples)
    usable = _usable(windows, grid)
    if usable.all():
        kept[:, part] = outputs[:, :2, part].transpose(0, 2, 1)
    else:
        kept[:, part] = np.where(usable[:, part, None], outputs[:, :2, part].transpose(0, 2, 1), np.nan)
    return kept


def _usable(windows: np.ndarray, grid: Grid) -> np.ndarray:
    """Which samples of windows count; shape (window, sample)."""
    finite = np.isfinite(windows)
    if finite.all() and windows.shape[2] >= grid.fewest_samples:
        # Most windows are whole: what is below takes half as long as a small network does.
        alive = (windows.max(axis=2) > windows.min(axis=2)).any(axis=1)
        return np.broadcast_to(alive[:, np.newaxis], (windows.shape[0], windows.shape[2]))
    there = finite.any(axis=1)
    usable = _settled(there, grid.settle_samples) & (there.sum(axis=1, keepdims=True) >= grid.fewest_samples)
    highest = np.where(finite, windows, -np.inf).max(axis=2)
    alive = (highest > np.where(finite, windows, np.inf).min(axis=2)).any(axis=1)
    return np.asarray(usable & alive[:, np.newaxis])


def _settled(there: np.ndarray, n_samples: int) -> np.ndarray:
    """Where a sample and so many before it are there; before a window's first sample, all are taken to be."""
    padded = np.concatenate([np.ones((len(there), n_samples), bool), there], axis=1)
    missing = np.cumsum(~padded, axis=1)
    before = np.concatenate([np.zeros((len(there), 1), int), missing[:, : there.shape[1] - 1]], axis=1)
    return np.asarray(missing[:, n_samples:] - before == 0)


def stack_mean(*, windows: np.ndarray, offsets: np.ndarray, method: str = "avg") -> np.ndarray:
    """Mean of overlapping windows, NaN left out; NaN where there is nothing.

    Shapes
    ------
    windows : (window, sample, label)
    result : (sample, label)
    """
    if method != "avg":
        raise PickerError(f"Windows on a grid are averaged, not joined by {method!r}.")
    length = int(offsets[-1]) + windows.shape[1]
    total = np.zeros((length, windows.shape[2]), np.float32)
    count = np.zeros_like(total)
    for offset, window in zip(offsets, windows, strict=True):
        there = np.isfinite(window)
        total[offset : offset + len(window)] += np.where(there, window, 0.0)
        count[offset : offset + len(window)] += there
    with np.errstate(invalid="ignore"):
        return total / count
