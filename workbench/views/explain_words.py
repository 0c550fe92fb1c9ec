"""What explainers, baselines and targets are called on the screen."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["BASELINES", "METHODS", "TARGETS", "method_words"]

METHODS: Mapping[str, tuple[str, str]] = {
    "saliency": ("Saliency", "How steeply the answer changes with each sample (size of the gradient; no sign)"),
    "input_x_gradient": ("Input × grad", "Gradient times sample: what each sample adds, if the network were linear"),
    "integrated_gradients": (
        "Integrated grad.",
        "Integrated gradients: summed from the baseline on; parts add up",
    ),
    "occlusion": ("Occlusion", "How far the answer falls when a short piece is covered"),
    "shapley": ("Shapley", "The exact share of each component in the answer"),
    "gradient_shap": ("Gradient SHAP", "Integrated gradients from many noisy baselines"),
    "smooth_grad": ("SmoothGrad", "Saliency, averaged over noisy copies of the waveform"),
    "feature_ablation": ("Ablation, 1 s", "How far the answer falls without each second of each component"),
    "grad_cam": ("Grad-CAM", "Which steps of an inner layer spoke for the answer; the same for all components"),
}
"""Explainer to its name on a button and what it says, those seen as buttons first."""

BASELINES: Mapping[str, str] = {"zero": "vs. zero", "noise": "vs. noise", "blurred": "vs. blurred"}

TARGETS: Mapping[str, str] = {"probability": "Probability", "logit": "Log-odds"}


def method_words(name: str) -> str:
    """An explainer's name as people write it; the name itself for one that is not in the table.

    >>> method_words("occlusion"), method_words("my_own")
    ('Occlusion', 'my own')
    """
    return METHODS[name][0] if name in METHODS else name.replace("_", " ")
