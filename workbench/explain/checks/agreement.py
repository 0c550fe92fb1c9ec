"""Whether other views see the same: another method of attribution, and the network's own attention."""

from __future__ import annotations

import numpy as np
import torch

from workbench.explain import EXPLAINERS
from workbench.explain.attention import attention_received, window_attention
from workbench.explain.checks.case import Case, rank_correlation
from workbench.schema import Check

__all__ = ["check_agreement"]

TITLE = "Agrees with other views"

PART_S = 1.0
"""Length of the parts that are compared: a method that removes a second at a time sees no finer."""

AGREES = 0.5
"""Rank correlation with another method from which on they tell the same story in the main."""

OTHER_STORY = 0.2
"""Below which they tell different ones."""

ATTENTION_AGREES = 0.3
"""With attention, which mixes what lies in the steps: less can be expected, and more is no proof."""

_ONLY_ASKS: tuple[str, dict[str, int]] = ("feature_ablation", {})
_GOES_BACK: tuple[str, dict[str, int]] = ("integrated_gradients", {"steps": 16})


def check_agreement(case: Case) -> Check:
    """Rank correlations by parts of a second with a method of the other kind, and by steps with attention."""
    if case.cannot_rank:
        return Check("agreement", TITLE, "none", case.cannot_rank)
    figures: dict[str, float] = {}
    name, settings = _ONLY_ASKS if case.explainer.needs_gradients else _GOES_BACK
    if case.explainer.needs_gradients or not case.question.reading.no_gradients:
        other = EXPLAINERS.create(name, **settings)
        values = other.attribute(case.question, case.baseline).attribution[0].double()
        figures[other.title] = rank_correlation(_by_parts(case, case.values), _by_parts(case, values))
    attention = _attention_by_step(case)
    if attention is not None:
        figures["attention"] = rank_correlation(*attention)
    if not figures:
        words = "There is no other view: the picker has neither gradients nor attention."
        return Check("agreement", TITLE, "none", words)
    verdict = _verdict(figures)
    found = ", ".join(f"{view} {value:.2f}" for view, value in figures.items())
    words = f"{found[0].upper()}{found[1:]}.{_remark(figures)}"
    return Check("agreement", TITLE, verdict, words, figures)


def _verdict(figures: dict[str, float]) -> str:
    methods = [value for view, value in figures.items() if view != "attention"]
    if methods and min(methods) < OTHER_STORY:
        return "fail"
    looks_elsewhere = figures.get("attention", 1.0) < ATTENTION_AGREES
    return "warn" if looks_elsewhere or (methods and min(methods) < AGREES) else "pass"


def _remark(figures: dict[str, float]) -> str:
    methods = [value for view, value in figures.items() if view != "attention"]
    remark = ""
    if methods and min(methods) < AGREES:
        remark += f" Methods should agree by {AGREES:.2f} or more."
    if figures.get("attention", 1.0) < ATTENTION_AGREES:
        remark += " Attention looks elsewhere."
    return remark


def _by_parts(case: Case, values: torch.Tensor) -> np.ndarray:
    """Size of what an attribution gives to each second of each component that the recording has."""
    length = max(1, round(PART_S * case.window.rate_hz))
    n_samples = values.shape[1]
    sums = [values[:, first : first + length].abs().sum(dim=1) for first in range(0, n_samples, length)]
    held = [case.window.there[:, first : first + length].any(dim=1) for first in range(0, n_samples, length)]
    return torch.stack(sums, dim=1)[torch.stack(held, dim=1)].numpy()


def _attention_by_step(case: Case) -> tuple[np.ndarray, np.ndarray] | None:
    """Weight of the attribution, and attention received, by step; None for a network without global attention."""
    layers = [layer for layer in window_attention(case.window) if layer.attrs["title"].startswith("global")]
    layers = [layer for layer in layers if layer.sizes["key"] == layers[0].sizes["key"]]
    if not layers:
        return None
    received = np.mean([attention_received(layer).values for layer in layers], axis=0)
    length = layers[0].attrs["step_s"] * case.window.rate_hz
    step = np.minimum(np.arange(case.values.shape[1]) // length, received.size - 1).astype(int)
    weight = np.bincount(step, case.values.abs().sum(dim=0).numpy(), received.size)
    return weight, received
