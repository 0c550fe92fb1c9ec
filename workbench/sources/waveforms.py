"""A folder, an SDS archive or a single file of miniSEED, SAC or whatever else ObsPy reads."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
from workbench.sources.paths import open_refusal, walk_files
from workbench.sources.stations import StationBook, read_station_table, read_stationxml
from workbench.sources.waveforms_events import CatalogEvent, best_event, picks_within, read_quakeml, read_sac_header
from workbench.sources.waveforms_grouping import Interval, group_segments
from workbench.sources.waveforms_headers import Segment, read_headers, waveform_format
from workbench.sources.waveforms_reading import read_interval

__all__ = ["WaveformSource"]

_XML = frozenset({".xml", ".stationxml", ".staxml", ".quakeml", ".qml"})
_TABLES = frozenset({".csv", ".txt", ".dat", ".tsv", ".sta", ".stations"})
# What lies beside waveforms and is not worth a notice.
_BESIDE = frozenset({
    ".md", ".rst", ".json", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".log", ".py", ".ipynb", ".sh", ".png",
    ".jpg", ".jpeg", ".pdf", ".svg", ".html", ".htm", ".parquet", ".npy", ".hdf5", ".h5", ".npz", ".sqlite",
    ".db", ".xlsx", ".event", ".picks", ".amps", ".resp", ".pz", ".paz", ".nll", ".hyp", ".obs",
})  # fmt: skip


@dataclass
class _Found:
    """What a scan gathers from the files of a folder."""

    segments: list[Segment] = field(default_factory=list)
    stations: list[Station] = field(default_factory=list)
    inventories: list[Any] = field(default_factory=list)
    catalog: list[CatalogEvent] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    guesses: list[str] = field(default_factory=list)


class WaveformSource:
    """Recordings of a folder (or one file) of waveforms, with the stations, picks and events that lie there too.

    Parameters
    ----------
    path
        A folder, an SDS archive, or one file.
    instrument
        Band and instrument code (``"HN"``) to be shown wherever a station has several; empty for the usual choice.
    memory_mb
        What the samples of one recording may take; a day of many stations is cut into shorter recordings.
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
        memory_mb: float = 512.0,
        follow_links: bool = False,
        roots: Sequence[Path] | None = None,
    ) -> None:
        self._path = Path(path).expanduser().resolve()
        self.title = self._path.name or str(self._path)
        self.location = str(self._path)
        self._instrument = instrument.strip().upper()
        self._memory_bytes = int(memory_mb * 2**20)
        self._follow_links = follow_links
        self._roots = roots
        self._found = _Found()
        self._intervals: dict[str, Interval] | None = None
        self._table = pd.DataFrame()
        self._book = StationBook()
        self._lock = threading.RLock()

    @staticmethod
    def recognises(path: Path) -> bool:
        """Whether a path is a waveform file, or a folder with one among its first files."""
        if path.is_file():
            return path.stat().st_size > 0 and bool(waveform_format(path))
        if not path.is_dir():
            return False
        for number, file in enumerate(walk_files(path, None, lambda _: None, follow_links=True)):
            if number >= 500:
                break
            if file.suffix.lower() not in _BESIDE | _XML and file.stat().st_size > 0 and waveform_format(file):
                return True
        return False

    def scan(self, report: Report = silent) -> pd.DataFrame:
        """One row per recording; the column ``files`` names the file or says how many there are.

        Raises
        ------
        SourceError
            If the path cannot be read or holds no waveforms.
        """
        refusal = open_refusal(self._path)
        if refusal:
            raise SourceError(f"{self._path} {refusal}.")
        found = _Found()
        files = self._files(found)
        for number, file in enumerate(files):
            report(number / len(files), f"header {number + 1} of {len(files)}: {file.name}")
            self._look_at(file, found)
        if not found.segments:
            raise SourceError(_nothing_there(self._path, found.notices))
        report(1.0, "grouping into recordings")
        intervals = _named(group_segments(found.segments, self._memory_bytes))
        with self._lock:
            self._found, self._intervals, self._book = found, intervals, StationBook(found.stations)
            self._table = self._tabulated(intervals)
        self._table.attrs["notices"] = list(dict.fromkeys(found.notices + found.guesses))
        return self._table

    def read(self, recording_id: str) -> xr.Dataset:
        """One recording; scans first if that has not been done."""
        interval = self._interval(recording_id)
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
        rows = picks_within(self._found.catalog, interval.stations, *_span(interval))
        return make_picks(rows, recording_id=recording_id, picker=CATALOG) if rows else empty_picks()

    def event(self, recording_id: str) -> Event | None:
        """The event from QuakeML files and SAC headers that the recording is of, if one is known."""
        interval = self._interval(recording_id)
        return best_event(self._found.catalog, interval.stations, *_span(interval))

    def _interval(self, recording_id: str) -> Interval:
        with self._lock:
            if self._intervals is None:
                self.scan()
            intervals = self._intervals or {}
        if recording_id not in intervals:
            raise UnknownNameError("recording", recording_id, intervals)
        return intervals[recording_id]

    def _files(self, found: _Found) -> list[Path]:
        if self._path.is_dir():
            return list(walk_files(self._path, self._roots, found.notices.append, follow_links=self._follow_links))
        beside = (path for path in sorted(self._path.parent.iterdir()) if path.suffix.lower() in _XML | _TABLES)
        return [self._path, *(path for path in beside if path.is_file() and not open_refusal(path))]

    def _look_at(self, file: Path, found: _Found) -> None:
        """Add what one file holds: stations, events or waveforms."""
        suffix = file.suffix.lower()
        name = str(file.relative_to(self._path)) if self._path.is_dir() else file.name
        try:
            if suffix in _XML:
                _read_xml(file, found)
            elif suffix in _TABLES and _looks_like_a_table(file):
                _read_table(file, found)
            elif suffix not in _BESIDE and (self._path.is_dir() or file == self._path):
                _read_waveforms(file, name, found)
        except SourceError as error:
            found.notices.append(f"{name} {error}." if suffix not in _XML | _TABLES else f"{error}")

    def _tabulated(self, intervals: dict[str, Interval]) -> pd.DataFrame:
        rows = []
        for recording_id, interval in intervals.items():
            stations = interval.stations
            event = best_event(self._found.catalog, stations, *_span(interval))
            files = sorted({segment.path for segment in interval.segments})
            rows.append(
                {
                    "recording_id": recording_id,
                    "group": np.datetime_as_string(_span(interval)[0], "D"),
                    "start": _span(interval)[0],
                    "duration_s": (interval.end_ns - interval.start_ns) / 1e9,
                    "n_stations": len(stations),
                    "stations": ",".join(stations[:4]) + ("…" if len(stations) > 4 else ""),
                    "sampling_rate_hz": _most_common_rate(interval),
                    "magnitude": event.magnitude if event else float("nan"),
                    "files": files[0].name if len(files) == 1 else f"{len(files)} files",
                }
            )
        return check_recordings_table(pd.DataFrame(rows))


def _span(interval: Interval) -> tuple[np.datetime64, np.datetime64]:
    return np.datetime64(interval.start_ns, "ns"), np.datetime64(interval.end_ns, "ns")


def _most_common_rate(interval: Interval) -> float:
    rates = Counter(round(segment.rate_hz, 4) for segment in interval.segments)
    return max(rates, key=lambda rate: (rates[rate], rate))


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


def _read_xml(file: Path, found: _Found) -> None:
    with file.open("rb") as stream:
        head = stream.read(4096)
    if b"FDSNStationXML" in head:
        stations, inventory = read_stationxml(file)
        found.stations += stations
        found.inventories.append(inventory)
    elif re.search(rb"quakeml", head, re.IGNORECASE):
        found.catalog += read_quakeml(file)


def _looks_like_a_table(file: Path) -> bool:
    """Whether the first line is words with separators; ASCII waveforms and miniSEED are not."""
    with file.open("rb") as stream:
        head = stream.read(1024)
    first = head.split(b"\n", 1)[0]
    return b"\0" not in head and not first.startswith((b"TIMESERIES", b"WID"))


def _read_table(file: Path, found: _Found) -> None:
    with file.open(encoding="utf-8", errors="replace") as stream:
        first = stream.readline(4096).lower()
    if "lat" not in first and "stla" not in first:
        return
    stations, guess = read_station_table(file)
    found.stations += stations
    if guess:
        found.guesses.append(guess + ".")


def _read_waveforms(file: Path, name: str, found: _Found) -> None:
    segments, said, headers = read_headers(file)
    found.segments += segments
    found.notices += [f"{name}: {text}." for text in said]
    for stats in headers:
        if "sac" in stats:
            station, event = read_sac_header(file, stats)
            if station.latitude_deg == station.latitude_deg:
                found.stations.append(station)
            if event.event or event.picks:
                found.catalog.append(event)


def _nothing_there(path: Path, notices: list[str]) -> str:
    first = f" For example: {notices[0]}" if notices else ""
    if path.is_file():
        return f"{path} holds no waveform that ObsPy reads.{first}"
    return f"{path} holds no file with waveforms that ObsPy reads (miniSEED, SAC, GSE2, ...).{first}"
