"""Whatever stands where the journal should be: one clear line, and it is left as it was."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from workbench.errors import LabelStoreError
from workbench.labels.journal import Journal
from workbench.labels.tables import HEAD

from .refusing import refused
from .rights import without_superuser


@pytest.fixture
def store() -> str:
    """Files only."""
    return "sqlite"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user may read and write, and no superuser's rights while the test runs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        try:
            with without_superuser():
                yield folder
        finally:
            folder.chmod(0o777)


@contextmanager
def locked_by_another_process(path: Path) -> Iterator[None]:
    script = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "c.execute('PRAGMA locking_mode = EXCLUSIVE'); c.execute('BEGIN EXCLUSIVE'); "
        "c.execute('CREATE TABLE IF NOT EXISTS lock_held (x)'); print('locked', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"locked\n"
        yield
        process.stdin.close()


def test_a_missing_folder_is_made(tmp_path, decide):
    path = tmp_path / "a" / "b ü" / "labels.sqlite"
    with Journal(f"sqlite:///{path}", "Ada") as journal:
        journal.record(decide())
    assert path.is_file()


def test_a_plain_path_will_do_and_the_url_names_the_file(tmp_path):
    with Journal(str(tmp_path / "labels.sqlite"), "Ada") as journal:
        assert journal.url == f"sqlite:///{tmp_path / 'labels.sqlite'}"


def test_without_a_name_the_analyst_is_the_login_name(path, monkeypatch):
    monkeypatch.setenv("LOGNAME", "grace")
    with Journal(path, " ") as journal:
        assert journal.analyst == "grace"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://ada:secret@server/labels", "SQLite or PostgreSQL"),
        ("sqlite://", "lives in a file"),
        ("sqlite:///:memory:", "lives in a file"),
        ("://", "cannot be read"),
    ],
)
def test_a_url_that_is_no_file_is_refused_without_showing_its_password(url, words):
    with pytest.raises(LabelStoreError, match=words) as caught:
        Journal(url, "Ada")
    assert "secret" not in str(caught.value)


def test_a_folder_in_its_place_is_refused(tmp_path):
    with refused("is a folder", "labels.sqlite"):
        Journal(tmp_path, "Ada")


def test_a_fifo_in_its_place_is_refused_without_waiting(path):
    os.mkfifo(path)
    with refused("not an ordinary file"):
        Journal(path, "Ada")


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with refused("cannot be made"):
        Journal(tmp_path / "file" / "labels.sqlite", "Ada")


@pytest.mark.parametrize(
    "content", [b"network_code,receiver_code\n" * 100, b"x", b"SQLite format 3\x00", os.urandom(9000)]
)
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(path, content):
    path.write_bytes(content)
    with refused("not a database"):
        Journal(path, "Ada")
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_refused_and_left_as_it_is(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE journal (entry INTEGER)")
    connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    connection.execute("INSERT INTO alembic_version VALUES ('0001')")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with refused("another program"):
        Journal(path, "Ada")
    assert path.read_bytes() == before


def test_a_journal_of_a_newer_workbench_is_refused_and_left_as_it_is(journal, path, decide):
    journal.record(decide())
    with journal._store.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0999'")
    journal.close()
    before = path.read_bytes()
    with refused("newer workbench", "0999", "pip install"):
        Journal(path, "Ada")
    assert path.read_bytes() == before


def test_a_journal_that_was_cut_short_is_refused_and_left_as_it_is(journal, path, decide):
    for _ in range(200):
        journal.record(decide())
    journal.close()
    whole = path.read_bytes()
    for length in (len(whole) - 1, len(whole) // 2, 4096, 600, 100):
        path.write_bytes(whole[:length])
        with refused(str(path)):
            Journal(path, "Ada")
        assert path.read_bytes() == whole[:length]
    path.write_bytes(whole)
    with Journal(path, "Ada") as again:
        assert len(again.labels()) == 200


def test_a_journal_with_a_damaged_page_is_refused(journal, path, decide):
    for _ in range(200):
        journal.record(decide())
    journal.close()
    content = bytearray(path.read_bytes())
    content[5 * 4096 : 6 * 4096] = os.urandom(4096)
    path.write_bytes(content)
    with refused("damaged"):
        Journal(path, "Ada")


def test_an_emptied_journal_beside_its_log_is_not_overwritten(path):
    path.touch()
    log = path.with_name(path.name + "-wal")
    log.write_bytes(b"decisions")
    with refused("is empty but"):
        Journal(path, "Ada")
    assert log.read_bytes() == b"decisions"


def test_an_empty_file_becomes_a_journal(path, decide):
    path.touch()
    with Journal(path, "Ada") as journal:
        journal.record(decide())


def test_a_read_only_file_is_told_on_opening(open_folder, decide):
    path = open_folder / "labels.sqlite"
    with Journal(path, "Ada") as journal:
        journal.record(decide())
    path.chmod(0o444)
    with refused("is read-only", "writable"):
        Journal(path, "Ada")
    path.chmod(0o644)
    with Journal(path, "Ada") as journal:
        assert len(journal.labels()) == 1


def test_a_read_only_folder_is_told_on_opening(open_folder):
    folder = open_folder / "labels"
    folder.mkdir()
    folder.chmod(0o555)
    with refused("is read-only"):
        Journal(folder / "labels.sqlite", "Ada")
    with refused("cannot be made"):
        Journal(folder / "deeper" / "labels.sqlite", "Ada")


def test_a_journal_that_another_process_holds_is_told_on_opening(journal, path, decide):
    journal.record(decide())
    journal.close()
    with locked_by_another_process(path), refused("locked by another program"):
        Journal(path, "Ada", busy_timeout_s=0.1)
    with Journal(path, "Ada") as again:
        assert len(again.labels()) == 1


def test_an_edit_while_another_process_writes_is_refused_and_can_be_repeated(path, decide):
    with Journal(path, "Ada", busy_timeout_s=0.1) as journal:
        journal.record(decide())
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with refused("locked by another program", "Nothing was written"):
            journal.record(decide(after_s=1))
        assert len(journal.labels()) == 1
        other.execute("ROLLBACK")
        other.close()
        journal.record(decide(after_s=1))
        assert len(journal.labels()) == 2


def test_a_full_disk_is_told_and_earlier_decisions_stay(path, decide):
    with Journal(path, "Ada") as journal:
        journal.record(decide())
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        log = path.with_name(path.name + "-wal")
        resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 1000, hard))
        try:
            with refused("disk is full", "Nothing was written"):
                journal.record(decide(after_s=1))
            assert len(journal.labels()) == 1
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        journal.record(decide(after_s=2))
    with Journal(path, "Ada") as again:
        assert len(again.labels()) == 2


def test_a_database_that_may_not_grow_is_told(path, decide):
    with Journal(path, "Ada") as journal:
        event.listen(journal._store.engine, "connect", lambda raw, _: raw.execute("PRAGMA max_page_count = 1"))
        journal._store.engine.dispose()
        with refused("disk is full"):
            for _ in range(200):
                journal.record(decide())


def test_an_up_to_date_journal_opens_without_alembic(journal, path):
    journal.close()
    script = f"""
import sys
from workbench.labels.journal import Journal
Journal({str(path)!r}, "Ada").close()
assert "alembic" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_head_is_the_last_revision(journal):
    from workbench.labels.migrations import _scripts

    assert _scripts().get_current_head() == HEAD


def test_a_journal_that_was_removed_while_open_takes_no_more_decisions(journal, path, decide):
    journal.record(decide())
    path.rename(path.with_suffix(".moved"))
    with pytest.raises(LabelStoreError, match="removed or replaced"):
        journal.record(decide())
    path.with_suffix(".moved").rename(path)
    journal.record(decide())
    assert len(journal.labels()) == 2


def test_the_file_is_written_ahead_with_full_sync(journal):
    with journal._store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 5000
