"""The labels of an export, read back from its folder."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from workbench.errors import SourceError
from workbench.exporters.base import LABEL_TABLE
from workbench.exporters.tables import PARQUET_TABLE
from workbench.schema import LABEL_COLUMNS

__all__ = ["read_exported"]


def read_exported(folder: Path) -> pd.DataFrame:
    """The labels that an export wrote, in the form of a table of labels; what it left out is absent.

    Raises
    ------
    SourceError
        If the folder holds no table of labels, or one that cannot be read.
    """
    folder = Path(folder)
    try:
        if (folder / PARQUET_TABLE).is_file():
            table = pd.read_parquet(folder / PARQUET_TABLE)
        else:
            table = pd.read_csv(folder / LABEL_TABLE, dtype=str, keep_default_na=False)
        if "left_out" in table:
            table = table[table["left_out"] == ""]
        return _typed(table[list(LABEL_COLUMNS)]).reset_index(drop=True)
    except (OSError, ValueError, KeyError) as error:
        raise SourceError(f"{folder} holds no labels of an export that can be read: {error}.") from error


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    columns = {}
    for name, kind in LABEL_COLUMNS.items():
        values = table[name]
        if kind == "datetime64[ns]":
            stamps = pd.to_datetime(values, utc=True, format="ISO8601")
            values = stamps.dt.tz_localize(None).astype(kind)
        elif kind == "float64":
            values = pd.to_numeric(values)
        columns[name] = values.astype(kind)
    return pd.DataFrame(columns)
