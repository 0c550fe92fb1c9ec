"""Tables of a catalogue on disk, both or none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import pandas as pd

from workbench.errors import SourceError

__all__ = ["write_tables"]


def write_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    """Parquet files of the given names; all are complete on disk before the first takes its place.

    Parameters
    ----------
    tables
        By file name without ending.
    folder
        Made if it is not there.

    Raises
    ------
    SourceError
        If the folder cannot be made or written; nothing half written is left.
    """
    half_written = {name: folder / f".{uuid4().hex}.parquet" for name in tables}
    files = [folder / f"{name}.parquet" for name in tables]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            table.to_parquet(half_written[name], index=False)
        for part, file in zip(half_written.values(), files, strict=True):
            part.replace(file)
    except OSError as error:
        raise SourceError(f"The tables could not be written to {str(folder)!r}: {error}.") from error
    finally:
        for part in half_written.values():
            if part.parent.is_dir():
                part.unlink(missing_ok=True)
    return files
