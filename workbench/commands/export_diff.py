"""``workbench export-diff``: two exports, or two positions of a journal, compared in plain words."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.commands.exporting import existing_journal
from workbench.commands.labels_option import labels_option
from workbench.commands.table import write_table
from workbench.errors import SchemaError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.exporters.manifest import Manifest
    from workbench.labels.journal import Journal
    from workbench.schema import JournalPosition

__all__ = ["export_diff"]


@dataclass(frozen=True, eq=False)
class _Side:
    """One of the two that are compared."""

    words: str
    labels: pd.DataFrame
    position: JournalPosition
    manifest: Manifest | None = None


@click.command("export-diff")
@click.argument("before")
@click.argument("after")
@labels_option
@click.option("--output", type=click.Path(path_type=Path), help="Every change, one a row: changes.csv or .parquet.")
def export_diff(before: str, after: str, labels: str | None, output: Path | None) -> None:
    """Say in plain words what changed from BEFORE to AFTER.

    Each is the folder of an export, or the number of an entry: the labels of the journal as they stood after it. Of two
    exports --labels names the journal that tells who took a label away.
    """
    from workbench.exporters.difference import compare_labels

    if output is not None and output.suffix not in (".csv", ".parquet"):
        raise SchemaError(f"Changes are written as .csv or .parquet; this is {output.name}.")
    with ExitStack() as stack:
        needed = labels is not None or any(_is_entry(side) for side in (before, after))
        journal = stack.enter_context(existing_journal(labels)) if needed else None
        sides = [_side(text, journal) for text in (before, after)]
        entries = _entries_between(journal, sides)
    found = compare_labels(sides[0].labels, sides[1].labels, entries)
    click.echo(f"From {sides[0].words} to {sides[1].words}:")
    for sentence in [*found.in_words(), *_not_alike(*sides)]:
        click.echo(sentence)
    if output is not None:
        write_table(found.table, output)
        click.echo(f"{len(found.table)} changes: {output}", err=True)


def _is_entry(text: str) -> bool:
    return text.isdecimal() and not Path(text).exists()


def _side(text: str, journal: Journal | None) -> _Side:
    from workbench.exporters.exported import read_exported
    from workbench.exporters.manifest import read_manifest
    from workbench.schema import JournalPosition

    if journal is not None and _is_entry(text):
        position = journal.position(int(text))
        return _Side(f"entry {position.entry}", journal.labels(at=position.entry), position)
    manifest = read_manifest(Path(text))
    at = f", entry {manifest.entry}" if manifest.entry is not None else ""
    words = f"{Path(text).name} ({manifest.exporter}{at})"
    return _Side(words, read_exported(Path(text)), JournalPosition(manifest.journal, manifest.entry or 0), manifest)


def _entries_between(journal: Journal | None, sides: list[_Side]) -> pd.DataFrame | None:
    """The rows that made the difference; None where the journal at hand is not that of both sides."""
    if journal is None or {side.position.journal for side in sides} != {journal.position().journal}:
        return None
    first, last = sorted(side.position.entry for side in sides)
    rows = journal.since(first)
    return rows[(rows["entry"] <= last) & (rows["label_id"] != "")]


def _not_alike(before: _Side, after: _Side) -> list[str]:
    """What else may have made the difference: another journal, source, format or setting."""
    said = []
    if before.position.journal != after.position.journal:
        said.append("The two are of different journals.")
    one, other = before.manifest, after.manifest
    if one is not None and other is not None:
        if one.source != other.source:
            said.append(f"The two are of different sources: {one.source} and {other.source}.")
        if (one.exporter, one.settings) != (other.exporter, other.settings):
            said.append("The two are of different formats or settings: what one leaves out the other may hold.")
    return said
