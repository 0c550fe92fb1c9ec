"""Picks from samples that arrive in packets: what a file gives, as soon as a sample's last window is complete.

One buffer a station, on the same grid of windows as :mod:`workbench.processing.grid` gives a file. A window is looked
at once all its samples are there, or once the station is so far past it that what is missing is taken as a gap. Needs
nothing but numpy: an edge station brings a network of ONNX Runtime.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from workbench.errors import PickerError
from workbench.inference.stream_buffers import Peak, SampleBuffer, Stitch, Triggers
from workbench.processing.grid import Grid, kept_outputs, sample_index

__all__ = ["Packet", "StationStream", "StreamPick", "StreamPicker"]

_ROWS: Mapping[str, int] = {"Z": 0, "N": 1, "1": 1, "E": 2, "2": 2}
_PHASES = ("P", "S")
_SLICE_SAMPLES = 1000


@dataclass(frozen=True)
class Packet:
    """Samples of one component, as they arrive.

    Parameters
    ----------
    station
        ``"NET.STA.LOC"``.
    component
        ``"Z"``, ``"N"`` or ``"E"``; 1 and 2 stand in for N and E.
    start
        Time of the first sample, UTC.
    samples
        In any unit, NaN where missing.
    """

    station: str
    component: str
    start: np.datetime64
    samples: np.ndarray
    sampling_rate_hz: float = 100.0


@dataclass(frozen=True)
class StreamPick:
    """A pick, and how late it is.

    Parameters
    ----------
    latency_s
        From the onset to the newest sample of the station that had arrived when the pick came out: what the method
        itself needs, whatever the speed of the feed.
    compute_s
        That the last window took.
    """

    station: str
    phase: str
    time: np.datetime64
    probability: float
    latency_s: float
    compute_s: float


Evaluate = Callable[[np.ndarray], np.ndarray]
"""Windows (window, 3, sample) with NaN where missing, to P, S and noise of the same length."""


class StreamPicker:
    """Picks of many stations from packets of any size, in any order within a patience.

    Parameters
    ----------
    evaluate, grid
        The network and its windows: ``evaluate`` and ``grid`` of a XiaoNet picker, or of an
        :class:`~workbench.inference.onnx_network.OnnxNetwork`.
    thresholds
        By phase, as for a file.
    patience_s
        Of data: how far past a window's end a station must be before missing samples in it count as a gap. Packets may
        be late by that much and change nothing.
    on_curve
        Called with station, time of the first value, and P and S of shape (sample, 2), once they are final; for a view.
    """

    def __init__(
        self,
        evaluate: Evaluate,
        grid: Grid,
        thresholds: Mapping[str, float],
        *,
        rate_hz: float = 100.0,
        patience_s: float = 30.0,
        on_curve: Callable[[str, np.datetime64, np.ndarray], None] | None = None,
    ) -> None:
        self.evaluate, self.grid, self.rate_hz, self.on_curve = evaluate, grid, rate_hz, on_curve
        self.thresholds = dict(thresholds)
        self.patience_samples = round(patience_s * rate_hz)
        self.stations: dict[str, StationStream] = {}

    def push(self, packet: Packet) -> list[StreamPick]:
        """Picks that this packet completes.

        Raises
        ------
        PickerError
            If its sampling rate is another one, or its component is not known.
        """
        if packet.sampling_rate_hz != self.rate_hz:
            raise PickerError(
                f"{packet.station} {packet.component} streams at {packet.sampling_rate_hz:g} Hz; the picker takes "
                f"{self.rate_hz:g} Hz. Choose a channel of that rate, or pick the file, which is resampled."
            )
        if packet.component not in _ROWS:
            raise PickerError(f"{packet.station} sends a component {packet.component!r}; known are {', '.join(_ROWS)}.")
        if packet.station not in self.stations:
            self.stations[packet.station] = StationStream(packet.station, self, packet.start)
        return self.stations[packet.station].add(packet)

    def flush(self) -> list[StreamPick]:
        """Picks of what is still waiting: the feed has ended."""
        return [pick for stream in self.stations.values() for pick in stream.flush()]

    def pick_all(self, packets: Iterable[Packet]) -> Iterator[StreamPick]:
        """Picks of a whole feed, one by one as they come out."""
        for packet in packets:
            yield from self.push(packet)
        yield from self.flush()


class StationStream:
    """One station of a :class:`StreamPicker`: a buffer of fixed size, and where its windows stand.

    Parameters
    ----------
    first_time
        Time of any sample of the station; fixes where its samples lie between two ticks of the clock.
    """

    def __init__(self, station: str, owner: StreamPicker, first_time: np.datetime64) -> None:
        self.station, self.owner = station, owner
        self.late_samples = 0
        """Samples that came after their window had been looked at, and were dropped."""
        self._step_ns = round(1e9 / owner.rate_hz)
        first = sample_index(first_time, owner.rate_hz)
        self._phase_ns = _nanoseconds(first_time) - first * self._step_ns
        reach = owner.grid.window_samples + owner.patience_samples
        # Before its first window has run, a stream may still turn out to have begun earlier.
        self._buffer = SampleBuffer(2 * reach + _SLICE_SAMPLES, first - reach)
        self._stitch = Stitch(owner.grid)
        self._triggers = Triggers([owner.thresholds[phase] for phase in _PHASES])
        self._components: set[int] = set()
        self._first = self._newest = first
        self._window: int | None = None
        self._done = first
        self._compute_s = 0.0

    def add(self, packet: Packet) -> list[StreamPick]:
        """Picks that a packet completes; a long one is taken in slices, so that the buffer stays small."""
        row, index = _ROWS[packet.component], self._index(packet.start)
        picks: list[StreamPick] = []
        for first in range(0, len(packet.samples), _SLICE_SAMPLES):
            picks += self._add_slice(row, index + first, packet.samples[first : first + _SLICE_SAMPLES])
        return picks

    def _add_slice(self, row: int, index: int, samples: np.ndarray) -> list[StreamPick]:
        picks = self._run(lambda end: index >= end + self.owner.patience_samples, ahead=index)
        self.late_samples += self._buffer.put(row, index, samples)
        self._components.add(row)
        if self._window is None:
            self._first = max(min(self._first, index), self._buffer.base)
        self._newest = max(self._newest, index + len(samples))
        return picks + self._run(lambda end: self._newest >= end + self.owner.patience_samples or self._complete(end))

    def _complete(self, end: int) -> bool:
        """Whether all components that this station has ever sent fill the window that ends there."""
        if self._newest < end:
            return False
        window = self._buffer.cut(end - self.owner.grid.window_samples, end)
        return bool(np.isfinite(window[sorted(self._components)]).all())

    def _run(self, is_due: Callable[[int], bool], ahead: int | None = None) -> list[StreamPick]:
        """Look at windows, one after the other, as long as they are due; `ahead` is where the next samples will lie."""
        grid, picks = self.owner.grid, []
        number = self._next_window()
        while is_due(grid.start_of(number) + grid.window_samples):
            if ahead is not None and grid.start_of(number) >= self._newest:
                picks += self._leap(ahead)
                break
            picks += self._run_window(number)
            number = self._next_window()
        return picks

    def _next_window(self) -> int:
        return (
            self._window if self._window is not None else self.owner.grid.windows_for(self._first, self._first + 1)[0]
        )

    def _leap(self, ahead: int) -> list[StreamPick]:
        """Over a gap, to the first window that is not due yet; those in between hold nothing."""
        grid = self.owner.grid
        picks = self._settle(self._newest) + self._picks(self._triggers.close())
        self._window = (ahead - self.owner.patience_samples - grid.window_samples) // grid.step_samples + 1
        start = grid.start_of(self._window)
        self._buffer.advance(start)
        self._done = start + grid.front_samples
        return picks

    def _run_window(self, number: int) -> list[StreamPick]:
        grid = self.owner.grid
        if self._window is None:
            self._done = self._first
        start = grid.start_of(number)
        window = self._buffer.cut(start, start + grid.window_samples)[np.newaxis]
        if np.isfinite(window).any(axis=1).sum() >= grid.fewest_samples:
            began = time.perf_counter()
            self._stitch.add(number, kept_outputs(self.owner.evaluate(window), window, grid)[0])
            self._compute_s = time.perf_counter() - began
        self._window = number + 1
        following = grid.start_of(number + 1)
        picks = self._settle(min(following + grid.front_samples, self._newest))
        self._buffer.advance(following)
        return picks

    def _settle(self, upto: int) -> list[StreamPick]:
        """Take the curve up to an index as final, and pick in it."""
        if upto <= self._done:
            return []
        begin, self._done = self._done, upto
        curve = self._stitch.curve(begin, upto)
        if self.owner.on_curve:
            self.owner.on_curve(self.station, self._time(begin), curve)
        return self._picks(self._triggers.feed(curve, begin))

    def flush(self) -> list[StreamPick]:
        """Picks of all that is left: the station's stream has ended."""
        last = self.owner.grid.windows_for(self._newest - 1, self._newest)[1]
        picks: list[StreamPick] = []
        while self._components and self._next_window() < last:
            picks += self._run_window(self._next_window())
        return picks + self._settle(self._newest) + self._picks(self._triggers.close())

    def _picks(self, peaks: Iterable[Peak]) -> list[StreamPick]:
        rate_hz = self.owner.rate_hz
        return [
            StreamPick(
                self.station,
                _PHASES[peak.column],
                self._time(peak.index),
                peak.probability,
                (self._newest - peak.index) / rate_hz,
                self._compute_s,
            )
            for peak in peaks
        ]

    def _index(self, when: np.datetime64) -> int:
        return (_nanoseconds(when) - self._phase_ns + self._step_ns // 2) // self._step_ns

    def _time(self, index: int) -> np.datetime64:
        return np.datetime64(index * self._step_ns + self._phase_ns, "ns")


def _nanoseconds(when: np.datetime64) -> int:
    return int(when.astype("datetime64[ns]").astype("int64"))
