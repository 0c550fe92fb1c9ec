"""Waveforms of the events of a catalogue from an FDSN service, one request and one file of the cache an event."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import parse_qsl
from uuid import uuid4

from workbench.errors import SourceError
from workbench.schema import Report
from workbench.sources.fdsn_service import FdsnService, NothingThereError
from workbench.sources.ogs.joined import EventWindow

__all__ = ["fetch_windows", "is_service", "read_service"]

_PREFIX = "fdsn:"
_KNOWN = {"network": "*", "channel": "HH?,EH?"}


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

    An event is asked for once; where the service holds nothing of it, that is remembered. A run that was stopped goes
    on where it was.

    Raises
    ------
    SourceError
        If the place is none, or the cache cannot be written.
    """
    url, query = read_service(place)
    folder = cache / "fdsn" / hashlib.blake2b(place.encode(), digest_size=8).hexdigest()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SourceError(f"The cache {folder} cannot be written: {error.strerror}.") from error
    centre, said = service(url), []
    for number, window in enumerate(windows):
        if window.known.picks:
            report(number / len(windows), f"waveforms of event {number + 1} of {len(windows)} from {url}")
            said += _fetch(centre, window, query, folder, report)
    return folder, said


def _fetch(
    centre: FdsnService, window: EventWindow, query: Mapping[str, str], folder: Path, report: Report
) -> list[str]:
    from obspy import UTCDateTime

    # Begin and end are in the name: another window of the same event is another request.
    name = f"{window.span_ns[0]}_{window.span_ns[1]}"
    target, none = folder / f"{name}.mseed", folder / f".{name}.none"
    if target.is_file() or none.is_file():
        return []
    times = tuple(UTCDateTime(ns=time_ns) for time_ns in window.span_ns)
    codes = sorted({str(pick["station"]).strip(".") for pick in window.known.picks})
    lines = [
        (network, code, "*", channel, *times)
        for code in codes
        for network in query["network"].split(",")
        for channel in query["channel"].split(",")
    ]
    half = folder / f".{uuid4().hex}.half"
    try:
        centre.waveforms(half, lines, report)
        half.replace(target)
    except NothingThereError:
        none.touch()
    except SourceError as error:
        return [f"Waveforms of {window.known.event.event_id} are left out: {error}"]
    finally:
        half.unlink(missing_ok=True)
    return []
