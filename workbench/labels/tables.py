"""The one table of the journal, and what identifies a journal file."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, Table, Text

__all__ = ["APPLICATION_ID", "HEAD", "RECORDING_ROWS", "journal"]

APPLICATION_ID = 0x5342574A
"""``"SBWJ"`` in the header of an SQLite file, by which a journal is told from the databases of other programs."""

HEAD = "0002"
"""The Alembic revision that this version of the workbench reads and writes."""

RECORDING_ROWS = ("status", "note")
"""Values of ``decision`` for rows about a recording as a whole; their content stands in ``text``."""

metadata = MetaData()

# SQLite gives its own row numbers to a column of type INTEGER only; other databases need eight bytes asked for.
_number = BigInteger().with_variant(Integer(), "sqlite")

journal = Table(
    "journal",
    metadata,
    Column("entry", _number, primary_key=True, autoincrement=True),
    Column("decision", Text, nullable=False),
    Column("recording_id", Text, nullable=False),
    Column("label_id", Text, nullable=False, server_default=""),
    Column("station", Text, nullable=False, server_default=""),
    Column("phase", Text, nullable=False, server_default=""),
    Column("time_ns", BigInteger),
    Column("uncertainty_minus_s", Float(53)),
    Column("uncertainty_plus_s", Float(53)),
    Column("polarity", Text, nullable=False, server_default=""),
    Column("onset_quality", Text, nullable=False, server_default=""),
    Column("weight", Float(53)),
    Column("analyst", Text, nullable=False),
    Column("decided_at_ns", BigInteger, nullable=False),
    Column("replaces", _number),
    Column("restores", _number),
    Column("undoes", _number),
    Column("pick_id", Text, nullable=False, server_default=""),
    Column("provenance", Text, nullable=False, server_default="{}"),
    Column("text", Text, nullable=False, server_default=""),
    Index("journal_by_recording", "recording_id", "entry"),
    Index("journal_by_label", "label_id", "entry"),
    sqlite_autoincrement=True,
)
"""One row for each decision, never changed and never deleted.

``replaces`` is the last earlier row of the same label. A row ``restore`` puts the row ``restores`` back into force, or
the label back to nothing where that is empty; ``undoes`` is the row that an undo takes back, empty for a redo. Times
are nanoseconds since 1970 UTC, because no database keeps more than microseconds in a time of its own.
"""
