"""Which Alembic revision a journal is of, and the step that brings an older one up to date."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, inspect, text

from workbench.errors import LabelStoreError
from workbench.labels.tables import HEAD

__all__ = ["bring_up_to_date", "revision_of"]


def revision_of(connection: Connection) -> str | None:
    """The revision of the journal in a database; None where there is none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if revision is None else str(revision)


def bring_up_to_date(engine: Engine, place: str) -> None:
    """A journal of this version; made where there is none, and as it was where that fails.

    Raises
    ------
    LabelStoreError
        If a newer workbench wrote it.
    """
    with engine.connect() as connection:
        if revision_of(connection) == HEAD:
            return
    # Imported here: a journal that is up to date, the usual case, opens without Alembic.
    from workbench.labels.migrations import is_known, migrate

    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        revision = revision_of(connection)
        if revision is not None and not is_known(revision):
            raise LabelStoreError(
                f"The label journal {place} was written by a newer workbench (revision {revision}). It was left as it "
                "is; update with: pip install --upgrade seismic-workbench"
            )
        if revision != HEAD:
            migrate(connection)
        if revision is not None and revision != HEAD and connection.dialect.name == "postgresql":
            # A table that a step has just filled is an unknown one to the planner, until the server looks by itself.
            connection.execute(text("ANALYZE journal, settled, tally"))
