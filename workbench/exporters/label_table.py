"""The table of labels as CSV."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from workbench.errors import SchemaError
from workbench.exporters.base import ReadEvent, ReadRecording
from workbench.exporters.target import new_folder
from workbench.schema import Report, check_labels, silent

__all__ = ["CsvExporter", "check_exportable", "iso_utc", "iso_utc_ns", "write_label_table"]


class CsvExporter:
    """``labels.csv``: one row for each decision that stands, rejected onsets included; times are ISO 8601 in UTC."""

    def export(
        self,
        labels: pd.DataFrame,
        recordings: ReadRecording,  # noqa: ARG002 - the table holds no waveforms
        folder: Path,
        report: Report = silent,
        events: ReadEvent | None = None,
    ) -> list[Path]:
        """The file that was written. With `events`, it has a column ``event_id``."""
        check_exportable(labels)
        with new_folder(folder) as place:
            report(0.0, f"{len(labels)} labels")
            if events is not None:
                found = {name: events(name) for name in labels["recording_id"].unique()}
                event_ids = {name: event.event_id if event else "" for name, event in found.items()}
                labels = labels.assign(event_id=labels["recording_id"].map(event_ids))
            write_label_table(labels, place / "labels.csv")
        report(1.0, "labels.csv")
        return [Path(folder) / "labels.csv"]


def check_exportable(labels: pd.DataFrame) -> None:
    """Nothing, if the table is of the agreed form and not empty.

    Raises
    ------
    SchemaError
        If it is not.
    """
    check_labels(labels)
    if labels.empty:
        raise SchemaError("There is no label to export: no decision stands on these recordings.")


def write_label_table(labels: pd.DataFrame, path: Path) -> None:
    """A CSV file of labels, sorted by recording, station and time."""
    table = labels.sort_values(["recording_id", "station", "time", "label_id"], kind="stable")
    times = {name: iso_utc_ns(table[name]) for name in ("time", "decided_at")}
    table.assign(**times).to_csv(path, index=False, encoding="utf-8", errors="replace")


def iso_utc(time: pd.Timestamp | np.datetime64) -> str:
    """A time as ISO 8601 in UTC, to the nanosecond.

    >>> iso_utc(np.datetime64("2009-08-24T00:20:07.7"))
    '2009-08-24T00:20:07.700000000Z'
    """
    return f"{pd.Timestamp(time).as_unit('ns').to_datetime64()}Z"


def iso_utc_ns(times: pd.Series) -> pd.Series:
    """Times as ISO 8601 in UTC, to the nanosecond; an empty string where there is none.

    >>> iso_utc_ns(pd.Series([pd.Timestamp("2009-08-24T00:20:07.7"), pd.NaT])).tolist()
    ['2009-08-24T00:20:07.700000000Z', '']
    """
    stamps = times.astype("datetime64[ns]")
    written = pd.Series(stamps.to_numpy().astype("str"), index=times.index) + "Z"
    return written.where(stamps.notna(), "")
