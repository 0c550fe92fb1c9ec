"""``Job`` and ``Report``: a piece of work on a compute backend, as its owner sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["JOB_STATES", "Job", "Report", "silent"]

Report = Callable[[float, str], None]
"""Called between steps with a fraction (0 to 1, NaN where not known) and the step in words; raises
:class:`~workbench.errors.JobCancelledError` when the user wants the work to stop."""


def silent(fraction: float, step: str) -> None:
    """A report that nobody reads."""


JOB_STATES = ("queued", "running", "done", "failed", "cancelled")


@dataclass(frozen=True)
class Job:
    """State of a piece of work at one moment.

    Parameters
    ----------
    job_id
        Given by the backend.
    title
        What is being done, in words for the status line.
    state
        One of :data:`JOB_STATES`.
    fraction
        0 to 1; NaN where the length is not known.
    step
        The step in hand, in words ("station 3 of 20").
    elapsed_s
        Since the work began.
    error
        One clear line, if it failed.
    """

    job_id: str
    title: str
    state: str = "queued"
    fraction: float = 0.0
    step: str = ""
    elapsed_s: float = 0.0
    error: str = ""

    @property
    def ended(self) -> bool:
        """Whether it is over: done, failed or cancelled."""
        return self.state in ("done", "failed", "cancelled")
