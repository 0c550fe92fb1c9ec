"""Pickers over cases, and the table that comes of it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from workbench.benchmark.cases import Case
from workbench.benchmark.scores import Tally, tally
from workbench.errors import PickerError, UnknownNameError
from workbench.inference.run import annotate
from workbench.pickers import open_picker
from workbench.schema import PickerCard, Report, make_annotations, silent

__all__ = ["Contender", "annotate_cases", "at_false_rate", "score", "score_all"]

_STEPS = tuple(number / 100 for number in range(2, 99))
"""Thresholds that are tried, on the scale of curves."""


@dataclass(frozen=True)
class Contender:
    """A picker to be scored.

    Parameters
    ----------
    name
        In the table; runs with several seeds share one.
    thresholds
        By phase; empty for those of its card.
    """

    name: str
    picker: str
    weights: str = ""
    thresholds: Mapping[str, float] = field(default_factory=dict)


def annotate_cases(contender: Contender, cases: Sequence[Case], report: Report = silent) -> list[xr.Dataset]:
    """Curves for each case; all NaN where the picker cannot run on one."""
    card = open_picker(contender.picker, contender.weights).card
    curves = []
    for number, case in enumerate(cases):
        report(number / len(cases), f"{contender.name}: case {number + 1} of {len(cases)}")
        try:
            curves.append(annotate(case.recording, contender.picker, contender.weights))
        except PickerError:
            # It finds nothing there: that is its score, not a reason to leave the case out.
            curves.append(_silence(case.recording, card.phases, contender))
    return curves


def _silence(recording: xr.Dataset, phases: Sequence[str], contender: Contender) -> xr.Dataset:
    shape = (recording.sizes["station"], len(phases), recording.sizes["time"])
    return make_annotations(
        np.full(shape, np.nan, np.float32),
        stations=[str(station) for station in recording["station"].values],
        phases=phases,
        start=recording["time"].values[0],
        sampling_rate_hz=recording.attrs["sampling_rate_hz"],
        recording_id=recording.attrs["recording_id"],
        picker=contender.picker,
        weights=contender.weights,
    )


def score(contender: Contender, cases: Sequence[Case], curves: Sequence[xr.Dataset], seed: int = 0) -> pd.DataFrame:
    """A row for each group and phase, and one for all groups together, with n and 95 % intervals."""
    card = open_picker(contender.picker, contender.weights).card
    thresholds = dict(card.thresholds) | dict(contender.thresholds)
    tallies = tally(cases, curves, card, thresholds)
    rng = np.random.default_rng(seed)
    rows = []
    for group in [*dict.fromkeys(group for group, _ in tallies), "all"]:
        for phase in ("P", "S"):
            parts = [found for (name, of), found in tallies.items() if of == phase and group in (name, "all")]
            if parts:
                head: dict[str, Any] = {
                    "picker": contender.name,
                    "group": group,
                    "phase": phase,
                    "threshold": thresholds[phase],
                }
                rows.append(head | {"threshold": thresholds[phase]} | _joined(parts).row(rng))
    return pd.DataFrame(rows)


def _joined(parts: Sequence[Tally]) -> Tally:
    return Tally(
        [residual for part in parts for residual in part.residuals_s],
        sum(part.false_picks for part in parts),
        sum(part.quiet_hours for part in parts),
    )


def at_false_rate(
    contender: Contender, cases: Sequence[Case], curves: Sequence[xr.Dataset], false_per_hour: Mapping[str, float]
) -> Contender:
    """The same picker at the lowest thresholds whose false picks an hour do not exceed those given for each phase.

    For comparisons at equal cost, on the cases themselves: what it gives is a point on a curve, not a setting to use.
    """
    card = open_picker(contender.picker, contender.weights).card
    chosen = dict(card.thresholds)
    for phase, limit in false_per_hour.items():
        if phase in card.phases:
            # The rate falls as the threshold rises, so halving finds the place where it crosses the limit.
            lowest = bisect_left(
                _STEPS, True, key=lambda step: _false_per_hour(step, phase, card, cases, curves) <= limit
            )
            chosen[phase] = _in_units_of(card, _STEPS[min(lowest, len(_STEPS) - 1)])
    return Contender(f"{contender.name}, same false rate", contender.picker, contender.weights, chosen)


def _in_units_of(card: PickerCard, step: float) -> float:
    return step / (1 - step) if card.threshold_unit == "ratio" else step


def _false_per_hour(
    step: float, phase: str, card: PickerCard, cases: Sequence[Case], curves: Sequence[xr.Dataset]
) -> float:
    tallies = tally(cases, curves, card, {phase: _in_units_of(card, step)})
    joined = _joined([found for (_, of), found in tallies.items() if of == phase])
    return joined.false_picks / joined.quiet_hours if joined.quiet_hours else 0.0


def score_all(
    contenders: Sequence[Contender], cases: Sequence[Case], reference: str | None = None, report: Report = silent
) -> pd.DataFrame:
    """Scores of all contenders at their own thresholds and, with a reference, at its false picks an hour.

    Raises
    ------
    UnknownNameError
        If the reference is not among them.
    """
    names = [contender.name for contender in contenders]
    if reference is not None and reference not in names:
        raise UnknownNameError("contender", reference, names)
    # A picker that is not on this computer is said before any other has run for an hour.
    for contender in contenders:
        open_picker(contender.picker, contender.weights)
    tables, limits, curves = [], {}, []
    for contender in contenders:
        curves.append(annotate_cases(contender, cases, report))
        tables.append(score(contender, cases, curves[-1]))
        if contender.name == reference:
            whole = tables[-1]
            limits = whole[whole["group"] == "all"].set_index("phase")["false_per_hour"].to_dict()
    if limits:
        for contender, own in zip(contenders, curves, strict=True):
            if contender.name != reference:
                equal = at_false_rate(contender, cases, own, limits)
                tables.append(score(equal, cases, own))
    return pd.concat(tables, ignore_index=True)
