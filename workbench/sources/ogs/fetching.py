"""Waveforms of the events of a catalogue from an FDSN service, one request and one file of the cache an event."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl

import pandas as pd

from workbench.errors import SourceError
from workbench.schema import Report
from workbench.sources.fdsn_cache import fetch_whole, is_final, open_cache
from workbench.sources.fdsn_service import FdsnService, NothingThereError, TooMuchError, UnreachableError
from workbench.sources.ogs.joined import EventWindow

__all__ = ["EventService", "is_service", "read_service"]

_PREFIX = "fdsn:"
_KNOWN = {"network": "*", "channel": "HH?,EH?"}
_GIVEN_UP_AFTER = 3
_ALONE_S = 300.0


def is_service(place: str) -> bool:
    """Whether the waveforms of a catalogue are those of a service: ``"fdsn:URL?network=OX,NI"``."""
    return place.startswith(_PREFIX)


def read_service(place: str) -> tuple[str, Mapping[str, str]]:
    """URL, and ``network`` and ``channel`` (lists with wild cards), of a place.

    Raises
    ------
    SourceError
        If it is not of that form.
    """
    url, _, text = place.removeprefix(_PREFIX).partition("?")
    query = dict(parse_qsl(text))
    unknown = sorted(set(query) - set(_KNOWN))
    if not url or unknown:
        raise SourceError(f"Waveforms of a service read fdsn:URL?network=OX,NI&channel=HH?; {place!r} is not so.")
    return url, _KNOWN | query


class EventService:
    """The waveforms of one event at a time: asked for once, and remembered where the service holds nothing of it.

    An event of the last two days is asked for again the next time: data come late. A service at which nobody is for
    three events in a row is left alone for five minutes.

    Parameters
    ----------
    place
        ``"fdsn:URL?network=OX,NI"``.
    cache
        Folder of the cache.
    service
        Makes what asks a data centre, from its URL.
    clock
        Seconds that only grow.

    Raises
    ------
    SourceError
        If the place is none, or the cache cannot be written.
    """

    def __init__(
        self,
        place: str,
        cache: Path,
        service: Callable[[str], FdsnService] = FdsnService,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url, self._query = read_service(place)
        self.folder = cache / "fdsn" / hashlib.blake2b(place.encode(), digest_size=8).hexdigest()
        open_cache(self.folder)
        self._centre, self._clock = service(self.url), clock
        self._asked: set[str] = set()
        self._n_away, self._alone_until = 0, -math.inf

    def file(self, window: EventWindow) -> Path:
        """Where its waveforms are once they have come."""
        return self.folder / f"{_name(window)}.mseed"

    def holds(self, window: EventWindow) -> bool:
        """Whether there is nothing to be asked about an event: it has no picks, or what there is has come."""
        if not window.known.picks or _name(window) in self._asked:
            return True
        over = pd.Timestamp(window.span_ns[1])
        return is_final(self.file(window), over) or is_final(self._none(window), over)

    def fetch(self, window: EventWindow, report: Report) -> None:
        """Ask for the stations that were picked.

        Raises
        ------
        SourceError
            If the service does not answer as it should, or was left alone because nobody is there.
        """
        if self._clock() < self._alone_until:
            raise SourceError(f"{self.url} was not asked: nobody was there for {_GIVEN_UP_AFTER} events just now.")
        report(float("nan"), f"asking {self.url}")
        codes = sorted({str(pick["station"]).strip(".") for pick in window.known.picks})
        try:
            fetch_whole(
                self.file(window),
                lambda half: _fetch_stations(self._centre, codes, window.span_ns, self._query, half, report),
            )
        except NothingThereError:
            fetch_whole(self._none(window), Path.touch)
        except UnreachableError:
            self._n_away += 1
            if self._n_away >= _GIVEN_UP_AFTER:
                self._n_away, self._alone_until = 0, self._clock() + _ALONE_S
            raise
        self._n_away = 0
        self._asked.add(_name(window))

    def _none(self, window: EventWindow) -> Path:
        """Tells that the service holds nothing of an event."""
        return self.folder / f".{_name(window)}.none"


def _name(window: EventWindow) -> str:
    """Begin and end are in it: another window of the same event is another request."""
    return f"{window.span_ns[0]}_{window.span_ns[1]}"


def _fetch_stations(
    centre: FdsnService,
    codes: Sequence[str],
    span_ns: tuple[int, int],
    query: Mapping[str, str],
    file: Path,
    report: Report,
) -> None:
    """Waveforms of some stations into one file; half the stations at a time where all are too much at once."""
    from obspy import UTCDateTime

    times = tuple(UTCDateTime(ns=time_ns) for time_ns in span_ns)
    lines = [
        (network, code, "*", channel, *times)
        for code in codes
        for network in query["network"].split(",")
        for channel in query["channel"].split(",")
    ]
    try:
        centre.waveforms(file, lines, report)
    except TooMuchError:
        if len(codes) == 1:
            raise
        middle, came = len(codes) // 2, list[bytes]()
        for some in (codes[:middle], codes[middle:]):
            with suppress(NothingThereError):
                _fetch_stations(centre, some, span_ns, query, file, report)
                came.append(file.read_bytes())
        if not came:
            raise NothingThereError(f"{centre.url} holds nothing of {', '.join(codes)}.") from None
        file.write_bytes(b"".join(came))
