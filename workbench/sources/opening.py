"""Opening and listing a source in one step: what runs in the background when a user names a place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from workbench.schema import Report, silent
from workbench.sources import SOURCES, open_source
from workbench.sources.base import Source

__all__ = ["download_and_scan", "open_and_scan"]


def open_and_scan(
    place: str, kind: str | None = None, roots: Sequence[Path] | None = None, report: Report = silent
) -> tuple[Source, pd.DataFrame, pd.Index]:
    """The source at a place, the table of its recordings, and an index of their ids that is ready to be asked.

    Raises
    ------
    UnknownNameError
        If there is no such kind.
    SourceError
        If it cannot be opened or listed.
    """
    report(0.0, "looking at the place")
    return _scanned(open_source(place, kind, roots=roots), report)


def download_and_scan(name: str, report: Report = silent) -> tuple[Source, pd.DataFrame, pd.Index]:
    """A dataset that SeisBench names, as :func:`open_and_scan` gives it; fetched first where it is not here.

    Raises
    ------
    SourceError
        If there is no such dataset, or it cannot be fetched or listed.
    """
    source = SOURCES["seisbench"](name=name)
    if not source.is_here:
        source.download(report)
    return _scanned(source, report)


def _scanned(source: Source, report: Report) -> tuple[Source, pd.DataFrame, pd.Index]:
    table = source.scan(report)
    index = pd.Index(table["recording_id"])
    # The first question builds a hash table, which takes a second for a million ids: here it holds up no page.
    index.get_indexer(index[:1])
    return source, table, index
