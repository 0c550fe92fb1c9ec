"""The table of labels as a CSV file, with exact times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from workbench.errors import SchemaError
from workbench.schema import check_labels

__all__ = ["check_exportable", "iso_utc", "iso_utc_ns", "write_label_table"]


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
