"""Windows of several pieces in one batch through a network, and the outputs stitched to curves again.

The same windows, batches' content and stacking as SeisBench's ``annotate``, so that the curves are the same to the last
bit. But it reports after each batch, so that a run can be stopped, and it keeps only the windows that still overlap
with ones to come, so that a day takes no more memory than its curves do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch

from workbench.pickers.execution import Execution, Step
from workbench.pickers.rows import Rows
from workbench.pickers.segments import finite_runs
from workbench.pickers.stitching import Stack, Stitch

__all__ = ["Piece", "Plan", "Reading", "Where", "run_pieces"]

Finish = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Outputs of a batch and its windows to the outputs that are stacked."""

Where = Callable[[int, np.ndarray, int], np.ndarray]
"""Row of a station, first samples of windows on the time axis, and their length, to whether each is to be run."""


@dataclass(frozen=True)
class Piece:
    """Samples of one station without a gap in all components at once.

    Parameters
    ----------
    row
        Of the station, in the curves.
    samples
        float32, shape (component, time), at the network's rate: an array, or rows that are cut like one.
    start
        Index of the first sample on the time axis, at the network's rate, that begins with the recording; may be
        negative.
    kept
        First index, and the index after the last, on that axis, between which outputs count; None for all. Those over
        the padding of a piece do not, for its neighbours may lie there.
    """

    row: int
    samples: np.ndarray | Rows
    start: int
    kept: tuple[int, int] | None = None


@dataclass(frozen=True)
class Plan:
    """How a network is moved along a piece.

    Parameters
    ----------
    window_samples
        Length of its input.
    step_samples
        From one window to the next.
    outputs_per_sample
        Outputs for one sample of input; for a network that says one thing per window, 1 / `step_samples`.
    stacking
        ``"avg"``, ``"max"``, or ``""`` for one output per window.
    columns
        Which of the network's outputs are kept, in this order.
    """

    window_samples: int
    step_samples: int
    outputs_per_sample: float
    stacking: str
    columns: tuple[int, ...]

    @cached_property
    def chosen(self) -> slice | list[int]:
        """The columns as an index; those side by side without a copy."""
        first, stop = min(self.columns, default=0), max(self.columns, default=-1) + 1
        return slice(first, stop) if self.columns == tuple(range(first, stop)) else list(self.columns)

    def offsets(self, piece: Piece) -> np.ndarray:
        """First sample of each window in a piece."""
        last = piece.samples.shape[-1] - self.window_samples
        if not self.stacking:
            # So that the outputs of all pieces fall on one time axis.
            return np.arange(-piece.start % self.step_samples, last + 1, self.step_samples)
        offsets = np.arange(0, last + 1, self.step_samples)
        return np.append(offsets, last) if offsets.size and offsets[-1] < last else offsets


@dataclass(frozen=True)
class Reading:
    """How a network reads one station, taken apart, so that an explanation can ask it about one window.

    Parameters
    ----------
    plan, pieces
        Where its windows lie.
    rate_hz
        Of the network.
    prepare
        Windows (B, C, T) as they are cut to what the network takes.
    network
        The module that takes what `prepare` gives; normalises nothing more where that can be helped.
    read
        What the network gives to outputs (B, T_out, label); differentiable, NaN where the picker blinds.
    labels
        Of the outputs.
    output_s
        Label to the time of a window's first output, in seconds after its first sample; 0 where not named.
    used
        First output of a window that the picker's curves hold, and the one after the last; None for all.
    notices
        What was done to the station's samples, one sentence each.
    no_gradients
        Why there is no way back through the network, in words; empty where there is.
    network_at
        For a picker that looks beyond the station: first sample of a window, on the recording's axis at the network's
        rate, to the network as it is there, which stands in for `network`. None where every window has the same.
    """

    plan: Plan
    pieces: list[Piece]
    rate_hz: float
    prepare: Callable[[torch.Tensor], torch.Tensor]
    network: torch.nn.Module
    read: Callable[[Any], torch.Tensor]
    labels: tuple[str, ...]
    output_s: Mapping[str, float] = field(default_factory=dict)
    used: tuple[int, int] | None = None
    notices: tuple[str, ...] = ()
    no_gradients: str = ""
    network_at: Callable[[int], torch.nn.Module] | None = None


def run_pieces(
    pieces: Iterable[Piece],
    plan: Plan,
    execution: Execution,
    step: Step,
    stack: Stack,
    curves: np.ndarray,
    on_batch: Callable[[int], None],
    finish: Finish | None = None,
    where: Where | None = None,
) -> None:
    """Fill curves (station, label, time) with what the network says of the pieces.

    Parameters
    ----------
    pieces
        Read one after the other, so that only those of one or two batches need be in memory.
    execution
        Where and how the batches are run.
    step
        What the network says of a batch, given its forward pass.
    on_batch
        Called after each batch with the number of windows done so far; may raise to stop the run.
    finish
        What is to be done with the outputs on this computer before they are stacked; nothing if not given.
    where
        Which windows are run; all if not given. Curves are left as they were wherever a window over them is not.
    """
    done = 0
    underway: deque[list[_Window]] = deque()

    def windows() -> Iterator[torch.Tensor]:
        for batch in _batches(_windows(pieces, plan, stack, curves, where), execution):
            underway.append(batch)
            yield torch.from_numpy(_samples(batch, plan))

    for outputs in execution.run(windows(), step):
        batch = underway.popleft()
        if finish is not None:
            outputs = finish(outputs, _samples(batch, plan))
        for first, stop in _same_piece(batch):
            stitch = batch[first].stitch
            stitch.add([window.offset for window in batch[first:stop]], outputs[first:stop])
            if batch[stop - 1].is_last:
                stitch.flush()
        done += len(batch)
        on_batch(done)


class _Window(NamedTuple):
    stitch: Stitch
    offset: int
    is_last: bool


def _same_piece(batch: list[_Window]) -> Iterator[tuple[int, int]]:
    """First window of each piece in a batch, and the one after its last."""
    first = 0
    for stop in range(1, len(batch) + 1):
        if stop == len(batch) or batch[stop].stitch is not batch[first].stitch:
            yield first, stop
            first = stop


def _samples(batch: list[_Window], plan: Plan) -> np.ndarray:
    """Samples of windows, shape (window, component, time), each copied once, to where the network reads it."""
    samples = np.empty((len(batch), batch[0].stitch.piece.samples.shape[0], plan.window_samples), np.float32)
    for window, rows in zip(batch, samples, strict=True):
        for row, source in zip(rows, window.stitch.piece.samples, strict=True):
            row[:] = source[window.offset : window.offset + plan.window_samples]
    return samples


def _windows(
    pieces: Iterable[Piece], plan: Plan, stack: Stack, curves: np.ndarray, where: Where | None
) -> Iterator[_Window]:
    for piece in pieces:
        offsets = plan.offsets(piece)
        for part, wanted in [(piece, offsets)] if where is None else _parts(piece, offsets, plan, where):
            stitch = Stitch(plan, part, stack, curves[piece.row])
            for number, offset in enumerate(wanted):
                yield _Window(stitch, int(offset), number == len(wanted) - 1)


def _parts(piece: Piece, offsets: np.ndarray, plan: Plan, where: Where) -> Iterator[tuple[Piece, np.ndarray]]:
    """Stretches of windows that are run, each with what of its output no window that is not run would have changed."""
    is_wanted = where(piece.row, piece.start + offsets, plan.window_samples)
    for first, stop in finite_runs(is_wanted):
        begin, end = piece.kept or (piece.start, piece.start + piece.samples.shape[-1])
        if plan.stacking and first > 0:
            begin = max(begin, piece.start + int(offsets[first - 1]) + plan.window_samples)
        if plan.stacking and stop < len(offsets):
            end = min(end, piece.start + int(offsets[stop]))
        if begin < end:
            yield replace(piece, kept=(begin, end)), offsets[first:stop]


def _batches(windows: Iterator[_Window], execution: Execution) -> Iterator[list[_Window]]:
    batch: list[_Window] = []
    for window in windows:
        batch.append(window)
        # Asked anew each time: it falls where memory does not suffice.
        if len(batch) >= execution.batch_size:
            yield batch
            batch = []
    if batch:
        yield batch
