"""Integrated gradients (Sundararajan et al., 2017): the gradients on the way from a baseline to the window, summed.

Pickers answer in a rush: on most of the way nothing happens, and then all of it within a tenth. So where no number of
steps is named, steps are put where the attribution still changes: the way begins in eight parts that are halved, each
part is known by how much that changed the attribution, and the worst are halved again, batch by batch, until what is
left is small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import torch

from workbench.explain.base import Attributed
from workbench.explain.baselines import Baseline
from workbench.explain.target import Question

__all__ = ["IntegratedGradients", "PathInParts", "along_path"]

_FIRST_PARTS = 8
_AT_ONCE = 12
"""Parts halved at a time: with fewer in a batch a step takes longer, with more too many are halved in vain."""


class IntegratedGradients:
    """What each sample adds to the target on the straight way from the baseline; adds up to the target's change.

    Parameters
    ----------
    steps
        Equal parts of the way, each told by its middle; 0 to put steps where they matter.
    gap
        Without `steps`: the share of the target's change by which the sum may miss it, before steps end.
    settled
        Without `steps`: the share of the attribution, in its sizes, that halving every part might still move, before
        steps end; on real picks it was then a third of that away from what hundreds of steps give.
    most
        Without `steps`: their number at which they end, come what may.
    """

    title = "integrated gradients"
    needs_gradients = True
    has_baseline = True
    adds_up = True
    unit = "{target}"

    def __init__(self, steps: int = 0, gap: float = 0.03, settled: float = 0.1, most: int = 128) -> None:
        self.steps, self.gap, self.settled, self.most = steps, gap, settled, most

    def attribute(self, question: Question, baseline: Baseline) -> Attributed:
        """In the unit of the target."""
        start = baseline.draw(question)
        compared = question.values(start, question.which)
        if self.steps > 0:
            return Attributed(along_path(question, start, self.steps), compared)
        paths = [PathInParts(question.inputs[row] - start[row]) for row in range(len(question))]
        # With the first halving in the same batch.
        first = [at / (2 * _FIRST_PARTS) for at in range(2 * _FIRST_PARTS + 1)]
        _add(question, start, paths, [(row, at) for row in range(len(paths)) for at in first])
        for path in paths:
            path.begin()
        change = question.value - compared
        while True:
            unsettled = [row for row, path in enumerate(paths) if self._goes_on(path, float(change[row]))]
            share = max(1, _AT_ONCE // max(1, len(unsettled)))
            wanted = [(row, part) for row in unsettled for part in paths[row].worst(min(share, self._left(paths[row])))]
            if not wanted:
                break
            _add(question, start, paths, [(row, (begin + stop) / 2) for row, (begin, stop) in wanted])
            for row, part in wanted:
                paths[row].halve(part)
        settled = max(path.unsettled for path in paths)
        used = {"steps": max(len(path.slopes) for path in paths), "still_moves": round(settled, 4)}
        return Attributed(torch.stack([path.attribution for path in paths]), compared, used)

    def _left(self, path: PathInParts) -> int:
        return max(0, self.most - len(path.slopes))

    def _goes_on(self, path: PathInParts, change: float) -> bool:
        missed = abs(float(path.attribution.double().sum()) - change)
        return self._left(path) > 0 and (path.unsettled > self.settled or missed > self.gap * abs(change))


def along_path(question: Question, start: torch.Tensor, steps: int) -> torch.Tensor:
    """Attribution (target, channel, sample) by the middles of so many equal parts between `start` and the window.

    The middles miss less than the points of Gauss and Legendre here: networks of rectifiers are nowhere smooth.
    """
    n_targets = len(question)
    share = ((torch.arange(steps) + 0.5) / steps).repeat_interleave(n_targets)[:, None, None]
    rows = torch.lerp(start.repeat(steps, 1, 1), question.inputs.repeat(steps, 1, 1), share)
    slopes = question.gradients(rows, question.which.repeat(steps))[1].unflatten(0, (steps, n_targets))
    return (question.inputs - start) * slopes.mean(dim=0)


def _add(question: Question, start: torch.Tensor, paths: list[PathInParts], points: list[tuple[int, float]]) -> None:
    """Walk to points (target, share of the way) and keep what is found there."""
    which = torch.tensor([row for row, _ in points])
    share = torch.tensor([at for _, at in points])[:, None, None]
    rows = torch.lerp(start[which], question.inputs[which], share)
    for (row, at), slope in zip(points, question.gradients(rows, which)[1], strict=True):
        paths[row].slopes[at] = slope * paths[row].way


@dataclass
class PathInParts:
    """One target's way, in parts between points; the sum over parts, each told by its two ends.

    Parameters
    ----------
    way
        From the baseline to the window, of any shape.
    slopes
        Share of the way to the gradient there times `way`.
    """

    way: torch.Tensor
    slopes: dict[float, torch.Tensor] = field(default_factory=dict)
    moves: dict[tuple[float, float], float] = field(default_factory=dict)
    attribution: torch.Tensor = field(init=False)

    def begin(self) -> None:
        """Take every second of the first points as an end of a part, and halve all parts."""
        parts = list(pairwise(sorted(self.slopes)[::2]))
        self.moves = dict.fromkeys(parts, 0.0)
        self.attribution = sum((self._part(*part) for part in parts), torch.zeros_like(self.way))
        for part in parts:
            self.halve(part)

    def halve(self, part: tuple[float, float]) -> None:
        """Put two parts in the place of one whose middle is known."""
        first, stop = part
        middle = (first + stop) / 2
        change = self._part(first, middle) + self._part(middle, stop) - self._part(first, stop)
        self.attribution += change
        del self.moves[part]
        # Halved again, each half moves by a quarter of that at most where the gradient is smooth, by half at a kink.
        self.moves[first, middle] = self.moves[middle, stop] = float(change.abs().sum()) / 4

    def worst(self, n_parts: int, scores: Mapping[float, float] | None = None) -> list[tuple[float, float]]:
        """The parts that halving would move most.

        Parameters
        ----------
        scores
            The target at each share of the way, where it counts as well how far a part misses what the target did.
        """

        def missed(part: tuple[float, float]) -> float:
            first, stop = part
            moved = self.moves[part]
            return (
                moved if scores is None else moved + abs(float(self._part(*part).sum()) - scores[stop] + scores[first])
            )

        return sorted(self.moves, key=missed, reverse=True)[:n_parts]

    @property
    def unsettled(self) -> float:
        """Share of the attribution that halving all parts would move, about."""
        return sum(self.moves.values()) / max(float(self.attribution.abs().sum()), 1e-30)

    def _part(self, first: float, stop: float) -> torch.Tensor:
        return (self.slopes[first] + self.slopes[stop]) * ((stop - first) / 2)
