"""The tables of the journal, and what identifies a journal."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Identity, Index, Integer, MetaData, Table, Text

__all__ = ["APPLICATION_ID", "HEAD", "MARK", "RECORDING_ROWS", "TABLES", "journal", "settled", "tally"]

APPLICATION_ID = 0x5342574A
"""``"SBWJ"`` in the header of an SQLite file, by which a journal is told from the databases of other programs."""

MARK = "label journal of the seismic workbench"
"""The comment on the table, by which a journal in PostgreSQL is told from the databases of other programs."""

TABLES = {
    "journal": ("SELECT", "INSERT"),
    "settled": ("SELECT", "INSERT"),
    "tally": ("SELECT", "INSERT", "UPDATE"),
    "alembic_version": ("SELECT",),
}
"""Tables of a journal, and what an analyst must be allowed to do with them."""

HEAD = "0004"
"""The Alembic revision that this version of the workbench reads and writes."""

RECORDING_ROWS = ("status", "note", "double", "looked")
"""Values of ``decision`` for rows about a recording or a station of it; their content stands in ``text``.

``double`` sends a station to blind double picking, ``looked`` says that an analyst has done with it.
"""

metadata = MetaData()

# SQLite gives its own row numbers to a column of type INTEGER only; other databases need eight bytes asked for.
_number = BigInteger().with_variant(Integer(), "sqlite")

# Sorted by their characters' numbers wherever they lie: the same rows in the same order.
_name = Text().with_variant(Text(collation="C"), "postgresql")

journal = Table(
    "journal",
    metadata,
    Column("entry", _number, Identity(), primary_key=True, autoincrement=True),
    Column("decision", Text, nullable=False),
    Column("recording_id", _name, nullable=False),
    Column("label_id", _name, nullable=False, server_default=""),
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
    comment=MARK,
)
"""One row for each decision, never changed and never deleted.

``replaces`` is the last earlier row of the same label. A row ``restore`` puts the row ``restores`` back into force, or
the label back to nothing where that is empty; ``undoes`` is the row that an undo takes back, empty for a redo. Times
are nanoseconds since 1970 UTC, because no database keeps more than microseconds in a time of its own.
"""

settled = Table(
    "settled",
    metadata,
    Column("settlement_id", _name, primary_key=True),
    Column("label_id", _name, primary_key=True),
    Column("recording_id", _name, nullable=False),
    Index("settled_by_recording", "recording_id"),
)
"""Which labels (marks of several analysts) a label of the decision ``settle`` or ``reject`` stands for, append-only.

It holds as long as the label ``settlement_id`` stands: undone, it frees them again.
"""

tally = Table(
    "tally",
    metadata,
    Column("recording_id", _name, primary_key=True),
    Column("status", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("n_p", Integer, nullable=False),
    Column("n_s", Integer, nullable=False),
    Column("n_labels", Integer, nullable=False),
    Column("last_decided_at_ns", BigInteger, nullable=False),
)
"""What stands for each recording: made from the journal's rows, and nothing that is not in them."""
