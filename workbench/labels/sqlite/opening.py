"""From a URL to a file that can be written: checked, identified, brought up to date."""

from __future__ import annotations

import os
import random
import sqlite3
import stat
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event

from workbench.errors import LabelStoreError
from workbench.labels.revisions import bring_up_to_date, revision_of
from workbench.labels.sqlite.failures import in_words
from workbench.labels.sqlite.identity import check_file
from workbench.labels.tables import HEAD

__all__ = ["is_read_only", "journal_path", "open_engine", "open_for_reading"]


def journal_path(url: URL) -> Path:
    """The file that a URL stands for.

    Raises
    ------
    LabelStoreError
        If it stands for no file.
    """
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise LabelStoreError(
            "A label journal lives in a file, so that nothing is lost. Give a path, or sqlite:///PATH."
        )
    return Path(url.database).expanduser().absolute()


def open_engine(path: Path, busy_timeout_s: float) -> Engine:
    """An engine on a journal of this version; makes the file, or brings an older one up to date.

    Raises
    ------
    LabelStoreError
        If the file cannot be opened and written, or is not a journal that this version understands.
    """
    _check_place(path)
    with in_words(path):
        check_file(path, busy_timeout_s)
        engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": busy_timeout_s})
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
        try:
            bring_up_to_date(engine, str(path))
        except BaseException:
            engine.dispose()
            raise
    return engine


def open_for_reading(path: Path, busy_timeout_s: float) -> Engine:
    """An engine on a journal of this version that may not be written; the file stays as it is.

    Raises
    ------
    LabelStoreError
        If there is no such file, it cannot be read, or it is not a journal of this version.
    """
    if not path.is_file() or not path.stat().st_size:
        raise LabelStoreError(f"There is no label journal at {path}, and none can be made there. Choose another place.")
    query = {"mode": "ro"}
    if not _is_writable(path.parent) and not _logged(path):
        # SQLite would want to make files beside it; without a log there is nobody who writes.
        query["immutable"] = "1"
    place = f"file:{quote(str(path))}"
    with in_words(path):
        check_file(path, busy_timeout_s, uri=f"{place}?{'&'.join('='.join(part) for part in query.items())}")
        url = URL.create("sqlite", database=place, query={**query, "uri": "true"})
        engine = create_engine(url, connect_args={"timeout": busy_timeout_s})
        event.listen(engine, "connect", _leave_transactions)
        event.listen(engine, "begin", _begin)
        with engine.connect() as connection:
            revision = revision_of(connection)
    if revision != HEAD:
        engine.dispose()
        raise LabelStoreError(
            f"The label journal {path} is read-only and of another version (revision {revision}), so it cannot be "
            "brought up to date. Open a copy of it in a folder where you may write."
        )
    return engine


def _logged(path: Path) -> bool:
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def is_read_only(path: Path) -> bool:
    """Whether there is a file at a path that may be read, but not written, or not in its folder."""
    return path.is_file() and os.access(path, os.R_OK) and not (_is_writable(path.parent) and _is_writable(path))


def _check_place(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = path.stat().st_mode if path.exists() else None
    except OSError as error:
        raise LabelStoreError(
            f"The folder {path.parent} for the label journal cannot be made: {error.strerror}. Choose another place."
        ) from error
    if mode is not None and stat.S_ISDIR(mode):
        raise LabelStoreError(f"{path} is a folder; a label journal is a file. Try {path / 'labels.sqlite'}.")
    if mode is not None and not stat.S_ISREG(mode):
        raise LabelStoreError(f"{path} is not an ordinary file; a label journal is one. Choose another place.")
    if not (_is_writable(path.parent) and (mode is None or _is_writable(path))):
        raise LabelStoreError(
            f"The label journal {path} is read-only. Make the file and its folder writable, or choose another place."
        )


def _is_writable(place: Path) -> bool:
    return os.access(place, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _leave_transactions(connection: Any, _: Any) -> None:
    # The driver's own BEGIN comes late and is never IMMEDIATE; SQLAlchemy's event below sends the right one.
    connection.isolation_level = None


def _set_up(connection: Any, _: Any) -> None:
    _leave_transactions(connection, _)
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")


def _write_ahead(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        _execute_patiently(connection, "PRAGMA journal_mode = WAL")


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("writes", False):
        _execute_patiently(connection.connection.dbapi_connection, "BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")


def _execute_patiently(connection: Any, statement: str) -> None:
    """Execute a statement that others may hold up, trying again and again until the busy timeout is over.

    SQLite itself does not wait at all for a change of the journal mode, and for a turn to write it waits longer and
    longer between tries, so that one of many writers may never get its turn.
    """
    (busy_timeout_ms,) = connection.execute("PRAGMA busy_timeout").fetchone()
    until = time.monotonic() + busy_timeout_ms / 1000
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute(statement).fetchone()
                return
            except sqlite3.OperationalError as error:
                if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > until:
                    raise
                time.sleep(random.uniform(0.001, 0.005))  # a wait is no secret  # nosec B311
    finally:
        connection.execute(f"PRAGMA busy_timeout = {busy_timeout_ms}")
