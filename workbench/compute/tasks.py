"""``Task`` and ``TaskTable``: what every backend keeps of the jobs that it was given."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from workbench.compute.base import OnChange
from workbench.errors import JobCancelledError, JobError, UnknownNameError, WorkbenchError
from workbench.schema import Job

__all__ = ["MIN_SECONDS_BETWEEN_REPORTS", "Task", "TaskTable"]

MIN_SECONDS_BETWEEN_REPORTS = 0.1
_FINISHED_JOBS_KEPT = 20

_log = logging.getLogger(__name__)


@dataclass
class Task:
    """A job and what only the backend needs to know of it."""

    job: Job
    on_change: OnChange | None
    owner: str = ""
    stop: threading.Event = field(default_factory=threading.Event)
    started_s: float = 0.0
    told_s: float = 0.0
    finished: threading.Event = field(default_factory=threading.Event)
    value: Any = None
    error: WorkbenchError | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    def start(self) -> None:
        """Tell that the work has begun; the clock starts."""
        self.started_s = time.monotonic()
        self.change(state="running", step="")

    def change(self, *, always: bool = True, **changes: Any) -> None:
        """Set fields of the job and tell its owner, unless that was done a moment ago and `always` is not set."""
        with self.lock:
            if self.finished.is_set() and "error" not in changes and changes.get("state") != "done":
                return
            now_s = time.monotonic()
            elapsed_s = now_s - self.started_s if self.started_s else 0.0
            self.job = replace(self.job, elapsed_s=elapsed_s, **changes)
            if not always and now_s - self.told_s < MIN_SECONDS_BETWEEN_REPORTS:
                return
            self.told_s = now_s
            if self.on_change is not None:
                try:
                    self.on_change(self.job)
                except Exception:  # noqa: BLE001 - what an owner does wrong must not end the thread of all
                    _log.exception(
                        "Whoever asked for %s failed when told that it is %s", self.job.title, self.job.state
                    )

    def report(self, fraction: float, step: str) -> None:
        """The function's :data:`~workbench.schema.Report`."""
        if self.stop.is_set():
            raise self.cancelled()
        self.change(always=False, fraction=float(fraction), step=step)

    def cancelled(self, when: str = "") -> JobCancelledError:
        """The error of a job that the user stopped."""
        return JobCancelledError(f"{self.job.title} was cancelled{when}.")

    def finish(self, state: str, *, value: Any = None, error: WorkbenchError | None = None) -> bool:
        """Keep what came out, then tell the owner, who may ask for the result at once and from this very thread.

        Only the first end counts; returns whether this was it.
        """
        with self.lock:
            if self.finished.is_set():
                return False
            self.value, self.error = value, error
            self.finished.set()
        if state == "done":
            self.change(state=state, fraction=1.0)
        else:
            self.change(state=state, error=str(error))
        return True

    def fail(self, error: WorkbenchError) -> bool:
        """Finish as failed, or as cancelled if that is what the error says."""
        return self.finish("cancelled" if isinstance(error, JobCancelledError) else "failed", error=error)


class TaskTable:
    """The jobs of a backend by id; the oldest finished ones are dropped, with their results."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}
        self._lock = threading.Lock()

    def add(self, function: str, title: str, on_change: OnChange | None, owner: str = "") -> Task:
        """A new queued job."""
        task = Task(Job(uuid.uuid4().hex, title or function.partition(":")[2]), on_change, owner)
        with self._lock:
            finished = [job_id for job_id, old in self._tasks.items() if old.finished.is_set()]
            for job_id in finished[: max(0, len(finished) - _FINISHED_JOBS_KEPT)]:
                del self._tasks[job_id]
            self._tasks[task.job.job_id] = task
        return task

    def __getitem__(self, job_id: str) -> Task:
        with self._lock:
            try:
                return self._tasks[job_id]
            except KeyError:
                raise UnknownNameError("job", job_id) from None

    def unfinished(self) -> Iterator[Task]:
        """Jobs that wait or run."""
        with self._lock:
            return iter([task for task in self._tasks.values() if not task.finished.is_set()])

    def give_up(self, why: str) -> None:
        """End what is not finished, so that nobody waits for it any more."""
        for task in self.unfinished():
            task.fail(task.cancelled(f": {why}"))

    def result(self, job_id: str, timeout_s: float | None) -> Any:
        """What the function returned, as :meth:`workbench.compute.base.Backend.result` says."""
        task = self[job_id]
        if not task.finished.wait(timeout_s):
            raise JobError(f"{task.job.title} is not done after {timeout_s:g} s; ask again later.")
        if task.error is not None:
            raise task.error
        return task.value
