"""What a station's stream keeps: samples for windows to come, outputs not yet final, triggers that go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.processing.grid import Grid, stack_mean

__all__ = ["Peak", "SampleBuffer", "Stitch", "Triggers"]


class SampleBuffer:
    """Samples of three components from one index on, NaN where none has come; its size is fixed.

    Parameters
    ----------
    capacity
        Samples of each component.
    base
        Index of the first.
    """

    def __init__(self, capacity: int, base: int) -> None:
        self._samples = np.full((3, capacity), np.nan, np.float32)
        self.base = base

    def put(self, row: int, index: int, samples: np.ndarray) -> int:
        """How many samples came too late and were dropped; NaN does not overwrite what is there."""
        late = min(max(0, self.base - index), len(samples))
        samples, at = samples[late:], index + late - self.base
        held = self._samples[row, at : at + len(samples)]
        held[...] = np.where(np.isfinite(samples), samples, held)
        return late

    def cut(self, start: int, stop: int) -> np.ndarray:
        """Samples between two indices, shape (3, stop - start), NaN outside the buffer."""
        window = np.full((3, stop - start), np.nan, np.float32)
        first, last = max(start, self.base), min(stop, self.base + self._samples.shape[1])
        if first < last:
            window[:, first - start : last - start] = self._samples[:, first - self.base : last - self.base]
        return window

    def advance(self, base: int) -> None:
        """Forget what lies before an index."""
        shift = min(base - self.base, self._samples.shape[1])
        if shift > 0:
            self._samples[:, : self._samples.shape[1] - shift] = self._samples[:, shift:].copy()
            self._samples[:, self._samples.shape[1] - shift :] = np.nan
            self.base = base


class Stitch:
    """Outputs of windows, averaged where they overlap."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._kept: dict[int, np.ndarray] = {}

    def add(self, window: int, kept: np.ndarray) -> None:
        """What :func:`workbench.processing.grid.kept_outputs` gives for one window."""
        self._kept[window] = kept

    def curve(self, begin: int, upto: int) -> np.ndarray:
        """P and S from one index to another, shape (sample, 2), now final; forgets what it used up."""
        curve = np.full((upto - begin, 2), np.nan, np.float32)
        if self._kept:
            numbers = sorted(self._kept)
            origin = self._grid.start_of(numbers[0])
            offsets = np.array([self._grid.start_of(number) - origin for number in numbers])
            stacked = stack_mean(windows=np.stack([self._kept[number] for number in numbers]), offsets=offsets)
            first, stop = max(begin, origin), min(upto, origin + len(stacked))
            if first < stop:
                curve[first - begin : stop - begin] = stacked[first - origin : stop - origin]
        end = self._grid.window_samples - self._grid.back_samples
        self._kept = {number: kept for number, kept in self._kept.items() if self._grid.start_of(number) + end > upto}
        return curve


@dataclass(frozen=True)
class Peak:
    """The highest value of a stretch above half the threshold."""

    column: int
    index: int
    probability: float


class Triggers:
    """Peaks of curves that come in parts: those that :func:`workbench.inference.picking.picks_from` finds in the whole.

    Parameters
    ----------
    thresholds
        One for each column of the curve.
    """

    def __init__(self, thresholds: Sequence[float]) -> None:
        self._thresholds = tuple(thresholds)
        self._open: dict[int, Peak] = {}

    def feed(self, curve: np.ndarray, begin: int) -> list[Peak]:
        """Peaks of the stretches that end within this part, which goes on where the last one ended."""
        peaks: list[Peak] = []
        for column, threshold in enumerate(self._thresholds):
            above = curve[:, column] > threshold / 2
            if not above[0]:
                peaks += self.close([column])
            edges = np.flatnonzero(np.diff(np.concatenate(([False], above, [False])).astype(np.int8))).reshape(-1, 2)
            for first, stop in edges.tolist():
                at = first + int(np.argmax(curve[first:stop, column]))
                found, known = Peak(column, begin + at, float(curve[at, column])), self._open.get(column)
                self._open[column] = found if known is None or found.probability > known.probability else known
                if stop < len(above):
                    peaks += self.close([column])
        return peaks

    def close(self, columns: Sequence[int] | None = None) -> list[Peak]:
        """Peaks of the stretches that were still going on, as if the curve ended here."""
        columns = range(len(self._thresholds)) if columns is None else columns
        closed = [self._open.pop(column) for column in columns if column in self._open]
        return [peak for peak in closed if peak.probability > self._thresholds[peak.column]]
