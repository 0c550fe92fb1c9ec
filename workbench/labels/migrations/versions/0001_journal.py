"""The journal table."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

APPLICATION_ID = 0x5342574A
MARK = "label journal of the seismic workbench"


def upgrade() -> None:
    """The table and its two indexes."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "journal",
        sa.Column("entry", number, sa.Identity(), primary_key=True, autoincrement=True),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("recording_id", name, nullable=False),
        sa.Column("label_id", name, nullable=False, server_default=""),
        sa.Column("station", sa.Text, nullable=False, server_default=""),
        sa.Column("phase", sa.Text, nullable=False, server_default=""),
        sa.Column("time_ns", sa.BigInteger),
        sa.Column("uncertainty_minus_s", sa.Float(53)),
        sa.Column("uncertainty_plus_s", sa.Float(53)),
        sa.Column("polarity", sa.Text, nullable=False, server_default=""),
        sa.Column("onset_quality", sa.Text, nullable=False, server_default=""),
        sa.Column("weight", sa.Float(53)),
        sa.Column("analyst", sa.Text, nullable=False),
        sa.Column("decided_at_ns", sa.BigInteger, nullable=False),
        sa.Column("replaces", number),
        sa.Column("restores", number),
        sa.Column("undoes", number),
        sa.Column("pick_id", sa.Text, nullable=False, server_default=""),
        sa.Column("provenance", sa.Text, nullable=False, server_default="{}"),
        sa.Column("text", sa.Text, nullable=False, server_default=""),
        sqlite_autoincrement=True,
        comment=MARK,
    )
    op.create_index("journal_by_recording", "journal", ["recording_id", "entry"])
    op.create_index("journal_by_label", "journal", ["label_id", "entry"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def downgrade() -> None:
    """Nothing is left: the journal is gone."""
    op.drop_table("journal")
