"""Records of a catalogue as tables of events and of picks, in the words of the schema."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import pandas as pd

from workbench.schema import CATALOG, pick_id, weight_scheme
from workbench.sources.ogs.joining import event_ids
from workbench.sources.ogs.records import CatalogText, EventRecord, PickRecord

__all__ = ["EVENT_COLUMNS", "PICK_TABLE_COLUMNS", "catalog_tables"]

EVENT_COLUMNS = {
    "event_id": "str", "time": "datetime64[ns]", "latitude_deg": "float64", "longitude_deg": "float64",
    "depth_km": "float64", "magnitude": "float64", "magnitude_type": "str", "time_of": "str", "located": "bool",
    "md": "float64", "ml": "float64", "rms_s": "float64", "erh_km": "float64", "erz_km": "float64",
    "gap_deg": "float64", "nearest_station_km": "float64", "n_arrivals": "Int64", "n_md_stations": "Int64",
    "quality": "str", "place": "str", "region": "str", "event_type": "str", "zone": "str", "location_method": "str",
    "note": "str", "key": "str", "format": "str", "file": "str", "line": "int64",
}  # fmt: skip
"""One row for each row of a file; rows of the same event share `event_id`. `magnitude` is ML where known, else Md."""

PICK_TABLE_COLUMNS = {
    "pick_id": "str", "event_id": "str", "station": "str", "phase": "str", "time": "datetime64[ns]",
    "probability": "float64", "uncertainty_s": "float64", "polarity": "str", "picker": "str", "residual_s": "float64",
    "distance_km": "float64", "azimuth_deg": "float64", "weight": "float64", "onset_quality": "str",
    "weight_class": "Int64", "takeoff_deg": "float64", "travel_time_s": "float64", "duration_s": "float64",
    "magnitude": "float64", "key": "str", "format": "str", "file": "str", "line": "int64",
}  # fmt: skip
"""One row for each onset of a file; the same onset of the same event in two files has the same `pick_id`."""


def catalog_tables(texts: Sequence[CatalogText], weights: str = "") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Events and picks of all files, sorted by time.

    Parameters
    ----------
    weights
        The scheme of :data:`workbench.schema.WEIGHT_SCHEMES` by which a pick's class gives its ``uncertainty_s``; empty
        leaves that NaN, for the files say nothing of seconds.

    Notes
    -----
    A pick whose event has no row in its own file (``dat.parquet``) is given to the event of another file that has its
    number and began up to three minutes before; without one it makes no event, and `event_id` is empty.
    """
    ids = event_ids(texts)
    scheme = weight_scheme(weights) if weights else None
    events, picks = [], []
    by_key: dict[str, list[tuple[int, str]]] = {}
    for text, of_text in zip(texts, ids, strict=True):
        for event, event_id in zip(text.events, of_text, strict=True):
            by_key.setdefault(event.key, []).append((event.time_ns, event_id))
            magnitude, kind = (event.ml, "ML") if event.ml == event.ml else (event.md, "Md")
            events.append(
                {**_values(event), "event_id": event_id, "magnitude": magnitude}
                | {"magnitude_type": kind if magnitude == magnitude else "", "time": event.time_ns}
            )
    for text, of_text in zip(texts, ids, strict=True):
        own = {event.key: event_id for event, event_id in zip(text.events, of_text, strict=True)}
        for pick in text.picks:
            event_id = own[pick.key] if pick.key in own else _elsewhere(by_key.get(pick.key, []), pick.time_ns)
            station = f".{pick.station}."
            time = pd.Timestamp(pick.time_ns)
            picks.append(
                {**_values(pick), "station": station, "time": pick.time_ns, "event_id": event_id, "picker": CATALOG}
                | {"pick_id": pick_id(event_id, CATALOG, "", station, pick.phase, time)}
                | {"uncertainty_s": scheme.uncertainty_s(pick.weight_class) if scheme is not None else float("nan")}
            )
    return _table(events, EVENT_COLUMNS), _table(picks, PICK_TABLE_COLUMNS)


_NAMES = {kind: tuple(field.name for field in fields(kind)) for kind in (EventRecord, PickRecord)}


def _values(record: EventRecord | PickRecord) -> dict[str, Any]:
    # As dataclasses.asdict, which copies every value deeply and takes twenty times as long.
    return {name: getattr(record, name) for name in _NAMES[type(record)]}


def _elsewhere(candidates: list[tuple[int, str]], time_ns: int) -> str:
    fitting = [(time_ns - began, name) for began, name in candidates if -(10**9) <= time_ns - began <= 180 * 10**9]
    return min(fitting, default=(0, ""))[1]


def _table(rows: list[dict[str, Any]], columns: dict[str, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(columns)).astype(columns)
    return table.sort_values("time", kind="stable", ignore_index=True)
