"""A feed that is being picked in a thread of its own, and the last minutes of it for whoever looks."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from workbench.errors import WorkbenchError
from workbench.inference.streaming import Packet, StreamPick, StreamPicker

__all__ = ["LivePicks", "Snapshot"]

_STRETCH_SAMPLES = 10


@dataclass(frozen=True)
class Snapshot:
    """What there is to see at one moment.

    Parameters
    ----------
    times, samples
        By station, of its vertical component: pairs of lowest and highest sample of short stretches; empty before any.
    picks
        The last ones, oldest first.
    newest
        Time of the newest sample of all stations; None before any.
    running
        Whether the feed still goes on.
    error
        Why it ended, if it did not end by itself.
    """

    times: dict[str, np.ndarray]
    samples: dict[str, np.ndarray]
    picks: list[StreamPick]
    newest: np.datetime64 | None
    running: bool
    error: str = ""


@dataclass
class _Trace:
    """Lowest and highest sample of short stretches, the last minutes of them."""

    lows_highs: deque[tuple[np.datetime64, float, float]]

    def add(self, packet: Packet) -> None:
        for first in range(0, len(packet.samples), _STRETCH_SAMPLES):
            part = packet.samples[first : first + _STRETCH_SAMPLES]
            if np.isfinite(part).any():
                when = packet.start + np.timedelta64(round(first * 1e9 / packet.sampling_rate_hz), "ns")
                self.lows_highs.append((when, float(np.nanmin(part)), float(np.nanmax(part))))


@dataclass
class LivePicks:
    """Runs a stream picker over a feed in the background.

    Parameters
    ----------
    seconds
        Of waveform that are kept.
    """

    picker: StreamPicker
    packets: Iterable[Packet]
    seconds: float = 120.0

    _traces: dict[str, _Trace] = field(default_factory=dict, init=False, repr=False)
    _picks: deque[StreamPick] = field(default_factory=lambda: deque(maxlen=500), init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _newest: np.datetime64 | None = field(default=None, init=False)
    _error: str = field(default="", init=False)
    _stop: threading.Event = field(default_factory=threading.Event, init=False, repr=False)
    _thread: threading.Thread | None = field(default=None, init=False, repr=False)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread = threading.Thread(target=self._run, daemon=True, name="live picks")
        self._thread.start()

    def stop(self) -> None:
        """End after the packet in hand."""
        self._stop.set()

    def wait(self, timeout_s: float | None = None) -> None:
        """Until the feed has ended."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            for packet in self.packets:
                if self._stop.is_set():
                    return
                self._keep(packet, self.picker.push(packet))
            with self._lock:
                self._picks.extend(self.picker.flush())
        except WorkbenchError as error:
            self._error = str(error)

    def _keep(self, packet: Packet, picks: list[StreamPick]) -> None:
        end = packet.start + np.timedelta64(round(len(packet.samples) * 1e9 / packet.sampling_rate_hz), "ns")
        with self._lock:
            self._picks.extend(picks)
            self._newest = end if self._newest is None else max(self._newest, end)
            if packet.component == "Z":
                trace = self._traces.setdefault(packet.station, _Trace(deque()))
                trace.add(packet)
                oldest = self._newest - np.timedelta64(round(self.seconds * 1e9), "ns")
                while trace.lows_highs and trace.lows_highs[0][0] < oldest:
                    trace.lows_highs.popleft()

    def snapshot(self) -> Snapshot:
        """What there is to see now."""
        with self._lock:
            kept = {station: list(trace.lows_highs) for station, trace in self._traces.items()}
            picks, newest = list(self._picks), self._newest
        running = self._thread is not None and self._thread.is_alive()
        times, samples = {}, {}
        for station, rows in kept.items():
            times[station] = np.repeat(np.array([when for when, _, _ in rows], "datetime64[ns]"), 2)
            samples[station] = np.array([value for _, *pair in rows for value in pair], dtype=float)
        return Snapshot(times, samples, picks, newest, running, self._error)
