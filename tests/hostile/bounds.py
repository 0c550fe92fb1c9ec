"""What reading may cost, and how it may end: with an answer or with a word, in time, in little memory."""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError

__all__ = ["HangError", "answer_or_word", "bounded", "listing"]

_MOST_BYTES = 3 << 29
_MOST_S = 60
_LEAST_WORDS = 4


class HangError(BaseException):
    """Not an Exception, so that no reader takes it for an error of its file."""


@contextmanager
def bounded(most_bytes: int = _MOST_BYTES, most_s: int = _MOST_S) -> Iterator[None]:
    """No more memory than that on top of what is in use, and no longer than that: a MemoryError or HangError else."""

    def stop(*_: object) -> None:
        raise HangError(f"not done after {most_s} s")

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = resource.getrlimit(resource.RLIMIT_AS)
    before = signal.signal(signal.SIGALRM, stop)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (used + most_bytes, limits[1]))
        signal.alarm(most_s)
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, limits)


def answer_or_word(read: Callable[[], Any]) -> Any:
    """What a reader gives; or its error, which is one of the workbench and says something."""
    with bounded():
        try:
            return read()
        except WorkbenchError as error:
            words = str(error)
            assert len(words.split()) >= _LEAST_WORDS, f"an error that says nothing: {words!r}"
            assert len(words) < 5000, f"an error that floods the screen: {words[:200]!r}"
            return error


def listing(folder: Path) -> dict[str, int]:
    """Every file below a folder and its size."""
    return {str(path.relative_to(folder)): path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()}
