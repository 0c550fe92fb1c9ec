"""``Journal``: where decisions are kept. Every row is on disk before the method that wrote it returns."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from workbench.errors import LabelStoreError, SchemaError
from workbench.labels.double_picking import (
    DoubleItem,
    double_items,
    fold_looks,
    item_row,
    look_row,
    several_recordings,
)
from workbench.labels.folding import (
    fold_entries,
    fold_entries_since,
    fold_labels,
    fold_marks,
    fold_outcomes,
    fold_recordings,
    last_entry,
)
from workbench.labels.meanwhile import check_unchanged
from workbench.labels.position import journal_position
from workbench.labels.rows import Entry, decision_row, recording_row
from workbench.labels.settling import check_free, check_free_again, check_not_settled, keep_settled
from workbench.labels.store import open_store
from workbench.labels.tally import read_tally
from workbench.labels.undoing import last_row, redo_row, stacks, undo_row
from workbench.labels.writing import insert_row
from workbench.schema import STATUSES, Decision, JournalPosition, check_labels, check_marks
from workbench.settings import login_name

__all__ = ["Entry", "Journal", "Look"]


@dataclass(frozen=True)
class Look:
    """What stands on one recording at one moment.

    Parameters
    ----------
    head
        The last entry of the whole journal then: what a decision on what is shown here has `seen`.
    labels, recordings
        As the methods of :class:`Journal` give them.
    """

    head: int
    labels: pd.DataFrame
    recordings: pd.DataFrame
    can_undo: bool
    can_redo: bool


class Journal:
    """Decisions of analysts in an SQLite file or a PostgreSQL database, append-only.

    Several threads and several processes may write to the same journal. Only the methods of this class write, and each
    of them only when an analyst decided something.

    Parameters
    ----------
    url
        ``sqlite:///PATH`` or a path: folder and file are made if they are not there. Or
        ``postgresql://USER:PASSWORD@HOST/DATABASE``: the database must be there, and be empty or a journal.
    analyst
        Name written beside every decision; empty stands for the login name.
    busy_timeout_s
        How long to wait while others write, and for a server's answer.
    or_read_only
        Open one that may be read, but not written, all the same: then `writable` is False, and whoever decides
        something is told so.
    make
        Make the journal where there is none; if not set, that is an error.
    shut
        Why nothing may be written through this one, in words, though the journal may; empty if there is no reason.

    Attributes
    ----------
    url, place
        Where it lies, without any password: for programs, and for people.
    folder
        Of the file; None where it lies on a server.
    analyst
        Another one may be set at any time; what was written keeps its own.
    own_only
        Set for blind picking: then `labels`, `recordings` and `entries` tell of this analyst's own rows alone.

    Raises
    ------
    LabelStoreError
        If it cannot be opened and written, or is no journal; says what to do.
    RequirementError
        If it lies in PostgreSQL and psycopg is not installed.
    """

    def __init__(
        self,
        url: str,
        analyst: str = "",
        *,
        busy_timeout_s: float = 5.0,
        or_read_only: bool = False,
        make: bool = True,
        shut: str = "",
    ) -> None:
        self._store = open_store(url, busy_timeout_s=busy_timeout_s, or_read_only=or_read_only, make=make)
        self.url, self.place, self.folder = self._store.url, self._store.place, self._store.folder
        self.analyst = analyst.strip() or login_name()
        self.own_only = False
        self._shut = shut
        self.writable = self._store.writable and not shut

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Nothing stays open; every decision was on disk before."""
        self._store.close()

    def record(self, decision: Decision, *, seen: int | None = None) -> Entry:
        """The entry that a decision became; it is on disk.

        Parameters
        ----------
        seen
            The journal's last entry when the analyst looked: see :class:`Look`. None stands for whoever decides
            whatever others did; so does `own_only`, for who picks blind must not hear of others.

        Raises
        ------
        DecidedMeanwhileError
            If another analyst decided on the same onset after `seen`, or somebody has settled the label; nothing was
            written.
        LabelStoreError
            If it could not be written; then nothing of it was.
        SchemaError
            If it holds what a journal cannot keep.
        """
        if decision.decision == "restore":
            raise SchemaError("A row 'restore' is written by undo() and redo() only.")

        def row(connection: Connection) -> Mapping[str, Any]:
            if seen is not None and not self.own_only:
                check_unchanged(connection, decision, seen, self.analyst)
            label_id = decision.label_id or uuid.uuid4().hex
            last = last_row(connection, decision.label_id) if decision.label_id else None
            if last is not None and last.recording_id != decision.recording_id:
                raise SchemaError(
                    f"The label {label_id} belongs to the recording {last.recording_id!r}, "
                    f"not to {decision.recording_id!r}."
                )
            new = decision_row(decision, label_id, None if last is None else last.entry, self.analyst)
            return new if last is None or seen is None else self._unsettled(connection, new)

        return self._append(row)

    def undo(self, recording_id: str) -> Entry | None:
        """The row that took back this analyst's latest decision on a recording; None if there is nothing to undo.

        Raises
        ------
        DecidedMeanwhileError
            If somebody has settled that label since, and she does not pick blind; nothing was written.
        LabelStoreError
            If another analyst has changed it since; nothing was written.
        """

        def row(connection: Connection) -> Mapping[str, Any] | None:
            done, _ = stacks(connection, recording_id, self.analyst)
            return self._unsettled(connection, undo_row(connection, done[-1], self.analyst)) if done else None

        return self._append_if(row)

    def redo(self, recording_id: str) -> Entry | None:
        """The row that put back the decision undone last; None if there is nothing to redo. Raises as `undo` does."""

        def row(connection: Connection) -> Mapping[str, Any] | None:
            _, undone = stacks(connection, recording_id, self.analyst)
            if not undone:
                return None
            again = redo_row(connection, undone[-1], self.analyst)
            check_free_again(connection, undone[-1], again["label_id"], self.analyst)
            return self._unsettled(connection, again)

        return self._append_if(row)

    def _unsettled(self, connection: Connection, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same row, if what it says of its label will be seen; who picks blind sees only her own labels."""
        if not self.own_only:
            check_not_settled(connection, row["recording_id"], [row["label_id"]])
        return row

    def look(self, recording_id: str) -> Look:
        """All that a page shows of one recording, as it stands at one moment."""
        here = [recording_id]
        with self._store.reading() as connection:
            done, undone = stacks(connection, recording_id, self.analyst)
            labels = check_labels(fold_labels(connection, here, self._whose()))
            return Look(last_entry(connection), labels, self._recordings(connection, here), bool(done), bool(undone))

    def head(self) -> int:
        """The number of the last entry; 0 where there is none."""
        with self._store.reading() as connection:
            return last_entry(connection)

    def since(self, entry: int) -> pd.DataFrame:
        """The rows after an entry, oldest first; with `own_only`, this analyst's rows."""
        with self._store.reading() as connection:
            return fold_entries_since(connection, entry, self._whose())

    def next_undo(self, recording_id: str) -> int | None:
        """The entry of this analyst on the recording that would be taken back next; None if there is none."""
        with self._store.reading() as connection:
            return next(reversed(stacks(connection, recording_id, self.analyst)[0]), None)

    def can_undo(self, recording_id: str) -> bool:
        """Whether this analyst has a decision on the recording to take back."""
        return self.next_undo(recording_id) is not None

    def can_redo(self, recording_id: str) -> bool:
        """Whether this analyst has an undone decision on the recording to put back."""
        with self._store.reading() as connection:
            return bool(stacks(connection, recording_id, self.analyst)[1])

    def set_status(self, recording_id: str, status: str) -> Entry:
        """The entry that a recording's status became; one of :data:`workbench.schema.STATUSES`."""
        if status not in STATUSES:
            raise SchemaError(f"A status is one of {list(STATUSES)}; this is {status!r}.")
        return self._append(lambda _: recording_row("status", recording_id, status, self.analyst))

    def set_note(self, recording_id: str, text: str) -> Entry:
        """The entry that a recording's note became; it replaces the note before, which stays in the journal."""
        return self._append(lambda _: recording_row("note", recording_id, text, self.analyst))

    def settle(self, decision: Decision, marks: Sequence[str], *, seen: int | None = None) -> Entry:
        """The entry of a new label that stands for the marks of several analysts from now on; they stay as they are.

        Parameters
        ----------
        decision
            ``settle``, or ``reject`` where there is no onset after all.
        marks
            label_id of each.
        seen
            As for `record`.

        Raises
        ------
        DecidedMeanwhileError
            If somebody has settled one of them already, taken it back, or changed it after `seen`; nothing was written.
        LabelStoreError
            If it could not be written; then nothing of it was.
        SchemaError
            If one of them is no label on that recording.
        """
        if decision.decision not in ("settle", "reject") or decision.label_id:
            raise SchemaError("Marks are settled by a new label: 'settle', or 'reject' where there is no onset.")

        def row(connection: Connection) -> Mapping[str, Any]:
            label_id = uuid.uuid4().hex
            check_free(connection, decision.recording_id, marks, seen=seen, analyst=self.analyst)
            keep_settled(connection, label_id, decision.recording_id, marks)
            return decision_row(decision, label_id, None, self.analyst)

        return self._append(row)

    def send_to_double_picking(self, items: Iterable[DoubleItem], *, withdrawn: bool = False) -> None:
        """Put stations on the list of what several analysts pick without seeing each other, or take them off it.

        All of them, or none where that fails.
        """
        rows = [item_row(item, self.analyst, withdrawn=withdrawn) for item in items]
        self._write(lambda connection: [insert_row(connection, row) for row in rows][-1] if rows else None)

    def double_items(self) -> list[DoubleItem]:
        """The list of what several analysts pick without seeing each other."""
        with self._store.reading() as connection:
            return double_items(connection)

    def set_looked(self, recording_id: str, station: str, done: bool = True) -> Entry:
        """The entry that says that this analyst has done with a station (empty: all of them), or has not after all."""
        return self._append(lambda _: look_row(recording_id, station, done, self.analyst))

    def labels(self, recording_ids: Iterable[str] | None = None, at: int | None = None) -> pd.DataFrame:
        """Labels that stand, by recording and time; of all recordings if none are named.

        With `at` those that stood right after the entry of that number.

        A label whose latest row is ``restore`` has decision, analyst and content of the row that is in force again;
        ``entry`` is always the latest row of the label. A label undone to nothing is absent.

        Two analysts who marked one onset each have a row, side by side, until somebody settles them; then the settled
        label is the only row, as long as it stands. :func:`workbench.labels.doubles.one_an_onset` gives one row an
        onset, and says which were not settled. With `own_only`: this analyst's own labels, settled or not.
        """
        with self._store.reading() as connection:
            return check_labels(fold_labels(connection, _names(recording_ids), self._whose(), at))

    def position(self, at: int | None = None) -> JournalPosition:
        """Where the journal stands now, or stood after the entry `at`; see :mod:`workbench.labels.position`.

        Raises
        ------
        LabelStoreError
            If the journal has no entry of that number.
        """
        with self._store.reading() as connection:
            return journal_position(connection, at)

    def marks(self, recording_ids: Iterable[str] | None = None) -> pd.DataFrame:
        """Each analyst's own labels side by side, settled or not: see :data:`workbench.schema.MARK_COLUMNS`.

        A label belongs to the analyst of its row in force: one that another has moved is the other's. Labels that
        settle others are left out.
        """
        with self._store.reading() as connection:
            return check_marks(fold_marks(connection, _names(recording_ids)))

    def looks(self, recording_ids: Iterable[str] | None = None) -> pd.DataFrame:
        """Who has done with which stations: see :data:`workbench.schema.LOOK_COLUMNS`."""
        with self._store.reading() as connection:
            return fold_looks(connection, _names(recording_ids))

    def outcomes(self, recording_ids: Iterable[str]) -> pd.DataFrame:
        """Of labels that stand only what became of each: see :data:`workbench.labels.folding.OUTCOME_COLUMNS`."""
        with self._store.reading() as connection:
            return fold_outcomes(connection, _names(recording_ids) or [], self._whose())

    def several_recordings(self) -> list[str]:
        """Recordings about which more than one analyst has written anything."""
        with self._store.reading() as connection:
            return several_recordings(connection)

    def recordings(self, recording_ids: Iterable[str] | None = None) -> pd.DataFrame:
        """Each recording that has rows: status, note, how many labels stand, and the time of its last row.

        ``n_p`` and ``n_s`` count phases whose names begin with P and S; rejected onsets count nowhere. Without a status
        of its own a recording is "in work" if a decision stands, and "untouched" otherwise. With `own_only`, only what
        this analyst wrote counts.
        """
        with self._store.reading() as connection:
            return self._recordings(connection, _names(recording_ids))

    def _recordings(self, connection: Connection, names: list[str] | None) -> pd.DataFrame:
        return fold_recordings(connection, names, self.analyst) if self.own_only else read_tally(connection, names)

    def entries(self, recording_id: str | None = None, limit: int | None = None) -> pd.DataFrame:
        """The journal itself, newest row first; with `own_only`, this analyst's rows."""
        with self._store.reading() as connection:
            return fold_entries(connection, recording_id, limit, self._whose())

    def _whose(self) -> str:
        return self.analyst if self.own_only else ""

    def _append(self, make: Callable[[Connection], Mapping[str, Any]]) -> Entry:
        entry = self._append_if(make)
        assert entry is not None
        return entry

    @property
    def read_only_words(self) -> str:
        """What a journal means to whoever opened it that may not be written, and what to do."""
        return self._shut or self._store.read_only_words

    def _append_if(self, make: Callable[[Connection], Mapping[str, Any] | None]) -> Entry | None:
        def work(connection: Connection) -> Entry | None:
            row = make(connection)
            return None if row is None else insert_row(connection, row)

        return self._write(work)

    def _write(self, work: Callable[[Connection], Entry | None]) -> Entry | None:
        if not self.writable:
            raise LabelStoreError(f"{self.read_only_words} Nothing was written.")
        return self._store.write(work)


def _names(recording_ids: Iterable[str] | None) -> list[str] | None:
    return None if recording_ids is None else list(dict.fromkeys(recording_ids))
