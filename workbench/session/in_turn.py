"""What stands in for a page's event loop where there is none."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock

__all__ = ["in_turn"]


def in_turn() -> Callable[[Callable[[], None]], None]:
    """Calls at once, one after the other: two workers that end together do not change a session together."""
    turn = RLock()

    def call(function: Callable[[], None]) -> None:
        with turn:
            function()

    return call
