"""``workbench clean``: which traces of a source can be trained on, and why the others cannot."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.commands.progress import progress_bar
from workbench.commands.table import print_table, write_table
from workbench.errors import SchemaError, SourceError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.sources.base import Source
    from workbench.sources.cleaning import Cleaned

__all__ = ["clean"]

_SHOWN = 20
_FORMATS = ("parquet", "csv")
_ROLES = ("train", "validation", "test")


@click.command()
@click.argument("source")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Folder; made if it is not there.")
@click.option("--source", "kind", help="Kind of source, where it is not recognised: see `workbench list sources`.")
@click.option("--format", "formats", type=click.Choice(_FORMATS), multiple=True, help="Of the tables. Default: both.")
@click.option(
    "--split",
    "shares",
    metavar="A,B,C",
    help="Also write split.json, for training: shares of events that train, validate and test, as 0.8,0.1,0.1.",
)
@click.option("--headers-only", is_flag=True, help="Read no waveform: finds no clipped, dead and doubled traces.")
@click.option(
    "--need",
    multiple=True,
    metavar="NAME",
    help="station, place, start, rate, onset, origin, magnitude, or 'nothing'. Default: all that the source knows of "
    "any trace, but magnitudes.",
)
@click.option("--least-snr-db", type=float, help="Default: 0.")
@click.option("--most-distance-km", type=float, help="Default: half the way around the Earth.")
@click.option("--least-magnitude", type=float, help="Default: -3.")
@click.option("--most-magnitude", type=float, help="Default: 9.9.")
@click.option("--most-clipped", type=click.IntRange(0), help="Samples at the largest value. Default: 5.")
@click.option("--most-flat", type=click.FloatRange(0, 1), help="Share that is missing or stands still. Default: 0.5.")
def clean(
    source: str,
    output: Path,
    kind: str | None,
    formats: tuple[str, ...],
    shares: str | None,
    headers_only: bool,
    need: tuple[str, ...],
    **limits: float | None,
) -> None:
    """Sort the traces of SOURCE into those that can be trained on and those that cannot, with every reason.

    Writes kept and dropped (one row per dropped trace and reason, with figure and limit) as parquet and CSV, and
    events.csv: how many events have at least 1, 3, 5 and 8 stations, before and after. Prints traces by reason.
    """
    from workbench.sources import open_source
    from workbench.sources.cleaning import clean_source
    from workbench.sources.cleaning_rules import Limits

    _check_folder(output)
    given = {name: value for name, value in limits.items() if value is not None}
    if "nothing" in need and len(need) > 1:
        raise SchemaError(f"--need nothing stands alone; it came with {', '.join(need)}.")
    needs = None if not need else () if need == ("nothing",) else need
    chosen = Limits(need=needs, **given)  # type: ignore[arg-type]
    parts = _parted(shares) if shares else {}
    opened = open_source(source, kind)
    with progress_bar(f"Clean {opened.title}") as report:
        cleaned = clean_source(opened, chosen, waveforms=not headers_only, report=report)
    for sentence in cleaned.notices[:_SHOWN]:
        click.echo(f"Note: {sentence}", err=True)
    files = _write(cleaned, output, formats or _FORMATS)
    if parts:
        files.append(_write_split(opened, cleaned, parts, output / "split.json"))
    _print(cleaned)
    for file in files:
        click.echo(str(file), err=True)


def _parted(shares: str) -> dict[str, float]:
    """Shares by role; that they add up is looked at where they are used, but not after an hour of reading."""
    try:
        values = [float(share) for share in shares.split(",")]
    except ValueError:
        values = []
    if len(values) != len(_ROLES) or min(values) < 0 or abs(sum(values) - 1) > 1e-6:
        raise SchemaError(f"--split takes three shares that add up to 1, as 0.8,0.1,0.1; it got {shares!r}.")
    return dict(zip(_ROLES, values, strict=True))


def _write_split(source: Source, cleaned: Cleaned, shares: dict[str, float], path: Path) -> Path:
    from workbench.sources.event_groups import split_by_event, split_of_events
    from workbench.sources.split import write_split

    kept = cleaned.kept
    # Training is told the folder above the source: paths of a split start there.
    split = split_of_events(
        kept, split_by_event(kept, shares), name=source.title, path=Path(source.location).name, kind=source.kind
    )
    return write_split(split, path)


def _check_folder(output: Path) -> None:
    """Nothing, if the folder is there or can be made: looked at before an hour of reading, not after."""
    there = next(path for path in (output, *output.absolute().parents) if path.exists())
    if not there.is_dir():
        raise SourceError(f"{output} cannot be a folder: {there} is a file. Name another.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise SourceError(f"The folder {there} may not be written; choose another.")


def _write(cleaned: Cleaned, folder: Path, formats: tuple[str, ...]) -> list[Path]:
    tables: dict[str, tuple[pd.DataFrame, tuple[str, ...]]] = {
        "kept": (cleaned.kept, formats),
        "dropped": (cleaned.dropped, formats),
        "events": (cleaned.events(), ("csv",)),
    }
    files = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SourceError(f"The folder {folder} could not be made: {error.strerror}.") from error
    for name, (table, endings) in tables.items():
        for ending in endings:
            path = folder / f"{name}.{ending}"
            write_table(table, path)
            files.append(path)
    return files


def _print(cleaned: Cleaned) -> None:
    from workbench.sources.cleaning import REASONS

    counts = cleaned.counts()
    rows = [
        (reason, f"{traces}", f"{only}", REASONS[reason])
        for reason, traces, only in counts.itertuples(index=False, name=None)
    ]
    print_table(("reason", "traces", "for this alone", "what it is"), rows)
    click.echo("")
    shown = cleaned.events()[["at_least", "events", "events_kept"]].astype(str)
    print_table(("stations at least", "events", "events kept"), list(shown.itertuples(index=False, name=None)))
    click.echo("")
    n_dropped = len(cleaned.traces) - len(cleaned.kept)
    click.echo(f"{len(cleaned.kept)} of {len(cleaned.traces)} traces kept, {n_dropped} dropped.")
