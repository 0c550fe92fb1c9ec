"""``workbench serve | pick | explain | clean | export | list``: thin commands over the rooms.

Exit codes: 0 all went well; 1 some recordings failed, and the output holds the rest; 2 bad input, one line on stderr,
nothing written. Results go to files or stdout, progress and remarks to stderr.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from workbench import __version__
from workbench.commands.agreement import agreement
from workbench.commands.catalog import catalog
from workbench.commands.cleaning import clean
from workbench.commands.doubts import doubts
from workbench.commands.explain import explain
from workbench.commands.export_diff import export_diff
from workbench.commands.exporting import export
from workbench.commands.listing import REMARKS_SHOWN, list_recordings
from workbench.commands.login import login
from workbench.commands.progress import progress_bar as _progress
from workbench.commands.serving import guests, secret_of, serve_options, served
from workbench.commands.table import print_table
from workbench.commands.training import benchmark, onnx, train
from workbench.errors import PickerError, WorkbenchError
from workbench.settings import Secret

__all__ = ["cli", "main"]

_REASONS_SHOWN = 5

_ROOMS = {"explainers": "explain"}
"""Kinds of components whose room is named otherwise."""


class OneLineError(click.ClickException):
    """Bad input, said in one line on stderr."""

    exit_code = 2

    def __init__(self, text: str) -> None:
        super().__init__(" ".join(text.split()))


class WorkbenchGroup(click.Group):
    """Commands whose every :class:`WorkbenchError` and every mistake in their options ends as one line and code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """What the command returns."""
        try:
            return super().invoke(ctx)
        except WorkbenchError as error:
            raise OneLineError(str(error)) from error
        except click.UsageError as error:
            command = (error.ctx or ctx).command_path
            raise OneLineError(f"{error.format_message()} See: {command} --help") from error


@click.group(cls=WorkbenchGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="seismic-workbench")
def cli() -> None:
    """Inspect seismic recordings, pick phases, and keep corrections as labels."""


for command in (agreement, benchmark, catalog, clean, doubts, explain, export, export_diff, login, onnx, train):
    cli.add_command(command)


def main() -> None:
    """Run the command line: the entry point ``workbench``."""
    if not sys.warnoptions:
        # Remarks of libraries to their programmers would bury the one line that the user needs.
        warnings.simplefilter("ignore")
    # Threads that wait for each other by spinning starve each other as soon as another program runs: measured on two
    # processors with one busy, PhaseNet forward and back takes 1,750 ms so, and 40 ms where they sleep.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    cli()


@cli.command()
@serve_options
def serve(
    sources: tuple[str, ...],
    waveforms: str | None,
    labels: str | None,
    port: int | None,
    analyst: str | None,
    **given: Any,
) -> None:
    """Serve the apps and print their address: to this computer or, with --login, to a group.

    With --source PATH, pages open nothing outside that folder, and that of --waveforms; with --login, nothing but the
    sources named, the examples and what is made.
    """
    from apps.group import Group
    from apps.serve import Door
    from apps.serve import serve as serve_apps
    from workbench.labels.journal import Journal
    from workbench.settings import load_settings
    from workbench.sources import open_source

    who = guests(**given)
    if analyst and who.asks:
        raise click.UsageError("--analyst is about one person; whoever logs in decides by the login's name.")
    if analyst:
        # The pages of this process read their settings where any other process would.
        os.environ["WORKBENCH_ANALYST"] = analyst
    settings = load_settings(labels=labels)
    places, roots = served(sources, waveforms, limited=who.asks)
    for place in places if sources else ():
        open_source(place, roots=None if place.startswith("fdsn:") else roots)
    with Journal(settings.labels_url, settings.analyst, or_read_only=True) as journal:
        if not journal.writable:
            click.echo(f"Note: {journal.read_only_words}", err=True)
    for remark in who.remarks:
        click.echo(f"Note: {remark}", err=True)
    group = Group(who.logins, who.oauth, who.allowed, who.read_only, who.all_read_only, places if who.asks else None)
    door = Door(who.address, port, who.origins, who.prefix, secret_of() if who.asks else Secret(""))
    serve_apps(places[0], settings.labels_url, door=door, group=group, roots=roots)


@cli.command()
@click.argument("path")
@click.option("--picker", default="", help="Its name: see `workbench list pickers`. A stream's default: xiaonet.")
@click.option("--weights", default="", help="Their name: see `workbench list weights`; or a path to a weights file.")
@click.option(
    "--fetch", is_flag=True, help="Get the weights and the dataset named from SeisBench, if not on this computer."
)
@click.option("--p-threshold", type=float, help="In the picker's unit. Default: that of the weights.")
@click.option("--s-threshold", type=float, help="In the picker's unit. Default: that of the weights.")
@click.option(
    "--mode",
    type=click.Choice(["exact", "fast", "draft"]),
    default="exact",
    help="exact: SeisBench's picks. fast: bfloat16 where that is faster, 87 to 93 % of them within one sample. "
    "draft: only where XiaoNet sees an onset, 96 to 100 % of them. README: `How fast`.",
)
@click.option("--source", "kind", help="Kind of source, where it is not recognised: see `workbench list sources`.")
@click.option(
    "--output", type=click.Path(path_type=Path), help="picks.csv, .parquet or .xml (QuakeML); a stream: .jsonl."
)
@click.option(
    "--stream", is_flag=True, help="Pick as samples arrive: PATH is played again, or seedlink://HOST/NET.STA.LOC.CHA."
)
@click.option("--kernel", help="Pick a folder in station days, on this place: see `workbench list kernels`.")
@click.option("--workers", type=click.IntRange(1, 256), help="Of that kernel, side by side. Default: 1.")
@click.option(
    "--speed", type=click.FloatRange(min=0), default=0.0, help="Of a replay, times real time; 0: as fast as possible."
)
def pick(
    path: str,
    picker: str,
    weights: str,
    fetch: bool,
    p_threshold: float | None,
    s_threshold: float | None,
    mode: str,
    kind: str | None,
    output: Path | None,
    stream: bool,
    kernel: str | None,
    workers: int | None,
    speed: float,
) -> None:
    """Run a picker over every recording of PATH: a file, a folder, 'examples', 'synthetic', or 'seisbench:NAME'.

    With --kernel or --workers, PATH is a folder of waveforms and --output a folder: each station day is picked by
    itself, is on disk when it is done, and is not done again when the same command is given again.

    A recording that fails is said on stderr and the rest goes on; the exit code is then 1. If all fail, nothing is
    written and it is 2.
    """
    if stream:
        from workbench.commands.stream import pick_stream

        if mode != "exact":
            raise click.UsageError("A stream is picked as it is: --mode is for files.")
        limits = {"P": p_threshold, "S": s_threshold}
        pick_stream(path, picker or "xiaonet", weights, limits, kind=kind, speed=speed, output=output)
        return
    if not picker or output is None:
        raise click.UsageError(f"Missing option '{'--output' if picker else '--picker'}'.")
    limits = {"P": p_threshold, "S": s_threshold}
    if kernel or workers:
        _pick_in_days(path, picker, weights, fetch, limits, mode, kernel, workers, output)
        return
    _pick_recordings(path, picker, weights, fetch, limits, mode=mode, kind=kind, output=output)


def _pick_recordings(
    path: str,
    picker: str,
    weights: str,
    fetch: bool,
    limits: Mapping[str, float | None],
    *,
    mode: str,
    kind: str | None,
    output: Path,
) -> None:
    from workbench.exporters.pick_files import check_pick_file, write_picks
    from workbench.inference.bulk_picking import family_thresholds, pick_source
    from workbench.pickers import open_picker
    from workbench.sources import open_source

    check_pick_file(output)
    source: Any = open_source(path, kind)
    is_away = not getattr(source, "is_here", True)
    if fetch and (weights or not is_away):
        _fetch(picker, weights)
    card = open_picker(picker, weights).card
    thresholds = family_thresholds(card, limits["P"], limits["S"])
    if fetch and is_away:
        with _progress(f"Fetch {source.title}") as report:
            source.download(report)
    table = list_recordings(source)
    with _progress(f"{card.title} {card.weights}".strip()) as report:
        found = pick_source(
            source, table["recording_id"], picker, weights, thresholds=thresholds, mode=mode, report=report
        )
    _say_remarks(found.notices)
    for runtime, n_recordings in found.runtimes.items():
        click.echo(f"{card.title} ran in {runtime} ({n_recordings} recordings).", err=True)
    n_failed, n_good = len(found.failures), len(table) - len(found.failures)
    if not n_good:
        raise WorkbenchError(_none_picked(path, found.failures))
    for name, reason in found.failures.items():
        click.echo(f"Failed: {name}: {' '.join(reason.split())}", err=True)
    write_picks(found.picks, output)
    click.echo(f"{len(found.picks)} picks in {n_good} of {len(table)} recordings: {output}", err=True)
    if n_failed:
        sys.exit(1)


def _pick_in_days(
    path: str,
    picker: str,
    weights: str,
    fetch: bool,
    limits: Mapping[str, float | None],
    mode: str,
    kernel: str | None,
    workers: int | None,
    output: Path,
) -> None:
    from workbench.commands.folder import pick_folder
    from workbench.inference.bulk_picking import family_thresholds
    from workbench.pickers import open_picker

    if fetch:
        _fetch(picker, weights)
    thresholds = family_thresholds(open_picker(picker, weights).card, limits["P"], limits["S"])
    pick_folder(
        path,
        picker,
        weights,
        thresholds,
        mode=mode,
        kernel=kernel or "process",
        n_workers=workers or 1,
        output=output,
    )


def _fetch(picker: str, weights: str) -> None:
    from workbench.pickers.weights import fetch_weights, list_weights

    if not weights:
        raise PickerError(
            f"Name the weights of {picker} to fetch: --weights NAME (see `workbench list weights --remote`)."
        )
    if weights not in {found.name for found in list_weights(picker)}:
        with _progress(f"Fetch {picker} {weights}") as report:
            fetch_weights(picker, weights, report)


def _none_picked(path: str, failures: Mapping[str, str]) -> str:
    """Why nothing could be picked: each reason once, the most frequent first, with how many recordings it is of."""
    if len(failures) == 1:
        name, reason = next(iter(failures.items()))
        return f"{name}: {reason}"
    alike: dict[str, list[tuple[str, str]]] = {}
    for name, reason in failures.items():
        alike.setdefault(" ".join(reason.replace(name, "").split()), []).append((name, reason))
    groups = sorted(alike.values(), key=len, reverse=True)
    said = [f"{len(group)}, such as {group[0][0]}: {group[0][1]}" for group in groups[:_REASONS_SHOWN]]
    more = f" {len(groups) - _REASONS_SHOWN} other reasons are left out." if len(groups) > _REASONS_SHOWN else ""
    return f"None of the {len(failures)} recordings of {path} could be picked. {' '.join(said)}{more}"


@cli.command("list")
@click.argument("what", type=click.Choice(["pickers", "weights", "sources", "exporters", "explainers", "kernels"]))
@click.option("--remote", is_flag=True, help="Ask SeisBench's repository for weights, too.")
def list_components(what: str, remote: bool) -> None:
    """List what can be used here and, where something cannot, why and what to do."""
    if what == "weights":
        print_table(("picker", "weights", "where", "note"), _weights_rows(remote))
        return
    if what == "kernels":
        print_table(("kernel", "available", "what it is; why not, and what to do"), _kernel_rows())
        return
    module = import_module(f"workbench.{_ROOMS.get(what, what)}")
    registry = getattr(module, what.upper())
    rows = []
    for name in registry:
        found = registry.availability(name)
        rows.append((name, "yes" if found.ok else "no", " ".join(f"{found.reason} {found.remedy}".split())))
    print_table((what[:-1], "available", "why not, and what to do"), rows)


def _kernel_rows() -> list[tuple[str, ...]]:
    from workbench.compute.places import list_places
    from workbench.settings import load_settings

    return [
        (
            place.name,
            "yes" if place.availability.ok else "no",
            " ".join(f"{place.title}. {place.availability.reason} {place.availability.remedy}".split()),
        )
        for place in list_places(load_settings()).values()
    ]


def _weights_rows(remote: bool) -> list[tuple[str, ...]]:
    from workbench.pickers import PICKERS
    from workbench.pickers.weights import list_weights

    return [
        (found.picker, found.name, found.place, found.note)
        for name in PICKERS
        for found in list_weights(name, remote=remote)
    ]


def _say_remarks(notices: Mapping[str, list[str]]) -> None:
    lines = [f"{name}: {sentence}" for name, sentences in notices.items() for sentence in sentences]
    for line in lines[:REMARKS_SHOWN]:
        click.echo(line, err=True)
    if len(lines) > REMARKS_SHOWN:
        click.echo(f"... and {len(lines) - REMARKS_SHOWN} remarks more.", err=True)
