"""The database itself refuses to change or delete a row of the journal."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """A trigger each against UPDATE and DELETE."""
    for action in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER journal_no_{action} BEFORE {action.upper()} ON journal "
            "BEGIN SELECT RAISE(ABORT, 'the label journal is append-only'); END"
        )


def downgrade() -> None:
    """Rows can be changed again."""
    for action in ("update", "delete"):
        op.execute(f"DROP TRIGGER journal_no_{action}")
