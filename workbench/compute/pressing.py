"""Stopping a function in another thread, and keeping it from reporting too often."""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from workbench.compute.tasks import MIN_SECONDS_BETWEEN_REPORTS
from workbench.schema import Report

__all__ = ["Presses", "throttled"]


class Presses:
    """Threads by the job that they are in, and a way to raise an exception there."""

    def __init__(self) -> None:
        self._threads: dict[str, int] = {}
        self._lock = threading.Lock()

    @contextmanager
    def inside(self, job_id: str) -> Iterator[None]:
        """Remember this thread while it is in the function of a job, and only then."""
        thread = threading.get_ident()
        with self._lock:
            self._threads[job_id] = thread
        try:
            yield
        finally:
            with self._lock:
                self._threads.pop(job_id, None)
                _raise_in(thread, None)

    def press(self, job_id: str, kind: type[BaseException]) -> bool:
        """Let an exception come up in a job at its next line of Python; whether it is running.

        Not while one of that kind is on its way up in it: what is cleaned up there would be cut short.
        """
        with self._lock:
            thread = self._threads.get(job_id)
            if thread is not None and not isinstance(_on_its_way_up(thread), kind):
                _raise_in(thread, kind)
        return thread is not None


def throttled(report: Report) -> Report:
    """A report that passes the first call, and then one in a tenth of a second."""
    told_s = 0.0

    def passed_on(fraction: float, step: str) -> None:
        nonlocal told_s
        now_s = time.monotonic()
        if now_s - told_s >= MIN_SECONDS_BETWEEN_REPORTS:
            told_s = now_s
            report(fraction, step)

    return passed_on


def _on_its_way_up(thread: int) -> BaseException | None:
    """What a thread is handling."""
    found: Any = sys._current_exceptions().get(thread)
    # Until Python 3.12 with its type and traceback.
    error: BaseException | None = found[1] if isinstance(found, tuple) else found
    return error


def _raise_in(thread: int, kind: type[BaseException] | None) -> None:
    """None takes back an exception that has not come up yet."""
    wanted = ctypes.py_object() if kind is None else ctypes.py_object(kind)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), wanted)
