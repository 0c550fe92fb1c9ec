"""Recordings to be scored: labelled onsets, and stretches that are known to hold none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xarray as xr

from workbench.schema import Report, silent
from workbench.sources.split import RecordingSet, Split

__all__ = ["Case", "read_cases"]

_BEFORE_P_S = 3.0


@dataclass(frozen=True)
class Case:
    """One recording with what is known of it.

    Parameters
    ----------
    group
        Name of its set, for a table.
    labels
        Columns ``station``, ``phase`` (P or S) and ``time``.
    quiet
        Station, start and end of stretches without any arrival.
    """

    group: str
    recording: xr.Dataset
    labels: pd.DataFrame
    quiet: tuple[tuple[str, pd.Timestamp, pd.Timestamp], ...]


def read_cases(split: Split, folder: Path, role: str = "test", report: Report = silent) -> Iterator[Case]:
    """Each recording of that role as a case.

    Where people labelled a recording, the time before the first P less three seconds is quiet, and all of a recording
    without any label. Where a program did, nothing is known to be quiet.
    """
    for number, (recordings, recording, picks) in enumerate(split.read(folder, role)):
        report(float("nan"), f"{recordings.name}: recording {number + 1}")
        labels = picks[picks["phase"].isin(["P", "S"])][["station", "phase", "time"]].reset_index(drop=True)
        yield Case(recordings.name, recording, labels, tuple(_quiet(recordings, recording, labels)))


def _quiet(
    recordings: RecordingSet, recording: xr.Dataset, labels: pd.DataFrame
) -> Iterator[tuple[str, pd.Timestamp, pd.Timestamp]]:
    if recordings.labels != "analyst":
        return
    start, end = (pd.Timestamp(value) for value in recording["time"].values[[0, -1]])
    for station in map(str, recording["station"].values):
        onsets = labels.loc[labels["station"] == station]
        if onsets.empty:
            yield station, start, end
        elif "P" in set(onsets["phase"]):
            before = onsets["time"].min() - pd.Timedelta(seconds=_BEFORE_P_S)
            if before > start:
                yield station, start, before
