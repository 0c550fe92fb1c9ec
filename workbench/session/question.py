"""``Question`` and ``Tried``: what is asked of a picker, and what it says of a changed copy of the waveform."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import xarray as xr

__all__ = ["Question", "Tried"]


@dataclass(frozen=True)
class Question:
    """Why does this picker say this phase at this time? A result that belongs to another question is stale.

    Parameters
    ----------
    picker
        Its key on the session's list: ``"eqtransformer/original"``.
    phase
        A phase of the picker, or ``"Detection"``.
    time
        UTC.
    method, target, baseline
        As :func:`workbench.explain.run.explain` takes them.
    """

    recording_id: str
    picker: str
    station: str
    phase: str
    time: pd.Timestamp
    method: str
    target: str
    baseline: str


@dataclass(frozen=True)
class Tried:
    """What came of a what-if.

    Parameters
    ----------
    recording
        The changed copy: one station, on the axes of the recording as read.
    annotations
        The picker's curves of it; NaN outside the window that was run.
    time, probability
        The pick of the question's phase that lies nearest to it, on the changed copy, and the height of its peak;
        None and the highest value around where there is none above the picker's threshold.
    attribution
        The same explanation of that pick, or of the time that was asked about where there is none; None until it has
        come.
    problem
        Why there is nothing to explain any more, in words.
    """

    recording: xr.Dataset
    annotations: xr.Dataset
    time: pd.Timestamp | None
    probability: float
    attribution: xr.Dataset | None = None
    problem: str = ""
