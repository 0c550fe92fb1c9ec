"""The recordings of a source, for commands that go through all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from workbench.commands.progress import progress_bar
from workbench.errors import SourceError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["REMARKS_SHOWN", "list_recordings"]

REMARKS_SHOWN = 20
"""Of the remarks on a source, as many are said one by one."""


def list_recordings(source: Any) -> pd.DataFrame:
    """The source's table of recordings, with its notices on stderr.

    Raises
    ------
    SourceError
        If it holds none.
    """
    with progress_bar(f"List {source.title}") as report:
        table: pd.DataFrame = source.scan(report)
    for sentence in table.attrs.get("notices", [])[:REMARKS_SHOWN]:
        click.echo(f"Note: {sentence}", err=True)
    if table.empty:
        raise SourceError(f"{source.location} holds no recording.")
    return table
