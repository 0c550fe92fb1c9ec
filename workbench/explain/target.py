"""``Question``: why does a network say this value, there? One or several targets, asked in batches."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import torch

from workbench.errors import PickerError
from workbench.explain.lean import lean
from workbench.explain.reach import Cut, find_cut
from workbench.explain.window import Window, read_outputs
from workbench.pickers.execution import is_out_of_memory
from workbench.schema import ATTRIBUTION_TARGETS, Report, silent

__all__ = ["HALF_WIDTH_SAMPLES", "Question"]

HALF_WIDTH_SAMPLES = 10
"""Of the network, before and after the time, over which the curve is averaged."""

_LEAST_ODDS = 1e-12

_MANY = 12
"""Windows to be asked about, from which on it pays to look how far the network looks."""

T = TypeVar("T")


class Question:
    """What is asked of a network: the mean of a curve, or of its log-odds, around a time; one row for each target.

    Rows of inputs are windows as the network takes them, and each belongs to one target: `which` says to which.

    Parameters
    ----------
    windows
        One for each target, all of one picker; the same one may stand several times.
    phases, times
        Of each target: a label of the network's outputs, and the time around which it is read.
    target
        One of :data:`~workbench.schema.ATTRIBUTION_TARGETS`.
    network
        In place of the windows' own, for a network with other weights.
    device
        ``"cuda"`` to ask a copy of the network on a card; empty to ask it where it is.
    batch_size
        Windows that go through the network at once; falls where memory does not suffice.
    report
        Called between batches; may raise to stop.

    Raises
    ------
    PickerError
        If there is no such target, or a time lies outside its window, or where the network blinds.
    """

    def __init__(
        self,
        windows: Sequence[Window],
        phases: Sequence[str],
        times: Sequence[pd.Timestamp],
        target: str = "probability",
        *,
        network: torch.nn.Module | None = None,
        device: str = "",
        batch_size: int = 32,
        report: Report = silent,
    ) -> None:
        if target not in ATTRIBUTION_TARGETS:
            raise PickerError(f"There is no target {target!r}; there are {', '.join(ATTRIBUTION_TARGETS)}.")
        self.windows, self.phases = tuple(windows), tuple(phases)
        self.times = tuple(pd.Timestamp(time) for time in times)
        self.target, self.report, self.batch_size = target, report, batch_size
        self.reading = windows[0].reading
        self.network = self.reading.network if network is None else network
        if device and not self.reading.no_gradients:
            self.network = copy.deepcopy(self.network).to(device)
        self._leaner: dict[tuple[int, ...], torch.nn.Module] = {}
        self._cut: Cut | None = None
        self._cut_sought = False
        self.notices: list[str] = []
        self.inputs = torch.cat([window.inputs for window in windows])
        self.there = torch.stack([window.there for window in windows])
        self._columns = torch.tensor([self.reading.labels.index(phase) for phase in phases])
        spans = [_span(*case) for case in zip(windows, phases, self.times, strict=True)]
        longest = max(stop - first for first, stop in spans)
        at = [np.clip(np.arange(first, first + longest), None, stop - 1) for first, stop in spans]
        self._at = torch.from_numpy(np.stack(at))
        counts = [(np.arange(longest) < stop - first) / (stop - first) for first, stop in spans]
        self._weights = torch.from_numpy(np.stack(counts)).float()
        self._is_softmax = _adds_up_to_one(windows[0].outputs)

    def __len__(self) -> int:
        return len(self.windows)

    @property
    def half_width_s(self) -> float:
        """Seconds before and after the time over which the curve is averaged."""
        return HALF_WIDTH_SAMPLES / self.reading.rate_hz if self.windows[0].outputs.shape[0] > 1 else 0.0

    @cached_property
    def which(self) -> torch.Tensor:
        """The targets, one row each."""
        return torch.arange(len(self))

    @cached_property
    def value(self) -> torch.Tensor:
        """Of each target for its window as it is, shape (target,)."""
        if self.network is not self.reading.network:
            return self.values(self.inputs, self.which)
        shown = [self._mean(window.outputs[None], self.which[row : row + 1]) for row, window in enumerate(self.windows)]
        return torch.cat(shown)

    @cached_property
    def gradient(self) -> torch.Tensor:
        """Of each target with respect to its window as it is, shape (target, channel, sample)."""
        return self.gradients(self.inputs, self.which)[1]

    def outputs(self, inputs: torch.Tensor, network: torch.nn.Module | None = None) -> torch.Tensor:
        """What the network, or another, says of inputs (B, channel, sample): (B, output, label); differentiable."""
        return read_outputs(self.reading, inputs, self.network if network is None else network)

    def ask(self, inputs: torch.Tensor, which: torch.Tensor, network: torch.nn.Module | None = None) -> torch.Tensor:
        """The targets' values (B,) for inputs (B, channel, sample) in one pass; differentiable."""
        if network is not None:
            return self._mean(self.outputs(inputs, network), which)
        first, stop = self._cut or (0, inputs.shape[-1])
        return self._mean(self.outputs(inputs[..., first:stop], self._lean(which)), which, first)

    def _mean(self, outputs: torch.Tensor, which: torch.Tensor, first: int = 0) -> torch.Tensor:
        """The targets' values (B,) in outputs (B, output, label) from number `first` of the window on."""
        rows, at = torch.arange(len(outputs))[:, None], self._at[which] - first
        probability = outputs[rows, at, self._columns[which][:, None]]
        if self.target == "logit":
            others = 1 - probability
            if self._is_softmax:
                # Not one minus it: near one, that has no digits left.
                all_labels = outputs[rows, at]
                mask = torch.ones(len(self.reading.labels), len(self.reading.labels)).fill_diagonal_(0)
                others = (all_labels * mask[self._columns[which]][:, None]).sum(-1)
            probability = (probability.clamp_min(_LEAST_ODDS) / others.clamp_min(_LEAST_ODDS)).log()
        return (probability * self._weights[which]).sum(-1)

    def reach(self, n_rows: int) -> Cut:
        """First sample of the windows that is run, and the one after the last, if so many are to be asked about.

        From some number on it is found out which part the targets depend on; from then on no more than that is run.
        """
        if n_rows >= _MANY and not self._cut_sought:
            self._cut_sought = True
            self._look_for_cut()
        return self._cut or (0, self.inputs.shape[-1])

    def _look_for_cut(self) -> None:
        plan = self.reading.plan
        if self.reading.no_gradients or not plan.stacking or plan.outputs_per_sample != 1:
            return
        network = lean(self.network, range(len(self.reading.labels)), len(self.reading.labels))
        span = int(self._at.min()), int(self._at.max()) + 1
        try:
            self._cut = find_cut(self.network, lambda inputs: self.outputs(inputs, network), self.inputs, *span)
        except (MemoryError, RuntimeError) as error:
            # What does not fit for a few windows is said when they are asked about.
            if not is_out_of_memory(error):
                raise

    def _lean(self, which: torch.Tensor) -> torch.nn.Module:
        """The network, as far as the targets asked for need it."""
        if self.reading.no_gradients:
            return self.network
        labels = tuple(self._columns[which].unique().tolist())
        if labels not in self._leaner:
            wanted = range(len(self.reading.labels)) if self.target == "logit" and self._is_softmax else labels
            self._leaner[labels] = lean(self.network, wanted, len(self.reading.labels))
        return self._leaner[labels]

    def values(self, inputs: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
        """The targets' values (B,), batch by batch, without a way back."""

        def run(part: slice) -> torch.Tensor:
            with torch.no_grad():
                return self.ask(inputs[part], which[part])

        return torch.cat(list(self.in_batches(len(inputs), run)))

    def gradients(self, inputs: torch.Tensor, which: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The targets' values (B,) and gradients (B, channel, sample) at inputs, batch by batch.

        Nothing is written to the network: only the derivative with respect to the inputs is computed.
        """

        def run(part: slice) -> tuple[torch.Tensor, torch.Tensor]:
            # Not an inference tensor, of which there is no derivative, and not the caller's own.
            with torch.inference_mode(False), torch.enable_grad():
                asked = inputs[part].clone().requires_grad_(True)
                found = self.ask(asked, which[part])
                if not found.requires_grad:
                    return found.detach(), torch.zeros_like(asked)
                (slope,) = torch.autograd.grad(found.sum(), asked, allow_unused=True)
            return found.detach(), torch.zeros_like(inputs[part]) if slope is None else slope

        values, slopes = zip(*self.in_batches(len(inputs), run), strict=True)
        return torch.cat(values), torch.cat(slopes)

    def in_batches(self, n_rows: int, run: Callable[[slice], T]) -> Iterator[T]:
        """What `run` gives for parts of so many rows; in smaller parts, and so from then on, where memory ends.

        Raises
        ------
        PickerError
            If memory does not suffice for one window.
        """
        self.reach(n_rows)
        at = 0
        while at < n_rows:
            part = slice(at, min(n_rows, at + self.batch_size))
            self.report(at / n_rows, f"window {at + 1} of {n_rows}")
            try:
                found = run(part)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                self._fewer(part.stop - part.start, error)
                continue
            yield found
            at = part.stop

    def _fewer(self, size: int, error: BaseException) -> None:
        if size == 1:
            raise PickerError(
                f"Memory does not suffice to explain one window of {self.windows[0].card.title} "
                f"({self.windows[0].seconds:g} s). Close other programs, or choose another compute kernel."
            ) from error
        self.batch_size = size // 2
        torch.cuda.empty_cache()
        sentence = f"Memory did not suffice for {size} windows at once: from then on, {self.batch_size} were asked."
        self.notices.append(sentence)


def _span(window: Window, phase: str, time: pd.Timestamp) -> tuple[int, int]:
    """First output that is read around a time and the one after the last; those that are blinded are left out."""
    centre, n_outputs = window.output_at(time, phase), window.outputs.shape[0]
    half = round(HALF_WIDTH_SAMPLES * window.reading.plan.outputs_per_sample) if n_outputs > 1 else 0
    finite = torch.isfinite(window.outputs[:, window.reading.labels.index(phase)]).numpy()
    if not 0 <= centre < n_outputs or not finite[centre]:
        raise PickerError(
            f"{window.card.title} says nothing of {phase} at {time} in the window from {window.start} on."
        )
    first, stop = centre, centre + 1
    while first > max(0, centre - half) and finite[first - 1]:
        first -= 1
    while stop < min(n_outputs, centre + half + 1) and finite[stop]:
        stop += 1
    return first, stop


def _adds_up_to_one(outputs: torch.Tensor) -> bool:
    """Whether labels exclude one another: the network ends in a softmax."""
    finite: Any = torch.isfinite(outputs).all(dim=-1)
    sums = outputs[finite].sum(dim=-1)
    return outputs.shape[-1] > 1 and bool((sums - 1).abs().max() < 1e-4) if sums.numel() else False
