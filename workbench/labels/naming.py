"""How recordings, however many, are named in one question to a database: as one value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, bindparam, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from workbench.labels.tables import journal

__all__ = ["named", "named_values", "rows_of_some"]


class _Named(FunctionElement[Any]):
    """Whether a column is one of the ``recording_ids``.

    It has no type: SQLite would be asked whether a truth value equals 1, and then looks at every row for that.
    """

    name = "named"
    inherit_cache = True


@compiles(_Named, "sqlite")
def _in_json(element: _Named, compiler: Any, **options: Any) -> str:
    column, ids = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({ids}))"  # SQLAlchemy compiled both  # nosec B608


@compiles(_Named, "postgresql")
def _in_array(element: _Named, compiler: Any, **options: Any) -> str:
    column, ids = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} = ANY ({ids})"


def named(column: Any) -> ColumnElement[Any]:
    """The condition that a column is one of the recordings given by :func:`named_values`."""
    return _Named(column, bindparam("recording_ids"))


def named_values(connection: Connection, recording_ids: Sequence[str]) -> dict[str, Any]:
    """The recordings as the value that the database takes."""
    ids = list(recording_ids)
    return {"recording_ids": json.dumps(ids) if connection.dialect.name == "sqlite" else ids}


@cache
def rows_of_some(brief: bool = False) -> FromClause:
    """The journal's rows of the recordings given by :func:`named_values`, for a question to start from.

    They are read once, by the index, whatever the database believes of the journal's size: what it makes of them
    afterwards, it makes of these few.

    Parameters
    ----------
    brief
        Without times, uncertainties, texts and provenance: most of what a row weighs.
    """
    return select(*_BRIEF if brief else journal.c).where(named(journal.c.recording_id)).cte("here")


_BRIEF = [
    journal.c[name]
    for name in (
        "entry", "decision", "recording_id", "label_id", "station", "phase", "onset_quality", "analyst",
        "decided_at_ns", "restores", "pick_id",
    )
]  # fmt: skip
