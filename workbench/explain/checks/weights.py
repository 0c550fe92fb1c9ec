"""Whether the explanation depends on what the network has learned (Adebayo et al., 2018).

The layers that the target depends on are given random weights one after the other, from the output to the input, each
on top of those before. An explanation of what was learned must fall apart; one that stays shows the input. What any
weights show (:mod:`~workbench.explain.checks.any_weights`) is taken out of the comparison first: a product with the
input keeps the input's shape though every factor beside it has changed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from workbench.explain.checks.any_weights import accounted_for, partial_rank_correlation, shown_by_any_weights
from workbench.explain.checks.case import Case, rank_correlation
from workbench.explain.target import Question
from workbench.schema import Check

__all__ = ["check_weights", "layers_behind", "randomise"]

TITLE = "Depends on the trained weights"

N_STAGES = 4
"""Times that the explanation is made again; layers are randomised in so many groups."""

COLLAPSED = 0.3
"""Rank correlation below which hardly a tenth of the order is left (its square is 0.09)."""

STANDS = 0.5
"""At or above which a quarter or more of the order does not come from what was learned."""


NOTHING_LEARNED = 0.95
"""Share of the order of sizes that loudness and nearness account for, from which on there is nothing else in it."""


def check_weights(case: Case, seed: int = 0) -> Check:
    """Partial rank correlation of the sizes of the attribution with those made anew, by number of randomised layers.

    Only where one of the two has any weight: a network looks no farther, whatever its weights.
    """
    if case.cannot_rank:
        return Check("weights", TITLE, "none", case.cannot_rank)
    network = copy.deepcopy(case.question.network)
    names = layers_behind(case.question, network)
    if not names:
        return Check("weights", TITLE, "none", "The network has no weights that this answer depends on.")
    rng = torch.Generator().manual_seed(seed)
    given = case.measured_by(case.repeated(case.question)[0])
    held = case.window.there & (given != 0)
    known = shown_by_any_weights(case)
    dull = accounted_for(given.abs()[held].numpy(), known[:, held.numpy()])
    n_random, plain, beyond = [0], [1.0], [1.0]
    for stage, group in enumerate(_groups(names)):
        case.report(stage / N_STAGES, f"randomising layer {n_random[-1] + 1} of {len(names)}")
        for name in group:
            randomise(network.get_submodule(name), rng)
        n_random.append(n_random[-1] + len(group))
        question = Question(
            case.question.windows, case.question.phases, case.question.times, case.question.target,
            network=network, report=case.report,
        )  # fmt: skip
        again = case.repeated(question)[0]
        either = (case.window.there & ((given != 0) | (again != 0))).numpy()
        sizes = given.abs().numpy()[either], again.abs().numpy()[either]
        plain.append(rank_correlation(*sizes))
        beyond.append(partial_rank_correlation(*sizes, known[:, either]))
    curves = {
        "randomised layers": np.asarray(n_random, float),
        "rank correlation beyond loudness and nearness": np.asarray(beyond),
        "with both": np.asarray(plain),
    }
    return _judged(len(names), case.phase, beyond[-1], plain[-1], dull, curves)


def _judged(n_layers: int, phase: str, last: float, plain: float, dull: float, curves: dict[str, np.ndarray]) -> Check:
    figures = {
        "correlation": last, "with_loudness_and_nearness": plain, "loudness_and_nearness": dull,
        "layers": float(n_layers), "limit": COLLAPSED,
    }  # fmt: skip
    if dull >= NOTHING_LEARNED:
        words = f"How loud the input is and how near accounts for {100 * dull:.0f} % of the order: it shows the input."
        return Check("weights", TITLE, "fail", words, figures, curves)
    verdict = "pass" if last < COLLAPSED else "warn" if last < STANDS else "fail"
    return Check(
        "weights",
        TITLE,
        verdict,
        f"With all {n_layers} layers behind {phase} randomised, rank correlation is "
        f"{'' if verdict == 'pass' else 'still '}{last:.2f} beyond loudness and nearness ({plain:.2f} with both). "
        f"Expected below {COLLAPSED:.2f}.",
        figures,
        curves,
    )


def layers_behind(question: Question, network: nn.Module) -> list[str]:
    """Layers with weights of their own that the target depends on, from the output to the input."""
    finished: dict[str, int] = {}

    def note(name: str) -> Callable[..., None]:
        def hook(*_: object) -> None:
            finished.setdefault(name, len(finished))

        return hook

    handles = [module.register_forward_hook(note(name)) for name, module in network.named_modules()]
    asked = Question(question.windows, question.phases, question.times, question.target, network=network)
    owners = {
        name: [weights for weights in module.parameters(recurse=False)] for name, module in network.named_modules()
    }
    every = [weights for owned in owners.values() for weights in owned]
    wanted = [weights.requires_grad for weights in every]
    try:
        with torch.inference_mode(False), torch.enable_grad():
            for weights in every:
                weights.requires_grad_(True)
            value = asked.ask(asked.inputs, asked.which, network).sum()
            slopes = torch.autograd.grad(value, every, allow_unused=True) if every else ()
    finally:
        for handle in handles:
            handle.remove()
        for weights, before in zip(every, wanted, strict=True):
            weights.requires_grad_(before)
    used = {id(weights) for weights, slope in zip(every, slopes, strict=True) if slope is not None}
    names = [name for name, owned in owners.items() if any(id(weights) in used for weights in owned)]
    return sorted(names, key=lambda name: (_finished(name, finished), name), reverse=True)


def _finished(name: str, finished: dict[str, int]) -> int:
    """When a layer was done; one that is never called by itself is part of the one around it."""
    while name not in finished and name:
        name = name.rpartition(".")[0]
    return finished.get(name, len(finished))


def _groups(names: list[str]) -> Iterator[list[str]]:
    borders = np.unique(np.round(np.linspace(0, len(names), N_STAGES + 1)).astype(int))
    for first, stop in pairwise(borders):
        yield names[first:stop]


def randomise(layer: nn.Module, rng: torch.Generator) -> None:
    """Random weights of the size of the trained ones, so that the signal neither dies nor explodes on its way.

    Kernels and matrices are drawn from a normal distribution of the same power; biases and what a normalisation has
    learned about its channels, where sizes differ much, change places.
    """
    with torch.no_grad():
        for weights in layer.parameters(recurse=False):
            if weights.ndim >= 2:
                drawn = torch.randn(weights.shape, generator=rng)
                weights.copy_(drawn * weights.square().mean().sqrt().cpu())
            else:
                weights.copy_(weights[torch.randperm(len(weights), generator=rng)] if weights.ndim else weights)
        for statistics in layer.buffers(recurse=False):
            if statistics.is_floating_point() and statistics.ndim == 1:
                statistics.copy_(statistics[torch.randperm(len(statistics), generator=rng)])
