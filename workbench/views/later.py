"""``Later``: work for the screen that waits until the turn that asked for it has ended."""

from __future__ import annotations

from collections.abc import Callable

from workbench.session import Session

__all__ = ["Later"]


class Later:
    """Calls a function once, a moment after it was asked for, however often that was.

    Parameters
    ----------
    session
        Its ``schedule`` says when; what the function changes reaches the screen as one.
    """

    def __init__(self, session: Session, function: Callable[[], None]) -> None:
        self._session = session
        self._function = function
        self._waits = False

    def __call__(self, *_: object) -> None:
        """Ask for the call; takes the events of a parameter's watcher, and needs none of them."""
        if not self._waits:
            self._waits = True
            self._session.schedule(self._call)

    def _call(self) -> None:
        self._waits = False
        with self._session.hold():
            self._function()
