"""Means over chance: SmoothGrad (Smilkov et al., 2017) and gradient SHAP (Lundberg and Lee, 2017)."""

from __future__ import annotations

import torch

from workbench.explain.base import Attributed
from workbench.explain.baselines import Baseline
from workbench.explain.target import Question

__all__ = ["GradientShap", "SmoothGrad"]


class SmoothGrad:
    """The mean gradient over copies of the window with a little noise added.

    As Captum's ``NoiseTunnel`` around its ``Saliency``; but that draws from torch's own generator, batch by batch, so
    that what comes out would depend on what else is running and on how much memory there is.

    Parameters
    ----------
    samples
        Number of copies.
    noise
        Standard deviation of what is added, as a share of that of the window.
    seed
        Of the noise.
    absolute
        Without it, the mean gradient keeps its sign.
    """

    title = "SmoothGrad"
    needs_gradients = True
    has_baseline = False
    adds_up = False
    unit = "{target} per unit of the normalised input"

    def __init__(self, samples: int = 20, noise: float = 0.1, seed: int = 0, absolute: bool = True) -> None:
        self.samples, self.noise, self.seed, self.absolute = samples, noise, seed, absolute

    def attribute(self, question: Question, baseline: Baseline) -> Attributed:  # noqa: ARG002
        """Target per unit of the normalised input."""
        chance = torch.Generator().manual_seed(self.seed)
        noise = torch.randn(self.samples, 1, *question.inputs.shape[1:], generator=chance)
        deviations = torch.stack([row[there].std() for row, there in zip(question.inputs, question.there, strict=True)])
        added = noise * self.noise * deviations[:, None, None] * question.there
        rows = (question.inputs + added).flatten(0, 1)
        slopes = question.gradients(rows, question.which.repeat(self.samples))[1]
        mean = slopes.unflatten(0, (self.samples, -1)).mean(dim=0)
        return Attributed(mean.abs() if self.absolute else mean)


class GradientShap:
    """Input x gradient at points drawn on the ways from several baselines to the window.

    Points are drawn one in each of equal parts of the way, which misses the target's change by less than points drawn
    anywhere, as Captum does it, for the same number of passes; and from a generator of its own.

    Parameters
    ----------
    samples
        Number of points; for noise as a baseline, each with noise of its own.
    seed
        Of the points.
    """

    title = "gradient SHAP"
    needs_gradients = True
    has_baseline = True
    adds_up = True
    unit = "{target}"

    def __init__(self, samples: int = 20, seed: int = 0) -> None:
        self.samples, self.seed = samples, seed

    def attribute(self, question: Question, baseline: Baseline) -> Attributed:
        """In the unit of the target; adds up to its change in the mean over many points."""
        n_starts = self.samples if baseline.name == "noise" else 1
        starts = torch.stack([baseline.draw(question, number) for number in range(n_starts)])
        chance = torch.Generator().manual_seed(self.seed)
        share = (torch.arange(self.samples) + torch.rand(self.samples, generator=chance)) / self.samples
        share = share[torch.randperm(self.samples, generator=chance)][:, None, None, None]
        all_starts = starts.expand(self.samples, *starts.shape[1:])
        rows = torch.lerp(all_starts, question.inputs.expand_as(all_starts), share).flatten(0, 1)
        slopes = question.gradients(rows, question.which.repeat(self.samples))[1].unflatten(0, (self.samples, -1))
        compared = question.values(starts.flatten(0, 1), question.which.repeat(n_starts)).unflatten(0, (n_starts, -1))
        return Attributed(((question.inputs - all_starts) * slopes).mean(dim=0), compared.mean(dim=0))
