"""One (station, day) shard: picked by one pure function, and on disk under a name that says what it was made from."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd

from workbench import __version__
from workbench.errors import SourceError
from workbench.inference.picking import picks_from
from workbench.inference.run import annotate
from workbench.pickers import open_picker
from workbench.schema import PICK_COLUMNS, Report, silent
from workbench.sources.waveforms_days import StationDay, read_station_day

__all__ = ["MARGIN_S", "pick_shard", "read_shard", "shard_name", "table_hash"]

MARGIN_S = 120.0
"""Read of the day before and after, so that a pick near midnight sees what it would see without the cut."""

_COLUMNS = ("recording", *PICK_COLUMNS, "weights")


def shard_name(shard: StationDay, settings: Mapping[str, Any]) -> str:
    """File name of a shard: station, day, and a hash of its files (name, size, time of change) and the settings.

    Raises
    ------
    SourceError
        If one of its files is gone.
    """
    digest = hashlib.blake2b(digest_size=8)
    digest.update(json.dumps([__version__, MARGIN_S, dict(settings)], sort_keys=True).encode())
    for file in (*shard.files, *shard.station_files):
        try:
            stat = Path(file).stat()
        except OSError as error:
            raise SourceError(f"{file} cannot be read: {error.strerror}.") from error
        digest.update(f"{Path(file).name}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
    return f"{shard.station}_{shard.day}_{digest.hexdigest()}.parquet"


def pick_shard(
    shard: StationDay,
    output: str,
    name: str,
    picker: str,
    weights: str = "",
    thresholds: Mapping[str, float] | None = None,
    mode: str = "exact",
    report: Report = silent,
) -> dict[str, Any]:
    """What one shard gave; its picks are in ``output/name`` when this returns, and not before.

    Parameters
    ----------
    output, name
        Folder, and name by :func:`shard_name`.
    picker, weights, thresholds, mode
        As for :func:`workbench.inference.bulk_picking.pick_source`.

    Returns
    -------
    dict
        ``n_picks`` by phase, ``seconds`` of work, ``waveform_s`` covered, ``notices``.
    """
    began_s = time.monotonic()
    report(0.0, "reading")
    recording = read_station_day(shard, MARGIN_S)
    annotations = annotate(recording, picker, weights, report, mode)
    card = open_picker(picker, weights).card
    picks = picks_from(annotations, card, thresholds)
    day = np.datetime64(shard.day, "ns")
    inside = (picks["time"] >= day) & (picks["time"] < day + np.timedelta64(1, "D"))
    picks = picks[inside].assign(recording=f"{shard.station}_{shard.day}", weights=card.weights)
    picks = picks[list(_COLUMNS)].reset_index(drop=True)
    counts = {str(phase): int(n) for phase, n in picks["phase"].value_counts().items()}
    notices = [line for line in annotations.attrs.get("notices", "").split("\n") if line]
    told = {"n_picks": counts, "seconds": time.monotonic() - began_s, "waveform_s": shard.seconds, "notices": notices}
    _write(picks, Path(output) / name, told)
    return told


def read_shard(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Picks of a shard, and what :func:`pick_shard` said of it.

    Raises
    ------
    SourceError
        If the file is damaged: its content is not what its hash says.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        metadata = json.loads(table.schema.metadata[b"workbench"])
        picks = table.to_pandas()
        whole = table_hash(picks) == metadata["content_hash"]
    except (OSError, KeyError, TypeError, ValueError, pa.ArrowException) as error:
        raise SourceError(f"{path} cannot be read ({type(error).__name__}). Delete it and run again.") from error
    if not whole:
        raise SourceError(f"{path} was changed or damaged after it was written. Delete it and run again.")
    return picks, metadata


def table_hash(picks: pd.DataFrame) -> str:
    """Sixteen hexadecimal digits that stand for the values of a table of picks."""
    columns = {name: picks[name].astype(str) for name in picks}
    rows = pd.util.hash_pandas_object(pd.DataFrame(columns, index=picks.index), index=False)
    return hashlib.blake2b(rows.to_numpy().tobytes(), digest_size=8).hexdigest()


def _write(picks: pd.DataFrame, path: Path, told: Mapping[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(picks, preserve_index=False)
    metadata = {**told, "content_hash": table_hash(picks), "version": __version__, "pid": os.getpid()}
    table = table.replace_schema_metadata(
        {**(table.schema.metadata or {}), b"workbench": json.dumps(metadata).encode()}
    )
    half_written = path.with_name(f".{uuid4().hex}.half")
    try:
        pq.write_table(table, half_written)
        half_written.replace(path)
    except OSError as error:
        raise SourceError(f"{path} could not be written: {error.strerror}.") from error
    finally:
        half_written.unlink(missing_ok=True)
