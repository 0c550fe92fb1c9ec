from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import create_engine

from workbench.labels.journal import Journal
from workbench.schema import Decision

T0 = pd.Timestamp("2024-01-01T00:00:10.123456789")


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> str:
    """The database that the journal of a test lies in; a test of one of them only says so."""
    return str(request.param)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of the journal where it is a file."""
    return tmp_path / "labels.sqlite"


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a database of this test's own on the PostgreSQL server."""
    server = request.getfixturevalue("postgres")
    name = server.new_database()
    yield name
    server.drop(name)


@pytest.fixture
def url(request: pytest.FixtureRequest, store: str, path: Path) -> str:
    """Of the journal."""
    if store == "sqlite":
        return f"sqlite:///{path}"
    return str(request.getfixturevalue("postgres").url(request.getfixturevalue("database")))


@pytest.fixture
def journal(url: str) -> Iterator[Journal]:
    with Journal(url, "Ada") as journal:
        yield journal


@pytest.fixture
def ask(url: str) -> Callable[..., list[tuple]]:
    """Asks the database itself, past the journal; what it changes is kept."""

    def ask(*statements: str) -> list[tuple]:
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        try:
            with engine.begin() as connection:
                for statement in statements:
                    result = connection.exec_driver_sql(statement)
                return [tuple(row) for row in result] if result.returns_rows else []
        finally:
            engine.dispose()

    return ask


@pytest.fixture
def decide() -> Callable[..., Decision]:
    """Makes a decision on recording r1; an onset at T0 plus some seconds."""

    def make(decision: str = "add", *, after_s: float = 0.0, **values: object) -> Decision:
        time = T0 + pd.Timedelta(seconds=after_s)
        given = {"recording_id": "r1", "station": "XX.A.", "phase": "P", "time": time} | values
        return Decision(decision=decision, **given)

    return make
