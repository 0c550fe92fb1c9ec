"""Explanations from one pass forth and back: saliency (Simonyan et al., 2014) and input x gradient."""

from __future__ import annotations

from workbench.explain.base import Attributed
from workbench.explain.baselines import Baseline
from workbench.explain.target import Question

__all__ = ["InputXGradient", "Saliency"]


class Saliency:
    """How much the target would change with a small change of each sample: the size of the gradient.

    Parameters
    ----------
    absolute
        Without it, the gradient keeps its sign: positive where a larger sample would raise the target.
    """

    title = "saliency"
    needs_gradients = True
    has_baseline = False
    adds_up = False
    unit = "{target} per unit of the normalised input"

    def __init__(self, absolute: bool = True) -> None:
        self.absolute = absolute

    def attribute(self, question: Question, baseline: Baseline) -> Attributed:  # noqa: ARG002
        """Target per unit of the normalised input."""
        return Attributed(question.gradient.abs() if self.absolute else question.gradient)


class InputXGradient:
    """Each sample times the gradient there: what it would add to the target if the network were linear."""

    title = "input x gradient"
    needs_gradients = True
    has_baseline = False
    adds_up = False
    unit = "{target}"

    def attribute(self, question: Question, baseline: Baseline) -> Attributed:  # noqa: ARG002
        """In the unit of the target."""
        return Attributed(question.inputs * question.gradient)
