"""``Drawing``: what the sources of the Explain page's figures hold, made from what was asked and answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from workbench.session import Explaining
from workbench.views.explain_picture import (
    Rows,
    bars,
    bin_s_for,
    binned,
    coloured_lines,
    stacked_rows,
    steps_of,
)

__all__ = ["Drawing", "Shown", "milliseconds", "recording_of"]

_VIEW_S = 8.0
_BEFORE = 0.4
"""Of the view: how much of it lies before the pick."""


@dataclass(frozen=True)
class Shown:
    """One explanation over one waveform, cut to the window that the picker read.

    Parameters
    ----------
    time_ms
        Of the samples of the window.
    waveform, attribution
        Shape (component, time); NaN is a gap, or where the network does not look.
    """

    explained: xr.Dataset
    components: tuple[str, ...]
    time_ms: np.ndarray
    waveform: np.ndarray
    attribution: np.ndarray
    rate_hz: float

    @classmethod
    def of(cls, explained: xr.Dataset, recording: xr.Dataset, coloured: xr.Dataset | None) -> Shown:
        """The window of `explained` in a recording, with the colours of another explanation (or none) on it."""
        attrs = explained.attrs
        times = explained["time"].values
        start = pd.Timestamp(attrs["window_start"])
        first = int(np.searchsorted(times, start.to_datetime64()))
        last = int(np.searchsorted(times, (start + pd.Timedelta(attrs["window_s"], unit="s")).to_datetime64()))
        where = slice(first, max(last, first + 2))
        station = attrs["station"]
        waveform = recording["waveform"].sel(station=station).values[:, where]
        blank = np.full(waveform.shape, np.nan, np.float32)
        values = blank if coloured is None else coloured["attribution"].sel(station=station).values[:, where]
        return cls(
            explained,
            tuple(str(name) for name in explained["component"].values),
            milliseconds(times[where]),
            waveform,
            values,
            float(attrs["sampling_rate_hz"]),
        )

    @property
    def limits(self) -> tuple[float, float]:
        """First and last time in ms."""
        return float(self.time_ms[0]), float(self.time_ms[-1])

    def shares(self) -> np.ndarray:
        """Of the sum of sizes, what each component has; NaN where nothing spoke."""
        sizes = np.nansum(np.abs(self.attribution), axis=1)
        return np.asarray(sizes / sizes.sum() if sizes.sum() > 0 else np.full(sizes.shape, np.nan))


class Drawing:
    """The part of the window that is on the screen, with as much again on either side."""

    def __init__(self, shown: Shown, beside: Shown | None, *, lane: bool) -> None:
        self.shown, self.beside = shown, beside
        self.rows: Rows = stacked_rows(len(shown.components), beside=beside is not None, lane=lane)
        self.bin_s = self.scale = self.scale_beside = np.nan

    def first_view(self) -> tuple[float, float]:
        """Some seconds around the time that was asked about, inside the window; ms."""
        start, end = self.shown.limits
        time = milliseconds(np.datetime64(pd.Timestamp(self.shown.explained.attrs["target_time"]), "ns"))
        width = min(_VIEW_S * 1e3, end - start)
        left = min(max(float(time) - _BEFORE * width, start), end - width)
        return left, left + width

    def columns(self, view: tuple[float, float]) -> dict[str, dict[str, Any]]:
        """Of lines, bars, baselines; without colours."""
        shown, width = self.shown, view[1] - view[0]
        self.bin_s = bin_s_for(width / 1e3, shown.rate_hz)
        where = slice(*np.searchsorted(shown.time_ms, [view[0] - width, view[1] + width]))
        sums, bin_samples = self._sums(shown)
        self.scale = self._largest_seen(shown, sums, view)
        samples = np.arange(where.start, where.stop)
        steps = steps_of(sums, self.scale)[:, samples // bin_samples]
        # A screen has a thousand rows: half the digits do.
        heights = self._heights(where, view).astype(np.float32)
        lines = coloured_lines(shown.time_ms[where], heights, steps)
        return {
            "lines": lines,
            "bars": self._bars(sums, self.scale, [row.bars for row in self.rows.components]),
            "baselines": {"y": self._baselines()},
        }

    def columns_beside(self, view: tuple[float, float]) -> dict[str, np.ndarray]:
        """Bars of the second picker."""
        if self.beside is None:
            return {}
        sums, _ = self._sums(self.beside)
        self.scale_beside = self._largest_seen(self.beside, sums, view)
        return self._bars(sums, self.scale_beside, [row.beside for row in self.rows.components], self.beside)

    def ghost(self, recording: xr.Dataset, view: tuple[float, float]) -> dict[str, list[np.ndarray]]:
        """The waveform as it was recorded, where a changed copy is shown."""
        plain = Shown.of(self.shown.explained, recording, None)
        where = slice(*np.searchsorted(plain.time_ms, [2 * view[0] - view[1], 2 * view[1] - view[0]]))
        heights = self._heights(where, view, plain.waveform)
        return {"xs": [plain.time_ms[where]] * len(heights), "ys": list(heights)}

    def _largest_seen(self, shown: Shown, sums: np.ndarray, view: tuple[float, float]) -> float:
        """The scale follows what is seen: one strong bar a minute away would leave the rest without colour."""
        first, last = ((at - shown.limits[0]) / (1e3 * self.bin_s) for at in view)
        seen = sums[:, max(0, int(first)) : max(1, int(np.ceil(last)))]
        return float(np.abs(seen).max(initial=0.0))

    def _sums(self, shown: Shown) -> tuple[np.ndarray, int]:
        bin_samples = max(1, round(self.bin_s * shown.rate_hz))
        return binned(shown.attribution, bin_samples), bin_samples

    def _bars(self, sums: np.ndarray, scale: float, baselines: list[float], of: Shown | None = None) -> dict[str, Any]:
        shown = of or self.shown
        bin_ms = 1e3 * max(1, round(self.bin_s * shown.rate_hz)) / shown.rate_hz
        reach = self.rows.components[0].bars_reach
        made = bars(sums, float(shown.time_ms[0]), bin_ms, scale, np.asarray(baselines), reach)
        return dict(made)

    def _baselines(self) -> np.ndarray:
        both = [(row.bars, row.beside) for row in self.rows.components]
        flat = np.asarray(both).ravel()
        return flat[np.isfinite(flat)]

    def _heights(self, where: slice, view: tuple[float, float], waveform: np.ndarray | None = None) -> np.ndarray:
        """Heights of the traces, each filling its row by what is seen of it."""
        shown = self.shown
        seen = slice(*np.searchsorted(shown.time_ms, view))
        other = shown.waveform if waveform is None else waveform
        # A component that a what-if has dropped has no size of its own for the ghost of it.
        there = np.isfinite(shown.waveform[:, seen]).any(axis=1, keepdims=True)
        own = np.where(there, shown.waveform[:, seen], other[:, seen])
        middle = _median(own)[:, None]
        reach = _largest_of(own - middle)[:, None]
        samples = other[:, where]
        scaled = np.clip((samples - middle) / np.where(reach > 0, reach, 1.0), -1.15, 1.15)
        place = np.asarray([row.trace for row in self.rows.components])[:, None]
        return np.asarray(place + self.rows.components[0].trace_reach * scaled)


def _median(samples: np.ndarray) -> np.ndarray:
    there = np.isfinite(samples).any(axis=1)
    middle = np.zeros(samples.shape[0])
    if there.any():
        middle[there] = np.nanmedian(samples[there], axis=1)
    return middle


def _largest_of(samples: np.ndarray) -> np.ndarray:
    return np.nan_to_num(np.abs(samples)).max(axis=1, initial=0.0)


def milliseconds(times: Any) -> np.ndarray:
    """Times of numpy as the browser counts them, in ms since 1970."""
    return np.asarray(times).astype("datetime64[ns]").astype("int64") / 1e6


def recording_of(explaining: Explaining) -> xr.Dataset | None:
    """What is drawn: the changed copy of a what-if, else the recording as it is filtered on the screen."""
    if explaining.tried is not None:
        return explaining.tried.recording
    session = explaining.session
    return session.recording if session.shown is None else session.shown
