"""Older journals are brought up to date on opening, and stay whole when that fails."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from workbench.labels import migrations
from workbench.labels.journal import Journal
from workbench.labels.tables import APPLICATION_ID, HEAD, metadata


@pytest.fixture
def old(path: Path) -> Path:
    """A journal of the first revision with one row."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrations.migrate(connection, "0001")
        connection.exec_driver_sql(
            "INSERT INTO journal (decision, recording_id, label_id, station, phase, time_ns, analyst, decided_at_ns) "
            "VALUES ('add', 'r1', 'a', 'XX.A.', 'P', 1704067210123456789, 'Ada', 1704067210123456789)"
        )
    engine.dispose()
    return path


def ask(path: Path, question: str) -> list[tuple]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


def test_an_old_journal_is_brought_up_to_date_with_its_rows(old, decide):
    assert ask(old, "SELECT version_num FROM alembic_version") == [("0001",)]
    with Journal(old, "Ada") as journal:
        assert journal.labels()["time"].tolist()[0].value == 1704067210123456789
        journal.record(decide())
    assert ask(old, "SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert len(ask(old, "SELECT name FROM sqlite_master WHERE type = 'trigger'")) == 2
    assert ask(old, "SELECT count(*) FROM journal") == [(2,)]


def test_a_migration_that_fails_leaves_the_old_journal(old, monkeypatch):
    whole = migrations.migrate

    def fails_at_the_end(connection, revision="head"):
        whole(connection, revision)
        raise RuntimeError("power cut")

    monkeypatch.setattr(migrations, "migrate", fails_at_the_end)
    with pytest.raises(RuntimeError, match="power cut"):
        Journal(old, "Ada")
    assert ask(old, "SELECT version_num FROM alembic_version") == [("0001",)]
    assert ask(old, "SELECT name FROM sqlite_master WHERE type = 'trigger'") == []
    monkeypatch.undo()
    with Journal(old, "Ada") as journal:
        assert len(journal.labels()) == 1


def test_revisions_make_the_table_that_the_code_writes(journal, path):
    with journal._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    assert ask(path, "PRAGMA application_id") == [(APPLICATION_ID,)]


def test_a_new_journal_is_told_from_others_by_its_header(journal, path):
    journal.close()
    assert int.from_bytes(path.read_bytes()[68:72], "big") == APPLICATION_ID
