"""Waveforms of the events of a catalogue from an FDSN service, one request and one file of the cache an event."""

from __future__ import annotations

import hashlib
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

__all__ = ["fetch_windows", "is_service", "read_service"]

_PREFIX = "fdsn:"
_KNOWN = {"network": "*", "channel": "HH?,EH?"}
_GIVEN_UP_AFTER = 3


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


def fetch_windows(
    place: str,
    windows: Sequence[EventWindow],
    cache: Path,
    report: Report,
    service: Callable[[str], FdsnService] = FdsnService,
) -> tuple[Path, list[str]]:
    """The folder of the cache that holds what came, and what did not, one sentence each.

    An event is asked for once; where the service holds nothing of it, that is remembered. An event of the last two
    days is asked for again: data come late. A run that was stopped goes on where it was, and one that finds nobody
    there for three events ends.

    Raises
    ------
    SourceError
        If the place is none, or the cache cannot be written.
    """
    url, query = read_service(place)
    folder = cache / "fdsn" / hashlib.blake2b(place.encode(), digest_size=8).hexdigest()
    open_cache(folder)
    centre, said, n_away = service(url), list[str](), 0
    wanted = [window for window in windows if window.known.picks and not _is_there(window, folder)]
    for number, window in enumerate(wanted):
        report(number / len(wanted), f"waveforms of event {number + 1} of {len(wanted)} from {url}")
        try:
            _fetch(centre, window, query, folder, report)
        except SourceError as error:
            said.append(f"Waveforms of {window.known.event.event_id} are left out: {error}")
            n_away = n_away + 1 if isinstance(error, UnreachableError) else 0
        else:
            n_away = 0
        if n_away == _GIVEN_UP_AFTER and number + 1 < len(wanted):
            said.append(f"{url} was not asked for the {len(wanted) - number - 1} other events: nobody is there.")
            break
    return folder, said


def _name(window: EventWindow) -> str:
    """Begin and end are in it: another window of the same event is another request."""
    return f"{window.span_ns[0]}_{window.span_ns[1]}"


def _is_there(window: EventWindow, folder: Path) -> bool:
    name, over = _name(window), pd.Timestamp(window.span_ns[1])
    return is_final(folder / f"{name}.mseed", over) or is_final(folder / f".{name}.none", over)


def _fetch(centre: FdsnService, window: EventWindow, query: Mapping[str, str], folder: Path, report: Report) -> None:
    codes = sorted({str(pick["station"]).strip(".") for pick in window.known.picks})
    try:
        fetch_whole(
            folder / f"{_name(window)}.mseed",
            lambda half: _fetch_stations(centre, codes, window.span_ns, query, half, report),
        )
    except NothingThereError:
        fetch_whole(folder / f".{_name(window)}.none", Path.touch)


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
