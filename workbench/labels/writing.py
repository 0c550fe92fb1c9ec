"""One more row in the journal, with the tally that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert

from workbench.labels.rows import Entry, as_entry, check_text
from workbench.labels.tables import journal
from workbench.labels.tally import keep_tally

__all__ = ["insert_row"]

_INSERT = insert(journal).returning(journal.c.entry)


def insert_row(connection: Connection, row: Mapping[str, Any]) -> Entry:
    """The entry that a row became, within the transaction that is open.

    Raises
    ------
    SchemaError
        If it holds a text that no database keeps.
    """
    check_text(row)
    number = connection.execute(_INSERT, row).scalar_one()
    keep_tally(connection, row["recording_id"])
    return as_entry(number, row)
