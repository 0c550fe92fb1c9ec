"""``JobQueue``: jobs of one owner on a backend, one after the other, told on the owner's thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import RLock
from typing import Any

from workbench.compute.base import Backend
from workbench.errors import JobCancelledError, WorkbenchError
from workbench.schema import Job

__all__ = ["JobQueue"]


@dataclass(frozen=True)
class _Wish:
    function: str
    title: str
    arguments: dict[str, Any]
    done: Callable[[Any, Job], None]


class JobQueue:
    """Jobs on a backend, one after the other; the rest waits and can be dropped.

    Parameters
    ----------
    backend
        Where they run.
    schedule
        Calls a function on the owner's thread.
    on_job
        Told of every change of the job in hand.
    on_error
        Told why a job failed, or was not taken; not of cancelled ones.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        schedule: Callable[[Callable[[], None]], None],
        on_job: Callable[[Job], None],
        on_error: Callable[[WorkbenchError], None],
    ) -> None:
        self._backend = backend
        self._schedule = schedule
        self._on_job = on_job
        self._on_error = on_error
        self._at = backend
        self._waiting: deque[_Wish] = deque()
        self._job: Job | None = None
        self._dropped = ""
        # Where `schedule` calls at once, the worker that ends a job and the owner who adds one meet here; a quick job
        # cannot tell of its end before it has been told of as begun.
        self._turn = RLock()

    @property
    def busy(self) -> bool:
        """Whether a job is in hand."""
        return self._job is not None and not self._job.ended

    def add(self, function: str, /, *, title: str, done: Callable[[Any, Job], None], **arguments: Any) -> None:
        """Run ``"module:function"`` after what waits; `done` gets what it returned, on the owner's thread."""
        with self._turn:
            self._waiting.append(_Wish(function, title, arguments, done))
            if not self.busy:
                self._start_next()

    def was_dropped(self, job: Job) -> bool:
        """Whether it is one that was in hand when :meth:`cancel` was called last."""
        return job.job_id == self._dropped

    def use(self, backend: Backend) -> None:
        """Send the jobs to come to another backend; the one in hand ends where it is."""
        self._backend = backend

    def drop_waiting(self) -> None:
        """Forget the jobs that have not begun."""
        self._waiting.clear()

    def cancel(self) -> None:
        """Stop the job in hand and forget those after it; what it returns if it ends all the same is dropped."""
        self._waiting.clear()
        if self._job is not None and self.busy:
            self._dropped = self._job.job_id
            self._at.cancel(self._job.job_id)

    def abandon(self) -> None:
        """Cancel, tell that this is done, and tell no more, however long the job in hand takes to stop."""
        self.cancel()
        with self._turn:
            if self._job is not None and self.busy:
                self._tell(replace(self._job, state="cancelled", error=f"{self._job.title} was cancelled."))
            self._on_job = lambda _: None

    def _start_next(self) -> None:
        while self._waiting:
            wish = self._waiting.popleft()
            try:
                job = self._submit(wish)
            except WorkbenchError as error:
                # A backend that takes no work says so for each job: none is left waiting for ever.
                self._on_error(error)
            else:
                # A quick one may have ended by now; that is told by its last change, which is still to come.
                self._tell(replace(job, state="queued", fraction=0.0, error="") if job.ended else job)
                return

    def _submit(self, wish: _Wish) -> Job:
        self._at = backend = self._backend
        return backend.submit(
            wish.function,
            title=wish.title,
            on_change=lambda job: self._schedule(lambda: self._changed(backend, job, wish)),
            **wish.arguments,
        )

    def _changed(self, backend: Backend, job: Job, wish: _Wish) -> None:
        with self._turn:
            if self._job is not None and self._job.job_id == job.job_id and self._job.ended:
                return
            try:
                if job.state == "done" and not self.was_dropped(job):
                    wish.done(backend.result(job.job_id), job)
                elif job.state == "failed" and not self.was_dropped(job):
                    self._tell_error(backend, job)
            finally:
                self._tell(job)
                if job.ended:
                    self._start_next()

    def _tell(self, job: Job) -> None:
        self._job = job
        self._on_job(job)

    def _tell_error(self, backend: Backend, job: Job) -> None:
        try:
            backend.result(job.job_id)
        except JobCancelledError:
            pass
        except WorkbenchError as error:
            self._on_error(error)
