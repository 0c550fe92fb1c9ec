"""Traces of sources that do not list them: stations of each recording, with the events and picks that it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import SourceError
from workbench.processing.distances import distances, station_table
from workbench.schema import Event, Report, Station
from workbench.sources.base import Source
from workbench.sources.fetched import Fetched
from workbench.sources.phase_names import phase_of

__all__ = ["FASTEST_KM_S", "Catalogued", "first_onset", "read_part", "traces_of_recordings"]

FASTEST_KM_S = {"P": 10.0, "S": 6.5}
"""No wave of a local or regional event comes sooner."""

_SLOW_KM_S = {"P": 3.0, "S": 1.5}
_CLOCK_S = 1.0
_SLACK_S = 3.0
_FEW = 3
_NAN = float("nan")


@runtime_checkable
class Catalogued(Protocol):
    """A source that knows its stations from headers, tells the events of a recording apart, and reads parts of it."""

    def stations(self, recording_id: str) -> list[Station]:
        """Of a recording."""
        ...

    def events(self, recording_id: str) -> list[tuple[Event, int]]:
        """All events with picks in a recording, and how many."""
        ...

    def event_picks(self, recording_id: str, event_id: str) -> pd.DataFrame:
        """The picks of one event."""
        ...

    def read_between(self, recording_id: str, begin: pd.Timestamp, end: pd.Timestamp) -> xr.Dataset:
        """A part of a recording."""
        ...


def read_part(source: Source, recording_id: str, begin: pd.Timestamp, end: pd.Timestamp) -> xr.Dataset:
    """What a recording holds between two times, where the source can read parts; else the whole recording."""
    if isinstance(source, Catalogued):
        return source.read_between(recording_id, begin, end)
    return source.read(recording_id)


def first_onset(picks: pd.DataFrame, station: str, phase: str) -> pd.Timestamp:
    """The first onset of a phase on a station; NaT where there is none."""
    fits = (picks["station"] == station) & (picks["phase"].map(phase_of) == phase)
    return picks.loc[fits, "time"].min() if fits.any() else pd.NaT


def traces_of_recordings(source: Source, table: pd.DataFrame, report: Report) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows of a table of traces, one per station and event, and what could not be read in words.

    Of a source that is :class:`Catalogued` only headers are needed, and a recording may hold many events; an event
    belongs to the recording that is of it, else to the one with most of its picks. Of others each recording is read.
    """
    rows: list[dict[str, Any]] = []
    notices = _fetch_all(source, table, report) if isinstance(source, Fetched) else []
    owners = _owners(source, table["recording_id"]) if isinstance(source, Catalogued) else {}
    for number, listed in enumerate(table.to_dict("records")):
        recording_id = str(listed["recording_id"])
        report(number / len(table), f"recording {number + 1} of {len(table)}: {recording_id}")
        if isinstance(source, Catalogued):
            rows += _listed_rows(source, listed, [one for one, owner in owners.values() if owner == recording_id])
            continue
        try:
            recording = source.read(recording_id)
        except SourceError as error:
            notices.append(f"{recording_id} is left out: {error}")
            continue
        rows += _read_rows(source, recording, str(listed["category"]))
    return rows, notices


def _fetch_all(source: Fetched, table: pd.DataFrame, report: Report) -> list[str]:
    """Have all waveforms here, for which stations a recording has is known then; what did not come, each reason once.

    Where a service is away, thousands of recordings lack their waveforms for one reason.
    """
    missed: dict[str, list[str]] = {}
    for number, recording_id in enumerate(table["recording_id"].astype(str)):
        report(number / len(table), f"waveforms {number + 1} of {len(table)}: {recording_id}")
        try:
            source.fetch(recording_id)
        except SourceError as error:
            missed.setdefault(str(error), []).append(recording_id)
    return [f"{_named(names)} without waveforms: {reason}" for reason, names in missed.items()]


def _named(recording_ids: Sequence[str]) -> str:
    if len(recording_ids) == 1:
        return f"{recording_ids[0]} is"
    first, more = ", ".join(recording_ids[:_FEW]), len(recording_ids) - _FEW
    return f"{len(recording_ids):,} recordings ({first}{f' and {more:,} more' if more > 0 else ''}) are"


def _owners(source: Any, recording_ids: pd.Series) -> dict[str, tuple[Event, str]]:
    """Each event with the one recording that it belongs to, by its id."""
    found: dict[str, tuple[tuple[bool, int], Event, str]] = {}
    for recording_id in recording_ids:
        own = source.event(recording_id)
        events = source.events(recording_id)
        if own is not None and own.event_id not in {event.event_id for event, _ in events}:
            events = [*events, (own, 0)]
        for event, n_picks in events:
            claim = (own is not None and own.event_id == event.event_id, n_picks)
            if event.event_id not in found or claim > found[event.event_id][0]:
                found[event.event_id] = (claim, event, recording_id)
    return {event_id: (event, recording_id) for event_id, (_, event, recording_id) in found.items()}


def _listed_rows(source: Catalogued, listed: dict[str, Any], events: list[Event]) -> Iterator[dict[str, Any]]:
    recording_id, rate = str(listed["recording_id"]), float(listed["sampling_rate_hz"])
    known = {
        "recording_id": recording_id,
        "category": listed["category"],
        "start": listed["start"],
        "n_samples": round(listed["duration_s"] * rate) + 1,
        "sampling_rate_hz": rate,
        "has_waveform": True,
    }
    stations = source.stations(recording_id)
    chosen: list[Event | None] = [*events] or [None]
    for event in chosen:
        picks = source.event_picks(recording_id, event.event_id) if event else None
        for station in stations:
            yield known | _station_columns(station) | _event_columns(event) | _onsets(picks, station.station, known)


def _read_rows(source: Source, recording: xr.Dataset, category: str) -> Iterator[dict[str, Any]]:
    recording_id = str(recording.attrs["recording_id"])
    event = source.event(recording_id)
    picks = _picks_of_event(source.reference_picks(recording_id), recording, event)
    known = {
        "recording_id": recording_id,
        "category": category,
        "start": pd.Timestamp(recording["time"].values[0]),
        "n_samples": recording.sizes["time"],
        "sampling_rate_hz": float(recording.attrs["sampling_rate_hz"]),
    }
    for index, place in enumerate(station_table(recording).to_dict("records")):
        there = {"has_waveform": bool(np.isfinite(recording["waveform"].values[index]).any())}
        onsets = _onsets(picks, str(place["station"]), known)
        yield known | there | _station_columns(Station(**place)) | _event_columns(event) | onsets


def _station_columns(station: Station) -> dict[str, Any]:
    return {
        "station": station.station,
        "latitude_deg": station.latitude_deg,
        "longitude_deg": station.longitude_deg,
        "elevation_m": station.elevation_m,
    }


def _event_columns(event: Event | None) -> dict[str, Any]:
    return {
        "event_id": event.event_id if event else "",
        "origin_time": event.time if event else pd.NaT,
        "event_latitude_deg": event.latitude_deg if event else _NAN,
        "event_longitude_deg": event.longitude_deg if event else _NAN,
        "event_depth_km": event.depth_km if event else _NAN,
        "magnitude": event.magnitude if event else _NAN,
        "distance_km": _NAN,
        "snr_db": _NAN,
        "split": "",
    }


def _onsets(picks: pd.DataFrame | None, station: str, known: dict[str, Any]) -> dict[str, float]:
    if picks is None:
        return {"p_sample": _NAN, "s_sample": _NAN}
    after = {phase: first_onset(picks, station, phase) - known["start"] for phase in "PS"}
    return {
        f"{phase.lower()}_sample": gone.total_seconds() * known["sampling_rate_hz"] for phase, gone in after.items()
    }


def _picks_of_event(picks: pd.DataFrame, recording: xr.Dataset, event: Event | None) -> pd.DataFrame:
    """Picks that come when a wave from the event's origin can; all of them where no event is known."""
    if event is None or picks.empty:
        return picks
    way = distances(event, station_table(recording)).set_index("station")["distance_km"]
    distance_km = np.hypot(picks["station"].map(way).to_numpy(float), np.nan_to_num(event.depth_km))
    after_s = (picks["time"] - event.time).dt.total_seconds().to_numpy()
    phase = picks["phase"].map(phase_of)
    least_s = distance_km / phase.map(FASTEST_KM_S).to_numpy(float) - _CLOCK_S
    most_s = distance_km / phase.map(_SLOW_KM_S).to_numpy(float) + _SLACK_S
    # Where a place is not known the bounds are NaN, and nothing is outside them.
    return picks[~(after_s < np.nan_to_num(least_s, nan=-_CLOCK_S)) & ~(after_s > most_s)]
