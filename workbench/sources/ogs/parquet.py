"""The parquet files that were made of the catalogue, told apart by their columns, with their known errors mended."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from workbench.errors import SourceError
from workbench.sources.ogs.fields import UnreadLineError, possible_year
from workbench.sources.ogs.letters import place_of
from workbench.sources.ogs.records import CatalogText, EventRecord, PickRecord
from workbench.sources.ogs.txt import without_repeated_errors

__all__ = ["parquet_damage", "parquet_format", "read_parquet"]

_NAN = float("nan")
_MOST, _LAST_CLASS = 1_000_000, 5
_NEEDED: Mapping[str, frozenset[str]] = {
    "dat.parquet": frozenset({"index", "time", "station", "phase", "WEIGHT"}),
    "hpl.parquet": frozenset({"idx", "time", "latitude", "longitude", "depth", "number_p_picks", "ML"}),
    "pun.parquet": frozenset({"time", "latitude", "longitude", "depth", "MD", "RMS", "QM"}),
    "txt.parquet": frozenset({"time", "latitude", "longitude", "depth", "MD", "ML", "LOC_NAME", "E_TYPE"}),
}


def parquet_format(path: Path) -> str:
    """Which of the formats a parquet file is, by its columns; empty if none, or if it is no parquet at all."""
    names = set(_schema_names(path))
    return next((name for name, needed in _NEEDED.items() if needed <= names), "")


def parquet_damage(path: Path) -> str:
    """Why a file that is named so is no parquet, in words; empty if it is."""
    try:
        pq.read_schema(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        return " ".join(str(error).split())[:200]
    return ""


def _schema_names(path: Path) -> list[str]:
    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError, ValueError):
        return []


def read_parquet(found: CatalogText) -> None:
    """Add the events or picks of a file.

    ML and MD of ``txt.parquet`` are swapped back, and ML of ``hpl.parquet`` is Md. Errors of 0.0 in ``pun.parquet``
    stand for blanks, and are missing; so is Md 0.00 in NonLinLoc's ``hpl.parquet``. The column ``probability`` of
    ``dat.parquet`` holds 1.0 throughout, and says nothing.

    Raises
    ------
    SourceError
        If it cannot be read.
    """
    try:
        rows = pq.read_table(found.path).to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceError(f"{found.path} cannot be read as parquet: {' '.join(str(error).split())[:200]}.") from error
    take = _TAKERS[found.format]
    for number, row in enumerate(rows, start=1):
        try:
            take(row, number, found)
        except (UnreadLineError, ValueError, TypeError, OverflowError, AttributeError) as error:
            found.leave_unread(number, str(row)[:1000], f"the row cannot be read ({error})")
    if found.format == "txt.parquet":
        without_repeated_errors(found)


def _take_pick(row: Mapping[str, Any], number: int, found: CatalogText) -> None:
    station = str(row["station"]).strip(".")
    phase = str(row["phase"])
    if not station.isalnum() or phase not in ("P", "S"):
        raise UnreadLineError(f"station {row['station']!r} and phase {phase!r} are not a code and P or S")
    pick = PickRecord(
        found.format,
        found.file,
        number,
        station,
        phase,
        _time_ns(row["time"]),
        key=_key(row["index"]),
        weight_class=_weight_class(row["WEIGHT"]),
    )
    found.picks.append(pick)
    found.kinds["pick"] += 1


def _take_hpl(row: Mapping[str, Any], number: int, found: CatalogText) -> None:
    method = "nonlinloc" if "nll" in found.path.name.lower() else "hypo71"
    md = _number(row["ML"])
    _add(
        row,
        number,
        found,
        key=_key(row["idx"]),
        md=_NAN if md == 0 and method == "nonlinloc" else md,
        n_arrivals=_whole(row.get("number_picks")),
        location_method=method,
    )


def _take_pun(row: Mapping[str, Any], number: int, found: CatalogText) -> None:
    erh_km, erz_km = _number(row.get("max_horizontal_uncertainty")), _number(row.get("vertical_uncertainty"))
    _add(
        row,
        number,
        found,
        md=_number(row["MD"]),
        erh_km=erh_km or _NAN,
        erz_km=erz_km or _NAN,
        rms_s=_number(row["RMS"]),
        nearest_station_km=_number(row.get("DMIN")),
        n_arrivals=_whole(row.get("number_picks")),
        quality=_text(row["QM"]),
        location_method="hypo71",
    )


def _take_txt(row: Mapping[str, Any], number: int, found: CatalogText) -> None:
    place, region, note = place_of(_text(row["LOC_NAME"]))
    _add(
        row,
        number,
        found,
        key=_key(row["idx"]) if row.get("idx") is not None else "",
        ml=_number(row["MD"]),
        md=_number(row["ML"]),
        rms_s=_number(row.get("weight")),
        place=place,
        region=region,
        note=note,
        event_type=_text(row["E_TYPE"]).strip("[] "),
    )


def _add(row: Mapping[str, Any], number: int, found: CatalogText, **more: Any) -> None:
    latitude_deg, longitude_deg = _number(row["latitude"]), _number(row["longitude"])
    if abs(latitude_deg) > 90 or abs(longitude_deg) > 180:
        raise UnreadLineError(f"latitude {latitude_deg:g} and longitude {longitude_deg:g} are no place")
    errors = {
        "erh_km": _number(row.get("max_horizontal_uncertainty")),
        "erz_km": _number(row.get("vertical_uncertainty")),
    }
    event = EventRecord(
        found.format,
        found.file,
        number,
        _time_ns(row["time"]),
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        depth_km=_number(row["depth"]),
        gap_deg=_number(row.get("azimuthal_gap")),
        **{**errors, **more},
    )
    found.events.append(event)
    found.kinds["event"] += 1


def _number(value: Any) -> float:
    text = str(value).strip()
    found = _NAN if value is None or not text or isinstance(value, bool) else float(text)
    if math.isinf(found):
        raise UnreadLineError(f"a number is {found:g}")
    return found


def _text(value: Any) -> str:
    """A text; empty where there is none, which a column without any text says by NaN."""
    return "" if value is None or value != value else str(value).strip()


def _whole(value: Any) -> int | None:
    found = _number(value)
    if math.isnan(found):
        return None
    if found != int(found) or not 0 <= found < _MOST:
        raise UnreadLineError(f"a count is {found:g}")
    return int(found)


def _weight_class(value: Any) -> int | None:
    found = _whole(value)
    if found is not None and found > _LAST_CLASS:
        raise UnreadLineError(f"the weight is {found}; expected 0 to {_LAST_CLASS}")
    return found


def _key(value: Any) -> str:
    year, number = divmod(int(value), 1_000_000)
    possible_year(year)
    return f"{year}_{number:05d}"


def _time_ns(value: Any) -> int:
    import pandas as pd

    time = pd.Timestamp(value)
    if time is pd.NaT:
        raise UnreadLineError("it has no time")
    possible_year(time.year)
    time = time if time.tz is None else time.tz_convert("UTC")
    return int(time.tz_localize(None).as_unit("ns").value)


_TAKERS: Mapping[str, Callable[[Mapping[str, Any], int, CatalogText], None]] = {
    "dat.parquet": _take_pick,
    "hpl.parquet": _take_hpl,
    "pun.parquet": _take_pun,
    "txt.parquet": _take_txt,
}
