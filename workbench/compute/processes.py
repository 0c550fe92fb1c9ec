"""How a process of this computer is, or how it ended."""

from __future__ import annotations

import os
import signal
from pathlib import Path

__all__ = ["death_words", "is_running"]


def death_words(code: int | None) -> str:
    """How a process ended, from its exit code.

    >>> death_words(-9)
    'ended: it was killed (SIGKILL), as a computer does that has run out of memory. The next job starts it again.'
    """
    if code == -9:
        how = "it was killed (SIGKILL), as a computer does that has run out of memory"
    elif code is not None and code < 0:
        how = f"it was stopped by {signal.Signals(-code).name}"
    else:
        how = "its process is gone" if code is None else f"it left with exit code {code}"
    return f"ended: {how}. The next job starts it again."


def is_running(pid: int) -> bool:
    """Whether there is such a process; one that has ended and waits to be taken note of is none.

    >>> is_running(os.getpid())
    True
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        if Path("/proc/self/stat").exists():
            return False
    else:
        return stat.rpartition(")")[2].split()[0] not in "ZX"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
