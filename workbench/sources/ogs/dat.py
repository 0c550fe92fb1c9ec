"""``.dat``: HYPO71 phase cards, one line a station with its P and, mostly, its S."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from workbench.sources.ogs.fields import Columns, UnreadLineError, instant_ns, is_s_alone, milliseconds_ns, year_of
from workbench.sources.ogs.letters import event_type_of, marks_of
from workbench.sources.ogs.lines import text_lines
from workbench.sources.ogs.records import CatalogText, EventRecord, PickRecord

__all__ = ["is_dat_line", "read_dat"]

_PICK_LINE = re.compile(r"[A-Z][A-Z0-9 ]{3}.[Pp ].[0-5 ][1 ][ \d]{10}[0 ][ \d]{4}", re.ASCII)
_SEPARATOR = re.compile(r" {17}1 *(?:D *)?(?:1 *)?")
_LONGEST_EVENT_NS = 3600 * 10**9


@dataclass
class _Group:
    """Lines of one event."""

    key: str
    line: int
    first_ns: int
    zone: str = ""
    letter: str = ""
    located: bool = False
    n_picks: int = 0


def is_dat_line(line: str) -> bool:
    """Whether a line is a phase card of this format."""
    return bool(_PICK_LINE.match(line))


def read_dat(found: CatalogText) -> None:
    """Add the picks of a file, and one event for each group of lines with the same year and event number.

    Separators are not relied on: some groups have two, some none. An event's time is that of its first pick, for the
    file gives no origin.
    """
    groups: dict[str, _Group] = {}
    for number, line in text_lines(found):
        if _SEPARATOR.fullmatch(line):
            found.kinds["separator"] += 1
            continue
        try:
            picks = _picks(line, number, found)
        except UnreadLineError as error:
            found.leave_unread(number, line, str(error))
            continue
        found.kinds["station"] += 1
        group = _group_of(groups, picks, Columns(line), number)
        found.picks += [replace(pick, key=group.key) for pick in picks]
    found.events += [_event(group, found) for group in groups.values()]


def _picks(line: str, number: int, found: CatalogText) -> list[PickRecord]:
    columns = Columns(line)
    station, key, minute_ns = _where_and_when(columns)
    has_p, has_s = columns.text(6, 6).upper(), columns.text(38, 38).upper()
    if has_p not in ("", "P") or has_s not in ("", "S"):
        raise UnreadLineError(f"columns 6 and 38 hold {columns.raw(6, 6)!r} and {columns.raw(38, 38)!r}, not P and S")
    duration_s = columns.number(71, 75, "duration")
    picks: list[PickRecord] = []
    # A station with S alone has a blank for P, or a P that stands for none, and 0000 for its seconds.
    for phase, is_there, at, letters in (("P", has_p, 21, (5, 7, 8)), ("S", has_s, 33, (37, 39, 40))):
        seconds = columns.hundredths(at, at + 3, f"{phase} seconds")
        if not is_there or math.isnan(seconds):
            if is_there:
                found.note_odd(f"{phase} is named and has no seconds, so there is no {phase} pick", number)
            continue
        weight_class = columns.weight_class(letters[2], f"{phase} weight")
        marks = columns.raw(letters[0], letters[0]) + columns.raw(letters[1], letters[1])
        if phase == "P" and is_s_alone(marks, columns.raw(81, 82), weight_class, seconds):
            continue
        onset, first_motion = marks_of(columns, letters[0], letters[1], number, found)
        picks.append(
            PickRecord(
                found.format,
                found.file,
                number,
                station,
                phase,
                minute_ns + milliseconds_ns(seconds),
                key=key,
                onset_quality=onset,
                polarity=first_motion,
                weight_class=weight_class,
                duration_s=float("nan") if picks else duration_s,
            )
        )
    if not picks:
        raise UnreadLineError("it gives seconds neither for P (columns 21 to 24) nor for S (33 to 36)")
    return picks


def _where_and_when(columns: Columns) -> tuple[str, str, int]:
    """Station, key of the event, and the reference minute."""
    station = columns.station(1, 4)
    if columns.raw(20, 20) not in " 0":
        raise UnreadLineError(f"column 20 holds {columns.raw(20, 20)!r}; expected a blank or 0")
    event_number = columns.whole(76, 79, "event number")
    if event_number is None or event_number < 0:
        raise UnreadLineError("it has no event number in columns 76 to 79; is it cut off?")
    year = year_of(columns.raw(9, 9), columns.raw(10, 11))
    return station, f"{year}_{event_number:05d}", instant_ns(year, columns.raw(12, 15), columns.raw(16, 19))


def _group_of(groups: dict[str, _Group], picks: list[PickRecord], columns: Columns, number: int) -> _Group:
    """The group that a line belongs to, made if it is the first; a number that comes back an hour later is another."""
    first_ns = min(pick.time_ns for pick in picks)
    key, again = picks[0].key, 1
    while key in groups and abs(first_ns - groups[key].first_ns) > _LONGEST_EVENT_NS:
        again += 1
        key = f"{picks[0].key}/{again}"
    group = groups.setdefault(key, _Group(key, number, first_ns))
    group.first_ns = min(group.first_ns, first_ns)
    group.zone = group.zone or columns.text(63, 63)
    group.letter = group.letter or columns.text(64, 64)
    group.located = group.located or columns.text(65, 65) == "D"
    group.n_picks += len(picks)
    return group


def _event(group: _Group, found: CatalogText) -> EventRecord:
    return EventRecord(
        found.format,
        found.file,
        group.line,
        group.first_ns,
        key=group.key,
        time_of="first pick",
        located=group.located,
        n_arrivals=group.n_picks,
        event_type=event_type_of(group.letter),
        zone=group.zone,
    )
