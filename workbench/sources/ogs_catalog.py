"""``OgsCatalogSource``: a catalogue of OGS, one recording an event, with waveforms where there are any."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import SourceError, UnknownNameError
from workbench.schema import (
    CATALOG,
    DEFAULT_WEIGHT_SCHEME,
    Event,
    Report,
    Station,
    check_recordings_table,
    empty_picks,
    make_picks,
    silent,
    weight_scheme,
)
from workbench.settings import load_settings
from workbench.sources.ogs.archive import EventArchive, days_of, scan_folders
from workbench.sources.ogs.catalogue import catalogue_events
from workbench.sources.ogs.fetching import EventService, is_service, read_service
from workbench.sources.ogs.joined import NO_WAVEFORMS, EventWindow, make_windows, read_window, recording_row
from workbench.sources.ogs.reading import catalog_files, read_catalog
from workbench.sources.ogs.records import CatalogText
from workbench.sources.ogs.station_codes import StationCodes, estimated_stations
from workbench.sources.paths import open_refusal, resolve_place
from workbench.sources.stations import StationBook
from workbench.sources.waveforms_events import CatalogEvent, EventBook
from workbench.sources.waveforms_scanning import Scanned, look_at

__all__ = ["OgsCatalogSource", "ogs_place", "split_place"]

_PREFIX = "ogs:"
_UNREAD_SHOWN = 200


def ogs_place(catalogue: str | Path, waveforms: str | Path) -> str:
    """One text for :func:`workbench.sources.open_source` that names a catalogue and the folder of its waveforms."""
    return f"{_PREFIX}{catalogue}{os.pathsep}{waveforms}"


def split_place(place: str) -> tuple[str, str]:
    """Catalogue and waveforms of what :func:`ogs_place` gave; of a plain path no waveforms."""
    if not place.startswith(_PREFIX):
        return place, ""
    catalogue, _, waveforms = place.removeprefix(_PREFIX).partition(os.pathsep)
    return catalogue, waveforms


class OgsCatalogSource:
    """Events of catalogue files (``.dat``, ``.hpl``, ``.pun``, ``.txt``, parquet), with waveforms where there are any.

    A recording holds every station that was picked, and all others that have samples then. Where there is no waveform
    it holds missing samples, so that the picks, the map and the travel times of a bare catalogue can be looked at.

    Parameters
    ----------
    path
        A catalogue file; a folder of them, or one with such folders; or ``"ogs:CATALOGUE:WAVEFORMS"``.
    waveforms
        Folder or SDS archive, or ``"fdsn:URL?network=OX,NI"``, which is asked for an event when that is read first, and
        once, into the cache; empty looks in the folder of the catalogue, and below.
    before_s, after_s
        Of a recording before the origin (or the first pick) and after the last pick.
    roots
        Folders that may be read; None is no limit.
    weights
        The scheme of :data:`workbench.schema.WEIGHT_SCHEMES` by which the class of a pick's weight becomes its
        uncertainty; empty leaves it open. So the class comes back when a pick is accepted and exported.

    Raises
    ------
    SourceError
        If a place does not exist or may not be read.
    UnknownNameError
        If there is no such scheme.
    """

    kind = "ogs"

    def __init__(
        self,
        path: str | Path,
        *,
        waveforms: str | Path = "",
        before_s: float = 20.0,
        after_s: float = 30.0,
        roots: Sequence[Path] | None = None,
        weights: str = DEFAULT_WEIGHT_SCHEME,
    ) -> None:
        self._scheme = weight_scheme(weights) if weights else None
        self._weights = weights
        catalogue, named = split_place(str(path))
        beside = str(waveforms) or named
        self._path = resolve_place(catalogue, roots)
        service = beside if is_service(beside) else ""
        if service:
            read_service(beside)
            # A page of a server of folders names no service, unless the server was started with it.
            if roots is not None and Path(beside) not in roots:
                raise SourceError("This server opens folders only; a service is named when it is started.")
        self._service = EventService(service, load_settings().cache_folder) if service else None
        self._waveforms = resolve_place(beside, roots) if beside and not service else None
        if self._waveforms is not None and not self._waveforms.is_dir():
            raise SourceError(f"{self._waveforms} is a file; waveforms are joined from a folder or an SDS archive.")
        self.title = self._path.name or str(self._path)
        joined = service or self._waveforms
        self.location = ogs_place(self._path, joined) if joined else str(self._path)
        self._margins_s = before_s, after_s
        self._roots = roots
        self._lock = threading.RLock()
        self._windows: dict[str, EventWindow] | None = None
        self._missed: dict[str, str] = {}
        """Event to why the service did not give its waveforms."""
        self._looked_at: set[Path] = set()
        """Files of the service whose segments are known here; another page may have had more of them fetched."""
        self._found, self._book, self._events = Scanned(), StationBook(), EventBook()
        self._archive = EventArchive([])
        self._numbers: dict[str, int] = {}
        """Event to its number in the book of events."""

    @staticmethod
    def recognises(path: Path) -> bool:
        """Whether a path is a catalogue file, or a folder that holds one, itself or in a folder right below it."""
        try:
            return bool(catalog_files(path))
        except SourceError:
            return False

    def scan(self, report: Report = silent) -> pd.DataFrame:
        """One row per event, with its origin, ``n_picks``, ``n_stations``, ``n_with_waveforms``, ``place`` and more.

        Every line that could not be read is in the notices, with its file and number.

        Raises
        ------
        SourceError
            If the path holds no catalogue, or a file cannot be read.
        """
        refusal = open_refusal(self._path)
        if refusal:
            raise SourceError(f"{self._path} {refusal}.")
        texts = read_catalog([self._path], report, self._roots)
        report(float("nan"), "joining the files by origin time")
        events = catalogue_events(texts, self._weights)
        if not events:
            raise SourceError(f"{self._path} holds no event that can be read. {_first_unread(texts)}".strip())
        windows = make_windows(events, *self._margins_s)
        found = self._look_for_waveforms(days_of(window.span_ns for window in windows), report)
        archive = EventArchive(found.segments)
        codes = StationCodes(archive, found.stations)
        estimated = estimated_stations(events)
        book = StationBook([*found.stations, *estimated])
        for window in windows:
            window.join(archive, codes)
        named = {window.known.event.event_id: window for window in windows}
        with self._lock:
            self._found, self._book, self._archive = found, book, archive
            self._events = EventBook(_entry(window) for window in windows)
            self._numbers = {window.known.event.event_id: number for number, window in enumerate(windows)}
            self._windows, self._looked_at = named, {segment.path for segment in found.segments}
        table = check_recordings_table(pd.DataFrame([recording_row(window) for window in windows]))
        table.attrs["notices"] = [
            *_unread(texts),
            *_about(windows, found, estimated, self._service),
            *self._about_weights(windows),
            *found.notices,
            *found.guesses,
        ]
        return table

    def is_here(self, recording_id: str) -> bool:
        """Whether reading an event asks no service."""
        window = self._window(recording_id)
        return self._service is None or (self._service.holds(window) and self._is_known(self._service.file(window)))

    def fetch(self, recording_id: str, report: Report = silent) -> None:
        """Ask the service for the waveforms of an event, if they are not here; its picks stand on their stations then.

        Raises
        ------
        SourceError
            If it does not answer as it should.
        """
        window = self._window(recording_id)
        if self._service is None:
            return
        file = self._service.file(window)
        if not self._service.holds(window):
            try:
                self._service.fetch(window, report)
            except SourceError as error:
                self._missed[recording_id] = str(error)
                raise
            self._missed.pop(recording_id, None)
        elif self._is_known(file):
            return
        self._join(window, file)

    def _is_known(self, file: Path) -> bool:
        return file in self._looked_at or not file.is_file()

    def _join(self, window: EventWindow, file: Path) -> None:
        came = Scanned()
        if file.is_file():
            look_at(file, file.name, came)
        with self._lock:
            if file in self._looked_at:
                self._archive = self._archive.without(file)
            # Only what this event changes: a catalogue of years has tens of thousands of others.
            self._archive.add(came.segments)
            window.join(self._archive, StationCodes(self._archive, self._found.stations))
            self._events.replace(self._numbers[window.known.event.event_id], _entry(window))
            self._looked_at.add(file)

    def read_bare(self, recording_id: str) -> xr.Dataset:
        """The recording of what is here; samples are missing where no waveform came."""
        window = self._window(recording_id)
        recording = read_window(window, window.span_ns, self._found, self._book, self.location, self._absent(window))
        # Stations and picks have the names of the catalogue until the waveforms come.
        return recording if self.is_here(recording_id) else recording.assign_attrs(waveforms_to_come="yes")

    def read(self, recording_id: str) -> xr.Dataset:
        """The stations of one event over its window; samples are missing where there is no waveform.

        Raises
        ------
        SourceError
            If a service has to be asked for it, and does not answer as it should.
        """
        self.fetch(recording_id)
        return self.read_bare(recording_id)

    def read_between(self, recording_id: str, begin: pd.Timestamp, end: pd.Timestamp) -> xr.Dataset:
        """The part of a recording between two times.

        Raises
        ------
        SourceError
            If the recording does not reach there, or as :meth:`read` has it.
        """
        self.fetch(recording_id)
        window = self._window(recording_id)
        span_ns = max(begin.value, window.span_ns[0]), min(end.value, window.span_ns[1])
        if span_ns[0] > span_ns[1]:
            raise SourceError(f"{recording_id} holds no samples between {begin} and {end}.")
        return read_window(window, span_ns, self._found, self._book, self.location, self._absent(window))

    def reference_picks(self, recording_id: str) -> pd.DataFrame:
        """Picks of the catalogue that lie in the recording, also those of its neighbours in time."""
        return self._picks(recording_id)

    def event(self, recording_id: str) -> Event | None:
        """The event; its time is that of the first pick, or a minute, where no file gives an origin."""
        return self._window(recording_id).known.event

    def stations(self, recording_id: str) -> list[Station]:
        """The stations of a recording."""
        window = self._window(recording_id)
        return [self._book.find(station, window.span_ns[0]) for station in window.stations]

    def events(self, recording_id: str) -> list[tuple[Event, int]]:
        """All events with picks in a recording, and how many."""
        window = self._window(recording_id)
        return self._events.events(window.stations, *window.span_ns)

    def event_picks(self, recording_id: str, event_id: str) -> pd.DataFrame:
        """Of :meth:`reference_picks` those of one event."""
        return self._picks(recording_id, event_id)

    def _picks(self, recording_id: str, event_id: str = "") -> pd.DataFrame:
        window = self._window(recording_id)
        rows = self._events.picks(window.stations, *window.span_ns, event_id)
        return make_picks(rows, recording_id=recording_id, picker=CATALOG) if rows else empty_picks()

    def _about_weights(self, windows: Sequence[EventWindow]) -> list[str]:
        weighed = any(pick["uncertainty_s"] == pick["uncertainty_s"] for one in windows for pick in one.known.picks)
        if self._scheme is None or not weighed:
            return []
        return [f"Uncertainties of picks are made of their classes of weight by the scheme {self._scheme.in_words()}."]

    def _window(self, recording_id: str) -> EventWindow:
        with self._lock:
            if self._windows is None:
                self.scan()
            windows = self._windows or {}
        if recording_id not in windows:
            raise UnknownNameError("recording", recording_id, list(windows)[:5000])
        return windows[recording_id]

    def _absent(self, window: EventWindow) -> str:
        """Why there are no traces."""
        if self._service is None:
            return NO_WAVEFORMS
        url = self._service.url
        if self._service.holds(window):
            return f"No traces: {url} holds none of the stations that were picked. Picks, map and times are shown."
        why = self._missed.get(window.known.event.event_id, f"those of {url} were not waited for.")
        return f"No traces: {why} Picks, map and times are shown; open the event again to ask for them."

    def _look_for_waveforms(self, days: frozenset[int], report: Report) -> Scanned:
        """Of the folder of waveforms, and of that of the catalogue, which may hold stations or all.

        Below the folder of a single file, or of one whose waveforms are elsewhere, may lie anything: that is not read.
        """
        own = self._path if self._path.is_dir() else self._path.parent
        elsewhere = self._service.folder if self._service else self._waveforms
        folders = {own: self._path.is_dir() and elsewhere is None}
        if elsewhere is not None:
            folders[elsewhere] = True
        return scan_folders(folders, days, self._roots, report)


def _first_unread(texts: Sequence[CatalogText]) -> str:
    return next((str(line) for text in texts for line in text.unread), "")


def _unread(texts: Sequence[CatalogText]) -> list[str]:
    lines = [f"Unread: {line}" for text in texts for line in text.unread]
    more = len(lines) - _UNREAD_SHOWN
    if more > 0:
        lines = [*lines[:_UNREAD_SHOWN], f"{more:,} unread lines more: `workbench catalog read` says each of them."]
    return lines + [sentence for text in texts for sentence in text.remarks()]


def _entry(window: EventWindow) -> CatalogEvent:
    return CatalogEvent(window.known.event, window.pick_rows())


def _about(
    windows: Sequence[EventWindow], found: Scanned, estimated: Sequence[Station], service: EventService | None
) -> list[str]:
    said = []
    without = sum(not window.segments for window in windows)
    if service is not None:
        to_come = sum(not service.holds(window) for window in windows)
        said += [f"{service.url} is asked for the waveforms of an event when it is opened: {to_come:,} to come."]
    elif without and found.segments:
        said.append(
            f"{without:,} of {len(windows):,} events have no waveforms in the archive: picks and map are shown."
        )
    doubtful = sorted({sentence for window in windows for sentence in window.doubtful})
    said += doubtful[:20]
    known = {
        station.station.strip(".").split(".")[-1] for station in found.stations if np.isfinite(station.latitude_deg)
    }
    guessed = [station for station in estimated if station.station.strip(".") not in known]
    if guessed:
        said.append(
            f"The places of {len(guessed)} stations are estimated from distances and azimuths of the listing (good to "
            "a kilometre or two); a StationXML or table of stations in the folder is used instead."
        )
    return said
