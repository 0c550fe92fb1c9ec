"""``Case``: one explanation, opened again, so that it can be put to the test."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
import xarray as xr
from scipy.stats import rankdata

from workbench.explain import EXPLAINERS
from workbench.explain.base import Explainer
from workbench.explain.baselines import Baseline
from workbench.explain.mapping import onto_window
from workbench.explain.run import open_question
from workbench.explain.target import Question
from workbench.explain.window import Window
from workbench.pickers import Picker, open_picker
from workbench.schema import Report, check_attribution, check_recording, silent

__all__ = ["Case", "absolute_ranks", "lighter", "open_case", "rank_correlation"]

_LIGHTER = {"steps": 16, "samples": 12, "draws": 12}
"""The most of a setting that a repetition is given: a check compares ranks, which these few settle."""


@dataclass(frozen=True, eq=False)
class Case:
    """One explanation and what made it.

    Parameters
    ----------
    recording, picker
        That were asked.
    explained
        The attribution as it was handed out.
    values
        The same on the window's own samples, float64, shape (channel, sample); 0 where it lay nowhere.
    question
        The window, opened again, and the target.
    explainer, baseline
        What made the attribution.
    report
        Called between steps; may raise to stop.
    """

    recording: xr.Dataset
    picker: Picker
    explained: xr.Dataset
    values: torch.Tensor
    question: Question
    explainer: Explainer
    baseline: Baseline
    report: Report = silent

    @property
    def window(self) -> Window:
        """That was explained."""
        return self.question.windows[0]

    @property
    def phase(self) -> str:
        """That was explained."""
        return self.question.phases[0]

    @property
    def time(self) -> pd.Timestamp:
        """That was explained."""
        return self.question.times[0]

    @property
    def cannot_rank(self) -> str:
        """Why its samples make no order, in words; empty where they do."""
        held = self.values[self.window.there].numpy()
        if not held.any():
            return "All of the weight lies on padding: no sample of the recording has any."
        # On the way from the recording's samples to the window's, equal numbers come apart in their last digits.
        if np.unique(np.round(held / np.abs(held).max(), 5)).size <= _A_HANDFUL:
            return "Too few numbers to rank: this method gives one for each component, not for times."
        return ""

    def repeated(self, question: Question) -> torch.Tensor:
        """Attribution of another question by the same method, with lighter settings: (target, channel, sample)."""
        found = lighter(self.explained).attribute(question, self.baseline).attribution
        return torch.nan_to_num(found.detach().double())

    def measured_by(self, again: torch.Tensor) -> torch.Tensor:
        """What repetitions are compared with, given the repetition with nothing changed.

        That repetition itself, so that what fewer steps change counts for nothing; but the explanation as it was
        handed out where the two are not alike, for then it was not made in that way.
        """
        alike = rank_correlation(absolute_ranks(self, self.values), absolute_ranks(self, again))
        return again if alike >= _ALIKE else self.values


_A_HANDFUL = 12

_ALIKE = 0.85
"""Rank correlation with a lighter run of the same method; 0.93 to 0.96 were seen of real picks."""


def open_case(
    recording: xr.Dataset,
    explained: xr.Dataset,
    picker: str | Picker = "",
    weights: str = "",
    report: Report = silent,
) -> Case:
    """An explanation opened again.

    Parameters
    ----------
    picker, weights
        That were asked; those that the explanation names if not given.

    Raises
    ------
    PickerError
        If the picker says nothing there any more.
    """
    attrs = check_attribution(explained).attrs
    picker = picker or str(attrs["picker"])
    opened = open_picker(picker, weights or str(attrs["weights"])) if isinstance(picker, str) else picker
    asked = [(str(attrs["station"]), str(attrs["phase"]), pd.Timestamp(attrs["target_time"]))]
    question = open_question(
        check_recording(recording),
        opened,
        asked,
        target=str(attrs["target"]),
        window_start=pd.Timestamp(attrs["window_start"]),
        report=report,
    )
    settings = json.loads(attrs["settings"])
    return Case(
        recording=recording,
        picker=opened,
        explained=explained,
        values=onto_window(explained, question.windows[0]),
        question=question,
        explainer=_made_again(explained),
        baseline=Baseline(str(attrs["baseline"]) or "zero", int(settings.get("seed", 0))),
        report=report,
    )


def _made_again(explained: xr.Dataset, most: dict[str, int] | None = None) -> Explainer:
    """The method with its settings, none of which exceeds the most that is allowed."""
    method = str(explained.attrs["method"])
    given: dict[str, Any] = json.loads(explained.attrs["settings"])
    taken = {setting.name for setting in EXPLAINERS.settings(method)}
    settings = {name: value for name, value in given.items() if name in taken}
    for name, limit in (most or {}).items():
        if name in settings:
            settings[name] = min(settings[name] or limit, limit)
    made: Explainer = EXPLAINERS.create(method, **settings)
    return made


def lighter(explained: xr.Dataset) -> Explainer:
    """The method that made an explanation, with fewer steps or draws where it takes many."""
    return _made_again(explained, _LIGHTER)


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's rank correlation; 0 where one of the two is the same everywhere: nothing is left to compare."""
    ranks = [rankdata(values) - (np.size(values) + 1) / 2 for values in (one, other)]
    length = np.sqrt((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum())
    return float((ranks[0] * ranks[1]).sum() / length) if length > 0 else 0.0


def absolute_ranks(case: Case, values: torch.Tensor) -> np.ndarray:
    """Sizes of an attribution where the recording has samples, one after the other."""
    return values.abs()[case.window.there].numpy()
