"""``SqliteStore``: a journal in a file, whose writers on this computer take turns."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path

from sqlalchemy import URL, Connection

from workbench.errors import LabelStoreError
from workbench.labels.rows import Entry
from workbench.labels.sqlite.failures import in_words
from workbench.labels.sqlite.opening import is_read_only, journal_path, open_engine, open_for_reading
from workbench.labels.store import Store

__all__ = ["SqliteStore"]


class SqliteStore(Store):
    """See :class:`~workbench.labels.store.Store`; folder and file are made if they are not there."""

    def __init__(self, url: URL, *, busy_timeout_s: float, or_read_only: bool, make: bool) -> None:
        self._path = path = journal_path(url)
        # Opening a journal makes it; a misspelt path must not where somebody only wants to read.
        if not make and not path.is_file():
            raise LabelStoreError(f"There is no label journal at {path}. Name it with --labels.")
        self.url, self.place, self.folder = f"sqlite:///{path}", str(path), path.parent
        self.writable = not (or_read_only and is_read_only(path))
        self.engine = (open_engine if self.writable else open_for_reading)(path, busy_timeout_s)
        self._file = path.stat().st_ino
        self._turn = _write_lock(path)

    @property
    def read_only_words(self) -> str:
        """What it means that the file may not be written, and what to do."""
        return (
            f"The label journal {self.place} is read-only: labels can be seen and exported, none can be saved. "
            "Make the file and its folder writable to go on."
        )

    def in_words(self) -> AbstractContextManager[None]:
        """SQLite's failures as errors that say what to do."""
        return in_words(self._path)

    def write(self, work: Callable[[Connection], Entry | None]) -> Entry | None:
        """What `work` gives, written; raises if the file is not the one that was opened, too."""
        with self._turn, self.in_words(), self.engine.connect() as plain:
            connection = plain.execution_options(writes=True)
            with connection.begin():
                self._check_file()
                return work(connection)

    def _check_file(self) -> None:
        """Nothing, if the file is still the one that was opened: SQLite would write on into a deleted one."""
        try:
            same = self._path.stat().st_ino == self._file
        except OSError:
            same = False
        if not same:
            raise LabelStoreError(
                f"The label journal {self.place} was removed or replaced while it was open. Nothing was written; "
                "put it back or open another."
            )


@cache
def _write_lock(path: Path) -> threading.RLock:  # noqa: ARG001 - one lock for each path
    """The lock that all journals of this process on one file share.

    Writers that wait here take turns at once; those that SQLite makes wait sleep up to a tenth of a second a try.
    """
    return threading.RLock()
