"""Picks and locations that QuakeMigrate (Winder et al., 2022) writes beside its cut-out waveforms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.errors import SourceError
from workbench.schema import Event
from workbench.sources.paths import open_refusal
from workbench.sources.waveforms_events import CatalogEvent

__all__ = ["read_quakemigrate"]

_NONE = "-1"


def read_quakemigrate(path: Path) -> CatalogEvent:
    """The event of a file ``UID.event`` with the automatic picks of ``UID.picks`` beside it, where there is one.

    Raises
    ------
    SourceError
        If a column is missing or holds something else than it should.
    """
    try:
        event = _event(_table(path).iloc[0].to_dict())
        beside = path.with_suffix(".picks")
        picks = tuple(_picks(_table(beside))) if beside.is_file() and not open_refusal(beside) else ()
    except (KeyError, ValueError, IndexError, OSError) as error:
        reason = f"no column {error}" if isinstance(error, KeyError) else str(error)
        raise SourceError(f"is no file of QuakeMigrate that can be read ({reason})") from error
    return CatalogEvent(event, picks, path.stem)


def _table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _time(text: str) -> pd.Timestamp:
    return pd.Timestamp(text).tz_localize(None)


def _event(row: Mapping[str, Any]) -> Event:
    return Event(
        event_id=f"quakemigrate/{row['EventID']}",
        time=_time(row["DT"]),
        latitude_deg=float(row["Y"]),
        longitude_deg=float(row["X"]),
        depth_km=float(row["Z"]),
        magnitude=float(row.get("ML") or "nan"),
        magnitude_type="ML" if row.get("ML") else "",
    )


def _picks(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in table.to_dict("records"):
        if row["PickTime"] != _NONE:
            yield {
                "station": f".{row['Station']}.",
                "phase": str(row["Phase"]),
                "time": _time(str(row["PickTime"])),
                "uncertainty_s": float(row["PickError"]),
            }
