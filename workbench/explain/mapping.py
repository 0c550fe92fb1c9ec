"""From the samples of a network's window to those of the recording, so that nothing is lost."""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr

from workbench.explain.window import Window

__all__ = ["onto_recording", "onto_window"]

_WHOLE = 1e-6


def onto_recording(attribution: torch.Tensor, window: Window, recording: xr.Dataset) -> np.ndarray:
    """An attribution (channel, sample) of a window on the axes of the recording (component, time), NaN elsewhere.

    Where the rates differ, what a sample of the network holds is shared among the samples of the recording that lie in
    its time, so that the sum stays the same. What fell on padding, on filled gaps, and on channels that the recording
    lacks has no sample to lie on, and is left out.
    """
    rate_hz = float(recording.attrs["sampling_rate_hz"])
    components = [str(letter) for letter in recording["component"].values]
    mapped = np.full((len(components), recording.sizes["time"]), np.nan, np.float32)
    origin_ns = int(recording["time"].values[0].astype("datetime64[ns]").astype("int64"))
    first_s = (window.start.value - origin_ns) * 1e-9
    values = torch.where(window.there, attribution, torch.zeros_like(attribution)).double().cpu().numpy()
    there = window.there.numpy()
    for channel, letter in enumerate(window.components):
        if letter:
            row = mapped[components.index(letter)]
            _share(values[channel], there[channel], first_s, window.rate_hz, rate_hz, row)
    return mapped


def _share(
    values: np.ndarray, there: np.ndarray, first_s: float, from_hz: float, to_hz: float, row: np.ndarray
) -> None:
    """Write the values of one channel to the samples of the recording that they lie on; the others stay as they are."""
    offset = first_s * to_hz
    if from_hz == to_hz and abs(offset - round(offset)) < 0.01:
        # Most of a long recording lies outside the window: nothing is made of its length.
        row[round(offset) + np.flatnonzero(there)] = values[there]
        return
    # Nothing of what lies outside the window is gone through: a recording may be long.
    begin = min(max(0, int(first_s * to_hz) - 2), row.size - 1)
    row = row[begin : max(begin + 1, int((first_s + values.size / from_hz) * to_hz) + 3)]
    edges, borders = _borders(values.size, from_hz, first_s), _borders(row.size, to_hz, begin=begin)
    up_to = _sums_up_to(values, edges, borders)
    shares = np.diff(up_to)
    covered = np.diff(_sums_up_to(there, edges, borders)) > _WHOLE
    # What the outermost samples hold beyond the recording's own ends belongs to its first and last.
    shares[0] += up_to[0]
    shares[-1] += values.sum() - up_to[-1]
    row[covered] = shares[covered]


def onto_window(attribution: xr.Dataset, window: Window) -> torch.Tensor:
    """An attribution of a recording on the samples of a window (channel, sample), zero where it has none: the way back.

    Where the rates differ, it is shared so that the sum stays the same.
    """
    one = attribution["attribution"].sel(station=window.station)
    origin_ns = int(attribution["time"].values[0].astype("datetime64[ns]").astype("int64"))
    offset_s = (window.start.value - origin_ns) * 1e-9
    rate_hz = float(attribution.attrs["sampling_rate_hz"])
    values = np.zeros(tuple(window.inputs.shape[1:]))
    for channel, letter in enumerate(window.components):
        if letter:
            row = np.nan_to_num(one.sel(component=letter).values.astype(np.float64))
            edges, borders = _borders(row.size, rate_hz), _borders(values.shape[1], window.rate_hz, offset_s)
            values[channel] = np.diff(_sums_up_to(row, edges, borders))
    return torch.from_numpy(values)


def _borders(n_samples: int, rate_hz: float, first_s: float = 0.0, begin: int = 0) -> np.ndarray:
    """Seconds at which samples, from number `begin` on, begin and end: each reaches half a step to both sides."""
    return first_s + (np.arange(begin, begin + n_samples + 1) - 0.5) / rate_hz


def _sums_up_to(values: np.ndarray, edges: np.ndarray, borders: np.ndarray) -> np.ndarray:
    """Sums of values, which lie between edges, up to each border."""
    return np.asarray(np.interp(borders, edges, np.concatenate([[0.0], np.cumsum(values)])))
