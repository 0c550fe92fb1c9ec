"""What a picker's curve shows where windows overlap and are averaged, beside what the window that is explained says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from workbench.explain.window import Window, answered, cut, places

__all__ = ["said_by_each", "window_notice"]

_TOLD_APART = 0.01
"""Of a probability: what is seen in two digits."""


def window_notice(window: Window, recording: xr.Dataset, phase: str, time: pd.Timestamp, half_width: int) -> str:
    """A sentence with both values where the window says something else than the curve; empty where it does not.

    Parameters
    ----------
    half_width
        Outputs before and after the time over which both are averaged.
    """
    if window.reading.plan.stacking != "avg":
        return ""
    said = said_by_each(window, recording, phase, time, half_width)
    if len(said) < 2:
        return ""
    curve = float(np.nanmean(_mean(np.stack(said))))
    own = float(np.nanmean(_around(window.outputs.numpy(), window, window.output_at(time, phase), phase, half_width)))
    if not abs(curve - own) >= _TOLD_APART:
        return ""
    return (
        f"{window.card.title}'s curve is the mean of {len(said)} overlapping windows and shows {curve:.2f} here; "
        f"the one window that is explained says {own:.2f}."
    )


def said_by_each(
    window: Window, recording: xr.Dataset, phase: str, time: pd.Timestamp, half_width: int
) -> list[np.ndarray]:
    """Of each window of the picker's grid that says something of a time: its outputs around it, NaN beyond its ends."""
    origin, reading = pd.Timestamp(recording["time"].values[0]), window.reading
    after_s = (time - origin).total_seconds() - reading.output_s.get(phase, 0.0)
    said = []
    for place in places(reading, origin, time, phase):
        outputs = answered(reading, cut(place.piece, place.first, reading))[1].numpy()
        centre = round((after_s - place.first / reading.rate_hz) * window.output_rate_hz)
        around = _around(outputs, window, centre, phase, half_width)
        if np.isfinite(around).any():
            said.append(around)
    return said


def _around(outputs: np.ndarray, window: Window, centre: int, phase: str, half_width: int) -> np.ndarray:
    index = centre + np.arange(-half_width, half_width + 1)
    inside = (index >= 0) & (index < len(outputs))
    found = np.full(index.size, np.nan)
    found[inside] = outputs[index[inside], window.reading.labels.index(phase)]
    return found


def _mean(said: np.ndarray) -> np.ndarray:
    """Over windows, of those that say something."""
    there = np.isfinite(said)
    count = there.sum(axis=0)
    return np.divide(np.nansum(said, axis=0), count, out=np.full(count.shape, np.nan), where=count > 0)
