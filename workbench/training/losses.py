"""What a picking network is blamed for: true labels where there are any, its teachers, and one hint on the way."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["distillation_loss", "hint_loss", "label_loss", "soften"]

_LOWEST = 1e-6
"""Below this a teacher's probability is rounding, and its logarithm would rule the softened curve."""


def soften(probability: Tensor, temperature: float) -> Tensor:
    """Probabilities flattened by a temperature, adding up to one again: softmax(log p / T).

    >>> soften(torch.tensor([[[0.81], [0.01], [0.18]]]), 2.0).flatten().round(decimals=3).tolist()
    [0.632..., 0.070..., 0.298...]

    Shapes
    ------
    probability : (window, class, sample); result the same
    """
    return (probability.clamp_min(_LOWEST).log() / temperature).softmax(dim=1)


def _mean(per_sample: Tensor, weight: Tensor) -> Tensor:
    return (per_sample * weight).sum() / weight.sum().clamp_min(1.0)


def label_loss(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Cross-entropy against true labels; samples of weight zero have no label and do not count.

    Shapes
    ------
    logits, target : (window, class, sample)
    weight : (window, sample), zero where there is no label
    """
    return _mean(-(target * logits.log_softmax(dim=1)).sum(dim=1), weight)


def distillation_loss(logits: Tensor, teacher: Tensor, weight: Tensor, temperature: float) -> Tensor:
    """Kullback-Leibler divergence from the softened teacher, times T² (Hinton et al. 2015); zero if they agree.

    The square keeps the gradient's size when the temperature is changed.

    Shapes
    ------
    logits, teacher : (window, class, sample); the teacher's are probabilities
    weight : (window, sample), zero where the teacher says nothing
    """
    student = (logits / temperature).log_softmax(dim=1)
    divergence = functional.kl_div(student, soften(teacher, temperature), reduction="none").sum(dim=1)
    return temperature**2 * _mean(divergence, weight)


def hint_loss(features: Tensor, teacher_features: Tensor) -> Tensor:
    """Mean squared difference of projected features from the teacher's at the same steps (Romero et al. 2015).

    The teacher's are taken to zero mean and unit variance per channel, so that no layer's scale has to be known.

    Shapes
    ------
    features : (window, channel, step), already with the teacher's number of channels
    teacher_features : (window, channel, other step)
    """
    wanted = functional.interpolate(teacher_features, size=features.shape[-1], mode="linear", align_corners=False)
    with torch.no_grad():
        spread = wanted.std(dim=(0, 2), keepdim=True).clamp_min(1e-3)
        wanted = (wanted - wanted.mean(dim=(0, 2), keepdim=True)) / spread
    return functional.mse_loss(features, wanted)
