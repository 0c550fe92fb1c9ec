"""Integrated gradients (Sundararajan et al., 2017): the gradients on the way from a baseline to the window, summed.

The way is walked in batches, at the points of a Gauss-Legendre rule. Where no number of steps is named, the rule is
doubled until the sum is that of the target's change to within a stated gap, and the attribution itself has settled.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch

from workbench.explain.base import Attributed
from workbench.explain.baselines import Baseline
from workbench.explain.target import Question

__all__ = ["IntegratedGradients", "along_path"]

_FIRST_STEPS = 8
_MOST_STEPS = 256


class IntegratedGradients:
    """What each sample adds to the target on the straight way from the baseline; adds up to the target's change.

    Parameters
    ----------
    steps
        Points of the rule; 0 to double them, from 8 on and up to 256, until `gap` is kept.
    gap
        Share of the target's change by which the sum may miss it, and of the attribution by which the last doubling
        may still have changed it, before the doubling ends.
    """

    title = "integrated gradients"
    needs_gradients = True
    has_baseline = True
    adds_up = True

    def __init__(self, steps: int = 0, gap: float = 0.02) -> None:
        self.steps = steps
        self.gap = gap

    def attribute(self, question: Question, baseline: Baseline) -> Attributed:
        """In the unit of the target."""
        start = baseline.draw(question)
        compared = question.values(start, question.which)
        if self.steps:
            return Attributed(along_path(question, start, self.steps), compared, {"steps": self.steps})
        steps = _FIRST_STEPS
        change = question.value - compared
        found = along_path(question, start, steps)
        while steps < _MOST_STEPS:
            steps *= 2
            before, found = found, along_path(question, start, steps)
            missed = (found.sum(dim=(1, 2)) - change).abs()
            moved = (found - before).abs().sum(dim=(1, 2))
            if bool(((missed <= self.gap * change.abs()) & (moved <= self.gap * found.abs().sum(dim=(1, 2)))).all()):
                break
        return Attributed(found, compared, {"steps": steps})


def along_path(question: Question, start: torch.Tensor, steps: int) -> torch.Tensor:
    """Attribution (target, channel, sample) by a rule of so many points between `start` and the window."""
    points, weights = _rule(steps)
    n_targets, steps = len(question), len(points)
    which = question.which.repeat(steps)
    at = points.repeat_interleave(n_targets)[:, None, None]
    rows = torch.lerp(start.repeat(steps, 1, 1), question.inputs.repeat(steps, 1, 1), at)
    slopes = question.gradients(rows, which)[1].reshape(steps, n_targets, *start.shape[1:])
    mean = torch.einsum("s,sncl->ncl", weights, slopes)
    return (question.inputs - start) * mean


@cache
def _rule(steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Points between 0 and 1 and their weights, by Gauss and Legendre."""
    points, weights = np.polynomial.legendre.leggauss(steps)
    return torch.from_numpy((points + 1) / 2).float(), torch.from_numpy(weights / 2).float()
