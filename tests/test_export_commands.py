"""``workbench export`` as of an entry, and ``workbench export-diff``: the same bytes again, and changes in words."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from workbench.cli import cli
from workbench.exporters import EXPORTERS
from workbench.labels.journal import Journal
from workbench.schema import Decision
from workbench.sources import open_source

START = pd.Timestamp("2010-05-27T16:24:40")
SOURCE = "examples"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def recording_id() -> str:
    return str(open_source(SOURCE).scan().set_index("n_stations").loc[4, "recording_id"])


@pytest.fixture
def journal(tmp_path: Path, recording_id: str) -> Path:
    """Four entries of two analysts: the last two move one label and take the other back."""
    path = tmp_path / "labels.sqlite"
    with Journal(path, "Ada") as ada, Journal(path, "Grace") as grace:
        first = ada.record(Decision("add", recording_id, "BW.UH1.", "P", START, polarity="positive"))
        ada.record(Decision("add", recording_id, "BW.UH2.", "S", START + pd.Timedelta(2, "s")))
        later = START + pd.Timedelta(80, "ms")
        grace.record(Decision("move", recording_id, "BW.UH1.", "P", later, first.label_id, polarity="positive"))
        ada.undo(recording_id)
    return path


def export(journal: Path, name: str, output: Path, *more: object) -> Result:
    result = run("export", "--labels", journal, "--source", SOURCE, "--format", name, "--output", output, *more)
    assert result.exit_code == 0, result.output
    return result


@pytest.mark.parametrize("name", sorted(EXPORTERS))
def test_the_same_position_gives_the_same_bytes_whatever_came_after(
    name: str, journal: Path, tmp_path: Path, recording_id: str
) -> None:
    first = export(journal, name, tmp_path / "a", "--at", 2)
    assert "2 of 2 labels of 1 recordings, as they stood after entry 2" in first.stderr
    with Journal(journal, "Lin") as lin:
        lin.record(Decision("add", recording_id, "BW.UH3.", "P", START))
    export(journal, name, tmp_path / "b", "--at", 2)
    written = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    assert written == {path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()}
    assert b'"entry": 2' in written["export.json"]


def test_without_an_entry_an_export_names_the_last(journal: Path, tmp_path: Path) -> None:
    assert "1 of 1 labels of 1 recordings, as they stood after entry 4" in export(journal, "csv", tmp_path / "a").stderr
    export(journal, "csv", tmp_path / "b", "--at", 4)
    assert (tmp_path / "a" / "export.json").read_bytes() == (tmp_path / "b" / "export.json").read_bytes()


def test_settings_are_given_by_name(journal: Path, tmp_path: Path) -> None:
    export(journal, "nonlinloc", tmp_path / "out", "--set", "station=NET_STA", "--set", "unknown_s=0.25")
    (obs,) = (tmp_path / "out").glob("*.obs")
    assert obs.read_text().startswith("BW_UH1 ?    ?    ? P      u 20100527 1624 40.0800 GAU  2.50e-01")


def test_what_two_analysts_marked_and_nobody_settled_is_held_back_and_told(
    journal: Path, tmp_path: Path, recording_id: str
) -> None:
    with Journal(journal, "Lin") as lin:
        lin.record(Decision("add", recording_id, "BW.UH1.", "P", START + pd.Timedelta(60, "ms")))
    said = export(journal, "nonlinloc", tmp_path / "a").stderr
    assert "Left out: 1 label, because another analyst marked the same onset later" in said
    assert "1 of 2 labels" in said
    (obs,) = (tmp_path / "a").glob("*.obs")
    assert [line.split()[8] for line in obs.read_text().splitlines()] == ["40.0600"]
    assert "2 of 2 labels" in export(journal, "csv", tmp_path / "b").stderr


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--at", 9), "The journal has no entry 9; its last is 4"),
        (("--set", "rejected"), "NAME=VALUE"),
        (("--set", "reject=no"), "Did you mean 'rejected'"),
    ],
)
def test_what_cannot_be_is_one_line(more: tuple[object, ...], words: str, journal: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    result = run("export", "--labels", journal, "--source", SOURCE, "--format", "csv", "--output", output, *more)
    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not output.exists()


def test_two_exports_are_compared_in_words_and_as_a_table(journal: Path, tmp_path: Path) -> None:
    export(journal, "quakeml", tmp_path / "a", "--at", 2)
    export(journal, "parquet", tmp_path / "b")
    result = run("export-diff", tmp_path / "a", tmp_path / "b", "--labels", journal, "--output", tmp_path / "c.csv")
    assert result.exit_code == 0, result.output
    first, changes, whose, settings = result.stdout.splitlines()
    assert first == "From a (quakeml, entry 2) to b (parquet, entry 4):"
    assert changes.startswith("Of 2 labels 1 went, 1 moved (median 0.08 s, largest 0.08 s: BW.UH1 P in ")
    assert whose == "Changed by the decisions of Ada 1, Grace 1."
    assert "different formats" in settings
    assert pd.read_csv(tmp_path / "c.csv")["what"].tolist() == ["moved", "went"]


def test_two_positions_of_a_journal_are_compared(journal: Path, tmp_path: Path) -> None:
    result = run("export-diff", "1", "3", "--labels", journal)
    first, changes, whose = result.stdout.splitlines()
    assert first == "From entry 1 to entry 3:"
    assert changes.startswith("1 label came, 1 moved (median 0.08 s")
    assert whose == "Changed by the decisions of Ada 1, Grace 1."
    assert (
        run("export-diff", "2", "2", "--labels", journal).stdout.splitlines()[1] == "Nothing differs: 2 labels in both."
    )


def test_what_is_no_export_is_one_line(journal: Path, tmp_path: Path) -> None:
    for arguments in ((tmp_path, tmp_path), ("1", "9", "--labels", journal), ("1", "2", "--labels", tmp_path / "no")):
        result = run("export-diff", *arguments)
        assert result.exit_code == 2
        assert len(result.stderr.splitlines()) == 1
