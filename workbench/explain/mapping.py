"""From the samples of a network's window to those of the recording, so that nothing is lost."""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr

from workbench.explain.window import Window

__all__ = ["onto_recording"]

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
            mapped[components.index(letter)] = _shared(
                values[channel], there[channel], first_s, window.rate_hz, rate_hz, recording.sizes["time"]
            )
    return mapped


def _shared(
    values: np.ndarray, there: np.ndarray, first_s: float, from_hz: float, to_hz: float, n_samples: int
) -> np.ndarray:
    """Values of one channel on the samples of the recording; NaN where none of them lies."""
    row = np.full(n_samples, np.nan)
    offset = first_s * to_hz
    if from_hz == to_hz and abs(offset - round(offset)) < 0.01:
        index = round(offset) + np.flatnonzero(there)
        row[index] = values[there]
        return row
    # Each sample reaches half a step to both sides; sums up to the borders of the recording's samples are interpolated.
    edges = first_s + (np.arange(values.size + 1) - 0.5) / from_hz
    borders = (np.arange(n_samples + 1) - 0.5) / to_hz
    sums = np.concatenate([[0.0], np.cumsum(values)])
    held = np.concatenate([[0.0], np.cumsum(there)])
    shares = np.diff(np.interp(borders, edges, sums))
    covered = np.diff(np.interp(borders, edges, held)) > _WHOLE
    # What the outermost samples hold beyond the recording's own ends belongs to its first and last.
    shares[0] += np.interp(borders[0], edges, sums)
    shares[-1] += sums[-1] - np.interp(borders[-1], edges, sums)
    row[covered] = shares[covered]
    return row
