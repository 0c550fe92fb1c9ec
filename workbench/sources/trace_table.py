"""One row per trace of any source, with the same columns: what cleaning, grouping by event and training start from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from workbench.schema import Report, silent
from workbench.sources.base import Source
from workbench.sources.catalogued import traces_of_recordings
from workbench.sources.phase_names import phase_of
from workbench.sources.seisbench_index import ARRIVAL

__all__ = ["TRACE_COLUMNS", "site_of", "trace_table"]

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
_SAME_EVENT_S = 600.0
"""Two traces of one event begin this close to another; an id that is used again later stands for another event."""


def site_of(station: pd.Series) -> pd.Series:
    """``"NET.STA"`` of ``"NET.STA.LOC"``: instruments of one site are one place in a network."""
    return station.str.replace(r"^([^.]*\.[^.]*)\..*$", r"\1", regex=True)


def trace_table(source: Source, report: Report = silent) -> pd.DataFrame:
    """One row per trace (per station of a recording, and event in it) with :data:`TRACE_COLUMNS`.

    Where the source's own table (STEAD, SeisBench) or headers (waveform folders) hold all metadata, nothing else is
    read. Of other sources each recording is read once, for its stations.

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
        rows, notices = traces_of_recordings(source, table, report)
        traces = pd.DataFrame(rows, columns=list(TRACE_COLUMNS))
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
