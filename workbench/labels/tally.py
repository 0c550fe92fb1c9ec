"""What stands for each recording, kept beside the journal: written with every row, in the same transaction.

The rows of the journal are the truth; the table is what :func:`workbench.labels.folding.fold_recordings` makes of
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, bindparam, insert, select, update

from workbench.labels.folding import RECORDING_COLUMNS, STORED, make_frame, recording_rows
from workbench.labels.naming import named, named_values
from workbench.labels.tables import tally

__all__ = ["keep_tally", "read_tally"]


def keep_tally(connection: Connection, recording_id: str) -> None:
    """Work out anew what stands for one recording, within the transaction that wrote about it."""
    (row,) = recording_rows(connection, [recording_id])
    values = {STORED.get(name, name): value for name, value in zip(RECORDING_COLUMNS, row, strict=True)}
    # Writers take turns: nobody adds the row in between.
    known = connection.execute(_UPDATE, values | {"here": recording_id})
    if not known.rowcount:
        connection.execute(_INSERT, values)


def read_tally(connection: Connection, recording_ids: Sequence[str] | None) -> pd.DataFrame:
    """One row for each recording that anything was decided about, by recording_id."""
    values = {} if recording_ids is None else named_values(connection, recording_ids)
    return make_frame(connection.execute(_query(recording_ids is not None), values).all(), RECORDING_COLUMNS)


_UPDATE = update(tally).where(tally.c.recording_id == bindparam("here"))
_INSERT = insert(tally)


@cache
def _query(few: bool) -> Select[Any]:
    query = select(*(tally.c[STORED.get(name, name)] for name in RECORDING_COLUMNS)).order_by(tally.c.recording_id)
    return query.where(named(tally.c.recording_id)) if few else query
