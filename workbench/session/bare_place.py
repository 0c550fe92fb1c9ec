"""``bare_place``: the traces that a question is about, while there is no answer to it, or if there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from workbench.schema import one_station

__all__ = ["bare_place"]

_WINDOW_S = 60.0
"""That is shown around a time of which no window is known."""


def bare_place(explaining: Any, before: xr.Dataset | None) -> xr.Dataset | None:
    """What an attribution says of its place, with no number in it; None where nothing is open there.

    Parameters
    ----------
    before
        The attribution, or the bare place, that stood on the screen: if its window holds the time, it stays.

    Returns
    -------
    xr.Dataset
        ``attribution`` of the asked station on the axes of the recording, all NaN, and the attributes that name the
        place: recording_id, station, phase, target, target_time, method, window_start, window_s, sampling_rate_hz;
        target_half_width_s is 0.
    """
    recording, station, time = explaining.session.recording, explaining.station, explaining.time
    if recording is None or time is None or station not in recording["station"].values:
        return None
    waveform = one_station(recording, station)["waveform"]
    recording_id, start, seconds = str(recording.attrs["recording_id"]), *_around(recording, pd.Timestamp(time))
    if before is not None and (before.attrs["recording_id"], before.attrs["station"]) == (recording_id, station):
        first, length = pd.Timestamp(before.attrs["window_start"]), float(before.attrs["window_s"])
        if first <= time <= first + pd.Timedelta(length, "s"):
            start, seconds = first, length
    return xr.Dataset(
        {"attribution": (waveform.dims, np.full(waveform.shape, np.nan, np.float32))},
        coords={name: waveform.coords[name] for name in ("station", "component", "time")},
        attrs={
            "recording_id": recording_id,
            "station": station,
            "phase": explaining.phase,
            "target": explaining.target,
            "target_time": pd.Timestamp(time).isoformat(),
            "target_half_width_s": 0.0,
            "method": explaining.method,
            "window_start": start.isoformat(),
            "window_s": seconds,
            "sampling_rate_hz": float(recording.attrs["sampling_rate_hz"]),
        },
    )


def _around(recording: xr.Dataset, time: pd.Timestamp) -> tuple[pd.Timestamp, float]:
    """Start and seconds of a window around a time that lies in the recording as far as it can."""
    begin, end = (pd.Timestamp(recording["time"].values[at]) for at in (0, -1))
    whole_s = (end - begin).total_seconds()
    seconds = min(_WINDOW_S, whole_s)
    into_s = min(max((time - begin).total_seconds() - seconds / 2, 0.0), whole_s - seconds)
    return begin + pd.Timedelta(into_s, "s"), seconds
