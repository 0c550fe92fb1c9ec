"""``workbench clean``: what it writes and prints, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from tests.sources.event_files import made_traces, write_stead_events
from workbench.cli import cli
from workbench.sources.cleaning import DROPPED_COLUMNS, read_traces
from workbench.sources.split import read_split
from workbench.training.network_events import events_of_split

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    runner = CliRunner()
    return lambda *arguments: runner.invoke(cli, ["clean", *(str(argument) for argument in arguments)])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Two events of four stations and two traces of noise; one magnitude is wrong, one trace dead."""
    traces = made_traces(2, 4, n_noise=2)
    traces[0].row = {"source_magnitude": 99.0}
    traces[1].samples[:] = 0
    return write_stead_events(tmp_path / "source", traces)


def test_kept_and_dropped_are_written_and_reasons_printed(run: Run, place: Path, tmp_path: Path) -> None:
    output = tmp_path / "new" / "cleaned"
    result = run(place, "--output", output)
    assert result.exit_code == 0, result.stderr
    assert sorted(path.name for path in output.iterdir()) == [
        "dropped.csv", "dropped.parquet", "events.csv", "kept.csv", "kept.parquet",
    ]  # fmt: skip
    lines = result.stdout.splitlines()
    assert "impossible_magnitude\t1\t1\ta magnitude that cannot be" in lines
    assert "dead\t1\t1\ta dead component" in lines
    assert "3\t2\t1" in lines
    assert lines[-1] == "8 of 10 traces kept, 2 dropped."
    assert str(output / "kept.parquet") in result.stderr


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_tables_read_back_are_whole(ending: str, run: Run, place: Path, tmp_path: Path) -> None:
    assert run(place, "--output", tmp_path / "out", "--format", ending).exit_code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"kept.{ending}", f"dropped.{ending}", "events.csv"}
    kept = read_traces(tmp_path / "out" / f"kept.{ending}")
    assert len(kept) == 8
    path = tmp_path / "out" / f"dropped.{ending}"
    dropped = pd.read_csv(path) if ending == "csv" else pd.read_parquet(path)
    assert tuple(dropped.columns) == DROPPED_COLUMNS
    assert dropped["value"].tolist() == [99.0, 1.0]
    assert dropped["limit"].tolist() == [9.9, 0.5]
    events = pd.read_csv(tmp_path / "out" / "events.csv")
    assert events["at_least"].tolist() == [1, 3, 5, 8]
    assert events["events_kept"].tolist() == [2, 1, 0, 0]


def test_limits_come_from_the_command_line(run: Run, place: Path, tmp_path: Path) -> None:
    result = run(
        place, "--output", tmp_path / "out", "--headers-only", "--most-magnitude", "100", "--need", "nothing",
        "--most-distance-km", "40",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    dropped = pd.read_csv(tmp_path / "out" / "dropped.csv")
    assert dropped["reason"].tolist() == ["impossible_distance"] * 2
    assert (dropped["limit"] == 40).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--need", "azimuth"), "'azimuth' is none of them"),
        (("--need", "nothing", "--need", "place"), "stands alone"),
        (("--least-magnitude", "50"), "exchange them"),
        (("--source", "nothing_like_it"), "There is no source 'nothing_like_it'"),
        (("--format", "xml"), "--format"),
    ],
)
def test_bad_options_end_as_one_line(
    arguments: tuple[str, ...], words: str, run: Run, place: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    result = run(place, "--output", output, *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not output.exists()


def test_a_place_that_is_not_there_and_a_file_as_folder_are_refused(run: Run, place: Path, tmp_path: Path) -> None:
    missing = run(tmp_path / "nowhere", "--output", tmp_path / "out")
    assert missing.exit_code == 2
    assert "does not exist" in missing.stderr
    file = tmp_path / "taken"
    file.write_text("")
    taken = run(place, "--output", file / "below")
    assert taken.exit_code == 2
    assert "is a file" in taken.stderr


def test_real_recordings_can_be_cleaned(run: Run, shared_data: Path, tmp_path: Path) -> None:
    result = run(shared_data / "ncedc", "--output", tmp_path)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "69 of 71 traces kept, 2 dropped."


def test_a_split_by_event_is_written_that_training_reads(run: Run, tmp_path: Path) -> None:
    place = write_stead_events(tmp_path / "source", made_traces(30, 2))
    result = run(place, "--output", tmp_path / "out", "--headers-only", "--split", "0.6,0.2,0.2")
    assert result.exit_code == 0, result.stderr
    split = read_split(tmp_path / "out" / "split.json")
    items = {role: len(events_of_split(split, tmp_path, role)) for role in ("train", "validation", "test")}
    assert sum(items.values()) == 30
    assert items["train"] > items["validation"] > 0 < items["test"]


@pytest.mark.parametrize("shares", ["0.8,0.1", "a,b,c", "0.8,0.3,-0.1", "0.5,0.1,0.1"])
def test_shares_that_make_no_split_end_as_one_line(shares: str, run: Run, place: Path, tmp_path: Path) -> None:
    result = run(place, "--output", tmp_path / "out", f"--split={shares}")
    assert result.exit_code == 2
    assert "three shares that add up to 1" in result.stderr
    assert not (tmp_path / "out").exists()
