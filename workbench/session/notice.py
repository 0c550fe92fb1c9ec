"""``Notice``: a word to the user."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Notice"]


@dataclass(frozen=True)
class Notice:
    """Something the user must know: what happened, and what to do."""

    level: str
    text: str
    detail: str = ""
