"""``Afterwards``: work for the screen that rests while the browser draws what was sent just now.

What need only wait for the turn that asked for it to end is a :class:`workbench.views.later.Later`.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

__all__ = ["Afterwards"]

_REST_S = 0.08
"""Time for the browser to draw what comes first: what is sent meanwhile would be worked on before it."""

_MOST_S = 0.25
"""Nothing is put off for longer, however often something else comes first."""


class Afterwards:
    """Calls functions a moment after they were asked for: each once, and all that they change as one.

    Parameters
    ----------
    session
        Its ``pause`` and ``hold`` are used; where it has no pause, a function is called at once.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self._waiting: dict[Callable[[], None], None] = {}
        self._asked_s = self._rested_s = 0.0

    def watcher(self, function: Callable[[], None]) -> Callable[..., None]:
        """What asks for the function, whatever it is given: a watcher of parameters."""
        return lambda *_: self.ask(function)

    def ask(self, function: Callable[[], None]) -> None:
        """Call it, after those that were asked for before."""
        began = not self._waiting
        self._waiting[function] = None
        if not began:
            return
        self._asked_s = monotonic()
        if self._session.pause is None:
            self._session.schedule(self._call)
        else:
            self._session.pause(_REST_S, self._call)

    def put_off(self) -> None:
        """Something has just been sent that is to be drawn first: what waits begins its rest anew."""
        self._rested_s = monotonic() + _REST_S

    def _call(self) -> None:
        left_s = min(self._rested_s, self._asked_s + _MOST_S) - monotonic()
        if self._session.pause is not None and left_s > 0.005:
            self._session.pause(left_s, self._call)
            return
        waiting, self._waiting = list(self._waiting), {}
        with self._session.hold():
            for function in waiting:
                function()
