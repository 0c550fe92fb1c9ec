"""``Store``: what a journal needs of the database that it lies in, and which one a URL names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError

from workbench.errors import LabelStoreError
from workbench.labels.rows import Entry

__all__ = ["Store", "open_store", "read_url"]

_FORMS = "Give a path, sqlite:///PATH, or postgresql://USER@HOST/DATABASE"


class Store(ABC):
    """A database with a journal of this version in it, open.

    Attributes
    ----------
    url
        Names it, without any password.
    place
        The same for people: the path of the file, or the URL.
    folder
        Of the file; None where the journal lies on a server.
    writable
        Whether decisions may be written.
    """

    url: str
    place: str
    folder: Path | None
    writable: bool
    engine: Engine

    @property
    @abstractmethod
    def read_only_words(self) -> str:
        """What it means that this journal may not be written, and what to do."""

    @abstractmethod
    def in_words(self) -> AbstractContextManager[None]:
        """Failures of the database inside the block, raised as :class:`~workbench.errors.LabelStoreError`."""

    @abstractmethod
    def write(self, work: Callable[[Connection], Entry | None]) -> Entry | None:
        """What `work` gives, in a transaction of its own and alone of all writers; on disk when this returns.

        Raises
        ------
        LabelStoreError
            If nothing of it was written.
        """

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the journal until the block ends."""
        with self.in_words(), self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Nothing stays open."""
        self.engine.dispose()


def open_store(url: str, *, busy_timeout_s: float, or_read_only: bool, make: bool) -> Store:
    """The store that a URL or a path names, with a journal of this version.

    Parameters
    ----------
    busy_timeout_s
        How long to wait for other writers, and for a server's answer.
    or_read_only
        Open one that may be read and not written, too.
    make
        Make the journal, if there is none.

    Raises
    ------
    LabelStoreError
        If it cannot be opened; says what to do and never shows a password.
    RequirementError
        If a package is missing that this database needs.
    """
    parsed = read_url(url)
    if parsed.get_backend_name() == "sqlite":
        from workbench.labels.sqlite import SqliteStore

        return SqliteStore(parsed, busy_timeout_s=busy_timeout_s, or_read_only=or_read_only, make=make)
    from workbench.labels.postgres import PostgresStore

    return PostgresStore(parsed, busy_timeout_s=busy_timeout_s, or_read_only=or_read_only, make=make)


def read_url(url: str) -> URL:
    """What a URL or a plain path says.

    Raises
    ------
    LabelStoreError
        If it names neither a file nor a PostgreSQL database.
    """
    try:
        parsed = make_url(url) if "://" in str(url) else URL.create("sqlite", database=str(url))
    except (ArgumentError, ValueError):
        raise LabelStoreError(f"The label journal's URL cannot be read. {_FORMS}.") from None
    backend = parsed.get_backend_name()
    if backend not in ("sqlite", "postgresql", "postgres"):
        raise LabelStoreError(f"Labels are kept in SQLite or PostgreSQL, not in {backend!r}. {_FORMS}.")
    return parsed
