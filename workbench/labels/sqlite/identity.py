"""Whether a file is a whole journal; looks only, so that a stranger's file stays as it is."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from workbench.errors import LabelStoreError
from workbench.labels.sqlite.failures import damaged, other_program
from workbench.labels.tables import APPLICATION_ID

__all__ = ["check_file"]

_CHECKED_BYTES = 64_000_000
"""Up to this size all pages are checked on opening, which takes about a tenth of a second."""

_MAGIC = b"SQLite format 3\0"


def check_file(path: Path, busy_timeout_s: float, *, uri: str = "") -> None:
    """Nothing, if the file is not there, is empty, or is a whole journal of any version.

    Parameters
    ----------
    uri
        SQLite's address of the same file, where it is to be opened in another way than for writing.

    Raises
    ------
    LabelStoreError
        If it is anything else, or damaged.
    """
    if path.exists() and _has_content(path):
        _check_content(path, busy_timeout_s, uri)


def _has_content(path: Path) -> bool:
    header = _header(path)
    log = path.with_name(path.name + "-wal")
    logged = log.exists() and log.stat().st_size > 0
    if not header and logged:
        # SQLite would throw the log away, and with it the decisions in it.
        raise LabelStoreError(f"The label journal {path} is empty but {log.name} is not. Put back a copy of it.")
    if header and not header.startswith(_MAGIC):
        raise LabelStoreError(f"{path} is not a database. It was left as it is; choose another file for the labels.")
    page_bytes = int.from_bytes(header[16:18], "big")
    # SQLite reads the missing end of a last page as zeros; while there is a log, the log may hold that page.
    if page_bytes > 1 and path.stat().st_size % page_bytes and not logged:
        raise damaged(path)
    return bool(header)


_looked_into: dict[tuple[int, int], int] = {}
"""Descriptors of files, by device and inode, that are never closed.

Closing any descriptor of a file takes from this process all its locks on that file (POSIX), those of SQLite's open
connections, too. Another program that closes the journal then believes itself alone and removes the log, into which
this process writes on: what it wrote since would be lost.
"""


def _header(path: Path) -> bytes:
    status = path.stat()
    file = (status.st_dev, status.st_ino)
    if file not in _looked_into:
        _looked_into[file] = os.open(path, os.O_RDONLY)
    return os.pread(_looked_into[file], 100, 0)


def _check_content(path: Path, busy_timeout_s: float, uri: str) -> None:
    connection = sqlite3.connect(uri or path, timeout=busy_timeout_s, isolation_level=None, uri=bool(uri))
    try:
        # One transaction, one state of the file: between two looks another analyst may have made the journal.
        connection.execute("BEGIN")
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != APPLICATION_ID and (application or tables):
            raise other_program(path)
        if path.stat().st_size <= _CHECKED_BYTES and connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise damaged(path)
    finally:
        connection.close()
