"""``LocalBackend``: work in threads of this process. numpy and torch give the interpreter free while they compute."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from workbench.compute.base import BackendStatus, OnChange
from workbench.compute.functions import find_function, job_error, takes_report
from workbench.compute.pressing import Presses
from workbench.compute.tasks import Task, TaskTable
from workbench.compute.watching import Watchers
from workbench.compute.worker import look_around
from workbench.errors import JobCancelledError, JobError
from workbench.schema import Job

__all__ = ["LocalBackend"]


class LocalBackend:
    """Work in threads of this process.

    Parameters
    ----------
    n_workers
        How many jobs run side by side; more wait in the queue. With three, one that was cancelled and has not ended
        yet, and one behind the scenes, hold up nothing that is asked for.
    patience_s
        How long a cancelled job may take to its next report before it is stopped at its next line of Python. A
        computation in C ends by itself: no thread can be killed.

    Examples
    --------
    >>> backend = LocalBackend()
    >>> job = backend.submit("statistics:mean", title="mean of two rates", data=[100.0, 200.0])
    >>> backend.result(job.job_id)
    150.0
    >>> backend.close()
    """

    def __init__(self, n_workers: int = 3, *, patience_s: float = 1.0) -> None:
        self._pool = ThreadPoolExecutor(max_workers=n_workers, thread_name_prefix="workbench-job")
        self._table = TaskTable()
        self._futures: dict[str, Future[None]] = {}
        self._presses = Presses()
        self._patience_s = patience_s
        self._watchers = Watchers()
        self._closed = False

    def submit(self, function: str, /, *, title: str = "", on_change: OnChange | None = None, **arguments: Any) -> Job:
        """A queued job; the module that holds the function is imported here if it has not been yet."""
        call = find_function(function)
        if self._closed:
            raise JobError("This backend is closed; open a new one.")
        task = self._table.add(function, title, on_change)
        if takes_report(call):
            arguments["report"] = task.report
        try:
            self._futures[task.job.job_id] = self._pool.submit(self._run, task, call, arguments)
        except RuntimeError as error:
            raise JobError("This backend is closed; open a new one.") from error
        return task.job

    def progress(self, job_id: str) -> Job:
        """The job as it is now."""
        return self._table[job_id].job

    def result(self, job_id: str, timeout_s: float | None = None) -> Any:
        """What the function returned; waits for it."""
        return self._table.result(job_id, timeout_s)

    def cancel(self, job_id: str) -> Job:
        """The job, told to stop at its next report or line of Python; a queued one never starts."""
        task = self._table[job_id]
        task.stop.set()
        future = self._futures.get(job_id)
        if future is not None and future.cancel():
            self._futures.pop(job_id, None)
            task.finish("cancelled", error=task.cancelled(" before it began"))
        elif not task.finished.is_set():
            self._press_after(self._patience_s, task)
        return task.job

    def status(self) -> BackendStatus:
        """Ready or busy, on this computer's processor (a picker may use its GPU)."""
        running = [task.job.title for task in self._table.unfinished() if task.job.state == "running"]
        around = look_around()
        return BackendStatus(
            "off" if self._closed else "busy" if running else "ready",
            ", ".join(running),
            around["device"],
            around["memory_used"],
            around["memory_total"],
            n_waiting=sum(task.job.state == "queued" for task in self._table.unfinished()),
        )

    def watch(self, on_status: Callable[[BackendStatus], None]) -> Callable[[], None]:
        """Call a function when work begins or ends; returns what ends that."""
        return self._watchers.add(on_status)

    def start(self) -> None:
        """Nothing: this process runs."""

    def interrupt(self) -> None:
        """Cancel every running job."""
        for task in self._table.unfinished():
            if task.job.state == "running":
                self.cancel(task.job.job_id)

    def restart(self) -> None:
        """Cancel every running job: this process cannot be started anew without its owner."""
        self.interrupt()

    def close(self) -> None:
        """Cancel everything and wait until the threads have stopped."""
        self._closed = True
        for task in self._table.unfinished():
            self.cancel(task.job.job_id)
        self._pool.shutdown(wait=True)

    def _run(self, task: Task, call: Callable[..., Any], arguments: dict[str, Any]) -> None:
        finish = partial(task.finish, "done")
        try:
            task.start()
            self._watchers.tell(self.status())
            with self._presses.inside(task.job.job_id):
                value = call(**arguments)
            finish = partial(task.finish, "done", value=value)
        except BaseException as error:  # noqa: BLE001 - the border: whatever a function raises is told to its owner
            finish = partial(task.fail, job_error(task.job.title, error))
        finish()
        self._futures.pop(task.job.job_id, None)
        self._watchers.tell(self.status())

    def _press_after(self, seconds: float, task: Task) -> None:
        timer = threading.Timer(seconds, self._press, [seconds, task])
        timer.daemon = True
        timer.start()

    def _press(self, seconds: float, task: Task) -> None:
        """Stop a function that does not report: at its next line of Python, and later again, until it has ended."""
        if task.finished.is_set():
            return
        # Again: one that comes before the function is lost, and of one that comes up in a finalizer Python says so and
        # goes on. Not while it is on its way up, for what is cleaned up there would be cut short.
        self._press_after(max(2 * seconds, 0.1), task)
        if self._presses.press(task.job.job_id, JobCancelledError):
            task.change(step="stopping: one long step cannot be cut short here; in a kernel it can")
