"""``.txt``: the catalogue as the web shows it, one event a line."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

from workbench.sources.ogs.fields import Columns, UnreadLineError, possible_year
from workbench.sources.ogs.letters import place_of
from workbench.sources.ogs.lines import read_event_lines
from workbench.sources.ogs.records import CatalogText, EventRecord

__all__ = ["is_txt_line", "read_txt", "without_repeated_errors"]

_HEADER = re.compile(r"index\s+event-id\s+origin_time")
_EVENT_LINE = re.compile(r"[ \d]{5} \d{4}_\d{5} \d{4}-\d\d-\d\dT", re.ASCII)
_ID = re.compile(r"(\d{4})_(\d{5})", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}", re.ASCII)
_TYPE = re.compile(r"(?P<place>.*?)\s*\[(?P<type>[^\]]*)\]\s*")
_FEW = 3


def is_txt_line(line: str) -> bool:
    """Whether a line is a header or an event of this format."""
    return bool(_HEADER.match(line) or _EVENT_LINE.match(line))


def read_txt(found: CatalogText) -> None:
    """Add the events of a file, those that were not located too."""
    read_event_lines(found, _HEADER, lambda line, number: _event(Columns(line), line, number, found))
    without_repeated_errors(found)


def without_repeated_errors(found: CatalogText) -> None:
    """Take vertical errors as missing where every one of a file repeats the horizontal one, which is said.

    The files of most years do that; ``.pun`` and ``.hpl`` give another vertical error for the same events.
    """
    both = [event for event in found.events if event.erh_km == event.erh_km and event.erz_km == event.erz_km]
    if len(both) < _FEW or any(event.erh_km != event.erz_km for event in both):
        return
    found.events = [replace(event, erz_km=float("nan")) for event in found.events]
    for event in both:
        found.note_odd("v_err repeats h_err in every line; it was taken as missing", event.line)


def _event(columns: Columns, line: str, number: int, found: CatalogText) -> EventRecord:
    tail = _TYPE.fullmatch(line[95:])
    if not tail:
        raise UnreadLineError("it does not end with a place and an [event type] from column 96 on; is it cut off?")
    place, region, note = place_of(tail["place"])
    latitude_deg = _within(columns.number(48, 54, "latitude"), 90.0, "latitude")
    longitude_deg = _within(columns.number(56, 62, "longitude"), 180.0, "longitude")
    located = latitude_deg == latitude_deg and longitude_deg == longitude_deg
    return EventRecord(
        found.format,
        found.file,
        number,
        _time_ns(columns.raw(18, 40)),
        key=_key(columns.raw(7, 16)),
        time_of="origin" if located else "minute",
        located=located,
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        depth_km=columns.number(70, 74, "depth"),
        ml=columns.number(86, 89, "Ml"),
        md=columns.number(91, 94, "Md"),
        rms_s=columns.number(42, 46, "t_err"),
        erh_km=columns.number(64, 68, "horizontal error"),
        erz_km=columns.number(76, 80, "vertical error"),
        gap_deg=columns.number(82, 84, "gap"),
        place=place,
        region=region,
        note=note,
        event_type=tail["type"].strip(),
    )


def _key(text: str) -> str:
    if not _ID.fullmatch(text):
        raise UnreadLineError(f"columns 7 to 16 hold {text!r}; expected an event id such as 2024_00001")
    return text


def _time_ns(text: str) -> int:
    if not _TIME.fullmatch(text):
        raise UnreadLineError(f"columns 18 to 40 hold {text!r}; expected a time such as 2024-01-01T13:21:37.680")
    possible_year(int(text[:4]))
    try:
        # Seconds are added, for a time that was rounded may read 60.000.
        minute = dt.datetime.fromisoformat(text[:16])
    except ValueError as error:
        raise UnreadLineError(f"columns 18 to 40 hold {text!r}, which is no time ({error})") from error
    since_1970 = minute - dt.datetime(1970, 1, 1)
    return (since_1970.days * 86400 + since_1970.seconds) * 10**9 + int(text[17:19] + text[20:23]) * 10**6


def _within(value: float, limit: float, name: str) -> float:
    if abs(value) > limit:
        raise UnreadLineError(f"the {name} is {value:g}, beyond {limit:g} degrees")
    return value
