"""Benchmarks run when they are named (``make bench``), never with the tests: a busy machine must not fail a suite."""

from __future__ import annotations

from pathlib import Path


def pytest_ignore_collect(collection_path: Path, config) -> bool | None:
    if collection_path.name.endswith("_page.py"):
        # Served by Panel, with arguments from the address; --doctest-modules would import it.
        return True
    asked = any("benchmarks" in str(argument) for argument in config.args)
    return None if asked else True
