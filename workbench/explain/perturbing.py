"""Explanations that only ask: the target without a second of a component, a moving window, whole components.

They need no way back through the network, and so also explain pickers that have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import factorial

import torch

from workbench.errors import PickerError
from workbench.explain.base import Attributed
from workbench.explain.baselines import Baseline
from workbench.explain.target import Question

__all__ = ["FeatureAblation", "Mute", "Occlusion", "Shapley", "values_without"]


@dataclass(frozen=True)
class Mute:
    """A part of a target's window that the baseline stands in for.

    Parameters
    ----------
    row
        Of the target.
    channels
        That are muted.
    first, stop
        First sample and the one after the last.
    """

    row: int
    channels: tuple[int, ...]
    first: int
    stop: int


def values_without(question: Question, start: torch.Tensor, mutes: Sequence[Mute]) -> torch.Tensor:
    """The target's value (mute,) for windows that are as they are but for one part, where the baseline stands."""
    first, stop = question.reach(len(mutes))
    # What the network does not look at changes nothing.
    seen = [number for number, mute in enumerate(mutes) if mute.first < stop and mute.stop > first]

    def run(part: slice) -> torch.Tensor:
        asked = [mutes[number] for number in seen[part]]
        rows = torch.tensor([mute.row for mute in asked])
        inputs = question.inputs[rows].clone()
        for at, mute in enumerate(asked):
            channels = list(mute.channels)
            inputs[at, channels, mute.first : mute.stop] = start[mute.row, channels, mute.first : mute.stop]
        with torch.no_grad():
            return question.ask(inputs, rows)

    values = question.value[torch.tensor([mute.row for mute in mutes], dtype=torch.long)].clone()
    if seen:
        values[seen] = torch.cat(list(question.in_batches(len(seen), run)))
    return values


class FeatureAblation:
    """What the target loses without a second of one component, spread evenly over its samples.

    Parameters
    ----------
    length_s
        Of a part.
    """

    title = "feature ablation"
    needs_gradients = False
    has_baseline = True
    adds_up = False
    unit = "{target}"

    def __init__(self, length_s: float = 1.0) -> None:
        self.length_s = length_s

    def attribute(self, question: Question, baseline: Baseline) -> Attributed:
        """In the unit of the target; a part's samples sum to what it is worth."""
        return _by_parts(question, baseline, self.length_s, self.length_s)


class Occlusion:
    """What the target loses without a window of one component that moves along (Zeiler and Fergus, 2014).

    Where windows overlap, a sample gets the mean of what they say of it.

    Parameters
    ----------
    length_s, step_s
        Of the window, and from one to the next.
    """

    title = "occlusion"
    needs_gradients = False
    has_baseline = True
    adds_up = False
    unit = "{target}"

    def __init__(self, length_s: float = 1.0, step_s: float = 0.5) -> None:
        self.length_s, self.step_s = length_s, step_s

    def attribute(self, question: Question, baseline: Baseline) -> Attributed:
        """In the unit of the target; the samples of a window that overlaps with no other sum to what it is worth."""
        return _by_parts(question, baseline, self.length_s, self.step_s)


def _by_parts(question: Question, baseline: Baseline, length_s: float, step_s: float) -> Attributed:
    n_channels, n_samples = question.inputs.shape[1:]
    rate_hz = question.reading.rate_hz
    length, step = max(1, round(length_s * rate_hz)), max(1, round(step_s * rate_hz))
    if not 0 < step <= length <= n_samples:
        raise PickerError(
            f"Parts of {length_s:g} s, {step_s:g} s apart, do not cover a window of {n_samples / rate_hz:g} s: "
            "a step is no longer than a part, and a part no longer than the window."
        )
    start = baseline.draw(question)
    begins = range(0, max(1, n_samples - length + step), step)
    mutes = [
        Mute(row, (channel,), begin, min(begin + length, n_samples))
        for row, channel, begin in product(range(len(question)), range(n_channels), begins)
        if bool(question.there[row, channel, begin : begin + length].any())
    ]
    rows = torch.tensor([mute.row for mute in mutes], dtype=torch.long)
    lost = question.value[rows] - values_without(question, start, mutes)
    total, count = torch.zeros_like(question.inputs), torch.zeros_like(question.inputs)
    for mute, worth in zip(mutes, lost, strict=True):
        at = (mute.row, mute.channels[0], slice(mute.first, mute.stop))
        there = question.there[at]
        total[at] += torch.where(there, worth / there.sum(), 0.0)
        count[at] += 1
    return Attributed(total / count.clamp_min(1), question.values(start, question.which))


class Shapley:
    """What each component is worth: the exact Shapley value (1953), from all combinations of components.

    A component's value is spread evenly over its samples: the method tells components apart, not times.
    """

    title = "Shapley values of the components"
    needs_gradients = False
    has_baseline = True
    adds_up = True
    unit = "{target}"

    def attribute(self, question: Question, baseline: Baseline) -> Attributed:
        """In the unit of the target; adds up to its change."""
        start = baseline.draw(question)
        n_channels, n_samples = question.inputs.shape[1:]
        present = list(product((False, True), repeat=n_channels))
        mutes = [
            Mute(row, tuple(at for at in range(n_channels) if not held[at]), 0, n_samples)
            for row in range(len(question))
            for held in present
        ]
        values = values_without(question, start, mutes).reshape(len(question), len(present))
        worth = torch.zeros(len(question), n_channels)
        for channel, held in product(range(n_channels), present):
            if held[channel]:
                without = (*held[:channel], False, *held[channel + 1 :])
                n_others = sum(held) - 1
                weight = factorial(n_others) * factorial(n_channels - n_others - 1) / factorial(n_channels)
                worth[:, channel] += weight * (values[:, present.index(held)] - values[:, present.index(without)])
        there = question.there.float()
        spread = there / there.sum(dim=-1, keepdim=True).clamp_min(1)
        return Attributed(worth[..., None] * spread, values[:, 0])
