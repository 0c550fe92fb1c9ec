"""``LocalBackend``: work in threads of this process. numpy and torch give the interpreter free while they compute."""

from __future__ import annotations

import importlib
import inspect
import threading
import time
import traceback
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from workbench.compute.base import OnChange
from workbench.errors import JobCancelledError, JobError, UnknownNameError, WorkbenchError
from workbench.schema import Job

__all__ = ["LocalBackend"]

_MIN_SECONDS_BETWEEN_REPORTS = 0.1
_FINISHED_JOBS_KEPT = 20


@dataclass
class _Task:
    """A job and what only the backend needs to know of it."""

    job: Job
    on_change: OnChange | None
    stop: threading.Event = field(default_factory=threading.Event)
    started_s: float = 0.0
    told_s: float = 0.0
    finished: threading.Event = field(default_factory=threading.Event)
    value: Any = None
    error: WorkbenchError | None = None
    future: Future[None] | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    def change(self, *, always: bool = True, **changes: Any) -> None:
        """Set fields of the job and tell its owner, unless that was done a moment ago and `always` is not set."""
        with self.lock:
            now_s = time.monotonic()
            elapsed_s = now_s - self.started_s if self.started_s else 0.0
            self.job = replace(self.job, elapsed_s=elapsed_s, **changes)
            if not always and now_s - self.told_s < _MIN_SECONDS_BETWEEN_REPORTS:
                return
            self.told_s = now_s
            if self.on_change is not None:
                self.on_change(self.job)

    def finish(self, state: str, *, value: Any = None, error: WorkbenchError | None = None) -> None:
        """Keep what came out, then tell the owner, who may ask for the result at once and from this very thread."""
        self.value, self.error = value, error
        self.finished.set()
        if state == "done":
            self.change(state=state, fraction=1.0)
        else:
            self.change(state=state, error=str(error))

    def report(self, fraction: float, step: str) -> None:
        """The function's :data:`~workbench.schema.Report`."""
        if self.stop.is_set():
            raise JobCancelledError(f"{self.job.title} was cancelled.")
        self.change(always=False, fraction=float(fraction), step=step)


class LocalBackend:
    """Work in threads of this process.

    Parameters
    ----------
    n_workers
        How many jobs run side by side; more wait in the queue.

    Examples
    --------
    >>> backend = LocalBackend()
    >>> job = backend.submit("statistics:mean", title="mean of two rates", data=[100.0, 200.0])
    >>> backend.result(job.job_id)
    150.0
    >>> backend.close()
    """

    def __init__(self, n_workers: int = 2) -> None:
        self._pool = ThreadPoolExecutor(max_workers=n_workers, thread_name_prefix="workbench-job")
        self._tasks: dict[str, _Task] = {}
        self._lock = threading.Lock()

    def submit(self, function: str, /, *, title: str = "", on_change: OnChange | None = None, **arguments: Any) -> Job:
        """A queued job; the module that holds the function is imported here if it has not been yet."""
        call = _function(function)
        task = _Task(Job(uuid.uuid4().hex, title or function.partition(":")[2]), on_change)
        if _takes_report(call):
            arguments["report"] = task.report
        with self._lock:
            self._forget_old_tasks()
            self._tasks[task.job.job_id] = task
        try:
            task.future = self._pool.submit(_run, task, call, arguments)
        except RuntimeError as error:
            raise JobError("This backend is closed; open a new one.") from error
        return task.job

    def progress(self, job_id: str) -> Job:
        """The job as it is now."""
        return self._task(job_id).job

    def result(self, job_id: str, timeout_s: float | None = None) -> Any:
        """What the function returned; waits for it."""
        task = self._task(job_id)
        if not task.finished.wait(timeout_s):
            raise JobError(f"{task.job.title} is not done after {timeout_s:g} s; ask again later.")
        if task.error is not None:
            raise task.error
        return task.value

    def cancel(self, job_id: str) -> Job:
        """The job, told to stop at its next report; a queued one never starts."""
        task = self._task(job_id)
        task.stop.set()
        if task.future is not None and task.future.cancel():
            task.finish("cancelled", error=JobCancelledError(f"{task.job.title} was cancelled before it began."))
        return task.job

    def close(self) -> None:
        """Cancel everything and wait until the threads have stopped."""
        with self._lock:
            job_ids = [job_id for job_id, task in self._tasks.items() if not task.finished.is_set()]
        for job_id in job_ids:
            self.cancel(job_id)
        self._pool.shutdown(wait=True)

    def _task(self, job_id: str) -> _Task:
        with self._lock:
            try:
                return self._tasks[job_id]
            except KeyError:
                raise UnknownNameError("job", job_id) from None

    def _forget_old_tasks(self) -> None:
        """Drop the oldest finished jobs, with their results, so that a long session does not grow without bound."""
        finished = [job_id for job_id, task in self._tasks.items() if task.finished.is_set()]
        for job_id in finished[: max(0, len(finished) - _FINISHED_JOBS_KEPT)]:
            del self._tasks[job_id]


def _takes_report(call: Callable[..., Any]) -> bool:
    try:
        return "report" in inspect.signature(call).parameters
    except ValueError:  # some functions written in C have no signature
        return False


def _function(name: str) -> Callable[..., Any]:
    module_name, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not module_name.startswith(error.name):
            raise
        raise UnknownNameError("module", module_name) from error
    call = getattr(module, attribute, None)
    if not callable(call):
        raise UnknownNameError("function", name, [f"{module_name}:{known}" for known in dir(module)])
    return call  # type: ignore[no-any-return]


def _run(task: _Task, call: Callable[..., Any], arguments: dict[str, Any]) -> None:
    task.started_s = time.monotonic()
    try:
        task.change(state="running")
        value = call(**arguments)
    except JobCancelledError as error:
        task.finish("cancelled", error=error)
    except WorkbenchError as error:
        task.finish("failed", error=error)
    except Exception as error:  # noqa: BLE001 - the border of the backend: whatever a function raises is told to its owner
        task.finish("failed", error=_job_error(task.job.title, error))
    else:
        task.finish("done", value=value)


def _job_error(title: str, error: Exception) -> JobError:
    if isinstance(error, MemoryError):
        cause = "there is not enough memory; open a shorter recording or fewer stations"
    else:
        cause = " ".join(str(error).split()) or "no reason given"
    place = traceback.extract_tb(error.__traceback__)[-1]
    message = JobError(f"{title} failed: {type(error).__name__}: {cause} (in {place.name}, line {place.lineno}).")
    message.__cause__ = error
    return message
