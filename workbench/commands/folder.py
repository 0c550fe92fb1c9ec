"""``workbench pick FOLDER --kernel NAME --workers N``: a folder in (station, day) shards."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.commands.progress import progress_bar
from workbench.errors import SourceError, WorkbenchError

if TYPE_CHECKING:
    from workbench.catalog.folder import FolderPicks
    from workbench.compute import Backend

__all__ = ["pick_folder"]

_SHOWN = 20


def pick_folder(
    place: str,
    picker: str,
    weights: str,
    thresholds: Mapping[str, float],
    *,
    mode: str = "exact",
    kernel: str,
    n_workers: int,
    output: Path,
) -> None:
    """Pick a folder on a kernel, write ``picks.parquet`` beside the shards, and say what came of it on stderr.

    Exit code 1 if some shards failed.
    """
    from workbench.catalog.folder import pick_days
    from workbench.catalog.shards import MARGIN_S
    from workbench.exporters.pick_files import write_picks
    from workbench.sources.waveforms_days import list_station_days

    if not Path(place).expanduser().exists():
        raise SourceError(f"There is no {place}. A run in shards reads a folder of waveforms; name one.")
    if output.is_file() or output.suffix.lower() in (".csv", ".parquet", ".xml"):
        raise SourceError(f"{output} names a file; a run in station days writes a folder. Name one with --output.")
    # Workers beside each other must not take each other's processors.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // n_workers)))
    with progress_bar(f"List {place}") as report:
        days, notices = list_station_days(place, MARGIN_S, report)
    for sentence in notices[:_SHOWN]:
        click.echo(f"Note: {sentence}", err=True)
    backend = _open(kernel, n_workers)
    shards = output / "shards"
    try:
        with progress_bar(f"{picker} on {kernel}") as report:
            run, picks = pick_days(
                days,
                shards,
                backend,
                n_workers=n_workers,
                picker=picker,
                weights=weights,
                thresholds=thresholds,
                mode=mode,
                report=report,
            )
    finally:
        backend.close()
    for name, reason in run.failures.items():
        click.echo(f"Failed: {name.rpartition('_')[0]}: {' '.join(reason.split())}", err=True)
    if not run.done and not run.found:
        raise WorkbenchError(f"None of the {len(days)} station days of {place} could be picked.")
    file = write_picks(picks, output / "picks.parquet")
    for line in _summary(run, n_workers):
        click.echo(line, err=True)
    click.echo(str(file))
    if run.failures:
        sys.exit(1)


def _open(kernel: str, n_workers: int) -> Backend:
    from workbench.compute.places import list_places, open_place
    from workbench.settings import Secret, load_settings

    settings = load_settings()
    place = list_places(settings).get(kernel)
    token = None
    if place is not None and place.needs_token and sys.stdin.isatty():
        token = Secret(click.prompt(f"Token of {place.title}", hide_input=True, default="", show_default=False))
    return open_place(kernel, settings, n_workers=n_workers, token=token)


def _summary(run: FolderPicks, n_workers: int) -> list[str]:
    counts = ", ".join(f"{n:,} {phase}" for phase, n in sorted(run.counts.items())) or "no picks"
    lines = [
        f"{len(run.done)} station days picked, {len(run.found)} found from an earlier run, {len(run.failures)} failed: "
        f"{counts} in {run.waveform_s / 3600:,.1f} h of waveform."
    ]
    if run.again:
        lines.append(f"{len(run.again)} ran a second time, for their worker was lost.")
    if run.done:
        share = run.work_s / (run.wall_s * n_workers)
        lines.append(f"{run.wall_s:.1f} s, of which {n_workers} workers picked {share:.0%}.")
    if run.notices:
        lines.append(f"Remarks on {len(run.notices)} station days are in the shards.")
    return lines
