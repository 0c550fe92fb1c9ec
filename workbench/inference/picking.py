"""Curves to picks. It runs again on every move of a threshold, so it visits all stations and phases at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from workbench.pickers.segments import finite_runs
from workbench.schema import PickerCard, empty_picks, make_picks

__all__ = ["DETECTION", "detections_from", "picks_from", "rises"]

_RISE_S = 0.5
_SHARE_OF_RISE = 0.25

DETECTION = "Detection"
"""Name of the curve that says "an event is going on"; it gives detections, not picks."""


def picks_from(
    annotations: xr.Dataset, card: PickerCard, thresholds: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Picks of one picker, sorted by time: one where a curve rises above its threshold and before it falls below half.

    That is ObsPy's ``trigger_onset(curve, threshold, threshold / 2)``, as SeisBench does it, so the picks are the same.
    The time is that of the highest value; or, for a picker whose annotations say ``pick_at = "rise"`` (STA/LTA), that
    at which the curve sets out for the threshold (:func:`rises`), for its peak comes long after the onset.

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
    n_before = round(_RISE_S * annotations.attrs["sampling_rate_hz"])
    at_peak = annotations.attrs.get("pick_at", "peak") == "peak"
    stations = [str(station) for station in annotations["station"].values]
    times = annotations["time"].values
    rows = []
    for index in wanted:
        curves = annotations["probability"].values[:, index, :]
        limit = limits[phases[index]]
        for row, first, last, peak in _triggers(curves, card, limit):
            upper = card.to_probability(limit)
            found = [(peak, peak)] if at_peak else rises(curves[row], first, last, upper, n_before)
            for at, highest in found:
                pick = {"station": stations[row], "phase": phases[index], "time": times[at]}
                rows.append(pick | {"probability": float(curves[row, highest])})
    return make_picks(
        rows,
        recording_id=annotations.attrs["recording_id"],
        picker=annotations.attrs["picker"],
        weights=annotations.attrs["weights"],
    )


def rises(curve: np.ndarray, first: int, last: int, upper: float, n_before: int) -> list[tuple[int, int]]:
    """Onset and peak, as indices, of each rise of a ratio's curve above the threshold, within one trigger.

    The onset is where the curve last leaves the lowest quarter of its way up: from the lowest ratio of the `n_before`
    values before the threshold is crossed, up to the threshold. A second rise, before the curve has fallen below half
    the threshold, counts if it comes twice as high as all before it: an event in the coda of a weak one.

    Parameters
    ----------
    curve
        r / (1 + r) of a ratio r, up to 1.
    first, last
        Of the trigger.
    upper
        The threshold, on the scale of the curve.
    """
    start = max(0, first - n_before)
    values = np.minimum(curve[start : last + 1].astype(np.float64), 1 - 1e-9)
    ratio, threshold = values / (1 - values), upper / (1 - upper)
    found: list[tuple[int, int]] = []
    highest, earlier = 0.0, 0
    for crossing, stop in finite_runs(ratio > threshold):
        peak = crossing + int(np.argmax(ratio[crossing:stop]))
        # A curve that begins above the threshold, at a gap say, hides its onset.
        seen = crossing + start >= first and crossing > 0 and np.isfinite(ratio[crossing - 1])
        if seen and ratio[peak] > 2 * highest:
            before = ratio[max(earlier, crossing - n_before) : crossing + 1]
            lowest = np.nanmin(before)
            below = np.flatnonzero(before <= lowest + _SHARE_OF_RISE * (threshold - lowest))
            onset = crossing if not below.size else crossing + 2 - before.size + int(below[-1])
            found.append((start + onset, start + peak))
        highest, earlier = max(highest, float(ratio[peak])), peak
    return found


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
