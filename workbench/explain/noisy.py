"""Means over chance: SmoothGrad (Smilkov et al., 2017) and gradient SHAP (Lundberg and Lee, 2017)."""

from __future__ import annotations

import torch

from workbench.explain.base import Attributed
from workbench.explain.baselines import Baseline
from workbench.explain.target import Question

__all__ = ["GradientShap", "SmoothGrad"]


class SmoothGrad:
    """The mean gradient over copies of the window with a little noise added, by Captum's ``NoiseTunnel``.

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

    def __init__(self, samples: int = 20, noise: float = 0.1, seed: int = 0, absolute: bool = True) -> None:
        self.samples, self.noise, self.seed, self.absolute = samples, noise, seed, absolute

    def attribute(self, question: Question, baseline: Baseline) -> Attributed:  # noqa: ARG002
        """Target per unit of the normalised input."""
        from captum.attr import NoiseTunnel, Saliency

        deviation = self.noise * float(question.inputs[question.there].std())

        def ask(inputs: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
            question.report(float("nan"), f"SmoothGrad, {self.samples} copies")
            return question.ask(inputs, which)

        def run(batch: int) -> torch.Tensor:
            inputs = question.inputs.clone().requires_grad_(True)
            # Captum draws from torch's own generator, which others use too.
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(self.seed)
                mean: torch.Tensor = NoiseTunnel(Saliency(ask)).attribute(
                    inputs,
                    nt_type="smoothgrad",
                    nt_samples=self.samples,
                    nt_samples_batch_size=max(1, min(self.samples, batch // len(question))),
                    stdevs=deviation,
                    additional_forward_args=question.which,
                    abs=False,
                )
            return mean.detach()

        mean = question.whole(run)
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
