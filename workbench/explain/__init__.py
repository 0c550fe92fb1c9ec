"""Why a picker picked there: attention, attributions on traces, and whether they can be believed.

To add a method of attribution, write one file with a class as :class:`~workbench.explain.base.Explainer` says, and one
line in the table below; ``tests/contracts/test_every_explainer.py`` finds it there.
"""

from workbench.registry import Registry

__all__ = ["EXPLAINERS"]

EXPLAINERS = Registry(
    "explainer",
    {
        "saliency": "workbench.explain.gradients:Saliency",
        "input_x_gradient": "workbench.explain.gradients:InputXGradient",
    },
)
"""Every method of attribution by name."""
