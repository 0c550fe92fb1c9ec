"""``FdsnSource``: stations and a time of an FDSN data centre, fetched once into a cache and read from there."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pandas as pd
import xarray as xr

from workbench.errors import SourceError
from workbench.schema import Event, Report, Station, silent
from workbench.settings import load_settings
from workbench.sources.fdsn_cache import fetch_whole, is_final, open_cache
from workbench.sources.fdsn_routing import EIDA, fetch_routes, read_routes
from workbench.sources.fdsn_service import FdsnService, NothingThereError, TooMuchError
from workbench.sources.stations import read_stationxml
from workbench.sources.waveforms import WaveformSource

__all__ = ["FdsnSource"]

_PREFIX = "fdsn:"
_NEEDED = ("network", "start", "end")
_KNOWN = {"network": "", "station": "*", "location": "*", "channel": "HH?,EH?,BH?", "start": "", "end": "",
          "events": ""}  # fmt: skip
_LEAST_S = 60.0
_YES, _NO = ("yes", "true", "1"), ("", "no", "false", "0")


class FdsnSource:
    """Waveforms, stations and, if wanted, events of one time; a scan fetches what is not in the cache yet.

    Each station and day is a request of its own and a file of its own, on disk whole or not at all: a scan that was
    stopped, or met a service that failed, goes on where it was. What could not be fetched is in the notices.

    Parameters
    ----------
    place
        ``"fdsn:URL?network=NET&start=TIME&end=TIME"``, with ``station``, ``location``, ``channel`` (commas and wild
        cards), and ``events=yes`` for the events of that time around the stations. URL may be ObsPy's name of a centre;
        ``eida`` asks EIDA's routing service which centres hold the network, and ``eida+URL`` another routing service.
    cache
        Folder; that of the settings if empty.
    service
        Makes what asks a data centre, from its URL.

    Raises
    ------
    SourceError
        If the place is not of that form.
    """

    kind = "fdsn"

    def __init__(
        self,
        place: str | Path,
        *,
        cache: str | Path = "",
        service: Callable[[str], FdsnService] = FdsnService,
    ) -> None:
        self.location = str(place)
        url, self._query = _read_place(self.location)
        self.title = f"{self._query['network']} at {url.partition('://')[2] or url}"
        self._start, self._end = (_time(self._query[name], name) for name in ("start", "end"))
        if not self._end > self._start:
            raise SourceError(f"The end {self._end} is not after the start {self._start}.")
        self._url, self._service = url, service
        root = Path(cache) if cache else Path(load_settings().cache_folder) / "fdsn"
        self.folder = root / hashlib.blake2b(self.location.encode(), digest_size=8).hexdigest()
        self._inner: WaveformSource | None = None
        self._lock = threading.RLock()

    def scan(self, report: Report = silent) -> pd.DataFrame:
        """One row per recording of what is in the cache, once what is missing has been fetched.

        Raises
        ------
        SourceError
            If nothing could be fetched.
        """
        with self._lock:
            try:
                said = self._fetch(report)
            except SourceError:
                raise
            except OSError as error:
                raise SourceError(f"The cache {self.folder} cannot be used: {error.strerror or error}.") from error
            if not any(self.folder.glob("*.mseed")):
                raise SourceError(f"Nothing came of {self.location}. {' '.join(said[:3])}".strip())
            inner = WaveformSource(self.folder)
            table = inner.scan(report)
            self._inner = inner
        table.attrs["notices"] = [*said, *table.attrs["notices"]]
        return table

    def read(self, recording_id: str) -> xr.Dataset:
        """One recording, from the cache."""
        return self._cached().read(recording_id).assign_attrs(source=self.location)

    def read_between(self, recording_id: str, begin: pd.Timestamp, end: pd.Timestamp) -> xr.Dataset:
        """The part of a recording between two times."""
        return self._cached().read_between(recording_id, begin, end).assign_attrs(source=self.location)

    def reference_picks(self, recording_id: str) -> pd.DataFrame:
        """Picks of the events, where the service gives any."""
        return self._cached().reference_picks(recording_id)

    def event(self, recording_id: str) -> Event | None:
        """The event that the recording is of, if events were asked for."""
        return self._cached().event(recording_id)

    def stations(self, recording_id: str) -> list[Station]:
        """The stations of a recording."""
        return self._cached().stations(recording_id)

    def events(self, recording_id: str) -> list[tuple[Event, int]]:
        """All events with picks in a recording, and how many."""
        return self._cached().events(recording_id)

    def event_picks(self, recording_id: str, event_id: str) -> pd.DataFrame:
        """The picks of one event."""
        return self._cached().event_picks(recording_id, event_id)

    def _cached(self) -> WaveformSource:
        with self._lock:
            if self._inner is None:
                self.scan()
            assert self._inner is not None
            return self._inner

    # ---- what is fetched

    def _fetch(self, report: Report) -> list[str]:
        """Everything that is not there yet; what could not be fetched, one sentence each."""
        from obspy import UTCDateTime

        open_cache(self.folder)
        codes = {name: self._query[name] for name in ("network", "station", "location", "channel")}
        span = {"starttime": UTCDateTime(str(self._start)), "endtime": UTCDateTime(str(self._end))}
        report(0.0, "asking for stations")
        centres, said = self._centres(report), list[str]()
        for centre, file in centres:
            said += self._fetch_stations(centre, file, {**codes, **span}, report)
        centres = [(centre, file) for centre, file in centres if (self.folder / file).is_file()]
        if self._query["events"] in _YES and centres:
            said += self._fetch_events(*centres[0], report, span)
        wanted = [(centre, *each) for centre, file in centres for each in self._wanted(file)]
        for number, (centre, name, line) in enumerate(wanted):
            report(number / len(wanted), f"waveforms {number + 1} of {len(wanted)}: {name}")
            if not self._is_there(name, line[-1]):
                said += self._fetch_waveforms(centre, name, line, report)
        return said

    def _centres(self, report: Report) -> list[tuple[FdsnService, str]]:
        """The data centres, and the file of each one's stations."""
        kind, _, router = self._url.partition("+")
        if kind != "eida":
            return [(self._service(self._url), "stations.xml")]
        codes = {name: self._query[name] for name in ("network", "station", "location", "channel")}
        asked = codes | {"start": self._start.isoformat(), "end": self._end.isoformat()}
        self._once("routes.txt", lambda file: fetch_routes(router or EIDA, asked, file, report))
        urls = read_routes(self.folder / "routes.txt")
        return [(self._service(url), f"stations_{number}.xml") for number, url in enumerate(urls)]

    def _fetch_stations(self, centre: FdsnService, file: str, query: Mapping[str, Any], report: Report) -> list[str]:
        def fetch(half: Path) -> None:
            centre.stations(half, report, **query)
            _check_stations(half)

        try:
            self._once(file, fetch)
        except SourceError as error:
            return [f"Stations are left out: {error}"]
        return []

    def _wanted(self, file: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """A name and the line of a request for each station and day of a centre."""
        import obspy

        _, inventory = read_stationxml(self.folder / file)
        channels = self._query["channel"]
        for code in sorted({(network.code, station.code) for network in inventory for station in network}):
            begin = self._start
            while begin < self._end:
                end = min(begin.normalize() + pd.Timedelta(1, "D"), self._end)
                times = (obspy.UTCDateTime(str(begin)), obspy.UTCDateTime(str(end)))
                yield f"{'.'.join(code)}_{begin:%Y%m%dT%H%M%S}", (*code, self._query["location"], channels, *times)
                begin = end

    def _is_there(self, name: str, end: Any) -> bool:
        """Whether a station's day has come, or was answered with nothing, when it was long over."""
        if (self.folder / f".{name}.part").exists():
            return False
        over = _plain(end)
        if any(is_final(self.folder / file, over) for file in (f"{name}.mseed", f".{name}.none")):
            return True
        parts = list(self.folder.glob(f"{name}~*.mseed"))
        return bool(parts) and all(is_final(part, over) for part in parts)

    def _fetch_waveforms(self, centre: FdsnService, name: str, line: tuple[Any, ...], report: Report) -> list[str]:
        mark = self.folder / f".{name}.part"
        mark.touch()
        said = self._fetch_span(centre, name, line, report)
        if not said:
            mark.unlink(missing_ok=True)
        return said

    def _fetch_span(self, centre: FdsnService, name: str, line: tuple[Any, ...], report: Report) -> list[str]:
        """One request, halved in time for as long as the service finds it too large."""
        begin, end = line[-2:]
        # A line a channel: not every service takes lists in a posted request.
        lines = [(*line[:3], channel, begin, end) for channel in line[3].split(",")]
        try:
            self._once(f"{name}.mseed", lambda file: centre.waveforms(file, lines, report), _plain(end))
        except NothingThereError:
            (self.folder / f".{name}.none").touch()
        except TooMuchError as error:
            if end - begin < 2 * _LEAST_S:
                return [f"{name} is left out: {error}"]
            middle = begin + (end - begin) / 2
            halves = [(*line[:-2], begin, middle), (*line[:-2], middle, end)]
            parts = [self._fetch_span(centre, f"{name}~{n}", half, report) for n, half in enumerate(halves)]
            said = [word for part in parts for word in part]
            if not said and not any(self.folder.glob(f"{name}~*.mseed")):
                (self.folder / f".{name}.none").touch()
            return said
        except SourceError as error:
            kept = (self.folder / f"{name}.mseed").is_file()
            return [f"{name} is {'left as it came before' if kept else 'left out'}: {error}"]
        return []

    def _fetch_events(self, centre: FdsnService, file: str, report: Report, span: Mapping[str, Any]) -> list[str]:
        _, inventory = read_stationxml(self.folder / file)
        places = [(station.latitude, station.longitude) for network in inventory for station in network]
        latitude, longitude = ([place[n] for place in places] for n in (0, 1))
        box = {
            "minlatitude": max(min(latitude) - 1, -90), "maxlatitude": min(max(latitude) + 1, 90),
            "minlongitude": max(min(longitude) - 1, -180), "maxlongitude": min(max(longitude) + 1, 180),
        }  # fmt: skip
        report(0.0, "asking for events")
        try:
            self._once("events.xml", lambda half: centre.events(half, report, **box, **span))
        except NothingThereError:
            return []
        except SourceError as error:
            return [f"Events are left out: {error}"]
        return []

    def _once(self, name: str, fetch: Callable[[Path], None], end: pd.Timestamp | None = None) -> None:
        """Have a file fetched if it is not there, or was fetched before the end of its time was long over."""
        target = self.folder / name
        if not (target.is_file() if end is None else is_final(target, end)):
            fetch_whole(target, fetch)


def _check_stations(file: Path) -> None:
    """Refuse stations that cannot be read, before they take a place in the cache and are never asked for again."""
    try:
        stations, _ = read_stationxml(file)
    except SourceError as error:
        raise SourceError(f"the answer {str(error).partition(' ')[2]}") from error
    if not stations:
        raise SourceError("the answer names no station.")


def _read_place(place: str) -> tuple[str, dict[str, str]]:
    url, _, text = place.removeprefix(_PREFIX).partition("?")
    query = dict(parse_qsl(text))
    lacking = [name for name in _NEEDED if not query.get(name)]
    unknown = sorted(set(query) - set(_KNOWN))
    if query.get("events", "") not in _YES + _NO:
        raise SourceError(f"In an FDSN place, events is yes or no, not {query['events']!r}.")
    if not place.startswith(_PREFIX) or not url or lacking or unknown:
        example = urlencode({"network": "OX", "start": "2024-01-01T03:30:00", "end": "2024-01-01T03:40:00"}, safe=":")
        reason = f"lacks {', '.join(lacking)}" if lacking else f"names {', '.join(unknown)}" if unknown else "is none"
        raise SourceError(f"An FDSN place reads fdsn:URL?{example}; {place!r} {reason}.")
    return url, _KNOWN | query


def _plain(time: Any) -> pd.Timestamp:
    """Of ObsPy's time."""
    return pd.Timestamp(time.ns)


def _time(text: str, name: str) -> pd.Timestamp:
    try:
        time = pd.Timestamp(text)
    except ValueError as error:
        raise SourceError(f"The {name} {text!r} is no time; expected 2024-01-01T03:30:00, UTC.") from error
    return time if time.tz is None else time.tz_convert("UTC").tz_localize(None)
