"""``plant_errors``: known errors put into labels, to measure how many of them a queue brings to the top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

__all__ = ["ERRORS", "plant_errors"]

ERRORS = ("shifted_label", "swapped_phases", "wrong_phase", "shifted_trace", "missed_arrival", "unlabelled_event")
"""Kinds of error that :func:`plant_errors` makes."""

_LABEL_S = (0.4, 2.0)
_TRACE_S = (0.5, 5.0)


def plant_errors(
    labels: Mapping[str, pd.DataFrame], share: float, rng: np.random.Generator, kinds: Sequence[str] = ERRORS
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Labels of which some recordings have one error each, and what was done.

    Parameters
    ----------
    labels
        By recording: columns ``station``, ``phase`` (P or S) and ``time``, at most one of each phase a station. An
        error takes the first station that has both.
    share
        Of the recordings that can have one, 0 to 1; the kinds take turns.

    Returns
    -------
    dict
        The labels, those with an error changed.
    pandas.DataFrame
        ``recording_id, station, error, phases`` (which labels are now wrong, or missing) and ``by_s`` (NaN where
        nothing was moved).
    """
    planted = {name: table.copy() for name, table in labels.items()}
    able = [name for name, table in labels.items() if _station_with_both(table)]
    chosen = rng.permutation(able)[: round(share * len(able))]
    rows = []
    for number, name in enumerate(chosen):
        kind = kinds[number % len(kinds)]
        station = _station_with_both(planted[name])
        planted[name], phases, by_s = _with_error(planted[name], station, kind, rng)
        rows.append((str(name), station, kind, phases, by_s))
    return planted, pd.DataFrame(rows, columns=["recording_id", "station", "error", "phases", "by_s"])


def _station_with_both(labels: pd.DataFrame) -> str:
    for station, own in labels.groupby("station", sort=False):
        if {"P", "S"} <= set(own["phase"]):
            return str(station)
    return ""


def _with_error(
    labels: pd.DataFrame, station: str, kind: str, rng: np.random.Generator
) -> tuple[pd.DataFrame, str, float]:
    labels = labels.copy()
    own = labels["station"] == station
    p, s = (own & (labels["phase"] == phase) for phase in "PS")
    sign = rng.choice([-1, 1])
    if kind == "shifted_label":
        phase, by_s = rng.choice(["P", "S"]), float(sign * rng.uniform(*_LABEL_S))
        labels.loc[p if phase == "P" else s, "time"] += pd.Timedelta(by_s, "s")
        return labels, str(phase), by_s
    if kind == "shifted_trace":
        by_s = float(sign * rng.uniform(*_TRACE_S))
        labels.loc[own, "time"] += pd.Timedelta(by_s, "s")
        return labels, "PS", by_s
    if kind == "swapped_phases":
        labels.loc[p, "phase"], labels.loc[s, "phase"] = "S", "P"
        return labels, "PS", float("nan")
    if kind == "wrong_phase":
        # The S taken for a P, the true P not seen: what a weak event on one component often gets.
        labels.loc[s, "phase"] = "P"
        return labels[~p].reset_index(drop=True), "PS", float("nan")
    if kind == "missed_arrival":
        phase = rng.choice(["P", "S"])
        return labels[~(p if phase == "P" else s)].reset_index(drop=True), str(phase), float("nan")
    return labels[~own].reset_index(drop=True), "PS", float("nan")
