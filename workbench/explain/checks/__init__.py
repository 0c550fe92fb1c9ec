"""Can an explanation be believed? Six checks, each of which may be made by itself.

To add one, write a file with a function from a :class:`~workbench.explain.checks.case.Case` to a
:class:`~workbench.schema.Check`, and one line in the table below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import xarray as xr

from workbench.errors import UnknownNameError
from workbench.explain.memory import memory_in_words
from workbench.schema import Check, Report, silent

if TYPE_CHECKING:
    from workbench.explain.checks.case import Case
    from workbench.pickers import Picker

__all__ = ["CHECKS", "check_explanation", "check_one"]

CHECKS: tuple[str, ...] = ("adds_up", "onset", "removal", "weights", "shifts", "agreement")
"""Names, the quickest first."""


@memory_in_words("check this explanation")
def check_explanation(
    recording: xr.Dataset,
    attribution: xr.Dataset,
    picker: str | Picker = "",
    weights: str = "",
    *,
    report: Report = silent,
    on_check: Callable[[Check], None] | None = None,
) -> list[Check]:
    """All checks of an explanation, in the order of :data:`CHECKS`.

    Parameters
    ----------
    recording
        That was explained; one station of it is enough.
    attribution
        As :func:`workbench.explain.run.explain` made it.
    picker, weights
        That were asked; those that the attribution names if not given.
    report
        Called between steps; may raise to stop.
    on_check
        Called with each check as soon as it is made.

    Raises
    ------
    PickerError
        If the picker says nothing any more where it was explained.
    """
    from workbench.explain.checks.case import open_case

    made = []
    for number, name in enumerate(CHECKS):
        part = partial(_part_of, report, number)
        case = open_case(recording, attribution, picker, weights, part)
        made.append(_ways()[name](case))
        if on_check is not None:
            on_check(made[-1])
    report(1.0, "done")
    return made


@memory_in_words("make this check")
def check_one(
    recording: xr.Dataset,
    attribution: xr.Dataset,
    picker: str | Picker = "",
    weights: str = "",
    *,
    name: str,
    report: Report = silent,
) -> Check:
    """One check of an explanation, for a backend that is to hand each over as soon as it is made.

    Parameters
    ----------
    name
        One of :data:`CHECKS`.

    Raises
    ------
    UnknownNameError
        If there is no such check.
    PickerError
        As :func:`check_explanation`.
    """
    from workbench.explain.checks.case import open_case

    if name not in CHECKS:
        raise UnknownNameError("check", name, CHECKS)
    return _ways()[name](open_case(recording, attribution, picker, weights, report))


def _part_of(report: Report, number: int, fraction: float, step: str) -> None:
    report((number + fraction) / len(CHECKS), step)


def _ways() -> Mapping[str, Callable[[Case], Check]]:
    # Imported when first used, for they import torch.
    from workbench.explain.checks.adds_up import check_adds_up
    from workbench.explain.checks.agreement import check_agreement
    from workbench.explain.checks.onset import check_onset
    from workbench.explain.checks.removal import check_removal
    from workbench.explain.checks.shifts import check_shifts
    from workbench.explain.checks.weights import check_weights

    return {
        "adds_up": check_adds_up,
        "onset": check_onset,
        "removal": check_removal,
        "weights": check_weights,
        "shifts": check_shifts,
        "agreement": check_agreement,
    }
