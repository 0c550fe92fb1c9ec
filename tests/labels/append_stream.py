"""A writer to be killed: for each line "URL COUNT" on stdin it forks a child that appends decisions.

The child prints "entry TIME_NS ENTRY" after each acknowledged one; the parent prints "pid PID" and "ended PID".
Forking makes a few dozen writers cheap: the libraries are loaded once.
"""

import os
import sys
import time

import pandas as pd

from workbench.labels.journal import Journal
from workbench.schema import Decision


def append(url: str, count: int) -> None:
    with Journal(url, f"writer {os.getpid()}", busy_timeout_s=60.0) as journal:
        written = 0
        while written < count:
            time_ns = time.time_ns()
            decision = Decision("add", f"r{os.getpid()}", "XX.A.", "P", pd.Timestamp(time_ns, unit="ns"))
            entry = journal.record(decision)
            os.write(1, f"entry {time_ns} {entry.entry}\n".encode())
            written += 1
            if written % 7 == 0:
                undone = journal.undo(decision.recording_id)
                os.write(1, f"entry {undone.time.value} {undone.entry}\n".encode())


def main() -> None:
    for line in sys.stdin:
        url, count = line.split()
        child = os.fork()
        if child == 0:
            append(url, int(count))
            os._exit(0)
        os.write(1, f"pid {child}\n".encode())
        os.waitpid(child, 0)
        os.write(1, f"ended {child}\n".encode())


if __name__ == "__main__":
    main()
