"""``CatalogueEvent``: what all files of a catalogue say of one event, with its picks, each onset once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench.schema import Event
from workbench.sources.ogs.records import CatalogText
from workbench.sources.ogs.tables import catalog_tables

__all__ = ["CatalogueEvent", "catalogue_events"]

_ORIGINS = ("hpl", "pun", "txt", "hpl.parquet", "pun.parquet", "txt.parquet", "dat")
"""Whose origin is taken where several files have one: listings first, for their picks were located with it; and of
two listings that of HYPO71."""

_PICKS = ("hpl", "dat", "dat.parquet")
_WORDS = ("place", "region", "event_type", "zone", "quality", "note")


@dataclass(frozen=True, eq=False)
class CatalogueEvent:
    """An event, its picks, and what is said of it beside.

    Parameters
    ----------
    event
        Where it was not located its time is that of the minute or of the first pick, as `time_of` says.
    time_of
        ``"origin"``, ``"minute"`` or ``"first pick"``.
    picks
        One mapping each with the columns of :data:`workbench.sources.ogs.tables.PICK_TABLE_COLUMNS`, sorted by time; of
        a phase at a station those of one file.
    facts
        ``place``, ``region``, ``event_type``, ``zone``, ``quality`` and ``note``, empty where no file says it, and
        ``formats``.
    """

    event: Event
    time_of: str
    picks: Sequence[Mapping[str, Any]]
    facts: Mapping[str, str]

    @property
    def located(self) -> bool:
        """Whether some file gives it an origin."""
        return self.time_of == "origin"


def catalogue_events(texts: Sequence[CatalogText], weights: str = "") -> list[CatalogueEvent]:
    """All events of all files, sorted by time.

    Time and place are those of one file, the first located of a fixed order; magnitudes and words come from whichever
    file gives them. Picks that belong to no event of any file make events of their own, by the number in their file.
    Uncertainties are as :func:`workbench.sources.ogs.tables.catalog_tables` makes them with `weights`.
    """
    events, picks = catalog_tables(texts, weights)
    own = _by_event(_each_once(_with_own_events(picks)))
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in events.to_dict("records"):
        rows.setdefault(str(row["event_id"]), []).append({str(name): value for name, value in row.items()})
    made = [_event(event_id, sorted(found, key=_rank), own.pop(event_id, ())) for event_id, found in rows.items()]
    made += [_of_picks_alone(event_id, found) for event_id, found in own.items()]
    return sorted(made, key=lambda one: (one.event.time, one.event.event_id))


def _rank(row: Mapping[str, Any]) -> tuple[bool, int, bool]:
    return not row["located"], _ORIGINS.index(row["format"]), row["location_method"] == "nonlinloc"


def _by_event(picks: pd.DataFrame) -> dict[str, list[Mapping[str, Any]]]:
    """Picks of each event, in plain mappings: tables of their own take milliseconds each."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in picks.to_dict("records"):
        found.setdefault(str(row["event_id"]), []).append({str(name): value for name, value in row.items()})
    return found


def _with_own_events(picks: pd.DataFrame) -> pd.DataFrame:
    """Picks of which no file gives the event, under the number that they have in their own file."""
    alone = picks["event_id"] == ""
    return picks.assign(event_id=picks["event_id"].where(~alone, "ogs_" + picks["key"]))


def _each_once(picks: pd.DataFrame) -> pd.DataFrame:
    """Of a phase at a station in an event the picks of one file: the same line stands in listing and cards."""
    rank = picks["format"].map({name: place for place, name in enumerate(_PICKS)})
    ranked = picks.assign(_rank=rank).sort_values(["_rank", "file", "time"], kind="stable")
    onset = ["event_id", "station", "phase"]
    first = ranked.groupby(onset, sort=False)["file"].transform("first")
    kept = ranked[ranked["file"] == first].drop_duplicates([*onset, "time"])
    return kept.drop(columns="_rank").sort_values("time", kind="stable", ignore_index=True)


def _event(event_id: str, rows: list[dict[str, Any]], picks: Sequence[Mapping[str, Any]]) -> CatalogueEvent:
    first = rows[0]
    magnitude, kind = next(
        ((row[column], name) for column, name in (("ml", "ML"), ("md", "Md")) for row in rows if pd.notna(row[column])),
        (float("nan"), ""),
    )
    event = Event(
        event_id,
        pd.Timestamp(first["time"]),
        float(first["latitude_deg"]),
        float(first["longitude_deg"]),
        float(first["depth_km"]),
        float(magnitude),
        kind,
    )
    facts = {name: next((str(row[name]) for row in rows if row[name]), "") for name in _WORDS}
    formats = {*(str(row["format"]) for row in rows), *(str(pick["format"]) for pick in picks)}
    return CatalogueEvent(event, str(first["time_of"]), picks, facts | {"formats": ", ".join(sorted(formats))})


def _of_picks_alone(event_id: str, picks: Sequence[Mapping[str, Any]]) -> CatalogueEvent:
    facts = dict.fromkeys(_WORDS, "") | {"formats": ", ".join(sorted({str(pick["format"]) for pick in picks}))}
    return CatalogueEvent(Event(event_id, picks[0]["time"]), "first pick", picks, facts)
