"""``Told``: the parts of a picture by name, of which the browser hears those that have changed, in one message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Told"]


class Told:
    """What the browser holds of a picture, and what it has still to hear.

    Parameters
    ----------
    tell
        Sends parts, by name, to the browser; it may be another one later.
    """

    def __init__(self, tell: Callable[..., None]) -> None:
        self.tell = tell
        self.parts: dict[str, Any] = {}
        self._news: dict[str, Any] = {}

    def say(self, **parts: Any) -> None:
        """Tell plain values that the browser does not hold already: each message makes it paint."""
        held = self.parts
        self._news |= {name: value for name, value in parts.items() if name not in held or held[name] != value}

    def say_anew(self, **parts: Any) -> None:
        """Tell values, whatever the browser holds: it may have moved away from them, or they are large arrays."""
        self._news |= parts

    def say_columns(self, name: str, columns: Mapping[str, Any]) -> None:
        """Tell other columns for a source; nothing is told, and nothing painted, for an empty one that stays empty."""
        if name not in self.parts or any(map(len, (*columns.values(), *self.parts[name].values()))):
            self._news[name] = columns

    def send(self) -> None:
        """Send the news, if there are any."""
        if self._news:
            news, self._news = self._news, {}
            self.parts |= news
            self.tell(**news)

    def repeat(self, **changes: Any) -> None:
        """Tell everything once more, to a browser that shows something else."""
        self.tell(**self.parts | changes)
