"""``workbench train``, ``workbench benchmark`` and ``workbench onnx``."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

import click
import numpy as np

from workbench.commands.progress import progress_bar
from workbench.errors import SourceError

__all__ = ["benchmark", "key_and_value", "onnx", "train"]


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option(
    "--data", required=True, type=click.Path(path_type=Path), help="Folder that the split's paths start from."
)
@click.option("--seed", type=int, help="In place of the configuration's.")
@click.option("--results", type=click.Path(path_type=Path), help="In place of the configuration's folder.")
@click.option("--set", "values", multiple=True, metavar="KEY=VALUE", help="In place of the file's: loss.teacher=0.0")
@click.option("--workers", type=click.IntRange(1), default=os.cpu_count(), help="Processes that make lessons.")
def train(
    config: Path, data: Path, seed: int | None, results: Path | None, values: tuple[str, ...], workers: int
) -> None:
    """Train a network as CONFIG (a TOML file) says: a XiaoNet, or with `network` one that sees all stations at once.

    A run that was stopped goes on from its last checkpoint when it is started again.
    """
    from workbench.training.config import read_toml

    named = {"seed": seed, "results": str(results.resolve()) if results else None}
    changes = {name: value for name, value in named.items() if value is not None}
    changes |= dict(map(key_and_value, values))
    if not data.is_dir():
        raise SourceError(f"There is no folder {data}; name with --data the one that the split's paths start from.")
    if "network" in read_toml(config, changes):
        result = _train_graph(config, changes, data)
    else:
        result = _train_xiaonet(config, changes, data, workers)
    for row in result.history:
        click.echo(
            f"epoch {row['epoch'] + 1:.0f}: training {row['train']:.4f}, validation {row['validation_loss']:.4f}",
            err=True,
        )
    click.echo(str(result.weights))


def _train_xiaonet(path: Path, changes: dict[str, Any], data: Path, workers: int) -> Any:
    from workbench.training.config import read_config
    from workbench.training.run import train as run

    read = read_config(path, changes)
    with progress_bar(f"Train XiaoNet {read.size}") as report:
        return run(read, data, report, workers)


def _train_graph(path: Path, changes: dict[str, Any], data: Path) -> Any:
    from workbench.training.graph_config import read_graph_config
    from workbench.training.graph_run import train_graph

    read = read_graph_config(path, changes)
    with progress_bar(f"Train {read.network}") as report:
        return train_graph(read, data, report)


@click.command()
@click.argument("split", type=click.Path(path_type=Path))
@click.option(
    "--data", required=True, type=click.Path(path_type=Path), help="Folder that the split's paths start from."
)
@click.option(
    "--picker",
    "pickers",
    multiple=True,
    required=True,
    metavar="[TITLE=]NAME[/WEIGHTS]",
    help="May be given often; those with the same title are runs of one picker, and their spread is given.",
)
@click.option("--reference", help="Title of a picker: the others are also scored at its false picks an hour.")
@click.option("--role", default="test", help="Of the recordings in SPLIT.")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Table: .csv, or .md for people.")
def benchmark(
    split: Path, data: Path, pickers: tuple[str, ...], reference: str | None, role: str, output: Path
) -> None:
    """Score pickers on the recordings that SPLIT (a JSON file) sets aside, with n and 95 % intervals."""
    from workbench.benchmark.cases import read_cases
    from workbench.benchmark.run import Contender, score_all
    from workbench.benchmark.tables import write_table
    from workbench.sources.split import read_split

    contenders = [Contender(title, *_parted(name)) for title, name in map(_titled, pickers)]
    with progress_bar("Benchmark") as report:
        cases = list(read_cases(read_split(split), data, role, report))
        if not cases:
            raise SourceError(f"{split} has no recordings of the role {role!r} in {data}.")
        table = score_all(contenders, cases, reference, report)
    write_table(table, output)
    click.echo(str(output))


def key_and_value(given: str) -> tuple[str, Any]:
    """Key and value of ``KEY=VALUE``; the value is TOML, or text where it is none."""
    key, equals, text = given.partition("=")
    if not key or not equals:
        raise SourceError(f"--set takes KEY=VALUE, as in --set loss.teacher=0.0; it got {given!r}.")
    try:
        return key, tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return key, text


def _titled(given: str) -> tuple[str, str]:
    """Title and picker; the picker is its own title where none is given."""
    title, equals, name = given.partition("=")
    return (title, name) if equals else (given, given)


def _parted(name: str) -> tuple[str, str]:
    picker, _, weights = name.partition("/")
    return picker, weights


@click.command()
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--weights", default="25k", help="Size of the bundled XiaoNet, or a .safetensors file.")
@click.option("--int8", "calibration", help="Source of recordings that int8 scales are fitted to; float without it.")
def onnx(output: Path, weights: str, calibration: str | None) -> None:
    """Write a XiaoNet as an ONNX file for stations without torch."""
    from workbench.inference.onnx_export import calibration_windows, export_onnx, quantise

    if not calibration:
        click.echo(str(export_onnx(weights, output)))
        return
    from workbench.processing.resampling import resample
    from workbench.sources import open_source

    source = open_source(calibration)
    recordings = [resample(source.read(name), 100.0) for name in source.scan()["recording_id"][:50]]
    recordings = [recording for recording in recordings if set("ZNE") <= set(map(str, recording["component"].values))]
    if not recordings:
        raise SourceError(f"{source.location} holds no recording with the components Z, N and E.")
    whole = output.with_suffix(".float.onnx")
    try:
        windows = calibration_windows(recordings, 100, np.random.default_rng(0))
        click.echo(str(quantise(export_onnx(weights, whole), output, windows)))
    finally:
        whole.unlink(missing_ok=True)
