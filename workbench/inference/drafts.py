"""Draft and verify: XiaoNet looks everywhere, at a very low threshold, and a heavy picker only where it sees something.

What the heavy picker says there is what it would have said in a run over everything, to the last bit: a sample counts
only where every window over it was run. Elsewhere the curves are NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import xarray as xr

from workbench.inference.runtimes.choice import choose
from workbench.inference.runtimes.exports import network_key
from workbench.pickers import TorchPicker, open_picker
from workbench.pickers.segments import finite_runs
from workbench.schema import Report, silent

__all__ = ["DRAFT_THRESHOLD", "Drafts", "drafting_key", "drafts_of"]

DRAFT_THRESHOLD = 0.01
"""Of P or S in XiaoNet, above which the heavy picker looks; measured in ``tests/benchmarks/test_drafts.py``."""

_MARGIN_S = 1.0
_GRID: dict[str, Any] = {"step_s": 25.0, "front_s": 3.0, "back_s": 2.0}
"""Hardly any overlap: an onset at the edge of a window gives a low probability, which is enough here."""


class Drafts:
    """Where a station may have an onset; callable as :data:`~workbench.pickers.windows.Where`.

    Parameters
    ----------
    intervals_s
        For each station, start and end of stretches in seconds since the recording began, sorted, not overlapping.
    rate_hz
        Of the picker that is to be run there.
    """

    def __init__(self, intervals_s: Sequence[np.ndarray], rate_hz: float) -> None:
        self._intervals = [np.asarray(pairs, float).reshape(-1, 2) * rate_hz for pairs in intervals_s]
        self.n_windows = self.n_run = 0

    def __call__(self, row: int, firsts: np.ndarray, length: int) -> np.ndarray:
        """Whether each window meets a stretch."""
        starts, ends = self._intervals[row].T
        # The first stretch that ends after the window begins is the only one that can decide.
        next_one = np.searchsorted(ends, firsts)
        begins = np.append(starts, np.inf)[next_one]
        wanted = begins <= firsts + length
        self.n_windows += len(wanted)
        self.n_run += int(wanted.sum())
        return np.asarray(wanted)

    @property
    def words(self) -> str:
        """How much was left out."""
        return f"Draft mode: XiaoNet saw nothing in {self.n_windows - self.n_run} of {self.n_windows} windows."


@cache
def _drafter() -> TorchPicker:
    picker = open_picker("xiaonet", **_GRID)
    assert isinstance(picker, TorchPicker)
    return picker


def drafting_key() -> str:
    """Stands for all that decides where a heavy picker looks: XiaoNet, its weights, how it is run, the threshold."""
    return f"{network_key(_drafter())}/{sorted(_GRID.items())}/{DRAFT_THRESHOLD}/{_MARGIN_S}"


def drafts_of(
    recording: xr.Dataset, rate_hz: float, report: Report = silent, threshold: float = DRAFT_THRESHOLD
) -> Drafts:
    """Where XiaoNet sees anything like an onset.

    Raises
    ------
    PickerError
        If the recording holds nothing that XiaoNet can run on.
    """
    drafter = _drafter()
    annotations = drafter.annotate(recording, report, choose(drafter).execution)
    started = annotations["time"].values[0] - recording["time"].values[0]
    curve_rate_hz = annotations.attrs["sampling_rate_hz"]
    start_s = started / np.timedelta64(1, "s")
    with np.errstate(invalid="ignore"):
        seen = np.asarray(annotations["probability"].values > threshold)
    return Drafts([_stretches(row.any(axis=0), curve_rate_hz) + start_s for row in seen], rate_hz)


def _stretches(seen: np.ndarray, rate_hz: float) -> np.ndarray:
    """Start and end in seconds of what is seen, with a margin, those that touch joined."""
    pairs = np.asarray(finite_runs(seen), float).reshape(-1, 2) / rate_hz + (-_MARGIN_S, _MARGIN_S)
    if not len(pairs):
        return pairs
    is_new = np.append(True, pairs[1:, 0] > pairs[:-1, 1])
    firsts = np.flatnonzero(is_new)
    return np.column_stack([pairs[firsts, 0], pairs[np.append(firsts[1:], len(pairs)) - 1, 1]])
