"""Blind double picking in the journal: which stations were sent to it, and which analysts have done with them."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Select, func, select

from workbench.labels.naming import named, named_values
from workbench.labels.tables import journal
from workbench.schema import LOOK_COLUMNS

__all__ = [
    "WITHDRAWN",
    "DoubleItem",
    "choose_share",
    "double_items",
    "fold_looks",
    "item_row",
    "look_row",
    "several_recordings",
]

WITHDRAWN = "withdrawn"
"""State of a station that was taken off the list."""

_OPEN = "open"
_DONE = ("done", "rejected")


@dataclass(frozen=True)
class DoubleItem:
    """A station of a recording that is to be picked by several analysts, each without seeing the others.

    Parameters
    ----------
    station
        Empty for all stations of the recording.
    start, end
        The part that is looked at, in UTC; NaT for all of it.
    sent
        By what choice it came onto the list, in words.
    """

    recording_id: str
    station: str = ""
    start: pd.Timestamp = pd.NaT
    end: pd.Timestamp = pd.NaT
    sent: str = ""


def choose_share(n: int, share: float, seed: int) -> list[int]:
    """Positions of a random share of `n` things, in their order: the same for the same seed, at least one of any.

    >>> choose_share(10, 0.3, seed=4)
    [0, 1, 7]
    """
    if not n or share <= 0:
        return []
    chosen = np.random.default_rng(seed).permutation(n)[: max(1, round(min(share, 1.0) * n))]
    return sorted(int(at) for at in chosen)


def item_row(item: DoubleItem, analyst: str, *, withdrawn: bool = False) -> dict[str, Any]:
    """The row of the journal that sends a station to double picking, or takes it off the list."""
    content = {
        "state": WITHDRAWN if withdrawn else _OPEN,
        "from": None if pd.isna(item.start) else item.start.isoformat(),
        "to": None if pd.isna(item.end) else item.end.isoformat(),
        "sent": item.sent,
    }
    return _row("double", item.recording_id, item.station, json.dumps(content, ensure_ascii=False), analyst)


def look_row(recording_id: str, station: str, done: bool, analyst: str) -> dict[str, Any]:
    """The row that says that an analyst has done with a station, or has not after all."""
    return _row("looked", recording_id, station, _DONE[0] if done else _OPEN, analyst)


def _row(decision: str, recording_id: str, station: str, text: str, analyst: str) -> dict[str, Any]:
    return {
        "decision": decision,
        "recording_id": recording_id,
        "station": station,
        "text": text,
        "analyst": analyst,
        "decided_at_ns": time.time_ns(),
    }


def double_items(connection: Connection) -> list[DoubleItem]:
    """The stations that are to be picked by several, in the order in which they were sent."""
    query = select(journal).where(journal.c.decision == "double").order_by(journal.c.entry)
    found: dict[tuple[str, str], DoubleItem] = {}
    for row in connection.execute(query):
        place, content = (row.recording_id, row.station), json.loads(row.text)
        if content["state"] == WITHDRAWN:
            found.pop(place, None)
            continue
        start, end = (pd.NaT if content[name] is None else pd.Timestamp(content[name]) for name in ("from", "to"))
        found[place] = DoubleItem(*place, start, end, content["sent"])
    return list(found.values())


def fold_looks(connection: Connection, recording_ids: Sequence[str] | None) -> pd.DataFrame:
    """Who said that she has done with what: by the last ``looked`` of a station, or by the status of a recording.

    A recording that is done or rejected was looked at as a whole, until its analyst gives it another status or says
    herself that she has not done with it. What she said with ``looked`` no status takes back.

    Parameters
    ----------
    recording_ids
        Of these recordings; None is all.
    """
    said: set[tuple[str, str, str]] = set()
    by_status: set[tuple[str, str, str]] = set()
    parameters = {} if recording_ids is None else named_values(connection, recording_ids)
    for row in connection.execute(_looks_query(recording_ids is not None), parameters):
        place, done = (row.recording_id, row.station, row.analyst), row.text in _DONE
        told = by_status if row.decision == "status" else said
        if done:
            told.add(place)
        else:
            told.discard(place)
            by_status.discard(place)
    return pd.DataFrame(sorted(said | by_status), columns=list(LOOK_COLUMNS)).astype(dict(LOOK_COLUMNS))


@cache
def _looks_query(some: bool) -> Select[Any]:
    columns = (journal.c.recording_id, journal.c.station, journal.c.analyst, journal.c.decision, journal.c.text)
    query = select(*columns).where(journal.c.decision.in_(("looked", "status"))).order_by(journal.c.entry)
    return query.where(named(journal.c.recording_id)) if some else query


def several_recordings(connection: Connection) -> list[str]:
    """Recordings about which more than one analyst has written anything."""
    query = (
        select(journal.c.recording_id)
        .group_by(journal.c.recording_id)
        .having(func.count(journal.c.analyst.distinct()) > 1)
        .order_by(journal.c.recording_id)
    )
    return [str(name) for name in connection.execute(query).scalars()]
