"""One event line, and one station line, of a ``.hpl`` listing.

Not kept, for they are settings or products of the program rather than of the earthquake: of an event ADJ, IN, NR, AVR,
AAR, NM, AVXM, SDXM, AVFM, SDFM, I and two numbers that nobody explains; of a station AMX, PRX, CALX and K, and the
station delay.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from workbench.sources.ogs.fields import Columns, UnreadLineError, instant_ns, is_s_alone, milliseconds_ns, year_of
from workbench.sources.ogs.letters import marks_of
from workbench.sources.ogs.records import CatalogText, EventRecord, PickRecord

__all__ = ["EventLine", "StationLine", "is_event_line", "is_station_line", "read_event_line", "read_station_line"]

_EVENT_LINE = re.compile(r"[ \d]{5}\d[1 ][ \d]{6} [ \d]{4} ", re.ASCII)
# A century that is none, or a date with letters, is still an event line; a station's fourth word is a letter.
_EVENT_LIKE = re.compile(r"[ \d]{5}\d\S?[\S ]{6} [ \d]{4} ", re.ASCII)
_STATION_LINE = re.compile(r"[ \d]{5}\d [A-Z][A-Z0-9 ]{3} ", re.ASCII)
_DAY_NS = 86_400 * 10**9
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event as its line alone gives it.

    Parameters
    ----------
    number
        Of the event in the year, as its station lines repeat it.
    midnight_ns, minute_ns
        Of the event's day, and of its hhmm.
    padding
        How hours or seconds below ten are padded: ``" "``, ``"0"``, or empty where there are none.
    """

    record: EventRecord
    number: int
    year: int
    midnight_ns: int
    minute_ns: int
    padding: str
    n_station_lines: int


@dataclass(frozen=True, slots=True)
class StationLine:
    """The picks of a station line, and the zone and event type that stand with them."""

    picks: list[PickRecord]
    zone: str
    letter: str


def is_event_line(line: str) -> bool:
    """Whether a line begins as an event does, also one whose date cannot be read."""
    return not is_station_line(line) and bool(_EVENT_LINE.match(line) or _EVENT_LIKE.match(line))


def is_station_line(line: str) -> bool:
    """Whether a line begins as a station of an event does."""
    return bool(_STATION_LINE.match(line))


def read_event_line(line: str, number: int, found: CatalogText) -> EventLine:
    """The event of a line.

    Raises
    ------
    UnreadLineError
        If it is not as the format says.
    """
    columns = Columns(line)
    event_number = columns.whole(1, 6, "event number")
    n_station_lines = columns.whole(157, 160, "number of station lines")
    if event_number is None or n_station_lines is None or event_number < 0:
        raise UnreadLineError("it has no event number, or no count of stations in column 160; is it cut off?")
    year = year_of(columns.raw(7, 7), columns.raw(8, 9))
    midnight_ns = instant_ns(year, columns.raw(10, 13), "0000")
    minute_ns = instant_ns(year, columns.raw(10, 13), columns.raw(15, 18))
    seconds = columns.number(20, 24, "origin seconds")
    latitude_deg = columns.degrees(26, 33, "latitude", 90.0)
    longitude_deg = columns.degrees(36, 43, "longitude", 180.0)
    known = [not math.isnan(value) for value in (seconds, latitude_deg, longitude_deg)]
    if any(known) != all(known) or seconds < 0:
        raise UnreadLineError("it has some, and not all, of seconds, latitude and longitude (columns 20 to 43)")
    n_md_stations = columns.whole(126, 127, "NF")
    md = columns.number(52, 57, "Md")
    record = EventRecord(
        found.format,
        found.file,
        number,
        minute_ns + (milliseconds_ns(seconds) if all(known) else 0),
        key=f"{year}_{event_number:05d}",
        time_of="origin" if all(known) else "minute",
        located=all(known),
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        depth_km=columns.number(46, 50, "depth"),
        # NonLinLoc's listing writes 0.00 where no station gave a duration.
        md=_NAN if md == 0 and n_md_stations == 0 else md,
        n_arrivals=columns.whole(59, 60, "number of arrivals"),
        n_md_stations=n_md_stations,
        nearest_station_km=columns.number(61, 63, "DMIN"),
        gap_deg=columns.number(65, 67, "gap"),
        rms_s=columns.number(71, 74, "RMS"),
        erh_km=columns.number(76, 79, "ERH"),
        erz_km=columns.number(80, 84, "ERZ"),
        quality=" ".join(filter(None, (columns.text(86, 86), columns.text(88, 90)))),
    )
    padding = _padding(columns) if all(known) else ""
    return EventLine(record, event_number, year, midnight_ns, minute_ns, padding, n_station_lines)


def _padding(columns: Columns) -> str:
    return next((first for first in (columns.raw(15, 15), columns.raw(20, 20)) if first in " 0"), "")


def read_station_line(line: str, number: int, event: EventLine, found: CatalogText) -> StationLine:
    """The picks of a line.

    Raises
    ------
    UnreadLineError
        If it is not as the format says, or belongs to another event than the one above it.
    """
    columns = Columns(line)
    station = columns.station(8, 11)
    if columns.text(140, 143) != station:
        raise UnreadLineError(f"columns 140 to 143 do not repeat the station {station}; is it cut off or shifted?")
    if columns.whole(1, 6, "event number") != event.number:
        raise UnreadLineError(f"it is a station of event {columns.text(1, 6)}, and stands below event {event.number}")
    has_p, has_s = columns.text(28, 28).upper(), columns.text(107, 107).upper()
    if has_p not in ("", "P") or has_s not in ("", "S"):
        raise UnreadLineError(f"columns 28 and 107 hold {columns.raw(28, 28)!r}, {columns.raw(107, 107)!r}, not P, S")
    minute_ns = _station_minute_ns(columns, event)
    picks = []
    for phase, is_there in (("P", has_p), ("S", has_s)):
        pick = _pick(columns, phase, station, minute_ns, number, event, found) if is_there else None
        if pick is not None:
            picks.append(pick)
    if not picks:
        raise UnreadLineError("it gives seconds neither for P (columns 37 to 41) nor for S (111 to 115)")
    duration_s, magnitude = columns.number(96, 99, "duration"), columns.number(100, 103, "station Md")
    if columns.raw(104, 104) not in " *":
        magnitude = columns.number(100, 104, "station Md")
    picks[0] = replace(picks[0], duration_s=duration_s, magnitude=magnitude)
    return StationLine(picks, columns.text(93, 93), columns.text(94, 94))


def _station_minute_ns(columns: Columns, event: EventLine) -> int:
    """The station's own minute, on the day that is nearest to the event: P may come after midnight."""
    hhmm = columns.raw(32, 35)
    since_midnight_ns = instant_ns(event.year, "0101", hhmm) - instant_ns(event.year, "0101", "0000")
    minute_ns = event.midnight_ns + since_midnight_ns
    return minute_ns + _DAY_NS * round((event.minute_ns - minute_ns) / _DAY_NS)


_COLUMNS_OF = {
    # onset, polarity, weight class, seconds, travel time, residual, weight used
    "P": (27, 29, 30, (37, 41), (43, 47), (61, 65), (67, 71)),
    "S": (106, 108, 109, (111, 115), (117, 121), (123, 127), (130, 133)),
}


def _pick(
    columns: Columns, phase: str, station: str, minute_ns: int, number: int, event: EventLine, found: CatalogText
) -> PickRecord | None:
    onset, motion, weight_class, seconds_at, travel_at, residual_at, weight_at = _COLUMNS_OF[phase]
    seconds = columns.number(*seconds_at, f"{phase} seconds")
    if math.isnan(seconds):
        found.note_odd(f"{phase} is named and has no seconds, so there is no {phase} pick", number)
        return None
    class_ = columns.weight_class(weight_class, f"{phase} weight")
    marks = columns.raw(onset, onset) + columns.raw(motion, motion)
    if phase == "P" and is_s_alone(marks, columns.raw(148, 149), class_, seconds):
        return None
    onset_quality, polarity = marks_of(columns, onset, motion, number, found)
    distance_km, azimuth_deg, takeoff_deg, residual_s = (
        columns.number(*at, name)
        for at, name in (
            ((13, 17), "distance"), ((19, 21), "azimuth"), ((23, 25), "take-off angle"),
            (residual_at, f"{phase} residual"),
        )
    )  # fmt: skip
    if distance_km == azimuth_deg == takeoff_deg == 0:
        # NonLinLoc's listing, of a station of which it knew no place: as if it stood on the epicentre.
        found.note_odd("distance, azimuth and take-off angle are 0, and with the residual taken as missing", number)
        distance_km = azimuth_deg = takeoff_deg = residual_s = _NAN
    return PickRecord(
        found.format,
        found.file,
        number,
        station,
        phase,
        minute_ns + milliseconds_ns(seconds),
        key=event.record.key,
        onset_quality=onset_quality,
        polarity=polarity,
        weight_class=class_,
        residual_s=residual_s,
        distance_km=distance_km,
        azimuth_deg=azimuth_deg,
        # Of the ray to this station: the listing gives it for P.
        takeoff_deg=takeoff_deg,
        travel_time_s=columns.number(*travel_at, f"{phase} travel time"),
        weight=columns.number(*weight_at, f"weight used for {phase}"),
    )
