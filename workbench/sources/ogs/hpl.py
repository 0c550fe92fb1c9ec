"""``.hpl``: the listing of HYPO71, or of NonLinLoc in its clothes: places, events, their stations, and notes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from workbench.sources.ogs.fields import UnreadLineError
from workbench.sources.ogs.hpl_lines import (
    EventLine,
    is_event_line,
    is_station_line,
    read_event_line,
    read_station_line,
)
from workbench.sources.ogs.letters import event_type_of, place_of
from workbench.sources.ogs.lines import text_lines
from workbench.sources.ogs.records import CatalogText, EventRecord

__all__ = ["is_hpl_line", "read_hpl"]


@dataclass
class _Block:
    """One event and what has been read of it."""

    head: EventLine
    place: str
    notes: list[str] = field(default_factory=list)
    n_station_lines: int = 0
    zone: str = ""
    letter: str = ""


@dataclass
class _State:
    blocks: list[_Block] = field(default_factory=list)
    is_open: bool = False
    place: tuple[int, str] | None = None


def is_hpl_line(line: str) -> bool:
    """Whether a line is an event or a station of this format."""
    return is_event_line(line) or is_station_line(line)


def read_hpl(found: CatalogText) -> None:
    """Add the events and picks of a file.

    Station lines belong to the event line above them. Where that could not be read they cannot be dated, and are
    reported too.
    """
    state = _State()
    for number, line in text_lines(found):
        try:
            kind, take = _kind_of(line)
            take(state, line, number, found)
            found.kinds[kind] += 1
        except UnreadLineError as error:
            found.leave_unread(number, line, str(error))
            # Stations below an event that could not be read must not go to the one before it.
            state.is_open = state.is_open and not is_event_line(line)
    _report_place(state, found)
    method = _method_of([block.head for block in state.blocks])
    found.events += [_event(block, method) for block in state.blocks]


_Take = Callable[[_State, str, int, CatalogText], None]


def _kind_of(line: str) -> tuple[str, _Take]:
    if line.startswith("^"):
        return "place", _take_place
    if line.startswith("*"):
        return "note", _take_note
    # An event line that is damaged must be told as one, so it is not asked for more than its beginning.
    return ("event", _take_event) if is_event_line(line) else ("station", _take_station)


def _take_place(state: _State, line: str, number: int, found: CatalogText) -> None:
    _report_place(state, found)
    state.place, state.is_open = (number, line), False


def _take_note(state: _State, line: str, _number: int, _found: CatalogText) -> None:
    if not state.blocks or state.place is not None:
        raise UnreadLineError("it is a note, and no event stands above it")
    state.blocks[-1].notes.append(line.lstrip("*").strip())


def _take_event(state: _State, line: str, number: int, found: CatalogText) -> None:
    place, state.place = state.place, None
    try:
        head = read_event_line(line, number, found)
    except UnreadLineError:
        # The place was this event's, and goes with it.
        if place is not None:
            _leave_place_unread(place, "the event below it could not be read", found)
        raise
    state.blocks.append(_Block(head, place[1][1:] if place else ""))
    state.is_open = True


def _take_station(state: _State, line: str, number: int, found: CatalogText) -> None:
    if not is_station_line(line):
        raise UnreadLineError("it is no event, station, place (^) or note (*)")
    if not state.is_open:
        raise UnreadLineError("it is a station of an event that could not be read, or stands above none")
    block = state.blocks[-1]
    station = read_station_line(line, number, block.head, found)
    found.picks += station.picks
    block.n_station_lines += 1
    block.zone = block.zone or station.zone
    block.letter = block.letter or station.letter


def _report_place(state: _State, found: CatalogText) -> None:
    if state.place is not None:
        _leave_place_unread(state.place, "it names a place, and no event follows", found)
        state.place = None


def _leave_place_unread(place: tuple[int, str], reason: str, found: CatalogText) -> None:
    found.kinds["place"] -= 1
    found.leave_unread(place[0], place[1], reason)


def _method_of(heads: list[EventLine]) -> str:
    """NonLinLoc's listing pads hours and seconds of located events with zeros, HYPO71's with blanks."""
    padded = {head.padding for head in heads if head.padding}
    return {"0": "nonlinloc", " ": "hypo71"}[padded.pop()] if len(padded) == 1 else ""


def _event(block: _Block, method: str) -> EventRecord:
    record = block.head.record
    place, region, note = place_of(block.place)
    announced = block.head.n_station_lines
    short = f"{announced} station lines are announced, {block.n_station_lines} follow"
    notes = [note, *block.notes, short if announced != block.n_station_lines else ""]
    return replace(
        record,
        place=place,
        region=region,
        zone=block.zone,
        event_type=event_type_of(block.letter),
        location_method=method,
        note="; ".join(filter(None, notes)),
    )
