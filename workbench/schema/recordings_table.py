"""The table that a source's scan gives: one row per recording, read from headers alone."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from workbench.errors import SchemaError

__all__ = ["RECORDING_COLUMNS", "check_recordings_table"]

RECORDING_COLUMNS: Mapping[str, str] = {
    "recording_id": "str",
    "group": "str",
    "start": "datetime64[ns]",
    "duration_s": "float64",
    "n_stations": "int64",
    "stations": "str",
    "sampling_rate_hz": "float64",
    "category": "str",
    "magnitude": "float64",
    "distance_km": "float64",
    "snr_db": "float64",
}
"""What every source gives; NaT, NaN or an empty string where not known. `stations` holds up to four ``NET.STA.LOC``,
comma-separated, and "…" if there are more. `group` is a heading (a file, an archive's day). More columns may follow."""


def check_recordings_table(table: pd.DataFrame) -> pd.DataFrame:
    """The same table with the agreed dtypes, missing optional columns filled.

    Raises
    ------
    SchemaError
        If recordings have no id, or two have the same.
    """
    if "recording_id" not in table:
        raise SchemaError(f"A table of recordings has a column 'recording_id'; this one has {list(table.columns)}.")
    if table["recording_id"].isna().any() or (table["recording_id"].astype("str") == "").any():
        raise SchemaError("Every recording has an id; some rows have none.")
    repeated = table["recording_id"][table["recording_id"].duplicated()]
    if len(repeated):
        raise SchemaError(f"Two recordings have the same id {repeated.iloc[0]!r} ({len(repeated)} such rows).")
    fill = {"str": "", "float64": float("nan"), "int64": 1, "datetime64[ns]": pd.NaT}
    missing = {name: fill[dtype] for name, dtype in RECORDING_COLUMNS.items() if name not in table}
    table = table.assign(**missing).astype(dict(RECORDING_COLUMNS))
    first = list(RECORDING_COLUMNS)
    return table[first + [name for name in table.columns if name not in RECORDING_COLUMNS]].reset_index(drop=True)
