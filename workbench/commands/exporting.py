"""``workbench export``: labels of a source as files, also as they stood earlier."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.commands.labels_option import labels_option
from workbench.commands.listing import list_recordings
from workbench.commands.progress import progress_bar
from workbench.errors import LabelStoreError, SchemaError

if TYPE_CHECKING:
    from workbench.labels.journal import Journal

__all__ = ["existing_journal", "export"]


@click.command()
@labels_option
@click.option("--source", "place", required=True, help="The recordings that were labelled.")
@click.option("--format", "name", required=True, help="Its name: see `workbench list exporters`.")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Folder; made if it is not there.")
@click.option(
    "--at",
    type=click.IntRange(min=1),
    metavar="ENTRY",
    help="Labels as they stood after this entry of the journal.",
)
@click.option(
    "--set", "given", multiple=True, metavar="NAME=VALUE", help="A setting of the format, such as weights=nonlinloc."
)
def export(labels: str | None, place: str, name: str, output: Path, at: int | None, given: tuple[str, ...]) -> None:
    """Write the labels of a source's recordings to a folder, with what was left out and why.

    export.json names the journal and its last entry: with --at that entry the same files can be made again.
    """
    from workbench.exporters import EXPORTERS
    from workbench.exporters.manifest import read_manifest
    from workbench.labels.doubles import unsettled
    from workbench.sources import open_source

    exporter = EXPORTERS.create(name, **_given_settings(name, given))
    with existing_journal(labels) as journal:
        source = open_source(place)
        ids = set(list_recordings(source)["recording_id"])
        position = journal.position(at)
        # Up to the entry that was read, so that what others decide meanwhile is not half of it.
        standing = journal.labels(at=position.entry or None)
        where = journal.place
    wanted = standing[standing["recording_id"].isin(ids)].reset_index(drop=True)
    elsewhere = standing["recording_id"].nunique() - wanted["recording_id"].nunique()
    if wanted.empty:
        raise LabelStoreError(f"{where} holds no label of a recording of {place} ({len(standing)} of others).")
    if elsewhere:
        click.echo(f"Left out: labels of {elsewhere} recordings that {place} does not hold.", err=True)
    with progress_bar(f"export as {name}") as report:
        files = exporter.export(
            wanted,
            source.read,
            output,
            report,
            source.event,
            position,
            f"{source.kind}:{source.title}",
            unsettled(wanted),
        )
    manifest = read_manifest(output)
    for sentence in manifest.in_words():
        click.echo(sentence, err=True)
    n_recordings = wanted["recording_id"].nunique()
    counts = f"{manifest.n_written} of {len(wanted)} labels of {n_recordings} recordings"
    click.echo(f"{counts}, as they stood after entry {position.entry}:", err=True)
    for file in files:
        click.echo(str(file))


def existing_journal(labels: str | None) -> Journal:
    """The journal of a URL or of the settings; opening one makes it, and a misspelt path must not."""
    from workbench.labels.journal import Journal
    from workbench.settings import load_settings

    settings = load_settings(labels=labels)
    journal = Journal(settings.labels_url, settings.analyst, or_read_only=True, make=False)
    if not journal.writable:
        click.echo(f"Note: {journal.place} is read-only; it is read as it is.", err=True)
    return journal


def _given_settings(name: str, given: Sequence[str]) -> dict[str, Any]:
    """Keyword arguments of an exporter from ``NAME=VALUE``."""
    from workbench.exporters.settings import read_settings

    pairs = [text.partition("=") for text in given]
    for key, sign, value in pairs:
        if not sign:
            raise SchemaError(f"A setting is written as NAME=VALUE, such as rejected=no; this is {key + value!r}.")
    return read_settings(name, {key: value for key, _, value in pairs})
