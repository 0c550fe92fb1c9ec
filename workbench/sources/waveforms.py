"""A folder, an SDS archive or a single file of miniSEED, SAC or whatever else ObsPy reads."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import SourceError, UnknownNameError
from workbench.schema import (
    CATALOG,
    Event,
    Report,
    Station,
    check_recordings_table,
    empty_picks,
    make_picks,
    silent,
)
from workbench.sources.paths import is_inside, open_refusal, shown, walk_files
from workbench.sources.stations import StationBook
from workbench.sources.waveforms_events import EventBook
from workbench.sources.waveforms_grid import common_rate
from workbench.sources.waveforms_grouping import Interval, group_segments
from workbench.sources.waveforms_headers import waveform_format
from workbench.sources.waveforms_reading import read_interval
from workbench.sources.waveforms_scanning import Scanned, is_companion, look_at, may_hold_waveforms

__all__ = ["WaveformSource"]

_FILES_LOOKED_AT = 500


class WaveformSource:
    """Recordings of a folder (or one file) of waveforms, with the stations, picks and events that lie there too.

    Parameters
    ----------
    path
        A folder, an SDS archive, or one file.
    instrument
        Band and instrument code (``"HN"``) to be shown wherever a station has several; empty for the usual choice.
    most_mb
        What the samples of one recording may take, on disk where they are many; a day of more stations is cut into
        shorter recordings.
    follow_links
        Whether symbolic links may lead out of the folder. They never lead out of `roots`.
    roots
        Folders that may be read; None stands for `path` itself.
    """

    kind = "waveforms"

    def __init__(
        self,
        path: str | Path,
        *,
        instrument: str = "",
        most_mb: float = 2048.0,
        follow_links: bool = False,
        roots: Sequence[Path] | None = None,
    ) -> None:
        self._path = Path(path).expanduser().resolve()
        self.title = self._path.name or str(self._path)
        self.location = str(self._path)
        self._instrument = instrument.strip().upper()
        self._most_bytes = int(most_mb * 2**20)
        self._follow_links = follow_links
        self._roots = roots
        self._found = Scanned()
        self._intervals: dict[str, Interval] | None = None
        self._table = pd.DataFrame()
        self._book = StationBook()
        self._events = EventBook()
        self._lock = threading.RLock()

    @staticmethod
    def recognises(path: Path) -> bool:
        """Whether a path is a waveform file, or a folder with one among its first files."""
        if path.is_file():
            return _is_waveform(path)
        if not path.is_dir():
            return False
        files = islice(walk_files(path, None, lambda _: None, follow_links=True), _FILES_LOOKED_AT)
        return any(may_hold_waveforms(file) and _is_waveform(file) for file in files)

    def scan(self, report: Report = silent) -> pd.DataFrame:
        """One row per recording; the column ``files`` names the file or says how many there are.

        Raises
        ------
        SourceError
            If the path cannot be read or holds no waveforms.
        """
        refusal = open_refusal(self._path)
        if refusal:
            raise SourceError(f"{shown(self._path)} {refusal}.")
        found = Scanned()
        files = self._files(found, report)
        for number, file in enumerate(files):
            report(number / len(files), f"header {number + 1} of {len(files)}: {shown(file.name)}")
            look_at(file, shown(file.relative_to(self._path) if self._path.is_dir() else file.name), found)
        if not found.segments:
            raise SourceError(_nothing_there(self._path, found.notices))
        report(1.0, "grouping into recordings")
        intervals = _named(group_segments(found.segments, self._most_bytes))
        with self._lock:
            self._found, self._intervals = found, intervals
            self._book, self._events = StationBook(found.stations), EventBook(found.catalog)
            self._table = self._tabulated(intervals)
        self._table.attrs["notices"] = list(dict.fromkeys(found.notices + found.guesses + self._about_cuts(intervals)))
        return self._table

    def read(self, recording_id: str) -> xr.Dataset:
        """One recording; scans first if that has not been done."""
        return self._read(self._interval(recording_id), recording_id)

    def read_between(self, recording_id: str, begin: pd.Timestamp, end: pd.Timestamp) -> xr.Dataset:
        """The part of a recording between two times; no more of its files is read. Stations without samples are absent.

        Raises
        ------
        SourceError
            If the recording holds nothing there.
        """
        interval = self._interval(recording_id)
        begin_ns, end_ns = max(begin.value, interval.start_ns), min(end.value, interval.end_ns)
        there = [one for one in interval.segments if one.start_ns <= end_ns and one.end_ns >= begin_ns]
        if begin_ns > end_ns or not there:
            raise SourceError(f"{recording_id} holds no samples between {begin} and {end}.")
        return self._read(replace(interval, segments=there, start_ns=begin_ns, end_ns=end_ns), recording_id)

    def _read(self, interval: Interval, recording_id: str) -> xr.Dataset:
        event = self.event(recording_id)
        return read_interval(
            interval,
            recording_id,
            book=self._book,
            inventories=self._found.inventories,
            source=self.location,
            event_id=event.event_id if event else "",
            instrument=self._instrument,
            notices=self._found.guesses,
        )

    def reference_picks(self, recording_id: str) -> pd.DataFrame:
        """Picks from QuakeML files and SAC headers that lie in the recording."""
        interval = self._interval(recording_id)
        rows = self._events.picks(interval.stations, interval.start_ns, interval.end_ns)
        return make_picks(rows, recording_id=recording_id, picker=CATALOG) if rows else empty_picks()

    def stations(self, recording_id: str) -> list[Station]:
        """The stations of a recording, from headers alone."""
        interval = self._interval(recording_id)
        return [self._book.find(station, interval.start_ns) for station in interval.stations]

    def events(self, recording_id: str) -> list[tuple[Event, int]]:
        """All events that have picks in a recording, with their number: a day holds many, a window of a swarm a few."""
        interval = self._interval(recording_id)
        return self._events.events(interval.stations, interval.start_ns, interval.end_ns)

    def event_picks(self, recording_id: str, event_id: str) -> pd.DataFrame:
        """Of :meth:`reference_picks` those that stand with one event."""
        interval = self._interval(recording_id)
        rows = self._events.picks(interval.stations, interval.start_ns, interval.end_ns, event_id)
        return make_picks(rows, recording_id=recording_id, picker=CATALOG) if rows else empty_picks()

    def event(self, recording_id: str) -> Event | None:
        """The event from QuakeML files and SAC headers that the recording is of, if one is known."""
        interval = self._interval(recording_id)
        return self._event_of(interval)

    def _interval(self, recording_id: str) -> Interval:
        with self._lock:
            if self._intervals is None:
                self.scan()
            intervals = self._intervals or {}
        if recording_id not in intervals:
            raise UnknownNameError("recording", recording_id, intervals)
        return intervals[recording_id]

    def _files(self, found: Scanned, report: Report) -> list[Path]:
        if self._path.is_dir():
            files = []
            for file in walk_files(self._path, self._roots, found.notices.append, follow_links=self._follow_links):
                files.append(file)
                if len(files) % 200 == 0:
                    report(float("nan"), f"looking for files: {len(files)} so far")
            return files
        limit = self._roots if self._roots is not None else [self._path.parent]
        beside = (path for path in sorted(self._path.parent.iterdir()) if is_inside(path, limit) and path.is_file())
        return [self._path, *(path for path in beside if not open_refusal(path) and is_companion(path, self._path))]

    def _about_cuts(self, intervals: dict[str, Interval]) -> list[str]:
        lengths = sorted({interval.cut_s for interval in intervals.values() if interval.cut_s})
        if not lengths:
            return []
        limit_mb = self._most_bytes / 2**20
        cut = ", ".join(f"{length / 60:g} min" for length in lengths)
        return [f"Recordings that would take more than {limit_mb:g} MB (setting most_mb) are cut to {cut}."]

    def _event_of(self, interval: Interval) -> Event | None:
        stems = {segment.path.stem for segment in interval.segments}
        return self._events.event(interval.stations, interval.start_ns, interval.end_ns, stems)

    def _tabulated(self, intervals: dict[str, Interval]) -> pd.DataFrame:
        rows = []
        for recording_id, interval in intervals.items():
            stations = interval.stations
            event = self._event_of(interval)
            files = sorted({segment.path for segment in interval.segments})
            rows.append(
                {
                    "recording_id": recording_id,
                    "group": np.datetime_as_string(_span(interval)[0], "D"),
                    "start": _span(interval)[0],
                    "duration_s": (interval.end_ns - interval.start_ns) / 1e9,
                    "n_stations": len(stations),
                    "stations": ",".join(stations[:4]) + ("…" if len(stations) > 4 else ""),
                    "sampling_rate_hz": common_rate(interval.segments),
                    "magnitude": event.magnitude if event else float("nan"),
                    "files": shown(files[0].name) if len(files) == 1 else f"{len(files)} files",
                }
            )
        return check_recordings_table(pd.DataFrame(rows))


def _is_waveform(path: Path) -> bool:
    try:
        return path.stat().st_size > 0 and bool(waveform_format(path))
    except SourceError:
        return False


def _span(interval: Interval) -> tuple[np.datetime64, np.datetime64]:
    return np.datetime64(interval.start_ns, "ns"), np.datetime64(interval.end_ns, "ns")


def _named(intervals: list[Interval]) -> dict[str, Interval]:
    """Intervals by id: start to the second and number of stations (or the one station), made unique."""
    named: dict[str, Interval] = {}
    for interval in intervals:
        start = np.datetime_as_string(_span(interval)[0], "s").replace("-", "").replace(":", "")
        stations = interval.stations
        base = f"{start}_{len(stations)}st" if len(stations) > 1 else f"{start}_{stations[0].rstrip('.')}"
        name, number = base, 2
        while name in named:
            name, number = f"{base}_{number}", number + 1
        named[name] = interval
    return named


def _nothing_there(path: Path, notices: list[str]) -> str:
    first = f" For example: {notices[0]}" if notices else ""
    if path.is_file():
        return f"{path} holds no waveform that ObsPy reads.{first}"
    return f"{path} holds no file with waveforms that ObsPy reads (miniSEED, SAC, GSE2, ...).{first}"
