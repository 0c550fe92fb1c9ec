"""Whether a database holds a journal, and what this user may do with it; looks only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from workbench.errors import LabelStoreError
from workbench.labels.tables import MARK, TABLES

__all__ = ["Found", "look_at_database"]

_WHAT = text(
    "SELECT current_setting('server_encoding'), current_schema(), "
    "pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'"
)
# What an extension brought, as PostGIS does, belongs to nobody's program.
_TABLES = text(
    "SELECT c.relname, obj_description(c.oid, 'pg_class') FROM pg_class c "
    "WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') "
    "AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
)
_MAY_MAKE = text("SELECT has_schema_privilege(current_schema(), 'CREATE')")
_MAY_WRITE = text("SELECT has_table_privilege(CAST(:name AS text), CAST(:what AS text))")


@dataclass(frozen=True)
class Found:
    """What is there.

    Parameters
    ----------
    journal
        Whether there is a journal, of any version.
    writable
        Whether this user may write to it, or make it.
    """

    journal: bool
    writable: bool


def look_at_database(connection: Connection, place: str) -> Found:
    """Whether there is a journal and whether this user may write.

    Raises
    ------
    LabelStoreError
        If the database belongs to another program, or cannot hold every name.
    """
    encoding, schema, shut = connection.execute(_WHAT).one()
    if encoding != "UTF8":
        raise LabelStoreError(
            f"The database {place} keeps text as {encoding}, which cannot hold every name. Make one with: "
            "createdb --encoding UTF8 --template template0 NAME"
        )
    if schema is None:
        raise LabelStoreError(f"The database {place} has no schema that this user may use. Ask its owner for USAGE.")
    tables = {name: comment for name, comment in connection.execute(_TABLES)}
    ours = tables.get("journal") == MARK
    if tables and not ours:
        raise LabelStoreError(
            f"{place} is a database of another program, not a label journal. It was left as it is; make one of its own "
            "for the labels, with: createdb NAME"
        )
    if not ours:
        return Found(False, not shut and bool(connection.execute(_MAY_MAKE).scalar()))
    return Found(True, not shut and _may_write(connection, set(tables)))


def _may_write(connection: Connection, tables: set[str]) -> bool:
    rights = [{"name": name, "what": what} for name, wanted in TABLES.items() if name in tables for what in wanted]
    return all(connection.execute(_MAY_WRITE, right).scalar() for right in rights)
