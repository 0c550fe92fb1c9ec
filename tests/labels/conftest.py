from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from workbench.labels.journal import Journal
from workbench.schema import Decision

T0 = pd.Timestamp("2024-01-01T00:00:10.123456789")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "labels.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal(f"sqlite:///{path}", "Ada") as journal:
        yield journal


@pytest.fixture
def decide() -> Callable[..., Decision]:
    """Makes a decision on recording r1; an onset at T0 plus some seconds."""

    def make(decision: str = "add", *, after_s: float = 0.0, **values: object) -> Decision:
        time = T0 + pd.Timedelta(seconds=after_s)
        given = {"recording_id": "r1", "station": "XX.A.", "phase": "P", "time": time} | values
        return Decision(decision=decision, **given)

    return make
