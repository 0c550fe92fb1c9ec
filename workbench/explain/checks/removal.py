"""Whether it hurts to take away what is said to matter: deletion and insertion (Petsiuk et al., 2018).

Parts of a fifth of a second of one component are replaced by the baseline, those that speak most for the answer first,
and the target is read on the way; then the other way round, from the baseline to the window. An explanation that tells
what matters makes the target fall, and rise, sooner than parts that are taken in any order.

Parts put back in some order leave, on the way, the windows that parts taken in the reverse order leave: so orders drawn
at random are only walked once, and their curve forth is that back, read from its end.
"""

from __future__ import annotations

import numpy as np
import torch

from workbench.explain.checks.case import Case
from workbench.schema import Check

__all__ = ["areas", "check_removal"]

TITLE = "Removing what matters hurts"

PART_S = 0.2
"""Length of a part: about the period that pickers look at. Single samples would leave spikes that say onset."""

N_RANDOM = 7
"""Orders drawn at random: an order of no meaning is quicker than all of them once in eight times."""

SHARES = np.array([0.0, 0.01, 0.02, 0.04, 0.07, 0.11, 0.16, 0.23, 0.32, 0.43, 0.57, 0.75, 1.0])
"""Of all parts, where the target is read: closer where the first parts go."""

MUCH_SOONER = 0.5
"""Area under the deletion curve, as a share of the mean at random, up to which the order clearly tells what matters."""


def check_removal(case: Case, seed: int = 0) -> Check:
    """Areas under the curves of the explanation against those of random orders; 1 is the target's whole change."""
    parts = _parts(case)
    worth = np.array([float(case.values[channel, first:stop].sum()) for channel, first, stop in parts])
    start = case.baseline.draw(case.question)
    ends = case.question.values(torch.cat([start, case.question.inputs]), torch.zeros(2, dtype=torch.int64))
    low, high = (float(end) for end in ends)
    if abs(high - low) < _LEAST_CHANGE:
        words = f"With and without the whole input the answer is the same ({high:.3f}): nothing can be taken away."
        return Check("removal", TITLE, "none", words)
    rng = np.random.default_rng(seed)
    # Where the input lowers the answer, what matters most is what lowers it most.
    orders = [
        np.argsort(-worth * np.sign(high - low), kind="stable"),
        *(rng.permutation(len(parts)) for _ in range(N_RANDOM)),
    ]
    deletion, insertion = _curves(case, parts, orders, start, (low, high))
    lost, gained = areas(deletion), float(areas(insertion))
    # Read at the same shares as the explanation's own: areas by other steps are not to be compared.
    back = np.stack([np.interp(1 - SHARES, SHARES, row) for row in deletion[1:]])
    at_random = areas(back)
    figures = {
        "deletion": lost[0],
        "deletion_at_random": float(lost[1:].mean()),
        "deletion_at_random_least": float(lost[1:].min()),
        "deletion_spread": float(lost[1:].std(ddof=1)),
        "insertion": gained,
        "insertion_at_random": float(at_random.mean()),
        "insertion_spread": float(at_random.std(ddof=1)),
    }
    verdict = _verdict(figures)
    return Check(
        "removal",
        TITLE,
        verdict,
        f"Area {lost[0]:.2f} when the strongest go first, {figures['deletion_at_random']:.2f} "
        f"± {figures['deletion_spread']:.2f} at random; {gained:.2f} when they come first, "
        f"{figures['insertion_at_random']:.2f} ± {figures['insertion_spread']:.2f} at random.",
        figures,
        {
            "share removed": SHARES,
            "strongest first": deletion[0],
            "at random": deletion[1:].mean(axis=0),
            "strongest back first": insertion,
            "back at random": back.mean(axis=0),
        },
    )


_LEAST_CHANGE = 1e-3


def _verdict(figures: dict[str, float]) -> str:
    # Not by standard deviations: a few parts carry the answer, and random areas are skewed.
    hurts = figures["deletion"] < figures["deletion_at_random_least"]
    clearly = figures["deletion"] <= MUCH_SOONER * figures["deletion_at_random"]
    helps = figures["insertion"] > figures["insertion_at_random"]
    if hurts and clearly:
        return "pass" if helps else "warn"
    return "warn" if hurts and helps else "fail"


def _parts(case: Case) -> list[tuple[int, int, int]]:
    """Channel, first sample and the one after the last of all parts that the recording has samples in."""
    there = case.window.there.numpy()
    length = max(1, round(PART_S * case.window.rate_hz))
    return [
        (channel, first, min(first + length, there.shape[1]))
        for channel in range(there.shape[0])
        for first in range(0, there.shape[1], length)
        if there[channel, first : first + length].any()
    ]


def _curves(
    case: Case,
    parts: list[tuple[int, int, int]],
    orders: list[np.ndarray],
    start: torch.Tensor,
    ends: tuple[float, float],
) -> tuple[np.ndarray, np.ndarray]:
    """Deletion (order, share), and insertion (share) of the first order: from 1, the window, to 0, the baseline."""
    counts = np.round(SHARES[1:-1] * len(parts)).astype(int)
    full, empty = case.question.inputs[0], start[0]
    walks = [_replaced(full, empty, [parts[at] for at in order], counts) for order in orders]
    walks.append(_replaced(empty, full, [parts[at] for at in orders[0]], counts))
    inputs = torch.cat(walks)
    values = case.question.values(inputs, torch.zeros(len(inputs), dtype=torch.int64)).double().numpy()
    rows = ((values - ends[0]) / (ends[1] - ends[0])).reshape(len(walks), len(counts))
    rows = np.pad(rows, ((0, 0), (1, 1)), constant_values=((0, 0), (1, 0)))
    rows[-1, [0, -1]] = 0, 1
    return rows[:-1], rows[-1]


def _replaced(
    full: torch.Tensor, empty: torch.Tensor, parts: list[tuple[int, int, int]], counts: np.ndarray
) -> torch.Tensor:
    """Copies of one window in which so many of the parts are those of another, shape (count, channel, sample)."""
    inputs, here, done = [], full.clone(), 0
    for count in counts:
        for channel, first, stop in parts[done:count]:
            here[channel, first:stop] = empty[channel, first:stop]
        done = count
        inputs.append(here.clone())
    return torch.stack(inputs)


def areas(curves: np.ndarray) -> np.ndarray:
    """Under each curve over the share of parts."""
    return np.asarray(np.trapezoid(curves, SHARES, axis=-1))
