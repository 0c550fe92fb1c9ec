"""Tables: on stdout, for people in a terminal and one row a line in a pipe; and in files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.errors import SourceError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["print_table", "write_table"]


def print_table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows under their headings, aligned in a terminal, separated by tabs elsewhere."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        # A pipe has no width: one row a line, so that it can be searched.
        for row in (headings, *rows):
            click.echo("\t".join(row))
        return
    table = Table(*headings, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as ``.csv`` or ``.parquet``, by the path's ending; the file is whole or not there.

    Raises
    ------
    SourceError
        If it cannot be written.
    """
    writers: dict[str, Callable[..., object]] = {".parquet": table.to_parquet, ".csv": table.to_csv}
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writers[path.suffix](part, index=False)
        part.replace(path)
    except OSError as error:
        raise SourceError(f"{path} could not be written: {error}. Free some space and run again.") from error
    finally:
        part.unlink(missing_ok=True)
