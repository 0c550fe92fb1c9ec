"""``PostgresStore``: a journal on a server, whose writers take turns from wherever they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import URL, Connection, select
from sqlalchemy.exc import DBAPIError

from workbench.errors import LabelStoreError
from workbench.labels.postgres.address import driver_url, secrets_of, shown_url
from workbench.labels.revisions import bring_up_to_date, revision_of
from workbench.labels.rows import Entry
from workbench.labels.store import Store
from workbench.labels.tables import HEAD, journal

__all__ = ["PostgresStore"]

_PAUSE_S = 0.1


class PostgresStore(Store):
    """See :class:`~workbench.labels.store.Store`; the journal is made in the database that the URL names."""

    folder = None

    def __init__(self, url: URL, *, busy_timeout_s: float, or_read_only: bool, make: bool) -> None:
        full = driver_url(url)
        # Imported here: without psycopg the line above has said what to install.
        from workbench.labels.postgres.opening import make_engine

        self.url = self.place = shown_url(url)
        self._secrets, self._patience_s = secrets_of(url), busy_timeout_s
        self.engine = make_engine(full, busy_timeout_s)
        try:
            with self.in_words():
                self.writable = self._open(or_read_only, make)
        except BaseException:
            self.engine.dispose()
            raise

    def _open(self, or_read_only: bool, make: bool) -> bool:
        """Whether the journal that is there now, of this version, may be written."""
        from workbench.labels.postgres.identity import look_at_database

        with self.engine.connect() as connection:
            found = look_at_database(connection, self.place)
            revision = revision_of(connection) if found.journal else None
        if not found.journal and not (make and found.writable):
            remedy = "Ask its owner to open it first" if make else "Name it with --labels"
            raise LabelStoreError(f"There is no label journal in {self.place}. {remedy}.")
        if found.writable:
            bring_up_to_date(self.engine, self.place)
        elif not or_read_only:
            raise LabelStoreError(self.read_only_words)
        elif revision != HEAD:
            raise LabelStoreError(
                f"The label journal {self.place} is of another version (revision {revision}), and this user may not "
                "bring it up to date. Ask its owner to open it with this version of the workbench."
            )
        return found.writable

    @property
    def read_only_words(self) -> str:
        """What it means that this user may not write, and what to do."""
        return (
            f"The label journal {self.place} is read-only for this user: labels can be seen and exported, none can be "
            "saved. Ask its owner for the right to write to go on."
        )

    def in_words(self) -> AbstractContextManager[None]:
        """PostgreSQL's failures as errors that say what to do and never show the password."""
        from workbench.labels.postgres.failures import in_words

        return in_words(self.place, self._secrets)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the journal until the block ends."""
        with self.in_words(), self.engine.connect() as connection:
            yield connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def write(self, work: Callable[[Connection], Entry | None]) -> Entry | None:
        """What `work` gives, written.

        Raises
        ------
        LabelStoreError
            If it was not written; or, in words of its own, if that cannot be known because the server went away just
            then and did not come back.
        """
        with self.in_words():
            with self.engine.connect() as plain:
                connection = plain.execution_options(writes=True)
                with connection.begin() as transaction:
                    entry = work(connection)
                    try:
                        transaction.commit()
                        return entry
                    except DBAPIError as error:
                        if entry is None or not error.connection_invalidated:
                            raise
            return self._look_for(entry)

    def _look_for(self, entry: Entry) -> Entry:
        """The entry, if it was written before the connection broke; the server's answer did not come through."""
        until = time.monotonic() + self._patience_s
        while True:
            try:
                # In turn with the writers: the transaction that broke has ended when this one begins.
                with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
                    query = select(journal.c.label_id, journal.c.analyst, journal.c.decided_at_ns)
                    row = connection.execute(query.where(journal.c.entry == entry.entry)).first()
                break
            except DBAPIError as error:
                if time.monotonic() > until:
                    raise LabelStoreError(
                        f"The connection to the label journal {self.place} was lost while a decision was written, and "
                        "its server does not answer: look whether it is there when the server is back, then decide."
                    ) from error
                time.sleep(_PAUSE_S)
        if row is not None and tuple(row) == (entry.label_id, entry.analyst, entry.decided_at.value):
            return entry
        raise LabelStoreError(
            f"The connection to the label journal {self.place} was lost while a decision was written. Nothing was "
            "written; try again."
        )
