"""Where a journal stands, by a name that stays the same wherever the journal lies."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, func, select

from workbench.errors import LabelStoreError
from workbench.labels.tables import journal
from workbench.schema import JournalPosition

__all__ = ["journal_position"]

_DIGITS = 12
_OF_A_ROW = ("entry", "decision", "recording_id", "label_id", "analyst", "decided_at_ns")


def journal_position(connection: Connection, at: int | None = None) -> JournalPosition:
    """The position after the last entry, or after the entry `at`.

    A journal is named by a hash of its first row: rows are never changed, and no two journals begin in the same
    nanosecond. So a copy of a journal has its name, also one in another kind of database.

    Raises
    ------
    LabelStoreError
        If there is no entry `at`.
    """
    first, last = connection.execute(select(func.min(journal.c.entry), func.max(journal.c.entry))).one()
    if at is not None and not 1 <= at <= (last or 0):
        raise LabelStoreError(f"The journal has no entry {at}; its last is {last or 0}. Name one from 1 on.")
    if first is None:
        return JournalPosition("", 0)
    row = connection.execute(select(*(journal.c[name] for name in _OF_A_ROW)).where(journal.c.entry == first)).one()
    digest = hashlib.blake2b("\x1f".join(map(str, row)).encode(), digest_size=_DIGITS // 2)
    return JournalPosition(digest.hexdigest(), int(last if at is None else at))
