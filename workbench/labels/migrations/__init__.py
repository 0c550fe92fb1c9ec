"""Alembic revisions of the journal, and the step that brings an older journal up to date."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

__all__ = ["is_known", "migrate"]


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).parent))


def is_known(revision: str) -> bool:
    """Whether this version of the workbench has that revision."""
    return any(script.revision == revision for script in _scripts().walk_revisions())


def migrate(connection: Connection, revision: str = "head") -> None:
    """A journal at the wanted revision, within the transaction that is open on the connection."""
    scripts = _scripts()

    # No env.py: it would run when imported, and the transaction is the caller's, so that a kill leaves the old journal.
    def steps(current: Any, _: Any) -> Iterable[Any]:
        return scripts._upgrade_revs(revision, current)

    with EnvironmentContext(Config(), scripts, fn=steps) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()
