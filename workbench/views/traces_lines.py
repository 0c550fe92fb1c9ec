"""Samples of a recording as the few points that a screen can show: decimated, scaled to their rows, joined by NaN.

Long traces are first reduced to the (least, greatest) of each 64 samples, once; then, as all others, to the least and
greatest of each screen column. A gap stays a gap however short it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from tsdownsample import MinMaxDownsampler, NaNMinMaxDownsampler

from workbench.views.traces_rows import Band

__all__ = ["Gain", "TracePoints", "gain_of", "joined_lines"]

_BLOCK = 64
_PYRAMID_FROM = 64 * 20_000
_CLIPPED_AT = 1.2
_FILLS = 0.88
_GAP = np.array([np.nan], np.float32)
_NO_GAPS = MinMaxDownsampler()
_WITH_GAPS = NaNMinMaxDownsampler()


class TracePoints:
    """The points of a recording's traces for any interval and any number of columns.

    Parameters
    ----------
    recording
        What is on the screen; its samples are read in place.
    """

    def __init__(self, recording: xr.Dataset) -> None:
        self._samples = recording["waveform"].values
        self._station = {str(name): i for i, name in enumerate(recording["station"].values)}
        self._component = {str(name): i for i, name in enumerate(recording["component"].values)}
        self.components = tuple(self._component)
        self.start_ms = float(recording["time"].values[0].astype("int64")) / 1e6
        self.step_ms = 1e3 / float(recording.attrs["sampling_rate_hz"])
        self.n_samples = self._samples.shape[-1]
        self.end_ms = self.start_ms + (self.n_samples - 1) * self.step_ms
        self._pyramids: dict[tuple[int, int], np.ndarray] = {}
        self._dead: dict[tuple[str, str], str] = {}

    def points(self, station: str, component: str, interval_ms: tuple[float, float], n: int) -> tuple[np.ndarray, ...]:
        """Times in ms and samples of a trace over an interval; about `n` points, NaN at gaps."""
        if component not in self._component:
            return np.empty(0), np.empty(0, np.float32)
        key = (self._station[station], self._component[component])
        first, last = self._indices(interval_ms)
        if (last - first) > _BLOCK * n and self.n_samples >= _PYRAMID_FROM:
            half = _BLOCK // 2
            samples, first, step = self._pyramid(key)[first // half : last // half + 1], first // half, half
        else:
            samples, step = self._samples[key][first:last], 1
        if len(samples) > 1.5 * n:
            chosen = _downsampler(samples).downsample(samples, n_out=n - n % 2)
            return self.start_ms + (chosen + first) * (step * self.step_ms), samples[chosen]
        return self.start_ms + np.arange(first, first + len(samples)) * (step * self.step_ms), samples

    def state(self, station: str, component: str) -> str:
        """Empty for a live trace, else why there is nothing to see: ``"no data"`` or ``"dead"``."""
        key = (station, component)
        if key not in self._dead:
            self._dead[key] = self._look(station, component)
        return self._dead[key]

    def _look(self, station: str, component: str) -> str:
        if component not in self._component:
            return "no data"
        samples = self._samples[self._station[station], self._component[component]]
        if np.isnan(samples[0]) and np.isnan(samples).all():
            return "no data"
        # A trace that moves at all shows it within its first samples; only a dead one is read to the end.
        head = samples[:4096]
        if np.nanmax(head, initial=-np.inf) > np.nanmin(head, initial=np.inf):
            return ""
        return "" if np.nanmax(samples) > np.nanmin(samples) else "dead"

    def _indices(self, interval_ms: tuple[float, float]) -> tuple[int, int]:
        first = int(np.floor((interval_ms[0] - self.start_ms) / self.step_ms)) - 1
        last = int(np.ceil((interval_ms[1] - self.start_ms) / self.step_ms)) + 2
        return min(max(first, 0), self.n_samples), min(max(last, 0), self.n_samples)

    def _pyramid(self, key: tuple[int, int]) -> np.ndarray:
        if key not in self._pyramids:
            blocks = self._samples[key][: self.n_samples // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
            pyramid = np.empty(2 * len(blocks), np.float32)
            # A block with a gap becomes a gap, so that a gap of one sample in a day is still seen.
            pyramid[0::2], pyramid[1::2] = blocks.min(axis=1), blocks.max(axis=1)
            self._pyramids[key] = pyramid
        return self._pyramids[key]


def _downsampler(samples: np.ndarray) -> MinMaxDownsampler | NaNMinMaxDownsampler:
    return _WITH_GAPS if np.isnan(samples.sum()) else _NO_GAPS


@dataclass(frozen=True)
class Gain:
    """How a trace is put into its row: `middle` on the zero line, `middle ± half` near the row's edges."""

    middle: float
    half: float


def gain_of(times_ms: np.ndarray, samples: np.ndarray, interval_ms: tuple[float, float]) -> Gain:
    """The gain that fills the row with what is seen in an interval; half is 0 for a flat or empty trace."""
    first, last = np.searchsorted(times_ms, interval_ms)
    seen = samples[first:last]
    seen = seen[np.isfinite(seen)]
    if not len(seen):
        return Gain(0.0, 0.0)
    middle = float(np.median(seen))
    return Gain(middle, float(np.abs(seen - middle).max()))


def joined_lines(
    pieces: Sequence[tuple[np.ndarray, np.ndarray, Band, Gain, float, float]], amplitude: float
) -> dict[str, np.ndarray]:
    """One line through all traces, with NaN between them: columns ``x`` (ms) and ``y`` (pixels from the top).

    Parameters
    ----------
    pieces
        Of each trace: times in ms, samples, its band, its gain, the half range that fills the band, and the time in ms
        that stands at zero.
    amplitude
        1 fills the rows; larger overlaps them, up to the clip.
    """
    xs: list[np.ndarray] = []
    ys: list[np.ndarray] = []
    for times_ms, samples, band, gain, half, zero_ms in pieces:
        scale = band.half * _FILLS * amplitude / half if half > 0 else 0.0
        limit = band.half * _CLIPPED_AT
        deflection = np.clip((samples - np.float32(gain.middle)) * np.float32(scale), -limit, limit)
        xs += [times_ms - zero_ms, _GAP]
        ys += [np.float32(band.middle) - deflection, _GAP]
    if not xs:
        return {"x": np.empty(0), "y": np.empty(0, np.float32)}
    return {"x": np.concatenate(xs), "y": np.concatenate(ys).astype(np.float32)}
