"""What a backend is: a place where a named function is run, watched and stopped. It knows no seismology."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from workbench.schema import Job

__all__ = ["BACKEND_STATES", "Backend", "BackendStatus", "OnChange"]

OnChange = Callable[[Job], None]
"""Called with the new state of a job, from a thread of the backend: at most about ten times a second while it runs, and
always when its state changes."""

BACKEND_STATES = ("off", "starting", "ready", "busy", "lost")
"""``off`` has not been started (its first job starts it), ``lost`` ended on its own (the next job starts it again)."""


@dataclass(frozen=True)
class BackendStatus:
    """A backend at one moment.

    Parameters
    ----------
    state
        One of :data:`BACKEND_STATES`.
    words
        What it is doing, or why it is lost; may be empty.
    device
        What it computes on: a GPU's name where there is one, else the processor's; empty where not known yet.
    memory_used_bytes, memory_total_bytes
        Of the device: a GPU's, else the resident memory of the process and the memory of its computer; 0 is not known.
    remarks
        What the user should know about it, one sentence each: versions that differ from ours, ...
    n_waiting
        Jobs that have not begun.
    """

    state: str = "off"
    words: str = ""
    device: str = ""
    memory_used_bytes: int = 0
    memory_total_bytes: int = 0
    remarks: tuple[str, ...] = ()
    n_waiting: int = 0


@runtime_checkable
class Backend(Protocol):
    """Only functions named ``"module:function"``, with arrays and plain values, are submitted.

    So a thread, a Jupyter kernel and a cluster behave alike, and no pickled closure travels. If the function has a
    parameter ``report``, it is given a :data:`workbench.schema.Report`.
    """

    def submit(self, function: str, /, *, title: str = "", on_change: OnChange | None = None, **arguments: Any) -> Job:
        """A queued job; returns at once.

        Raises
        ------
        UnknownNameError
            If there is no such module or function.
        JobError
            If the backend is closed, or an argument cannot travel to it.
        """
        ...

    def progress(self, job_id: str) -> Job:
        """The job as it is now.

        Raises
        ------
        UnknownNameError
            If the backend has no such job.
        """
        ...

    def result(self, job_id: str, timeout_s: float | None = None) -> Any:
        """What the function returned; waits for it.

        Raises
        ------
        WorkbenchError
            As the function raised it.
        JobCancelledError
            If the job was cancelled.
        WorkerLostError
            If the process that ran it ended.
        JobError
            If the function failed otherwise (one line says how), or `timeout_s` went by.
        """
        ...

    def cancel(self, job_id: str) -> Job:
        """The job, told to stop: a queued one never starts, a running one is interrupted.

        One in a process that does not listen is stopped with the process. A thread of this process cannot be: there it
        stops at the next report, or the next line of Python.
        """
        ...

    def status(self) -> BackendStatus:
        """Whether it is there, what it is doing, on which device."""
        ...

    def watch(self, on_status: Callable[[BackendStatus], None]) -> Callable[[], None]:
        """Call a function, from a thread of the backend, whenever the status changes; returns what ends that."""
        ...

    def start(self) -> None:
        """Start what the first job would start; returns at once."""
        ...

    def interrupt(self) -> None:
        """Cancel every running job; what waits goes on."""
        ...

    def restart(self) -> None:
        """End and start it anew, with its warm models gone; running jobs are cancelled, what waits goes on."""
        ...

    def close(self) -> None:
        """Cancel everything and give back threads, processes or connections; the backend takes no more work."""
        ...
