"""What makes the database itself refuse to change or delete a row."""

from __future__ import annotations

from alembic import op

__all__ = ["guard_rows", "unguard_rows"]


def guard_rows(table: str) -> None:
    """A trigger each against UPDATE and DELETE, and against TRUNCATE where there is that."""
    if op.get_bind().dialect.name == "sqlite":
        for action in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{action} BEFORE {action.upper()} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'the label journal is append-only'); END"
            )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the label journal is append-only'; END $$"
    )
    for action in ("update", "delete", "truncate"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{action} BEFORE {action.upper()} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()"
        )


def unguard_rows(table: str) -> None:
    """Rows can be changed again."""
    if op.get_bind().dialect.name == "sqlite":
        for action in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{action}")
        return
    for action in ("update", "delete", "truncate"):
        op.execute(f"DROP TRIGGER {table}_no_{action} ON {table}")
