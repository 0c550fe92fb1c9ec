"""What a network of stations is blamed for: curves where onsets are known, detection and magnitude where they are."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["anchor_loss", "curve_loss", "detection_loss", "magnitude_loss", "onset_curves"]

_SIGMA_SAMPLES = 10.0


def onset_curves(batch: Any, n_samples: int) -> tuple[Tensor, Tensor]:
    """Target curves of P, S and noise, which add up to one, and where they are known.

    Parameters
    ----------
    batch
        As :func:`workbench.training.network_data.network_data` makes them.

    Shapes
    ------
    result : (station, 3, sample) and (station, sample), one where every onset is known, else zero
    """
    n_stations = len(batch.labelled_from)
    samples = torch.arange(n_samples, dtype=torch.float32, device=batch.labelled_from.device)
    curves = samples.new_zeros(n_stations * 2, n_samples)
    bumps = torch.exp(-0.5 * ((samples - batch.onset_sample[:, None]) / _SIGMA_SAMPLES) ** 2)
    rows = batch.onset_index * 2 + batch.onset_phase
    curves = curves.scatter_reduce(0, rows[:, None].expand_as(bumps), bumps, "amax")
    curves = curves.unflatten(0, (n_stations, 2))
    curves = curves / curves.sum(dim=1, keepdim=True).clamp_min(1.0)
    known = (samples >= batch.labelled_from[:, None]) & (samples < batch.labelled_to[:, None])
    return torch.cat([curves, 1 - curves.sum(dim=1, keepdim=True)], dim=1), known.float()


def curve_loss(logits: Tensor, batch: Any, onset: float) -> Tensor:
    """Cross-entropy of the curves over all samples whose onsets are known and that were recorded."""
    target, known = onset_curves(batch, logits.shape[-1])
    weight = known * torch.isfinite(batch.x).any(dim=1) * (1 + onset * (1 - target[:, 2]))
    per_sample = -(target * logits.log_softmax(dim=1)).sum(dim=1)
    return (per_sample * weight).sum() / weight.sum().clamp_min(1.0)


def anchor_loss(logits: Tensor, alone: Tensor, batch: Any, onset: float) -> Tensor:
    """Cross-entropy against what the XiaoNet says alone, wherever nobody has labelled what was recorded.

    It holds the curves of real recordings to what a network says that has seen many more of them.

    Shapes
    ------
    logits, alone : (station, 3, sample)
    """
    _, known = onset_curves(batch, logits.shape[-1])
    teacher = alone.detach().softmax(dim=1)
    weight = (1 - known) * torch.isfinite(batch.x).any(dim=1) * (1 + onset * (1 - teacher[:, 2]))
    per_sample = -(teacher * logits.log_softmax(dim=1)).sum(dim=1)
    return (per_sample * weight).sum() / weight.sum().clamp_min(1.0)


def detection_loss(logit: Tensor, event: Tensor) -> Tensor:
    """Cross-entropy of detection; a window that nobody has looked at (NaN) does not count.

    Shapes
    ------
    logit, event : (graph,)
    """
    known = torch.isfinite(event)
    per_graph = functional.binary_cross_entropy_with_logits(logit, torch.nan_to_num(event), reduction="none")
    return (per_graph * known).sum() / known.sum().clamp_min(1)


def magnitude_loss(magnitude: Tensor, true: Tensor) -> Tensor:
    """Smooth absolute difference; where either is not known (NaN) it does not count.

    Shapes
    ------
    magnitude, true : (graph,)
    """
    known = torch.isfinite(true) & torch.isfinite(magnitude)
    difference = torch.where(known, magnitude, 0.0) - torch.where(known, true, 0.0)
    per_graph = functional.huber_loss(difference, torch.zeros_like(difference), reduction="none", delta=0.5)
    return (per_graph * known).sum() / known.sum().clamp_min(1)
