"""Whether the weight lies where the phase arrives."""

from __future__ import annotations

import numpy as np

from workbench.explain.checks.case import Case
from workbench.schema import Check

__all__ = ["check_onset"]

TITLE = "Close to the onset"

NEAR_S = 2.0
"""Before and after the pick: what an analyst looks at on the zoomed trace."""

EARLY_S = 5.0
"""Before the pick: earlier than this, weight is on something else."""

MOST = 0.5
"""Share of the weight near the pick from which on most of the answer lies there."""

OVER_CHANCE = 1.5
"""Times the share that would lie there if the weight were spread evenly, below which it says nothing of the place."""


def check_onset(case: Case) -> Check:
    """Share of the size of the attribution within two seconds of the time."""
    if case.phase == _DETECTION:
        return Check("onset", TITLE, "none", "A detection spans the whole event: it has no onset to be close to.")
    if case.cannot_rank:
        return Check("onset", TITLE, "none", case.cannot_rank)
    weight = case.values.abs().sum(dim=0).numpy()
    held = case.window.there.any(dim=0).numpy()
    seconds = np.arange(weight.size) / case.window.rate_hz - case.window.seconds_in(case.time)
    total = weight.sum()
    near = float(weight[np.abs(seconds) <= NEAR_S].sum() / total)
    early = float(weight[seconds < -EARLY_S].sum() / total)
    chance = float((held & (np.abs(seconds) <= NEAR_S)).sum() / held.sum())
    verdict = "pass" if near >= MOST else "warn" if near >= OVER_CHANCE * chance else "fail"
    words = f"{near:.0%} within {NEAR_S:g} s of the pick; {early:.0%} lies more than {EARLY_S:g} s before it."
    if verdict == "fail":
        words += f" Spread evenly, {chance:.0%} would lie so near."
    return Check(
        "onset",
        TITLE,
        verdict,
        words.replace("%", " %"),
        {"near": near, "early": early, "evenly": chance, "limit": MOST},
    )


_DETECTION = "Detection"
