"""A table of picks as a file: CSV, parquet or QuakeML, by the ending of its name."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd

from workbench.errors import SchemaError, SourceError

__all__ = ["PICK_FILE_COLUMNS", "check_pick_file", "iso_utc", "write_picks"]

PICK_FILE_COLUMNS = ("recording", "station", "phase", "time", "probability", "picker", "weights")
"""Of a CSV or parquet file of picks, in this order."""


def iso_utc(times: pd.Series) -> pd.Series:
    """Times as ISO 8601 in UTC, to the microsecond.

    >>> iso_utc(pd.Series([pd.Timestamp("2009-08-24T00:20:07.700")])).tolist()
    ['2009-08-24T00:20:07.700000Z']
    """
    return times.dt.round("us").dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ").astype("str")


def check_pick_file(path: Path) -> Path:
    """The same path, if a table of picks can be written there.

    Raises
    ------
    SchemaError
        If its ending stands for no format.
    SourceError
        If its folder is not there or cannot be written, or a folder stands in its place.
    """
    if path.suffix.lower() not in _WRITERS:
        raise SchemaError(f"Picks are written as {', '.join(_WRITERS)}; {str(path)!r} ends with none of them.")
    folder = path.parent
    if not folder.is_dir():
        raise SourceError(f"There is no folder {str(folder)!r} to write {path.name!r} in; make it first.")
    if path.is_dir():
        raise SourceError(f"{str(path)!r} is a folder; name a file.")
    if not os.access(folder, os.W_OK):
        raise SourceError(f"The folder {str(folder)!r} may not be written; choose another.")
    return path


def write_picks(picks: pd.DataFrame, path: Path) -> Path:
    """The path, where the picks now stand; what stood there is replaced in one step or, if anything fails, kept.

    Parameters
    ----------
    picks
        Of the form of :func:`workbench.inference.bulk_picking.pick_source`.
    """
    check_pick_file(path)
    half_written = path.with_name(f".{uuid4().hex}{path.suffix.lower()}")
    try:
        _WRITERS[path.suffix.lower()](picks, half_written)
        half_written.replace(path)
    except OSError as error:
        raise SourceError(f"{str(path)!r} could not be written: {error}. Nothing was changed.") from error
    finally:
        half_written.unlink(missing_ok=True)
    return path


def _table(picks: pd.DataFrame) -> pd.DataFrame:
    return picks.assign(time=iso_utc(picks["time"]))[list(PICK_FILE_COLUMNS)]


def _write_csv(picks: pd.DataFrame, path: Path) -> None:
    _table(picks).to_csv(path, index=False)


def _write_parquet(picks: pd.DataFrame, path: Path) -> None:
    _table(picks).to_parquet(path, index=False)


def _write_quakeml(picks: pd.DataFrame, path: Path) -> None:
    from obspy.core.event import Catalog

    events = [_event(str(name), rows) for name, rows in picks.groupby("recording", sort=False)]
    Catalog(events=events).write(str(path), format="QUAKEML")


def _event(recording: str, rows: pd.DataFrame) -> Any:
    """One QuakeML event per recording: QuakeML has no place for picks outside an event."""
    from obspy.core.event import Comment, Event, EventDescription

    event = Event(picks=[_pick(row._asdict()) for row in rows.itertuples(index=False)])
    event.event_descriptions = [EventDescription(text=recording, type="earthquake name")]
    event.comments = [Comment(text="Holds the picks of one recording; no event was located.")]
    return event


def _pick(row: Mapping[str, Any]) -> Any:
    from obspy import UTCDateTime
    from obspy.core.event import Comment, Pick, QuantityError, ResourceIdentifier, WaveformStreamID

    network, station, location = (*str(row["station"]).split("."), "", "")[:3]
    method = "/".join(part for part in (row["picker"], row["weights"]) if part)
    uncertainty_s = row["uncertainty_s"]
    return Pick(
        resource_id=ResourceIdentifier(f"smi:local/pick/{row['pick_id']}"),
        time=UTCDateTime(ns=int(row["time"].value)),
        time_errors=QuantityError() if pd.isna(uncertainty_s) else QuantityError(uncertainty=float(uncertainty_s)),
        waveform_id=WaveformStreamID(network, station, location or None),
        phase_hint=row["phase"],
        polarity=row["polarity"] or None,
        method_id=ResourceIdentifier(f"smi:local/picker/{method}"),
        evaluation_mode="automatic",
        evaluation_status="preliminary",
        comments=[Comment(text=f"probability: {row['probability']:.4f}")],
    )


_WRITERS: Mapping[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".xml": _write_quakeml,
}
