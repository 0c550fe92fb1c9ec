"""Whether the parts add up to what they are parts of: completeness (Sundararajan et al., 2017)."""

from __future__ import annotations

from workbench.explain.checks.case import Case
from workbench.schema import Check

__all__ = ["check_adds_up"]

TITLE = "Adds up"

SMALL_GAP = 0.05
"""Share of the change up to which the parts may miss it: less than can be told from the colours on a trace."""

LARGE_GAP = 0.2
"""Share from which on a fifth of the answer, or more, is not accounted for."""

LEAST_CHANGE = 0.01
"""Of a probability or log-odds: what is to be explained is at least so large, or a share of it means nothing."""

_UNITS = {"probability": "probability", "logit": "log-odds"}


def check_adds_up(case: Case) -> Check:
    """Sum of the attribution against the change of the target, for which the network is asked again.

    The target of the window is that of the explanation's own window; the target of the baseline is asked for anew where
    the baseline is one and the same (zero, blurred), and taken from the explanation where it was the mean of several
    draws. The gap is a share of the change; of a change below :data:`LEAST_CHANGE`, a share of that.
    """
    if not case.explainer.adds_up:
        words = f"{case.explainer.title.capitalize()} does not promise that its parts add up to anything."
        return Check("adds_up", TITLE, "none", words)
    parts = float(case.values.sum())
    value = float(case.question.value[0])
    # Of several baselines that were drawn, only the explanation itself knows the mean.
    change = value - float(case.explained.attrs["baseline_value"])
    if case.baseline.name != "noise":
        start = case.baseline.draw(case.question)
        change = value - float(case.question.values(start, case.question.which)[0])
    gap = abs(parts - change) / max(abs(change), LEAST_CHANGE)
    verdict = "pass" if gap <= SMALL_GAP else "warn" if gap <= LARGE_GAP else "fail"
    unit = _UNITS[case.question.target]
    return Check(
        "adds_up",
        TITLE,
        verdict,
        f"Parts sum to {parts:.3f}; the {unit} changed by {change:.3f}. Gap {100 * gap:.1f} %.",
        {"parts": parts, "change": change, "gap": gap, "limit": SMALL_GAP},
    )
