"""The database itself refuses to change or delete a row of the journal."""

from workbench.labels.migrations.append_only import guard_rows, unguard_rows

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Rows stay as they were written."""
    guard_rows("journal")


def downgrade() -> None:
    """Rows can be changed again."""
    unguard_rows("journal")
