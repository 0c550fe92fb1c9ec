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
        "integrated_gradients": "workbench.explain.integrated:IntegratedGradients",
        "gradient_shap": "workbench.explain.noisy:GradientShap",
        "smooth_grad": "workbench.explain.noisy:SmoothGrad",
        "occlusion": "workbench.explain.perturbing:Occlusion",
        "feature_ablation": "workbench.explain.perturbing:FeatureAblation",
        "shapley": "workbench.explain.perturbing:Shapley",
        "grad_cam": "workbench.explain.grad_cam:GradCam",
    },
)
"""Every method of attribution by name."""
