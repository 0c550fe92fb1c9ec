"""Whether the explanation stays when the window begins a little earlier or later."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from workbench.errors import PickerError
from workbench.explain.checks.case import Case, rank_correlation
from workbench.explain.target import Question
from workbench.explain.window import Window, open_window
from workbench.schema import Check

__all__ = ["SHIFTS_S", "check_shifts"]

TITLE = "Stable when the window shifts"

SHIFTS_S = (-0.4, -0.1, 0.1, 0.4)
"""Of the window: a few samples, and no whole step of a network that halves its input again and again."""

STABLE = 0.7
"""Rank correlation from which on half of the order (its square) is the same wherever the window begins."""

UNSTABLE = 0.5
"""Below which three quarters of the order are owed to where the window was cut."""


def check_shifts(case: Case) -> Check:
    """Rank correlation of the sizes of the attribution with those of shifted windows, sample by sample in time."""
    if case.cannot_rank:
        return Check("shifts", TITLE, "none", case.cannot_rank)
    windows = [(shift, window) for shift in SHIFTS_S if (window := _shifted(case, shift)) is not None]
    if len(windows) < 2:
        words = "The recording ends too near to the window, or the pick to what the picker leaves out, to shift it."
        return Check("shifts", TITLE, "none", words)
    shifts = [shift for shift, _ in windows]
    # The window as it is comes first: what a lighter run of the method makes of it is what others are compared with.
    asked = [case.window, *(window for _, window in windows)]
    question = Question(
        asked,
        [case.phase] * len(asked),
        [case.time] * len(asked),
        case.question.target,
        report=case.report,
    )
    as_it_is, *again = case.repeated(question)
    given = case.measured_by(as_it_is)
    correlations = [
        _over_the_same_time(case.window, given, window, values)
        for (_, window), values in zip(windows, again, strict=True)
    ]
    lowest, highest = min(correlations), max(correlations)
    verdict = "pass" if lowest >= STABLE else "warn" if lowest >= UNSTABLE else "fail"
    expected = "" if verdict == "pass" else f" Expected {STABLE:.2f} or more."
    order = np.argsort(shifts)
    nearest, farthest = min(map(abs, shifts)), max(map(abs, shifts))
    return Check(
        "shifts",
        TITLE,
        verdict,
        f"±{nearest:g} to ±{farthest:g} s: rank correlation {lowest:.2f} to {highest:.2f}.{expected}",
        {"lowest": lowest, "highest": highest, "limit": STABLE},
        {"shift (s)": np.asarray(shifts)[order], "rank correlation": np.asarray(correlations)[order]},
    )


def _shifted(case: Case, shift_s: float) -> Window | None:
    """The window that begins so much later; None where the picker says nothing of the time in it."""
    start = case.window.start + pd.Timedelta(round(shift_s * 1e9), "ns")
    try:
        return open_window(case.recording, case.picker, case.window.station, case.time, case.phase, start)
    except PickerError:
        return None


def _over_the_same_time(given: Window, its_values: torch.Tensor, window: Window, values: torch.Tensor) -> float:
    shift = round((window.start - given.start).total_seconds() * window.rate_hz)
    here, there = _overlap(its_values, shift), _overlap(values, -shift)
    held = (_overlap(given.there, shift) & _overlap(window.there, -shift)).numpy()
    return rank_correlation(here.abs().numpy()[held], there.abs().numpy()[held])


def _overlap(values: torch.Tensor, shift: int) -> torch.Tensor:
    """What is left of a window, of what one that begins so many samples later covers too."""
    return values[:, shift:] if shift >= 0 else values[:, :shift]
