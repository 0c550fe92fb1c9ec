"""Curves to picks. It runs again on every move of a threshold, so it visits all stations and phases at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from workbench.pickers.segments import finite_runs
from workbench.schema import PickerCard, empty_picks, make_picks

__all__ = ["DETECTION", "detections_from", "picks_from"]

DETECTION = "Detection"
"""Name of the curve that says "an event is going on"; it gives detections, not picks."""


def picks_from(
    annotations: xr.Dataset, card: PickerCard, thresholds: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Picks of one picker, sorted by time: one where a curve rises above its threshold and before it falls below half.

    That is ObsPy's ``trigger_onset(curve, threshold, threshold / 2)``, as SeisBench does it, so the picks are the same.
    The time is that of the highest value or, for a picker whose annotations say ``pick_at = "rise"`` (STA/LTA), that
    of the first value above half the threshold, which is nearer the onset.

    Parameters
    ----------
    thresholds
        Phase to threshold, in ``card.threshold_unit``; the card's default for a phase that is not named.
    """
    limits = dict(card.thresholds) | dict(thresholds or {})
    phases = [str(phase) for phase in annotations["phase"].values]
    wanted = [index for index, phase in enumerate(phases) if phase != DETECTION and phase in limits]
    if not wanted or annotations.sizes["time"] == 0:
        return empty_picks()
    at_peak = annotations.attrs.get("pick_at", "peak") == "peak"
    stations = [str(station) for station in annotations["station"].values]
    times = annotations["time"].values
    rows = []
    for index in wanted:
        curves = annotations["probability"].values[:, index, :]
        for row, first, _, peak in _triggers(curves, card, limits[phases[index]]):
            at = peak if at_peak else first
            found = {"station": stations[row], "phase": phases[index], "time": times[at]}
            rows.append(found | {"probability": float(curves[row, peak])})
    return make_picks(
        rows,
        recording_id=annotations.attrs["recording_id"],
        picker=annotations.attrs["picker"],
        weights=annotations.attrs["weights"],
    )


def detections_from(annotations: xr.Dataset, card: PickerCard, threshold: float | None = None) -> pd.DataFrame:
    """Intervals in which a picker's detection curve sees an event: station, start, end, probability."""
    columns = ["station", "start", "end", "probability"]
    if DETECTION not in annotations["phase"].values:
        return pd.DataFrame({name: [] for name in columns})
    curves = annotations["probability"].sel(phase=DETECTION).values
    limit = card.thresholds[DETECTION] if threshold is None else threshold
    times, stations = annotations["time"].values, annotations["station"].values
    rows = []
    for row, first, last, peak in _triggers(curves, card, limit):
        on = first + int(np.argmax(curves[row, first : last + 1] > card.to_probability(limit)))
        rows.append((str(stations[row]), times[on], times[last], float(curves[row, peak])))
    return pd.DataFrame(rows, columns=columns).sort_values("start", ignore_index=True)


def _triggers(curves: np.ndarray, card: PickerCard, threshold: float) -> list[tuple[int, int, int, int]]:
    """Row, first and last index above half the threshold, and index of the peak, of each trigger.

    Only a stretch above half the threshold that also holds a value above the threshold counts. NaN is below everything.
    """
    upper, lower = card.to_probability(threshold), card.to_probability(threshold / 2)
    # The comparison is against Python floats, in the precision of the curve, which is how ObsPy's comes out too.
    with np.errstate(invalid="ignore"):
        rows_with_any = np.flatnonzero((curves > upper).any(axis=1))
    found = []
    for row in rows_with_any:
        curve = curves[row]
        for first, stop in finite_runs(curve > lower):
            peak = first + int(np.argmax(curve[first:stop]))
            if curve[peak] > upper:
                found.append((int(row), first, stop - 1, peak))
    return found
