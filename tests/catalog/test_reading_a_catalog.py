"""``workbench catalog read`` writes both tables, or none, and says which lines it could not read."""

import pandas as pd
import pytest
from click.testing import CliRunner

from workbench.catalog.tables import write_tables
from workbench.cli import cli

LINE = "BOO iPC010501011422 1018        1095iS 2                      FLD       480   3 gg\n"


def test_tables_are_written_and_unread_lines_said(tmp_path):
    (tmp_path / "a.dat").write_text(LINE + LINE[:40] + "\n")
    run = CliRunner().invoke(cli, ["catalog", "read", str(tmp_path / "a.dat"), "--output", str(tmp_path / "out")])
    assert run.exit_code == 1
    assert "a.dat, line 2" in run.stderr
    picks = pd.read_parquet(tmp_path / "out" / "picks.parquet")
    assert picks[["station", "phase", "format", "line"]].to_numpy().tolist() == [
        [".BOO.", "P", "dat", 1],
        [".BOO.", "S", "dat", 1],
    ]
    assert len(pd.read_parquet(tmp_path / "out" / "events.parquet")) == 1


def test_a_table_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    write_tables({"events": pd.DataFrame({"a": [1]})}, tmp_path)

    def fail(*_, **__):
        raise OSError("no space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", fail)
    with pytest.raises(OSError, match="no space left"):
        write_tables({"events": pd.DataFrame({"a": [2]})}, tmp_path)
    assert pd.read_parquet(tmp_path / "events.parquet")["a"].tolist() == [1]
    assert [file.name for file in tmp_path.iterdir()] == ["events.parquet"]
