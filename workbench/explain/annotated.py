"""Pickers without a network to go back through: each changed window is given to the picker as a recording of its own.

So whatever gives curves can be asked what it would say without a second of one component: STA/LTA, a network that
sees features of the whole stream, one that is only there as an ONNX file.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
import xarray as xr

from workbench.errors import PickerError
from workbench.pickers import Picker
from workbench.pickers.windows import Piece, Plan, Reading
from workbench.schema import check_recording

__all__ = ["AnnotatedCurves", "annotated_reading"]

_SHORTEST_S = 60.0
_BEFORE = 0.6
_WINDOWS = 2.0


class AnnotatedCurves(torch.nn.Module):
    """What a picker says of one station's samples, in the place of a network.

    Parameters
    ----------
    picker
        Asked for its annotations.
    recording
        One station, the cut that is explained; its samples are replaced.
    mean, scale
        Of the channels, shape (channel, 1): what was taken from the samples, and what they were divided by.
    channels
        Rows of the recording's components that the channels are.

    Shapes
    ------
    input : (window, channel, sample), normalised
    output : (window, sample, phase), NaN where the picker says nothing of the recording as it is
    """

    def __init__(
        self, picker: Picker, recording: xr.Dataset, mean: np.ndarray, scale: float, channels: list[int]
    ) -> None:
        super().__init__()
        self.picker, self.recording, self.channels = picker, recording, channels
        self.mean, self.scale = mean, scale
        self.finite = np.isfinite(recording["waveform"].values[0, channels])
        self.says = np.isfinite(_on_samples(picker.annotate(recording), recording))
        self.eval()

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Curves of each window."""
        return torch.from_numpy(np.stack([self._curves(window) for window in windows.detach().numpy()]))

    def _curves(self, window: np.ndarray) -> np.ndarray:
        waveform = self.recording["waveform"].values.copy()
        waveform[0, self.channels] = np.where(self.finite, window * np.float32(self.scale) + self.mean, np.nan)
        changed = self.recording.assign(waveform=(self.recording["waveform"].dims, waveform))
        try:
            curves = _on_samples(self.picker.annotate(changed), changed)
        except PickerError:
            # A picker refuses a recording in which nothing moves; it would not pick there.
            return np.where(self.says, np.float32(0), np.float32(np.nan))
        # Nor where it falls silent, for want of a component say.
        return np.where(self.says, np.nan_to_num(curves), np.float32(np.nan))


def _on_samples(annotations: xr.Dataset, recording: xr.Dataset) -> np.ndarray:
    """Curves of one station (sample, phase) on the samples of a recording, each as the nearest value has it."""
    after_s = (annotations["time"].values - recording["time"].values[0]) / np.timedelta64(1, "ns") * 1e-9
    samples_s = np.arange(recording.sizes["time"]) / float(recording.attrs["sampling_rate_hz"])
    nearest = np.round(np.interp(samples_s, after_s, np.arange(after_s.size))).astype(int)
    curves = annotations["probability"].values[0][:, nearest].T
    apart_s = np.abs(after_s[nearest] - samples_s)[:, np.newaxis]
    return np.where(apart_s <= 1 / float(annotations.attrs["sampling_rate_hz"]), curves, np.float32(np.nan))


def annotated_reading(
    recording: xr.Dataset, picker: Picker, station: str, time: pd.Timestamp, why: str
) -> tuple[Reading, list[str]]:
    """A picker's curves of a cut around a time, as a :class:`~workbench.pickers.windows.Reading`, and its channels.

    Parameters
    ----------
    why
        Why there is no way back through it, in words.

    Raises
    ------
    PickerError
        If the station has no samples there, or the picker says nothing of them.
    """
    cut, start = _cut(recording, picker, station, time)
    samples = cut["waveform"].values[0]
    letters = [str(letter) for letter in cut["component"].values]
    channels = [row for row in range(len(letters)) if np.isfinite(samples[row]).any()]
    if not channels:
        raise PickerError(f"{station} has no samples around {time}.")
    chosen = samples[channels]
    mean = np.nanmean(chosen, axis=-1, keepdims=True)
    scale = max(float(np.nanstd(chosen)), 1e-30)
    n_samples, rate_hz = cut.sizes["time"], float(recording.attrs["sampling_rate_hz"])
    network = AnnotatedCurves(picker, cut, mean, scale, channels)

    def prepare(windows: torch.Tensor) -> torch.Tensor:
        return ((windows - torch.from_numpy(mean)) / scale).nan_to_num()

    reading = Reading(
        Plan(n_samples, n_samples, 1.0, "avg", tuple(range(len(picker.card.phases)))),
        [Piece(0, chosen, start)],
        rate_hz,
        prepare,
        network,
        lambda outputs: outputs,
        picker.card.phases,
        no_gradients=why,
    )
    return reading, [letters[row] for row in channels]


def _cut(recording: xr.Dataset, picker: Picker, station: str, time: pd.Timestamp) -> tuple[xr.Dataset, int]:
    """The station for some time before and after, and the index of the first sample."""
    rate_hz = float(recording.attrs["sampling_rate_hz"])
    at = round((time - pd.Timestamp(recording["time"].values[0])).total_seconds() * rate_hz)
    n_samples = recording.sizes["time"]
    window_s = picker.card.window_s if np.isfinite(picker.card.window_s) else 0.0
    length = min(n_samples, round(max(_SHORTEST_S, _WINDOWS * window_s) * rate_hz))
    first = min(max(0, at - round(_BEFORE * length)), n_samples - length)
    row = [str(name) for name in recording["station"].values].index(station)
    cut = recording.isel(station=[row], time=slice(first, first + length))
    read = [letter for letter in map(str, cut["component"].values) if letter in picker.card.component_order]
    alive = np.isfinite(cut["waveform"].sel(component=read).values).any()
    # A picker of the vertical takes another component where it is dead; muted, it must not.
    return check_recording(cut.sel(component=read) if alive else cut), first
