"""Outputs of overlapping windows stitched to curves: SeisBench's stacking, to the last bit, a batch at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from workbench.pickers.windows import Piece, Plan

__all__ = ["Stack", "Stitch"]

_FLOATS_KEPT = 2_000_000

Stack = Callable[..., np.ndarray]
"""SeisBench's ``stack_windows(windows=, offsets=, method=)``."""


class Stitch:
    """Outputs of one piece on their way into the curves.

    Windows that follow one another at one distance, each overlapping with its neighbours only, are joined batch by
    batch and written at once, while they are in the processor's cache; all others are kept until there are many, and
    then given to `stack`.

    Parameters
    ----------
    curves
        Of the piece's station, shape (label, time); filled.
    """

    def __init__(self, plan: Plan, piece: Piece, stack: Stack, curves: np.ndarray) -> None:
        self._plan, self.piece, self._stack, self._curves = plan, piece, stack, curves
        self._offsets: list[int] = []
        self._outputs: list[np.ndarray] = []
        self._is_in_turn = True
        self._done = 0

    def add(self, offsets: Sequence[int], outputs: np.ndarray) -> None:
        """Outputs of the next windows.

        Parameters
        ----------
        offsets
            First sample of each in the piece.
        outputs
            Shape (window, time, label), or (window, label) for a network that says one thing per window.
        """
        outputs = outputs[..., self._plan.chosen]
        if not self._plan.stacking:
            self._write((self.piece.start + offsets[0]) // self._plan.step_samples, outputs.T)
            return
        at = [round(offset * self._plan.outputs_per_sample) for offset in offsets]
        n_taken = self._take_in_turn(at, outputs) if self._is_in_turn else 0
        self._is_in_turn = n_taken == len(at)
        self._offsets += at[n_taken:]
        self._outputs.extend(outputs[n_taken:])
        if self._outputs[0].size * len(self._outputs) > _FLOATS_KEPT:
            self.flush(until=self._offsets[-1])

    def _take_in_turn(self, at: list[int], outputs: np.ndarray) -> int:
        """How many of the windows came in turn; what none of those to come will change is written.

        The last two stay, for the one at a piece's very end may overlap with both.
        """
        step, length = round(self._plan.step_samples * self._plan.outputs_per_sample), outputs.shape[1]
        is_averaged = self._plan.stacking == "avg"
        if not step <= length <= 2 * step or (is_averaged and np.isnan(outputs.min())):
            return 0
        first = self._offsets[-1] + step if self._offsets else at[0]
        n_taken = next((n for n, offset in enumerate(at) if offset != first + n * step), len(at))
        if not n_taken:
            return 0
        windows = outputs[:n_taken].transpose(0, 2, 1)
        known = [output.T[np.newaxis] for output in self._outputs]
        if known:
            self._join(known[0] if len(known) > 1 else None, known[-1], self._offsets[-1], step)
        if n_taken > 1:
            self._join(known[-1] if known else None, windows[:1], at[0], step)
            self._join(windows[:-2], windows[1:-1], at[1], step)
        self._offsets = [*self._offsets, *at[:n_taken]][-2:]
        self._outputs = [*self._outputs, *outputs[:n_taken]][-2:]
        self._done = at[n_taken - 1]
        return n_taken

    def _join(self, before: np.ndarray | None, windows: np.ndarray, offset: int, step: int) -> None:
        """Write windows (window, label, time) up to the next one each, the first at `offset`.

        `before` has for each the one before it, which reaches into it.
        """
        n_windows, n_labels, length = windows.shape
        n_shared = 0 if before is None else length - step
        start = self._on_axis(offset)
        first, stop = self._inside(start, n_windows * step)
        is_whole = stop - first == n_windows * step
        # As a view into the curves where all of it counts, so that nothing is copied twice.
        flat = self._curves[:, first:stop] if is_whole else np.empty((n_labels, n_windows * step), np.float32)
        target = flat.reshape(n_labels, n_windows, step).transpose(1, 0, 2)
        target[..., n_shared:] = windows[..., n_shared:step]
        if before is not None and n_shared:
            shared, earlier, later = target[..., :n_shared], before[..., step:], windows[..., :n_shared]
            if self._plan.stacking == "avg":
                np.add(earlier, later, out=shared)
                shared *= np.float32(0.5)
            else:
                # As C's fmaxf: NaN, where a picker blinds, counts as less than anything.
                np.fmax(earlier, later, out=shared)
        if not is_whole:
            self._write(start, flat)

    def flush(self, until: int | None = None) -> None:
        """Stack what is there and write what no later window will change; later ones start at `until` or after."""
        if not self._outputs:
            return
        base = self._offsets[0]
        windows = np.empty((len(self._outputs), *self._outputs[0].shape), self._outputs[0].dtype)
        for window, output in zip(windows, self._outputs, strict=True):
            window[:] = output
        stacked = self._stack(
            windows=windows,
            offsets=np.asarray(self._offsets, dtype=np.intp) - base,
            method=self._plan.stacking,
        )
        first, stop = max(0, self._done - base), stacked.shape[0] if until is None else until - base
        self._write(self._on_axis(base + first), stacked[first:stop].T)
        if until is not None:
            self._done = until
            keep = [
                (max(offset, until), output[max(0, until - offset) :])
                for offset, output in zip(self._offsets, self._outputs, strict=True)
                if offset + output.shape[0] > until
            ]
            self._keep_whole(keep)

    def _keep_whole(self, keep: list[tuple[int, np.ndarray]]) -> None:
        # Stacking wants windows of one length: what is left of the earlier ones is filled up with NaN, which it skips.
        self._offsets, self._outputs = [], []
        length = max((output.shape[0] for _, output in keep), default=0)
        for offset, output in keep:
            filled = np.full((length, output.shape[1]), np.nan, output.dtype)
            filled[: output.shape[0]] = output
            self._offsets.append(offset)
            self._outputs.append(filled)

    def _on_axis(self, offset: int) -> int:
        """Index in the curves of an output, counted from the piece's first."""
        return round(self.piece.start * self._plan.outputs_per_sample) + offset

    def _inside(self, start: int, n_values: int) -> tuple[int, int]:
        """What of so many values lies in the recording, and not in padding."""
        first, stop = max(0, start), min(self._curves.shape[-1], start + n_values)
        if self.piece.kept is not None:
            factor = self._plan.outputs_per_sample
            first = max(first, math.ceil(self.piece.kept[0] * factor))
            stop = min(stop, math.ceil(self.piece.kept[1] * factor))
        return first, stop

    def _write(self, start: int, values: np.ndarray) -> None:
        """Into the curves, of which `values` (label, time) are a part; what does not count is dropped."""
        first, stop = self._inside(start, values.shape[-1])
        if first < stop:
            self._curves[:, first:stop] = values[:, first - start : stop - start]
