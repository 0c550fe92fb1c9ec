"""The onset near a cursor, by the Akaike information criterion."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

__all__ = ["refine_on_station", "refine_onset"]

_FEWEST_SAMPLES = 8


def refine_onset(samples: np.ndarray, index: int, rate_hz: float, *, window_s: float = 1.0) -> int:
    """Index of the onset within half a window of a cursor.

    The onset parts the window into two stretches that are each as even as possible: the minimum of the criterion of
    Maeda (1985), first in the window and then in half a window around that. Samples are looked at as they are given;
    filter before.

    Parameters
    ----------
    samples
        Of one trace; NaN where there is a gap.
    index
        Of the cursor.
    window_s
        Length of the stretch around the cursor that is looked at.

    Returns
    -------
    int
        `index` itself if the window holds too few samples, or does not vary.
    """
    samples = np.asarray(samples)
    if not 0 <= index < samples.size or not np.isfinite(samples[index]):
        return index
    half = max(1, round(0.5 * window_s * rate_hz))
    first = _criterion_minimum(samples, index, half)
    return index if first is None else _refined(samples, first, half // 2)


def refine_on_station(recording: xr.Dataset, station: str, time: pd.Timestamp, component: str = "Z") -> pd.Timestamp:
    """The onset nearest to a time on a station, on that component, or its first where it has none of that name."""
    trace = recording["waveform"].sel(station=station)
    trace = trace.sel(component=component if component in trace["component"] else trace["component"].values[0])
    index = int(np.searchsorted(recording["time"].values, np.datetime64(time, "ns")))
    refined = refine_onset(trace.values, index, recording.attrs["sampling_rate_hz"])
    return pd.Timestamp(recording["time"].values[refined])


def _refined(samples: np.ndarray, index: int, half: int) -> int:
    second = _criterion_minimum(samples, index, half)
    return index if second is None else second


def _criterion_minimum(samples: np.ndarray, index: int, half: int) -> int | None:
    from obspy.signal.trigger import aic_simple

    begin, end = _finite_around(samples, index, half)
    window = np.asarray(samples[begin:end], dtype=np.float64)
    if window.size < _FEWEST_SAMPLES or np.ptp(window) == 0:
        return None
    criterion = np.asarray(aic_simple(window - window.mean()))
    # At the very ends one stretch is only a few samples long and its variance says nothing.
    edge = max(2, window.size // 20)
    inner = criterion[edge:-edge]
    if not np.isfinite(inner).any():
        return None
    # ObsPy's value at a sample parts the window behind it; the onset is the first sample of the second stretch.
    return begin + edge + int(np.nanargmin(np.where(np.isfinite(inner), inner, np.nan))) + 1


def _finite_around(samples: np.ndarray, index: int, half: int) -> tuple[int, int]:
    """Begin and end of the samples around an index that are within reach and not across a gap."""
    begin, end = max(0, index - half), min(samples.size, index + half + 1)
    missing = np.flatnonzero(~np.isfinite(samples[begin:end])) + begin
    before, after = missing[missing < index], missing[missing > index]
    return (int(before[-1]) + 1 if before.size else begin), (int(after[0]) if after.size else end)
