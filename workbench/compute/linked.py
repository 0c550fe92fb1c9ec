"""``LinkedBackend``: jobs in other processes, one at a time in each; the base of all backends with links."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from workbench.compute.base import BackendStatus, OnChange
from workbench.compute.functions import find_function
from workbench.compute.link import Link
from workbench.compute.payload import encode
from workbench.compute.runner import Errand, Runner
from workbench.compute.tasks import Task, TaskTable
from workbench.compute.watching import Watchers
from workbench.errors import JobError
from workbench.schema import Job

__all__ = ["CLOSE_S", "LinkedBackend"]

CLOSE_S = 60.0
"""To start, or to ask a server to end what it runs, may take as long."""
_ORDER = ("busy", "starting", "ready", "lost", "off")


class LinkedBackend:
    """A queue of jobs before one or several links.

    Parameters
    ----------
    links
        One for each process.
    patience_s
        How long a cancelled job may take to stop before its process is ended.
    preload
        Modules that a process imports when it starts, so that the first job need not.
    share_disk
        Whether to try to pass large arrays by files, where both sides see the same disk.
    """

    def __init__(
        self,
        links: Sequence[Link],
        *,
        patience_s: float = 5.0,
        preload: Sequence[str] = (),
        share_disk: bool = True,
    ) -> None:
        self._table = TaskTable()
        self._errands: deque[Errand] = deque()
        self._turn = threading.Condition()
        self._closed = self._untold = False
        self._watchers = Watchers()
        self._told = BackendStatus()
        self._runners: list[Runner] = []
        for link in links:
            runner = Runner(
                link,
                self._next_errand,
                self._status_changed,
                self._tell_queue,
                patience_s=patience_s,
                preload=preload,
                share_disk=share_disk,
            )
            self._runners.append(runner)

    def submit(self, function: str, /, *, title: str = "", on_change: OnChange | None = None, **arguments: Any) -> Job:
        """A queued job; its arguments are written down here, so that what cannot travel is refused at once."""
        return self.submit_for("", function, title, on_change, arguments)

    def submit_for(
        self, owner: str, function: str, title: str, on_change: OnChange | None, arguments: dict[str, Any]
    ) -> Job:
        """The same for one of several owners, each of whom is told when he waits for another."""
        find_function(function)
        buffers = encode(arguments)
        with self._turn:
            if self._closed:
                raise JobError("This backend is closed; open a new one.")
            task = self._table.add(function, title, on_change, owner)
            self._errands.append(Errand(task, function, buffers))
            # Owners are told by the runners: one who holds a lock while he submits would wait for himself.
            self._untold = True
            self._turn.notify()
        return task.job

    def progress(self, job_id: str) -> Job:
        """The job as it is now."""
        return self._table[job_id].job

    def result(self, job_id: str, timeout_s: float | None = None) -> Any:
        """What the function returned; waits for it."""
        return self._table.result(job_id, timeout_s)

    def cancel(self, job_id: str) -> Job:
        """The job, told to stop: interrupted, and its process ended if it does not listen."""
        task = self._table[job_id]
        task.stop.set()
        with self._turn:
            waiting = [errand for errand in self._errands if errand.task is task]
            for errand in waiting:
                self._errands.remove(errand)
                self._untold = True
        if waiting:
            task.finish("cancelled", error=task.cancelled(" before it began"))
        return task.job

    def status(self) -> BackendStatus:
        """That of the busiest process, with the memory of all."""
        statuses = [runner.status for runner in self._runners]
        first = min(statuses, key=lambda status: _ORDER.index(status.state))
        return replace(
            first,
            memory_used_bytes=sum(status.memory_used_bytes for status in statuses),
            remarks=tuple(dict.fromkeys(remark for status in statuses for remark in status.remarks)),
            n_waiting=len(self._errands),
        )

    def watch(self, on_status: Callable[[BackendStatus], None]) -> Callable[[], None]:
        """Call a function with every change of the status; returns what ends that."""
        return self._watchers.add(on_status)

    def start(self) -> None:
        """Start the processes."""
        for runner in self._runners:
            runner.start()

    def interrupt(self) -> None:
        """Cancel every running job."""
        for runner in self._runners:
            if runner.task is not None:
                runner.task.stop.set()

    def restart(self) -> None:
        """End the processes and start them again."""
        self.interrupt()
        self.restart_beside_others()

    def restart_beside_others(self) -> None:
        """The same; jobs that were not cancelled before are told that another user has ended them."""
        for runner in self._runners:
            runner.restart()

    def close(self) -> None:
        """Cancel everything and end the processes."""
        with self._turn:
            self._closed = True
            self._turn.notify_all()
        for task in self._table.unfinished():
            self.cancel(task.job.job_id)
        for runner in self._runners:
            runner.begin_to_close()
        until_s = time.monotonic() + CLOSE_S
        for runner in self._runners:
            runner.close(until_s)
        self._table.give_up("its place did not close in time")

    def _next_errand(self, timeout_s: float) -> Errand | None:
        with self._turn:
            if not self._errands:
                self._turn.wait(timeout_s)
            errand = self._errands.popleft() if self._errands else None
            self._untold = self._untold or errand is not None
        return errand

    def _tell_queue(self) -> None:
        """Tell each waiting job what it waits for; called by every runner many times a second."""
        if not self._untold:
            return
        with self._turn:
            self._untold = False
            waiting = [errand.task for errand in self._errands]
        running = [runner.task for runner in self._runners if runner.task is not None]
        for place, task in enumerate(waiting):
            step = _what_before(task, [*running, *waiting[:place]])
            if task.job.state == "queued" and task.job.step != step and not task.stop.is_set():
                task.change(step=step)
        self._status_changed()

    def _status_changed(self) -> None:
        # A runner's thread begins before its backend knows it.
        status = self.status() if self._runners else self._told
        if status != self._told:
            self._told = status
            self._watchers.tell(status)


def _what_before(task: Task, before: Sequence[Task]) -> str:
    others = sum(other.owner != task.owner for other in before)
    if others:
        return f"waits for {_count(len(before))}, {others} of another user"
    return f"waits for {_count(len(before))}" if before else ""


def _count(n: int) -> str:
    return f"{n} job{'' if n == 1 else 's'}"
