"""Onsets in a QuakeMigrate ``.picks`` file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from workbench.errors import SourceError

__all__ = ["read_quakemigrate_picks"]

_COLUMNS = ("Station", "Phase", "PickTime", "PickError")


def read_quakemigrate_picks(path: Path) -> pd.DataFrame:
    """Columns ``code`` (of the station, without network), ``phase``, ``time`` and ``uncertainty_s``, sorted by time.

    Rows in which the program found no onset (-1) are left out.

    Raises
    ------
    SourceError
        If it cannot be read, or has other columns.
    """
    try:
        table = pd.read_csv(path, dtype=str, skipinitialspace=True)
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be read as a table of picks: {error}.") from error
    if missing := [name for name in _COLUMNS if name not in table]:
        raise SourceError(f"{path} is no QuakeMigrate pick file: it lacks the columns {missing}.")
    found = table[table["PickTime"] != "-1"]
    picks = pd.DataFrame(
        {
            "code": found["Station"],
            "phase": found["Phase"],
            "time": pd.to_datetime(found["PickTime"], format="ISO8601", utc=True).dt.tz_localize(None),
            "uncertainty_s": found["PickError"].astype(float),
        }
    )
    return picks.astype({"time": "datetime64[ns]"}).sort_values("time", ignore_index=True)
