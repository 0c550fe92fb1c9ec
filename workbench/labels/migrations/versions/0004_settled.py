"""Which marks of several analysts a settled label stands for."""

import sqlalchemy as sa
from alembic import op

from workbench.labels.migrations.append_only import guard_rows

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """The table, and triggers that keep it append-only."""
    name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "settled",
        sa.Column("settlement_id", name, primary_key=True),
        sa.Column("label_id", name, primary_key=True),
        sa.Column("recording_id", name, nullable=False),
    )
    op.create_index("settled_by_recording", "settled", ["recording_id"])
    guard_rows("settled")


def downgrade() -> None:
    """Settled labels stand beside the marks that they settled."""
    op.drop_table("settled")
