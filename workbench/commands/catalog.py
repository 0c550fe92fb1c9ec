"""``workbench catalog read``: catalogue files as tables of events and picks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

import click

from workbench.commands.progress import progress_bar
from workbench.schema.weights import WeightSchemeName

__all__ = ["catalog"]


@click.group()
def catalog() -> None:
    """Read catalogues of earthquakes."""


@catalog.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Folder; made if it is not there.")
@click.option(
    "--weights",
    type=click.Choice(["none", *get_args(WeightSchemeName)]),
    default="none",
    help="Scheme by which classes of weight become uncertainties in seconds. Default: none, as the files give classes.",
)
def read(paths: tuple[Path, ...], output: Path, weights: str) -> None:
    """Write events.parquet and picks.parquet of PATHS: files or folders of OGS's .dat, .hpl, .pun, .txt, .parquet.

    The files of lines may be packed by gzip.

    Each line that could not be read is said on stderr with its file and number; the exit code is then 1.
    """
    from workbench.catalog.tables import write_tables
    from workbench.sources.ogs.reading import read_catalog
    from workbench.sources.ogs.tables import catalog_tables

    with progress_bar("Read the catalogue") as report:
        texts = read_catalog(paths, report)
        events, picks = catalog_tables(texts, "" if weights == "none" else weights)
    for text in texts:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(text.kinds.items()) if count)
        counts = f"{len(text.events):,} events, {len(text.picks):,} picks"
        click.echo(f"{text.file} ({text.format}): {counts}; lines: {kinds}.", err=True)
        for sentence in text.remarks():
            click.echo(f"Note: {sentence}", err=True)
        for unread in text.unread:
            click.echo(f"Unread: {unread}", err=True)
    for file in write_tables({"events": events, "picks": picks}, output):
        click.echo(str(file))
    if any(text.unread for text in texts):
        sys.exit(1)
