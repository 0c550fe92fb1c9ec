"""Samples of a recording as few enough numbers for a browser, which draws any part of them at any scale by itself.

Long traces are first reduced to the (least, greatest) of each 64 samples, once; then, as all others, to the least and
greatest of as many equal blocks as are asked for. A gap stays a gap however short it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from tsdownsample import MinMaxDownsampler, NaNMinMaxDownsampler

__all__ = ["Series", "TracePoints"]

_BLOCK = 64
_PYRAMID_FROM = 64 * 20_000
_NO_GAPS = MinMaxDownsampler()
_WITH_GAPS = NaNMinMaxDownsampler()


@dataclass(frozen=True)
class Series:
    """Evenly spaced values of a trace: its samples, or the least and greatest of each block of them in turn.

    Parameters
    ----------
    first_ms
        Time of the first value, since 1970.
    step_ms
        From one value to the next.
    values
        float32; NaN at gaps.
    """

    first_ms: float
    step_ms: float
    values: np.ndarray


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

    def series(self, station: str, component: str, interval_ms: tuple[float, float], most: int) -> Series:
        """A trace over an interval, with at most about `most` values."""
        if component not in self._component:
            return Series(self.start_ms, self.step_ms, np.empty(0, np.float32))
        key = (self._station[station], self._component[component])
        first, last = self._indices(interval_ms)
        if last - first <= most:
            return Series(self.start_ms + first * self.step_ms, self.step_ms, self._samples[key][first:last])
        block = -(-2 * (last - first) // most)
        if block >= _BLOCK and self.n_samples >= _PYRAMID_FROM:
            merged = -(-block // _BLOCK)
            first = first // _BLOCK
            pairs = self._pyramid(key)[2 * first : 2 * (last // _BLOCK)]
            low, high = _extremes(pairs[0::2], merged)[0], _extremes(pairs[1::2], merged)[1]
            first, block = first * _BLOCK, merged * _BLOCK
        else:
            low, high = _extremes(self._samples[key][first:last], block)
        values = np.empty(2 * len(low), np.float32)
        values[0::2], values[1::2] = low, high
        return Series(self.start_ms + first * self.step_ms, self.step_ms * block / 2, values)

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


def _extremes(samples: np.ndarray, block: int) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest of each block; the last block may be shorter."""
    whole = len(samples) // block * block
    blocks, rest = samples[:whole].reshape(-1, block), samples[whole:]
    low, high = blocks.min(axis=1), blocks.max(axis=1)
    return (np.r_[low, rest.min()], np.r_[high, rest.max()]) if len(rest) else (low, high)


def _downsampler(samples: np.ndarray) -> MinMaxDownsampler | NaNMinMaxDownsampler:
    return _WITH_GAPS if np.isnan(samples.sum()) else _NO_GAPS
