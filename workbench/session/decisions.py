"""``Decisions``: what is decided about the open recording, in the journal and in what is shown of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pandas as pd
import param

from workbench.errors import WorkbenchError
from workbench.labels.desk import Desk
from workbench.labels.journal import Journal
from workbench.schema import empty_labels
from workbench.session.notice import Notice
from workbench.session.picker_list import PickerList

__all__ = ["Decisions"]


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
    hold: Callable[[], AbstractContextManager[Any]]

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._desk: Desk | None = None
        self._unread = False

    def decide(self, decision: Callable[[Desk], Any]) -> None:
        """Record one decision on the open recording; it is on disk, and the pick is in hand, when this returns.

        Examples
        --------
        ``session.decide(lambda desk: desk.move(pick_id, time))``
        """
        self._check_not_between()
        if self._desk is None:
            raise WorkbenchError("No recording is open; open one from the list, then decide.")
        self._read_labels()
        self._saved(decision(self._desk))

    def undo(self) -> None:
        """Take back the last decision on this recording; the taking back is a row too."""
        self._check_not_between()
        self._saved(self.journal.undo(self.recording_id))

    def redo(self) -> None:
        """Bring back the decision that was taken back last."""
        self._check_not_between()
        self._saved(self.journal.redo(self.recording_id))

    def set_status(self, status: str) -> None:
        """Mark the open recording as untouched, in work, done or rejected."""
        self._check_not_between()
        self._saved(self.journal.set_status(self.recording_id, status))

    def set_note(self, text: str) -> None:
        """Keep a note on the open recording."""
        self._check_not_between()
        self._saved(self.journal.set_note(self.recording_id, text))

    def _check_not_between(self) -> None:
        if self.loading:
            raise WorkbenchError("The next recording is still being read; decide when it is on the screen.")

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
        here = [self.recording_id]
        self.labels = self.journal.labels(here)
        # Only this row: folding a journal of 100,000 decisions anew at every key takes a third of a second.
        others = self.statuses[self.statuses["recording_id"] != self.recording_id]
        now = self.journal.recordings(here)
        self.statuses = pd.concat([others, now], ignore_index=True) if len(others) else now
        self.can_undo = self.journal.can_undo(self.recording_id)
        self.can_redo = self.journal.can_redo(self.recording_id)
