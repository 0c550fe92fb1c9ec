"""Waiting for what happens in another thread or process."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["wait_for"]


def wait_for(condition: Callable[[], bool], seconds: float = 60.0, told: object = "") -> None:
    """Until it holds; fails where it does not come, and tells what may say why."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"it did not come within {seconds:g} s {told}"
        time.sleep(0.01)
