"""``explainable_onsets``: the picks that can be explained on a recording, in the order of the keys."""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench.inference.runs import PickerRun

__all__ = ["explainable_onsets", "nearest_onset"]

_SAME_S = 2.5
"""Nearer than this, a picker's pick and a label of a phase on a station are one onset."""

_ONE_SAMPLE_S = 0.005


def explainable_onsets(run: PickerRun | None, labels: pd.DataFrame) -> pd.DataFrame:
    """Onsets by station, then by time, with the columns identity, station, phase, time, who, probability.

    Parameters
    ----------
    run
        The picker that is asked; its picks come first, for they are what it can give reasons for.
    labels
        That stand on the recording: an onset that only the analyst sees can be asked about too ("why not?").
    """
    rows = []
    picks = run.picks if run is not None else labels.iloc[:0]
    for pick in picks.to_dict("records"):
        rows.append((pick["pick_id"], pick["station"], pick["phase"], pick["time"], "model", pick["probability"]))
    for label in labels[labels["decision"] != "reject"].to_dict("records"):
        near = _near(picks, label["station"], label["phase"], label["time"])
        if not (near <= _SAME_S).any():
            rows.append((label["label_id"], label["station"], label["phase"], label["time"], "human", np.nan))
    columns = ["identity", "station", "phase", "time", "who", "probability"]
    table = pd.DataFrame(rows, columns=columns).astype({"time": "datetime64[ns]", "probability": "float64"})
    return table.sort_values(["station", "time"], kind="stable", ignore_index=True)


def nearest_onset(onsets: pd.DataFrame, station: str, phase: str, time: pd.Timestamp) -> int:
    """Row of the onset of a phase on a station that lies nearest to a time, within one sample's doubt; -1 if none."""
    seconds = np.abs((onsets["time"].to_numpy() - np.datetime64(time, "ns")) / np.timedelta64(1, "s"))
    # By time first: to pandas, comparing the names of all is the slowest part of a step to the next pick.
    near = np.flatnonzero(seconds < _ONE_SAMPLE_S)
    own = [n for n in near if onsets["station"].iloc[n] == station and onsets["phase"].iloc[n] == phase]
    return int(min(own, key=lambda n: float(seconds[n]))) if own else -1


def _near(table: pd.DataFrame, station: str, phase: str, time: pd.Timestamp) -> np.ndarray:
    """Seconds between each row and a time; infinite for other stations and phases."""
    if table.empty:
        return np.empty(0)
    seconds = np.abs((table["time"] - time).dt.total_seconds().to_numpy())
    return np.where((table["station"] == station) & (table["phase"] == phase), seconds, np.inf)
