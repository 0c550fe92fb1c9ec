"""Which rows of several files are one event: the files number events differently, so it is told by time."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from workbench.sources.ogs.records import CatalogText, EventRecord

__all__ = ["event_ids"]

# HYPO71 and NonLinLoc put the origins of the same 1,767 events of 2024 up to 2.7 s apart.
_SAME_ORIGIN_NS = 3 * 10**9
# First picks of the catalogue of 2024 come at most this long after their origins; an origin may lie a little late.
_FIRST_PICK_NS = (-(10**9), 60 * 10**9)
_SAME_PLACE_DEG = 0.5


def event_ids(texts: Sequence[CatalogText]) -> list[list[str]]:
    """An id for each event of each file, the same for rows of the same event.

    Two rows of different files are one event if their origins lie within 3 s (and their epicentres, where both are
    known, within half a degree): the nearest first, each row once. A group of picks without an origin belongs to the
    event with the same number if its first pick comes up to a minute after that origin, else to the nearest origin
    before it. Rows of one file are never joined.
    """
    ids: list[list[str]] = [[""] * len(text.events) for text in texts]
    known: list[tuple[int, EventRecord, str]] = []
    names: set[str] = set()
    # Files with origins first, so that picks find them.
    order = sorted(range(len(texts)), key=lambda index: any(e.time_of == "first pick" for e in texts[index].events))
    for index in order:
        known.sort(key=lambda entry: entry[0])
        times_ns = [entry[0] for entry in known]
        pairs = [
            (*score, position, at)
            for position, event in enumerate(texts[index].events)
            for at in range(*_near(times_ns, event))
            if (score := _score(event, known[at][1])) is not None
        ]
        taken: set[str] = set()
        for _, _, position, at in sorted(pairs):
            if not ids[index][position] and known[at][2] not in taken:
                ids[index][position] = known[at][2]
                taken.add(known[at][2])
        for position, event in enumerate(texts[index].events):
            if not ids[index][position]:
                name = ids[index][position] = _new_name(event.time_ns, names)
                known.append((event.time_ns, event, name))
    return ids


def _near(times_ns: list[int], event: EventRecord) -> tuple[int, int]:
    # A first pick comes after its origin by as much, and an origin is looked for before it.
    before_ns = max(_FIRST_PICK_NS[1], _SAME_ORIGIN_NS)
    return bisect_left(times_ns, event.time_ns - before_ns), bisect_right(times_ns, event.time_ns + before_ns)


def _score(event: EventRecord, known: EventRecord) -> tuple[int, int] | None:
    """How well two rows fit (less is better); None if they do not."""
    apart_ns = event.time_ns - known.time_ns
    same_number = bool(event.key) and event.key == known.key
    kinds = {event.time_of, known.time_of}
    if kinds == {"origin"}:
        return (0, abs(apart_ns)) if abs(apart_ns) <= _SAME_ORIGIN_NS and _same_place(event, known) else None
    if len(kinds) == 1:
        fits = abs(apart_ns) <= _SAME_ORIGIN_NS
        return (0, abs(apart_ns)) if fits and (same_number or kinds == {"first pick"}) else None
    if event.time_of == "first pick":
        fits = _FIRST_PICK_NS[0] <= apart_ns <= _FIRST_PICK_NS[1]
        # An event that was not located has a minute only: nothing but its number tells.
        fits = fits and (same_number or (known.time_of == "origin" and event.located))
        return (0 if same_number else 1, abs(apart_ns)) if fits else None
    return None


def _same_place(one: EventRecord, other: EventRecord) -> bool:
    latitude_deg = abs(one.latitude_deg - other.latitude_deg)
    longitude_deg = abs(one.longitude_deg - other.longitude_deg)
    return not (latitude_deg > _SAME_PLACE_DEG or longitude_deg > _SAME_PLACE_DEG)


def _new_name(time_ns: int, names: set[str]) -> str:
    moment = dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=time_ns // 1000)
    base = f"ogs_{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 10000:02d}"
    name, again = base, 1
    while name in names:
        again += 1
        name = f"{base}_{again}"
    names.add(name)
    return name
