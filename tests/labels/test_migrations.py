"""Older journals are brought up to date on opening, and stay whole when that fails."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from workbench.labels import migrations
from workbench.labels.folding import fold_recordings
from workbench.labels.journal import Journal
from workbench.labels.tables import APPLICATION_ID, HEAD, metadata


@pytest.fixture
def old(url: str) -> str:
    """A journal of the first revision with one label, and what was said of another recording."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        migrations.migrate(connection, "0001")
        connection.exec_driver_sql(
            "INSERT INTO journal (decision, recording_id, label_id, station, phase, time_ns, analyst, decided_at_ns) "
            "VALUES ('add', 'r1', 'a', 'XX.A.', 'P', 1704067210123456789, 'Ada', 1704067210123456789)"
        )
        connection.exec_driver_sql(
            "INSERT INTO journal (decision, recording_id, analyst, decided_at_ns, text) VALUES "
            "('status', 'r2', 'Ada', 1, 'done'), ('status', 'r2', 'Ada', 2, 'rejected'), ('note', 'r2', 'Bo', 3, 'x')"
        )
    engine.dispose()
    return url


@pytest.fixture
def triggers(ask: Callable[..., list[tuple]], store: str) -> Callable[[], int]:
    """Counts what guards the rows."""
    if store == "sqlite":
        return lambda: len(ask("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
    return lambda: len(ask("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"))


def test_an_old_journal_is_brought_up_to_date_with_its_rows(old, ask, triggers, store, decide):
    assert ask("SELECT version_num FROM alembic_version") == [("0001",)]
    with Journal(old, "Ada") as journal:
        assert journal.labels()["time"].tolist()[0].value == 1704067210123456789
        with journal._store.reading() as connection:
            pd.testing.assert_frame_equal(journal.recordings(), fold_recordings(connection, None))
        journal.record(decide())
    assert ask("SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert triggers() == {"sqlite": 4, "postgresql": 6}[store]
    assert ask("SELECT count(*) FROM journal") == [(5,)]


def test_a_migration_that_fails_leaves_the_old_journal(old, ask, triggers, monkeypatch):
    whole = migrations.migrate

    def fails_at_the_end(connection, revision="head"):
        whole(connection, revision)
        raise RuntimeError("power cut")

    monkeypatch.setattr(migrations, "migrate", fails_at_the_end)
    with pytest.raises(RuntimeError, match="power cut"):
        Journal(old, "Ada")
    assert ask("SELECT version_num FROM alembic_version") == [("0001",)]
    assert triggers() == 0
    monkeypatch.undo()
    with Journal(old, "Ada") as journal:
        assert len(journal.labels()) == 1


def test_revisions_make_the_table_that_the_code_writes(journal):
    with journal._store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_new_journal_is_told_from_others_by_its_header(journal, path):
    journal.close()
    assert int.from_bytes(path.read_bytes()[68:72], "big") == APPLICATION_ID
