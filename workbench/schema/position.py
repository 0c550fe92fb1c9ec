"""``JournalPosition``: which labels an export is of, so that it can be made again."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["JournalPosition"]


@dataclass(frozen=True)
class JournalPosition:
    """A journal as it stood after one of its entries.

    Parameters
    ----------
    journal
        Twelve hexadecimal digits made of its first row, the same wherever the journal lies; empty of a journal without
        rows.
    entry
        Number of the last row that counts; 0 where there is none.
    """

    journal: str
    entry: int
