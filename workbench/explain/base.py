"""What an explainer is: a question to an attribution of each sample, and what it promises about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import torch

from workbench.explain.baselines import Baseline
from workbench.explain.target import Question

__all__ = ["Attributed", "Explainer"]


@dataclass(frozen=True)
class Attributed:
    """What an explainer found.

    Parameters
    ----------
    attribution
        Shape (target, channel, sample).
    baseline_value
        Of each target, for what the explainer compared with; None for one without a baseline.
    settings
        What it came to use, beside what it was told (number of steps).
    notices
        What is to be known of it, one sentence each.
    """

    attribution: torch.Tensor
    baseline_value: torch.Tensor | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


@runtime_checkable
class Explainer(Protocol):
    """One method of attribution; its settings are the keyword arguments of its constructor."""

    title: str
    """As people write it: ``"integrated gradients"``."""

    needs_gradients: bool
    """Whether it goes back through the network, or only asks it."""

    has_baseline: bool
    """Whether it compares with a baseline."""

    adds_up: bool
    """Whether its attribution sums to the target's value less that of the baseline."""

    unit: str
    """Of its numbers, in words; ``{target}`` stands for what is explained: ``"{target} per unit of the input"``."""

    def attribute(self, question: Question, baseline: Baseline) -> Attributed:
        """How much each sample of each target's window speaks for its value, in the unit of the target."""
        ...
