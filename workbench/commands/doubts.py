"""``workbench doubts``: the labels and picks of a source that are most likely wrong, the most doubtful first."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.commands.progress import progress_bar
from workbench.commands.table import print_table, write_table
from workbench.errors import SchemaError, SourceError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["doubts"]

_SHOWN = 15


@click.command()
@click.argument("place", metavar="SOURCE")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="doubts.csv or doubts.parquet.")
@click.option(
    "--picker",
    "asked",
    multiple=True,
    metavar="NAME[/WEIGHTS]",
    help="Asked about every onset; give several. Default: xiaonet.",
)
@click.option("--source", "kind", help="Kind of source, where it is not recognised: see `workbench list sources`.")
@click.option(
    "--weight", "given", multiple=True, metavar="REASON=WEIGHT", help="How much a reason counts, 0 to 1; 0: never."
)
@click.option(
    "--labelled/--unlabelled",
    default=None,
    help="Whether an onset that pickers see and nobody labelled is an error. Default: if the source has labels.",
)
@click.option("--shifts/--no-shifts", default=True, help="Also run the first picker with its windows moved.")
@click.option("--resume", type=click.Path(path_type=Path), help="File in which what was found is kept as it comes.")
def doubts(
    place: str,
    output: Path,
    asked: tuple[str, ...],
    kind: str | None,
    given: tuple[str, ...],
    labelled: bool | None,
    shifts: bool,
    resume: Path | None,
) -> None:
    """Order the onsets of SOURCE by how likely they are wrong, with the reasons in words.

    Each recording is picked and its labels are set against the picks, the distance, the neighbours and the signal. What
    was found is kept as it comes beside the output (or in --resume), so that a run that was stopped goes on where it
    was. A recording that fails is said on stderr, and the exit code is then 1.
    """
    from workbench.labels.doubt.finding import KeptDoubts, find_doubts, is_labelled
    from workbench.labels.doubt.ranking import check_weights, rank
    from workbench.sources import open_source

    if output.suffix not in (".csv", ".parquet"):
        raise SchemaError(f"Doubts are written as .csv or .parquet; this is {output.name}.")
    weights = check_weights(dict(_weight(text) for text in given))
    pickers = [(name, of) for name, _, of in (text.partition("/") for text in asked or ("xiaonet",))]
    source = open_source(place, kind)
    with progress_bar(f"List {source.title}") as report:
        ids = list(source.scan(report)["recording_id"])
    if not ids:
        raise SourceError(f"{source.location} holds no recording.")
    if labelled is None:
        labelled = is_labelled(source, ids)
    kept_in = resume or output.with_name(f"{output.stem}.found.jsonl")
    place_of = f"{source.kind}:{source.location}"
    kept = KeptDoubts(kept_in, pickers, of=place_of, labelled=labelled, shifts=shifts)
    with progress_bar("Look for doubts") as report:
        find_doubts(source, ids, pickers, kept, labelled=labelled, shifts=shifts, report=report)
    for name, reason in kept.failures.items():
        click.echo(f"Failed: {name}: {' '.join(reason.split())}", err=True)
    if len(kept.failures) == len(ids):
        raise SourceError(f"None of the {len(ids)} recordings of {place} could be looked at.")
    queue = rank(kept.table(ids), weights)
    write_table(queue, output)
    _print(queue)
    click.echo(f"{len(queue)} doubted onsets in {len(ids) - len(kept.failures)} recordings: {output}", err=True)
    if kept.failures:
        sys.exit(1)


def _weight(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise SchemaError(f"A weight is written as REASON=WEIGHT, such as missed=0.3; this is {text!r}.") from None


def _print(queue: pd.DataFrame) -> None:
    rows = [
        (f"{row.doubt:.2f}", row.phase, row.station, row.recording_id, row.words)
        for row in queue.head(_SHOWN).itertuples()
    ]
    print_table(("doubt", "phase", "station", "recording", "why"), rows)
