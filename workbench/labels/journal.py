"""``Journal``: where decisions are kept. Every row is on disk before the method that wrote it returns."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd
from sqlalchemy import Connection, insert

from workbench.errors import LabelStoreError, SchemaError
from workbench.labels.failures import in_words
from workbench.labels.folding import fold_entries, fold_labels, fold_recordings
from workbench.labels.opening import is_read_only, journal_path, open_engine, open_for_reading
from workbench.labels.rows import Entry, as_entry, decision_row, recording_row
from workbench.labels.tables import journal
from workbench.labels.undoing import last_row, redo_row, stacks, undo_row
from workbench.schema import STATUSES, Decision, check_labels
from workbench.settings import login_name

__all__ = ["Entry", "Journal"]


class Journal:
    """Decisions of analysts in an SQLite file, append-only.

    Several threads and several processes may write to the same journal. Only the methods of this class write, and each
    of them only when an analyst decided something.

    Parameters
    ----------
    url
        ``sqlite:///PATH`` or a path; folder and file are made if they are not there.
    analyst
        Name written beside every decision; empty stands for the login name.
    busy_timeout_s
        How long to wait while another process writes.
    or_read_only
        Open a file that may be read, but not written, all the same: then `writable` is False, and whoever decides
        something is told so.

    Raises
    ------
    LabelStoreError
        If the file cannot be opened and written, or is no journal; says what to do.
    """

    def __init__(self, url: str, analyst: str = "", *, busy_timeout_s: float = 5.0, or_read_only: bool = False) -> None:
        self.path = journal_path(url)
        self.url = f"sqlite:///{self.path}"
        self.analyst = analyst.strip() or login_name()
        self.writable = not (or_read_only and is_read_only(self.path))
        self._engine = (open_engine if self.writable else open_for_reading)(self.path, busy_timeout_s)
        self._file = self.path.stat().st_ino
        self._writing = _write_lock(self.path)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Nothing stays open; every decision was on disk before."""
        self._engine.dispose()

    def record(self, decision: Decision) -> Entry:
        """The entry that a decision became; it is on disk.

        Raises
        ------
        LabelStoreError
            If it could not be written; then nothing of it was.
        SchemaError
            If it holds what a journal cannot keep.
        """
        if decision.decision == "restore":
            raise SchemaError("A row 'restore' is written by undo() and redo() only.")

        def row(connection: Connection) -> Mapping[str, Any]:
            label_id = decision.label_id or uuid.uuid4().hex
            last = last_row(connection, decision.label_id) if decision.label_id else None
            if last is not None and last.recording_id != decision.recording_id:
                raise SchemaError(
                    f"The label {label_id} belongs to the recording {last.recording_id!r}, "
                    f"not to {decision.recording_id!r}."
                )
            return decision_row(decision, label_id, None if last is None else last.entry, self.analyst)

        return self._append(row)

    def undo(self, recording_id: str) -> Entry | None:
        """The row that took back this analyst's latest decision on a recording; None if there is nothing to undo."""

        def row(connection: Connection) -> Mapping[str, Any] | None:
            done, _ = stacks(connection, recording_id, self.analyst)
            return undo_row(connection, done[-1], self.analyst) if done else None

        return self._append_if(row)

    def redo(self, recording_id: str) -> Entry | None:
        """The row that put back the decision undone last; None if there is nothing to redo."""

        def row(connection: Connection) -> Mapping[str, Any] | None:
            _, undone = stacks(connection, recording_id, self.analyst)
            return redo_row(connection, undone[-1], self.analyst) if undone else None

        return self._append_if(row)

    def can_undo(self, recording_id: str) -> bool:
        """Whether this analyst has a decision on the recording to take back."""
        with self._reading() as connection:
            return bool(stacks(connection, recording_id, self.analyst)[0])

    def can_redo(self, recording_id: str) -> bool:
        """Whether this analyst has an undone decision on the recording to put back."""
        with self._reading() as connection:
            return bool(stacks(connection, recording_id, self.analyst)[1])

    def set_status(self, recording_id: str, status: str) -> Entry:
        """The entry that a recording's status became; one of :data:`workbench.schema.STATUSES`."""
        if status not in STATUSES:
            raise SchemaError(f"A status is one of {list(STATUSES)}; this is {status!r}.")
        return self._append(lambda _: recording_row("status", recording_id, status, self.analyst))

    def set_note(self, recording_id: str, text: str) -> Entry:
        """The entry that a recording's note became; it replaces the note before, which stays in the journal."""
        return self._append(lambda _: recording_row("note", recording_id, text, self.analyst))

    def labels(self, recording_ids: Iterable[str] | None = None) -> pd.DataFrame:
        """Labels that stand, by recording and time; of all recordings if none are named.

        A label whose latest row is ``restore`` has decision, analyst and content of the row that is in force again;
        ``entry`` is always the latest row of the label. A label undone to nothing is absent.
        """
        with self._reading() as connection:
            return check_labels(fold_labels(connection, _names(recording_ids)))

    def recordings(self, recording_ids: Iterable[str] | None = None) -> pd.DataFrame:
        """Each recording that has rows: status, note, how many labels stand, and the time of its last row.

        ``n_p`` and ``n_s`` count phases whose names begin with P and S; rejected onsets count nowhere. Without a status
        of its own a recording is "in work" if a decision stands, and "untouched" otherwise.
        """
        with self._reading() as connection:
            return fold_recordings(connection, _names(recording_ids))

    def entries(self, recording_id: str | None = None, limit: int | None = None) -> pd.DataFrame:
        """The journal itself, newest row first."""
        with self._reading() as connection:
            return fold_entries(connection, recording_id, limit)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with in_words(self.path), self._engine.connect() as connection:
            yield connection

    def _append(self, make: Callable[[Connection], Mapping[str, Any]]) -> Entry:
        entry = self._append_if(make)
        assert entry is not None
        return entry

    @property
    def read_only_words(self) -> str:
        """What a journal means to whoever opened it that may not be written, and what to do."""
        return (
            f"The label journal {self.path} is read-only: labels can be seen and exported, none can be saved. "
            "Make the file and its folder writable to go on."
        )

    def _append_if(self, make: Callable[[Connection], Mapping[str, Any] | None]) -> Entry | None:
        if not self.writable:
            raise LabelStoreError(f"{self.read_only_words} Nothing was written.")
        with self._writing, in_words(self.path), self._engine.connect() as plain:
            connection = plain.execution_options(writes=True)
            with connection.begin():
                self._check_place()
                row = make(connection)
                if row is None:
                    return None
                _check_text(row)
                result = connection.execute(insert(journal).returning(journal.c.entry), row)
                number = result.scalar_one()
            return as_entry(number, row)

    def _check_place(self) -> None:
        """Nothing, if the file is still the one that was opened: SQLite would write on into a deleted one."""
        try:
            same = self.path.stat().st_ino == self._file
        except OSError:
            same = False
        if not same:
            raise LabelStoreError(
                f"The label journal {self.path} was removed or replaced while it was open. Nothing was written; "
                "put it back or open another."
            )


@cache
def _write_lock(path: Path) -> threading.RLock:  # noqa: ARG001 - one lock for each path
    """The lock that all journals of this process on one file share.

    Writers that wait here take turns at once; those that SQLite makes wait sleep up to a tenth of a second a try.
    """
    return threading.RLock()


def _names(recording_ids: Iterable[str] | None) -> list[str] | None:
    return None if recording_ids is None else list(dict.fromkeys(recording_ids))


def _check_text(row: Mapping[str, Any]) -> None:
    for name, value in row.items():
        try:
            str(value).encode()
        except UnicodeEncodeError as error:
            raise SchemaError(f"The {name} {value!r} is not text that can be kept; rename the file.") from error
