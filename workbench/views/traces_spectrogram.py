"""Spectrogram of the open station, as an image under the traces."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from workbench.processing.spectrogram import spectrogram

__all__ = ["spectrogram_columns"]

_MOST_SAMPLES = 400_000


def spectrogram_columns(
    recording: xr.Dataset, station: str, interval_ms: tuple[float, float], zero_ms: float
) -> tuple[dict[str, list[Any]], float]:
    """Columns of one image in dB, and the highest frequency in Hz; of the Z component, or the first."""
    components = [str(name) for name in recording["component"].values]
    component = "Z" if "Z" in components else components[0]
    rate = float(recording.attrs["sampling_rate_hz"])
    start_ms = float(recording["time"].values[0].astype("int64")) / 1e6
    first = max(0, int((interval_ms[0] - start_ms) * rate / 1e3))
    last = min(recording.sizes["time"], int((interval_ms[1] - start_ms) * rate / 1e3) + 1)
    trace = recording["waveform"].sel(station=station, component=component).values[first:last]
    step = max(1, len(trace) // _MOST_SAMPLES)
    empty: dict[str, list[Any]] = {name: [] for name in ("image", "x", "y", "dw", "dh")}
    if len(trace) // step < 64 or not np.isfinite(trace).any():
        return empty, rate / 2
    times_s, frequencies_hz, db = spectrogram(trace[: _MOST_SAMPLES * step], rate)
    if not len(times_s):
        return empty, rate / 2
    length_ms = (times_s[1] - times_s[0]) * 1e3 if len(times_s) > 1 else len(trace) * 1e3 / rate
    x = start_ms + first * 1e3 / rate + times_s[0] * 1e3 - length_ms / 2 - zero_ms
    columns = {
        "image": [db.astype(np.float32)],
        "x": [x],
        "y": [0.0],
        "dw": [length_ms * len(times_s)],
        "dh": [float(frequencies_hz[-1])],
    }
    return columns, float(frequencies_hz[-1])
