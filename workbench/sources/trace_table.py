"""One row per trace of any source, with the same columns: what cleaning, grouping by event and training start from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import SourceError
from workbench.processing.distances import distances, station_table
from workbench.schema import Event, Report, silent
from workbench.sources.base import Source
from workbench.sources.seisbench_index import ARRIVAL

__all__ = ["FASTEST_KM_S", "TRACE_COLUMNS", "first_onset", "phase_of", "site_of", "trace_table"]

TRACE_COLUMNS: Mapping[str, str] = {
    "recording_id": "str",
    "station": "str",
    "event_id": "str",
    "category": "str",
    "start": "datetime64[ns]",
    "n_samples": "float64",
    "sampling_rate_hz": "float64",
    "p_sample": "float64",
    "s_sample": "float64",
    "latitude_deg": "float64",
    "longitude_deg": "float64",
    "elevation_m": "float64",
    "origin_time": "datetime64[ns]",
    "event_latitude_deg": "float64",
    "event_longitude_deg": "float64",
    "event_depth_km": "float64",
    "magnitude": "float64",
    "distance_km": "float64",
    "snr_db": "float64",
    "has_waveform": "bool",
    "split": "str",
}
"""NaN, NaT or an empty string where not known. Onsets are counted from `start` at the trace's own rate. `category` is
``"event"``, ``"noise"`` or empty; `distance_km` and `snr_db` are as the metadata state them; `split` is that of the
dataset itself."""

_STEAD = {
    "latitude_deg": "receiver_latitude",
    "longitude_deg": "receiver_longitude",
    "elevation_m": "receiver_elevation_m",
    "origin_time": "source_origin_time",
    "event_latitude_deg": "source_latitude",
    "event_longitude_deg": "source_longitude",
    "event_depth_km": "source_depth_km",
    "station": "stations",
}
_SEISBENCH = {
    "latitude_deg": "station_latitude_deg",
    "longitude_deg": "station_longitude_deg",
    "elevation_m": "station_elevation_m",
    "origin_time": "source_origin_time",
    "event_latitude_deg": "source_latitude_deg",
    "event_longitude_deg": "source_longitude_deg",
    "event_depth_km": "source_depth_km",
    "station": "stations",
}
_FIRST = re.compile(r"([PS])([gnb1*]|diff|n1|g1)?|[ps]|PKI?K?P\w*")
_SAME_EVENT_S = 600.0
"""Two traces of one event begin this close to another; an id that is used again later stands for another event."""

FASTEST_KM_S = {"P": 10.0, "S": 6.5}
"""No wave of a local or regional event comes sooner."""

_SLOW_KM_S = {"P": 3.0, "S": 1.5}
_CLOCK_S = 1.0
_SLACK_S = 3.0


def phase_of(name: str) -> str:
    """``"P"`` or ``"S"`` for names of a first arrival (Pg, Pn, s, ...); empty for others (depth phases, PP, Lg).

    >>> [phase_of(name) for name in ("Pn", "s", "S1", "pP", "PP", "Lg")]
    ['P', 'S', 'S', '', '', '']
    """
    return name[0].upper() if _FIRST.fullmatch(name) else ""


def site_of(station: pd.Series) -> pd.Series:
    """``"NET.STA"`` of ``"NET.STA.LOC"``: instruments of one site are one place in a network."""
    return station.str.replace(r"^([^.]*\.[^.]*)\..*$", r"\1", regex=True)


def first_onset(picks: pd.DataFrame, station: str, phase: str) -> pd.Timestamp:
    """The first onset of a phase on a station; NaT where there is none."""
    fits = (picks["station"] == station) & (picks["phase"].map(phase_of) == phase)
    return picks.loc[fits, "time"].min() if fits.any() else pd.NaT


def _picks_of_event(source: Source, recording: xr.Dataset, event: Event | None) -> pd.DataFrame:
    """Picks of the recording's event, not of others that happen in it too.

    Where the source does not tell them apart, those that come when a wave from the origin can.
    """
    recording_id = str(recording.attrs["recording_id"])
    if (of_event := getattr(source, "event_picks", None)) is not None:
        return of_event(recording_id)
    picks = source.reference_picks(recording_id)
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


def trace_table(source: Source, report: Report = silent) -> pd.DataFrame:
    """One row per trace (per station of a recording) with :data:`TRACE_COLUMNS`.

    Where the source's own table holds all metadata (STEAD, SeisBench), nothing else is read. Of other sources each
    recording is read once, for its stations.

    Raises
    ------
    SourceError
        If the source cannot be listed.
    """
    table = source.scan(report)
    if "receiver_code" in table:
        traces = _of_columns(table, _STEAD)
        traces["p_sample"], traces["s_sample"] = table["p_arrival_sample"], table["s_arrival_sample"]
    elif "trace_name" in table and "station_code" in table:
        traces = _of_columns(table, _SEISBENCH)
        for phase in "PS":
            traces[f"{phase.lower()}_sample"] = _first_sample(table, phase)
    else:
        traces, notices = _of_recordings(source, table, report)
        table.attrs["notices"] = [*table.attrs.get("notices", []), *notices]
        # A column that holds nothing but NaT has another unit.
        traces = traces.astype(dict(TRACE_COLUMNS)).assign(stated_id=traces["event_id"])
    traces["category"] = _categories(traces)
    traces["event_id"] = _event_ids(traces)
    traces = traces[list(TRACE_COLUMNS)].astype(dict(TRACE_COLUMNS)).reset_index(drop=True)
    traces.attrs["notices"] = list(table.attrs.get("notices", []))
    return traces


def _of_columns(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Columns of a table of recordings under their common names; those that it lacks are not known."""
    columns: dict[str, Any] = {}
    for name, dtype in TRACE_COLUMNS.items():
        stored = names.get(name, name)
        nothing = {"str": "", "float64": np.nan, "datetime64[ns]": np.datetime64("NaT", "ns"), "bool": True}[dtype]
        columns[name] = table[stored] if stored in table else np.full(len(table), nothing)
    # A dataset without a column of the ids may still tell events apart.
    columns["stated_id"] = _words(table["source_id"]) if "source_id" in table else ""
    columns["n_samples"] = (table["duration_s"] * table["sampling_rate_hz"]).round()
    return pd.DataFrame(columns, index=table.index)


def _words(ids: pd.Series) -> pd.Series:
    """Ids as text: a whole number without its decimal point, empty where not known."""
    if pd.api.types.is_float_dtype(ids):
        return ids.map(lambda value: f"{value:.0f}" if value == value else "")
    return ids.fillna("").astype("str")


def _first_sample(table: pd.DataFrame, phase: str) -> pd.Series:
    found = {name: ARRIVAL.fullmatch(str(name)) for name in table.columns}
    names = [name for name, match in found.items() if match and phase_of(match["phase"]) == phase]
    if not names:
        return pd.Series(np.nan, index=table.index)
    return table[names].apply(pd.to_numeric, errors="coerce").min(axis=1)


def _categories(traces: pd.DataFrame) -> pd.Series:
    noise = traces["category"].str.contains("noise", case=False)
    of_event = traces["p_sample"].notna() | traces["s_sample"].notna() | traces["origin_time"].notna()
    of_event |= (traces["stated_id"] != "") | traces["event_latitude_deg"].notna()
    return pd.Series(np.select([noise, of_event], ["noise", "event"], default=""), index=traces.index)


def _event_ids(traces: pd.DataFrame) -> pd.Series:
    """What tells events apart: the id stated; else origin time and place; else the trace stands for itself.

    An id that stands for two earthquakes, as numbers of different catalogues do, is made two by their times.
    """
    time = traces["origin_time"]
    places = ("event_latitude_deg", "event_longitude_deg")
    place = traces[places[0]].map("{:.4f}".format) + "/" + traces[places[1]].map("{:.4f}".format)
    by_origin = "origin " + time.dt.strftime("%Y-%m-%dT%H:%M:%S.%f").fillna("") + " " + place
    size = traces["event_depth_km"].map("{:.2f}".format) + "/" + traces["magnitude"].map("{:.2f}".format)
    by_place = "place " + place + "/" + size
    named = np.select(
        [traces["stated_id"] != "", time.notna(), traces["event_latitude_deg"].notna()],
        [traces["stated_id"], by_origin, by_place],
        default="trace " + traces["recording_id"],
    )
    ids = pd.Series(named, index=traces.index, dtype="str")
    when = time.fillna(traces["start"])
    order = pd.DataFrame({"id": ids, "when": when}).sort_values(["id", "when"], kind="stable")
    later = order["when"].diff().dt.total_seconds().gt(_SAME_EVENT_S) & order["id"].eq(order["id"].shift())
    number = later.groupby(order["id"]).cumsum().reindex(traces.index)
    ids = ids.where(number == 0, ids + "#" + (number + 1).astype("str"))
    return ids.where(traces["category"] == "event", "")


def _of_recordings(source: Source, table: pd.DataFrame, report: Report) -> tuple[pd.DataFrame, list[str]]:
    rows: list[dict[str, Any]] = []
    notices = []
    for number, (recording_id, category) in enumerate(zip(table["recording_id"], table["category"], strict=True)):
        report(number / len(table), f"recording {number + 1} of {len(table)}: {recording_id}")
        try:
            recording = source.read(recording_id)
        except SourceError as error:
            notices.append(f"{recording_id} is left out: {error}")
            continue
        event = source.event(recording_id)
        rows += _rows(recording, _picks_of_event(source, recording, event), event, category)
    return pd.DataFrame(rows, columns=None if rows else list(TRACE_COLUMNS)), notices


def _rows(recording: xr.Dataset, picks: pd.DataFrame, event: Event | None, category: str) -> Iterator[dict[str, Any]]:
    start, rate = pd.Timestamp(recording["time"].values[0]), float(recording.attrs["sampling_rate_hz"])
    nan = float("nan")
    for index, station in enumerate(map(str, recording["station"].values)):
        onsets = {phase: first_onset(picks, station, phase) for phase in "PS"}
        samples = {phase: (time - start).total_seconds() * rate for phase, time in onsets.items()}
        yield {
            "recording_id": recording.attrs["recording_id"],
            "station": station,
            "event_id": event.event_id if event else "",
            "category": category,
            "start": start,
            "n_samples": recording.sizes["time"],
            "sampling_rate_hz": rate,
            "p_sample": samples["P"],
            "s_sample": samples["S"],
            **{name: float(recording[name].values[index]) for name in ("latitude_deg", "longitude_deg", "elevation_m")},
            "origin_time": event.time if event else pd.NaT,
            "event_latitude_deg": event.latitude_deg if event else nan,
            "event_longitude_deg": event.longitude_deg if event else nan,
            "event_depth_km": event.depth_km if event else nan,
            "magnitude": event.magnitude if event else nan,
            "distance_km": nan,
            "snr_db": nan,
            "has_waveform": bool(np.isfinite(recording["waveform"].values[index]).any()),
            "split": "",
        }
