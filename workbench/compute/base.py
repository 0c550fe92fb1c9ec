"""What a backend is: a place where a named function is run, watched and stopped. It knows no seismology."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from workbench.schema import Job

__all__ = ["Backend", "OnChange"]

OnChange = Callable[[Job], None]
"""Called with the new state of a job, from a thread of the backend: at most about ten times a second while it runs, and
always when its state changes."""


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
        JobError
            If the function failed otherwise (one line says how), or `timeout_s` went by.
        """
        ...

    def cancel(self, job_id: str) -> Job:
        """The job, told to stop: a queued one never starts, a running one stops at its next report."""
        ...

    def close(self) -> None:
        """Cancel everything and give back threads or connections; the backend takes no more work."""
        ...
