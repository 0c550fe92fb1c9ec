"""``workbench agreement`` on a journal of two analysts."""

from __future__ import annotations

import pandas as pd
import pytest
from click.testing import CliRunner

from workbench.cli import cli
from workbench.labels.journal import Journal
from workbench.schema import AGREEMENT_COLUMNS, DISAGREEMENT_COLUMNS, Decision

T0 = pd.Timestamp("2024-01-01T00:00:10")


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "labels.sqlite"
    for who, late_s in (("Ada", 0.0), ("Ben", 0.02)):
        with Journal(path, who) as journal:
            for n in range(8):
                time = T0 + pd.Timedelta(seconds=late_s + (0.4 * (who == "Ben") if n == 3 else 0))
                journal.record(Decision("add", f"r{n}", "XX.A.", "P", time, polarity="positive"))
            journal.set_status("r0", "done")
    return path


def test_the_table_and_what_is_left_to_settle_are_printed_and_written(labels, tmp_path):
    output = tmp_path / "out"
    ran = CliRunner().invoke(cli, ["agreement", "--labels", str(labels), "--output", str(output)])
    assert ran.exit_code == 0, ran.output
    lines = ran.stdout.splitlines()
    assert lines[1].startswith("P\tAda − Ben\t8 (0 blind)\t0 / 0\t−20 [−420, −20]\t")
    assert "1 onsets to settle, 7 more that agree." in ran.stderr
    assert any("Ada has P 420 ms before Ben" in line for line in lines)
    assert list(pd.read_csv(output / "agreement.csv")) == list(AGREEMENT_COLUMNS)
    found = pd.read_csv(output / "disagreements.csv")
    assert list(found) == list(DISAGREEMENT_COLUMNS)
    assert len(found) == 8


def agreement_of(*arguments):
    return CliRunner().invoke(cli, ["agreement", "--labels", *map(str, arguments)])


def test_one_analyst_alone_is_told_so(labels, tmp_path):
    ran = agreement_of(labels, "--analyst", "Ada")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "No two analysts looked at the same station of a recording (Ada decided something)" in ran.stderr
    path = tmp_path / "alone.sqlite"
    with Journal(path, "Zoë, the 1st") as journal:
        assert "(nobody decided anything)" in agreement_of(path).stderr
        journal.record(Decision("add", "r1", "XX.A.", "P", T0))
    assert "(Zoë, the 1st decided something)" in agreement_of(path).stderr


def test_a_name_that_nobody_has_is_told(labels):
    ran = agreement_of(labels, "--analyst", "Ada", "--analyst", "Benn")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "'Benn'" in ran.stderr
    assert "Did you mean 'Ben'?" in ran.stderr


def test_a_journal_that_may_not_be_written_is_read_and_told_of(labels, monkeypatch):
    monkeypatch.setattr("workbench.labels.sqlite.store.is_read_only", lambda place: True)
    ran = agreement_of(labels)
    assert ran.exit_code == 0
    assert "is read-only; it is read as it is" in ran.stderr


def test_a_journal_that_is_not_there_is_not_made(tmp_path):
    ran = CliRunner().invoke(cli, ["agreement", "--labels", str(tmp_path / "misspelt.sqlite")])
    assert ran.exit_code == 2
    assert not (tmp_path / "misspelt.sqlite").exists()
