"""``workbench doubts``: what it writes and prints, and how it ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from tests.sources.event_files import made_traces, write_stead_events
from workbench.cli import cli


@pytest.fixture
def run():
    runner = CliRunner()
    return lambda *arguments: runner.invoke(cli, ["doubts", *(str(argument) for argument in arguments)])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return write_stead_events(tmp_path / "stead", made_traces(1, 3, n_noise=1))


def test_a_queue_is_written_and_a_second_run_reads_nothing_anew(run, place, tmp_path, monkeypatch):
    output = tmp_path / "out" / "doubts.csv"
    result = run(place, "--output", output, "--picker", "sta_lta", "--no-shifts")
    assert result.exit_code == 0, result.output
    queue = pd.read_csv(output)
    assert {"recording_id", "station", "phase", "doubt", "reasons", "words"} <= set(queue)
    assert np.all(np.diff(queue["doubt"]) <= 0)
    monkeypatch.setattr("workbench.labels.doubt.finding.gather_evidence", None)
    again = run(place, "--output", tmp_path / "out" / "doubts.parquet", "--picker", "sta_lta", "--no-shifts")
    assert again.exit_code == 0, again.output
    assert len(pd.read_parquet(tmp_path / "out" / "doubts.parquet")) == len(queue)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--output", "doubts.txt"], "written as .csv or .parquet"),
        (["--output", "doubts.csv", "--weight", "mised=1"], "Did you mean 'missed'?"),
        (["--output", "doubts.csv", "--weight", "missed=2"], "0 (never counts) to 1"),
        (["--output", "doubts.csv", "--weight", "missed"], "REASON=WEIGHT"),
        (["--output", "doubts.csv", "--picker", "phasnet"], "Did you mean 'phasenet'?"),
    ],
)
def test_bad_options_are_one_line_and_nothing_is_written(run, place, tmp_path, monkeypatch, options, words):
    monkeypatch.chdir(tmp_path)
    result = run(place, *options)
    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["stead"]
