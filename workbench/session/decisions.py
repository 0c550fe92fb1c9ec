"""``Decisions``: what is decided about the open recording, in the journal and in what is shown of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import param

from workbench.errors import DecidedMeanwhileError, WorkbenchError
from workbench.labels.desk import Desk
from workbench.labels.journal import Journal
from workbench.labels.reading import rows_by_name
from workbench.schema import Decision, empty_labels
from workbench.session.news import colleague_words
from workbench.session.notice import Notice
from workbench.session.picker_list import PickerList
from workbench.settings import Settings

__all__ = ["Decisions"]

_NAMED = 50_000
"""Of more recordings than these what the journal says of all is read, in the background: it takes half a second."""


class Decisions(PickerList):
    """The part of a session that knows the journal; the session says which recording is decided about."""

    statuses = param.DataFrame(pd.DataFrame(), doc="Status, note and counts by recording, from the journal.")
    labels = param.DataFrame(empty_labels(), doc="Labels that stand on the open recording, rejects too.")
    in_hand = param.String("", doc="label_id or pick_id of the pick in hand.")
    loading = param.Boolean(False, doc="Whether a recording or source is being read.")
    notice = param.Parameter(doc="The Notice to show, or None.")
    saved = param.Parameter(doc="The journal's last Entry of this session, or None.")
    can_undo = param.Boolean(False)
    can_redo = param.Boolean(False)

    journal: Journal
    settings: Settings
    hold: Callable[[], AbstractContextManager[Any]]
    _provenance: Callable[[Mapping[str, Any] | None], dict[str, Any]]

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._desk: Desk | None = None
        self._unread = False
        self._head = 0
        """The journal's last entry that the labels show."""
        self._listed_ids: Collection[str] = ()
        """Ids of the recordings of the open source."""
        self._status_rows: dict[str, int] = {}
        """Recording to its row in the table of statuses."""
        self._asked_statuses = 0
        """How often they were read anew."""
        self._newer_statuses: list[pd.DataFrame] | None = None
        """What came of a few recordings while those of all are read; None where they are not."""

    @property
    def shut(self) -> str:
        """Why nothing can be written to the journal, for the controls that would; empty if it can."""
        return "" if self.journal.writable else self.journal.read_only_words

    def decide(self, decision: Callable[[Desk], Any]) -> None:
        """Record one decision on the open recording; it is on disk, and the pick is in hand, when this returns.

        Examples
        --------
        ``session.decide(lambda desk: desk.move(pick_id, time))``

        Raises
        ------
        DecidedMeanwhileError
            If a colleague decided on the same onset since it was shown; what she decided is shown now.
        """
        self._check_not_between()
        if self._desk is None:
            raise WorkbenchError("No recording is open; open one from the list, then decide.")
        self._read_labels()
        with self._showing_what_came():
            self._saved(decision(self._desk))

    def take_news(self, rows: pd.DataFrame, statuses: pd.DataFrame) -> None:
        """Show what was written to the journal meanwhile, and say what a colleague did on the open recording.

        Parameters
        ----------
        rows
            As :meth:`workbench.labels.journal.Journal.since` gives them.
        statuses
            Of the recordings that they are about.
        """
        if self.journal.own_only:
            # Blind since these rows were read: nothing of others is shown.
            return
        there = self.recording is not None and not self.loading
        here = rows[rows["recording_id"] == self.recording_id] if there else rows.iloc[:0]
        with self.hold(), param.parameterized.batch_call_watchers(self):
            if len(here) and int(here["entry"].iloc[-1]) > self._head:
                self._refresh_labels()
            self._take_statuses(statuses)
            if words := colleague_words(here[here["analyst"] != self.analyst]):
                self.notice = Notice("info", words)

    def settle(self, decision: Decision, marks: Sequence[str]) -> Any:
        """Record a decision that settles labels of the open recording; the settled label is in hand when this returns.

        Parameters
        ----------
        marks
            label_id of each.
        """
        self._check_not_between()
        self._read_labels()
        screen = self._provenance(None)
        whole = replace(decision, provenance={**screen, **decision.provenance})
        with self._showing_what_came():
            entry = self.journal.settle(whole, marks, seen=self._head)
        self._saved(entry)
        return entry

    def undo(self) -> None:
        """Take back the last decision on this recording; the taking back is a row too."""
        self._check_not_between()
        with self._showing_what_came():
            self._saved(self.journal.undo(self.recording_id))

    def redo(self) -> None:
        """Bring back the decision that was taken back last."""
        self._check_not_between()
        with self._showing_what_came():
            self._saved(self.journal.redo(self.recording_id))

    def set_status(self, status: str) -> None:
        """Mark the open recording as untouched, in work, done or rejected."""
        self._check_not_between()
        self._saved(self.journal.set_status(self.recording_id, status))

    def set_note(self, text: str) -> None:
        """Keep a note on the open recording."""
        self._check_not_between()
        self._saved(self.journal.set_note(self.recording_id, text))

    @property
    def exports_folder(self) -> Path:
        """Where labels are exported to if no other folder is named."""
        return self.settings.exports_folder(self.journal.folder)

    @contextmanager
    def _showing_what_came(self) -> Iterator[None]:
        """Whoever is told that a colleague was first sees what that one decided, too."""
        try:
            yield
        except DecidedMeanwhileError:
            with self.hold(), param.parameterized.batch_call_watchers(self):
                self._refresh_labels()
            raise

    def _check_not_between(self) -> None:
        if self.loading:
            raise WorkbenchError("The next recording is still being read; decide when it is on the screen.")
        if self.recording is not None and "waveforms_to_come" in self.recording.attrs:
            # Its stations will have other names, and a decision would be about none of them.
            raise WorkbenchError(
                "The waveforms of this event have not come. Open it again to ask for them, or open the catalogue "
                "without a service; then decide."
            )

    def _saved(self, entry: Any) -> None:
        if entry is None:
            return
        with self.hold(), param.parameterized.batch_call_watchers(self):
            self._refresh_labels()
            self.in_hand = entry.label_id or self.in_hand
            self.saved = entry

    def _read_labels(self) -> None:
        """Read the labels of a recording that has just been opened, unless that was done."""
        if self._unread:
            try:
                with self.hold(), param.parameterized.batch_call_watchers(self):
                    self._refresh_labels()
            except WorkbenchError as error:
                self.notice = Notice("error", str(error))

    def _refresh_labels(self) -> None:
        self._unread = False
        look = self.journal.look(self.recording_id)
        self._head, self.labels = look.head, look.labels
        self.can_undo, self.can_redo = look.can_undo, look.can_redo
        self._take_statuses(look.recordings)

    def _read_statuses(self) -> None:
        """Read anew what the journal says of the recordings that are listed; of very many in the background.

        Until then the list says nothing of them but what is read meanwhile.
        """
        self._asked_statuses += 1
        few = len(self._listed_ids) <= _NAMED
        self._newer_statuses = None if few else []
        now = self.journal.recordings(self._listed_ids if few else [])
        self.statuses, self._status_rows = now, rows_by_name(now)
        if not few:
            self._request_all_statuses(partial(self._take_all_statuses, self._asked_statuses))

    def _request_all_statuses(self, done: Callable[[tuple[pd.DataFrame, dict[str, int]]], None]) -> None:
        """Read what :func:`workbench.labels.reading.all_recordings` gives in the background; `done` gets it."""
        raise NotImplementedError

    def _take_all_statuses(self, asked: int, found: tuple[pd.DataFrame, dict[str, int]]) -> None:
        if asked != self._asked_statuses or self._newer_statuses is None:
            return
        newer, self._newer_statuses = self._newer_statuses, None
        with self.hold(), param.parameterized.batch_call_watchers(self):
            self.statuses, self._status_rows = found
            for now in newer:
                self._take_statuses(now)

    def _miss_all_statuses(self, error: WorkbenchError) -> None:
        """Nothing is waited for any more: what comes is put in at once, and the next time they are read anew."""
        self._newer_statuses = None
        self.notice = Notice("error", str(error))

    def _take_statuses(self, now: pd.DataFrame) -> None:
        """Put in what the journal says now of a few recordings; the others keep their rows."""
        if self._newer_statuses is not None:
            self._newer_statuses.append(now)
        known = [self._status_rows.get(name, -1) for name in now["recording_id"]]
        both = self.statuses
        if old := [row for row in known if row >= 0]:
            values, before = now[[row >= 0 for row in known]], both.iloc[old]
            both = both.copy()
            for place, name in enumerate(both.columns):
                # A column of texts is copied as a whole, so only where it must be.
                if not (before[name].array == values[name].array).all():
                    both.iloc[old, place] = values[name].array
        more = now[[row < 0 for row in known]]
        if len(more):
            self._status_rows |= {name: len(both) + i for i, name in enumerate(more["recording_id"])}
            both = pd.concat([both, more], ignore_index=True) if len(both) else more.reset_index(drop=True)
        self.statuses = both
