"""A server in a process of its own, and a console, both of which a test must leave without a complaint."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .served import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    # Where there is no browser, the modules that need one are skipped before.
    from .served import Server

    served = Server(tmp_path)
    served.start()
    yield served
    served.kill()
    # A browser that goes away in the middle of a message is told of by the server's libraries, and is no fault.
    assert not re.search(r"\bERROR\b|File \".*/(workbench|apps)/", served.log), served.log


@pytest.fixture
def errors(page: Page) -> Iterator[list[str]]:
    """What the browser's console complains of; a test fails on it."""
    from .served import PATIENCE_MS

    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.set_default_timeout(PATIENCE_MS)
    yield found
    assert found == []
