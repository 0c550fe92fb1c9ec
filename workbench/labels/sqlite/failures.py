"""What SQLite says when it fails, in words that tell an analyst what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from workbench.errors import LabelStoreError

__all__ = ["damaged", "in_words", "other_program"]

# By the beginning of SQLite's own name for the failure; the first that fits.
_SENTENCES = (
    ("SQLITE_BUSY", "is locked by another program. Close it there, or wait a moment, and try again"),
    ("SQLITE_LOCKED", "is locked by another program. Close it there, or wait a moment, and try again"),
    ("SQLITE_READONLY", "is read-only. Make the file and its folder writable, or choose another"),
    ("SQLITE_PERM", "is read-only. Make the file and its folder writable, or choose another"),
    ("SQLITE_FULL", "cannot grow: the disk is full. Free some space and try again"),
    ("SQLITE_IOERR", "cannot be read or written: the disk is full or fails. Free some space or choose another disk"),
    ("SQLITE_NOTADB", "is not a database. Choose another file"),
    ("SQLITE_CORRUPT", "is damaged or cut short. Put back a copy of it, or choose another"),
    ("SQLITE_CANTOPEN", "cannot be opened. Check that its folder exists and that you may write there"),
)


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Failures of the database inside the block, raised as :class:`~workbench.errors.LabelStoreError`."""
    try:
        yield
    except DBAPIError as error:
        raise LabelStoreError(_sentence(path, error.orig)) from error
    except sqlite3.Error as error:
        raise LabelStoreError(_sentence(path, error)) from error


def _sentence(path: Path, cause: BaseException | None) -> str:
    name = getattr(cause, "sqlite_errorname", "")
    for beginning, sentence in _SENTENCES:
        if name.startswith(beginning):
            return f"The label journal {path} {sentence}. Nothing was written."
    return f"The label journal {path} failed: {cause}. Nothing was written."


def damaged(path: Path) -> LabelStoreError:
    """The error for a journal whose pages do not fit together."""
    return LabelStoreError(
        f"The label journal {path} is damaged. It was left as it is; put back a copy of it, or choose another."
    )


def other_program(path: Path) -> LabelStoreError:
    """The error for an SQLite file that is no journal."""
    return LabelStoreError(
        f"{path} is a database of another program, not a label journal. It was left as it is; choose another file."
    )
