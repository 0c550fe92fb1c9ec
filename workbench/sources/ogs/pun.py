"""``.pun``: HYPO71 summary cards, one located event a line; no event number and no place."""

from __future__ import annotations

import math
import re

from workbench.sources.ogs.fields import Columns, UnreadLineError, instant_ns, milliseconds_ns, year_of
from workbench.sources.ogs.lines import read_event_lines
from workbench.sources.ogs.records import CatalogText, EventRecord

__all__ = ["is_pun_line", "read_pun"]

_HEADER = re.compile(r"\s*DATE\s+ORIGIN\s+LAT")
_EVENT_LINE = re.compile(r"[1 ]\d{6}[ \d]{4} [ \d]\d\.\d\d [ \d]{2}-[ \d]\d\.\d\d  [ \d]{2}-", re.ASCII)


def is_pun_line(line: str) -> bool:
    """Whether a line is a header or a card of this format."""
    return bool(_HEADER.match(line) or _EVENT_LINE.match(line))


def read_pun(found: CatalogText) -> None:
    """Add the events of a file."""
    read_event_lines(found, _HEADER, lambda line, number: _event(Columns(line), number, found))


def _event(columns: Columns, number: int, found: CatalogText) -> EventRecord:
    seconds = columns.number(13, 17, "seconds")
    latitude_deg = columns.degrees(19, 26, "latitude", 90.0)
    longitude_deg = columns.degrees(29, 36, "longitude", 180.0)
    if math.isnan(seconds + latitude_deg + longitude_deg) or seconds < 0:
        raise UnreadLineError("it lacks the seconds, the latitude or the longitude (columns 13 to 36)")
    if not columns.text(79, 80):
        raise UnreadLineError("it has no quality in columns 79 and 80; is it cut off?")
    year = year_of(columns.raw(1, 1), columns.raw(2, 3))
    return EventRecord(
        found.format,
        found.file,
        number,
        instant_ns(year, columns.raw(4, 7), columns.raw(8, 11)) + milliseconds_ns(seconds),
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        depth_km=columns.number(39, 43, "depth"),
        md=columns.number(46, 50, "Md"),
        n_arrivals=columns.whole(52, 53, "number of arrivals"),
        gap_deg=columns.number(55, 57, "gap"),
        nearest_station_km=columns.number(58, 62, "DMIN"),
        rms_s=columns.number(63, 67, "RMS"),
        erh_km=columns.number(68, 72, "ERH"),
        erz_km=columns.number(73, 77, "ERZ"),
        quality=columns.text(79, 80),
        location_method="hypo71",
    )
