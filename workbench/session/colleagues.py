"""``Colleagues``: looks now and then, in the background, whether somebody else wrote to the journal."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

from workbench.errors import WorkbenchError
from workbench.session.notice import Notice

__all__ = ["EVERY_S", "Colleagues"]

EVERY_S = 2.0
"""Seconds between two looks; each asks for the rows after the last one, which takes the database a millisecond."""


class Colleagues:
    """A thread that tells a session what is new in its journal, on the session's own thread.

    Parameters
    ----------
    session
        A :class:`workbench.session.decisions.Decisions` with ``schedule``; :meth:`close` is called before its journal
        is closed.
    """

    def __init__(self, session: Any, every_s: float = EVERY_S) -> None:
        self._session, self._every_s = session, every_s
        self._ended = threading.Event()
        self._head: int | None = None
        self._away = False
        self._thread = threading.Thread(target=self._watch, name="colleagues", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while True:
            try:
                self._look()
                if self._away:
                    self._away = False
                    self._tell(Notice("info", "The label journal answers again."))
            except WorkbenchError as error:
                if not self._away and not self._ended.is_set():
                    self._away = True
                    self._tell(Notice("warn", str(error)))
            if self._ended.wait(self._every_s):
                break
        # A look that was under way when the session closed its journal has opened it again.
        self._session.journal.close()

    def _look(self) -> None:
        journal = self._session.journal
        if self._head is None:
            self._head = journal.head()
            return
        rows = journal.since(self._head)
        if rows.empty:
            return
        self._head = int(rows["entry"].iloc[-1])
        if not self._ended.is_set():
            statuses = journal.recordings(rows["recording_id"])
            self._session.schedule(partial(self._session.take_news, rows, statuses))

    def _tell(self, notice: Notice) -> None:
        self._session.schedule(lambda: setattr(self._session, "notice", notice))

    def close(self) -> None:
        """Look no more; a look that hangs on a server is not waited for."""
        self._ended.set()
        if threading.current_thread() is not self._thread:
            self._thread.join(0.2)
