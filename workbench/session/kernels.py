"""``Kernels``: where a session's pickers run, how that place is, and the jobs that it was given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Thread
from typing import Any

import param

from workbench.compute import Backend, BackendStatus
from workbench.compute.places import Place, full_name, list_places, open_place
from workbench.compute.sharing import borrow
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.schema import Job
from workbench.session.notice import Notice
from workbench.settings import Secret, Settings

__all__ = ["PRELOAD", "JobEntry", "Kernels"]

PRELOAD = ("torch", "workbench.inference.run")
"""What a process of its own loads when it starts, so that the first picker need not, and its device is known."""

_JOBS_KEPT = 30
_MEMORY_STEP = 0.02

_LOOK_S = 0.15
"""After which news of the place are told: a bar that says "busy" for one job of 20 ms costs more than the job."""


@dataclass(frozen=True)
class JobEntry:
    """A job on the list of a session, with the title of the place where it runs or ran."""

    job: Job
    place: str
    is_errand: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it waits or runs."""
        return not self.job.ended


class Kernels(param.Parameterized):
    """The place where the pickers of one session run.

    Parameters
    ----------
    settings
        Names the first place, and places of one's own.
    schedule
        Calls a function on the thread that owns the views.
    on_backend
        Told the backend for the jobs to come, when another place is chosen.
    on_remark
        Told in words what the user should know of a place, such as other versions there.
    check
        Raises if this user may not choose, start or restart a place.
    backend
        Used in place of that of the settings; it is closed with the rest.
    pause
        Calls a function on the owner's thread, from there, so many seconds from now; at once if not given.
    """

    chosen = param.String("local", doc="Name of the place.")
    status = param.Parameter(BackendStatus(), doc="BackendStatus of the place.")
    jobs = param.List([], doc="JobEntry, newest first.")

    def __init__(
        self,
        settings: Settings,
        *,
        schedule: Callable[[Callable[[], None]], None],
        on_backend: Callable[[Backend], None],
        on_remark: Callable[[str], None],
        check: Callable[[], None] = lambda: None,
        backend: Backend | None = None,
        pause: Callable[[float, Callable[[], None]], None] = lambda _, function: function(),
    ) -> None:
        super().__init__()
        self._settings, self._schedule, self._pause = settings, schedule, pause
        self._looks = False
        self._on_backend, self._on_remark, self._check = on_backend, on_remark, check
        self._said: set[str] = set()
        self._left: list[Backend] = []
        self._stop_watching: Callable[[], None] = lambda: None
        self._place = self.places()["local"]
        self._take_backend(self._first() if backend is None else backend)

    @classmethod
    def of(cls, session: Any, backend: Backend | None, on_backend: Callable[[Backend], None]) -> Kernels:
        """Those of a session: its notices are where remarks go, and its jobs are on the list."""
        kernels = cls(
            session.settings,
            schedule=lambda function: session.schedule(function),
            pause=lambda seconds, function: session.pause(seconds, function) if session.pause else function(),
            on_backend=on_backend,
            on_remark=lambda words: setattr(session, "notice", Notice("warn", words)),
            check=session.visitor.check_may_choose_a_place,
            backend=backend,
        )
        session.param.watch(lambda event: kernels.note(event.new), "job")
        session.param.watch(lambda event: kernels.note(event.new, is_errand=True), "errand")
        return kernels

    @property
    def backend(self) -> Backend:
        """Where the next job goes."""
        return self._backend

    @property
    def place(self) -> Place:
        """The place that is chosen."""
        return self._place

    def places(self) -> Mapping[str, Place]:
        """Every place by name, those that cannot be used here too."""
        return list_places(self._settings)

    def choose(self, name: str, token: str = "") -> None:  # no token is given: none is the default  # nosec B107
        """Send the jobs to come elsewhere; one that runs ends where it is, and nothing that was made is lost.

        Raises
        ------
        UnknownNameError, JobError
            If there is no such place, or it cannot be used here.
        """
        self._check()
        if name == self.chosen and not token:
            self._backend.start()
            return
        backend = self._borrow(name, Secret(token) if token else None)
        self._left.append(self._backend)
        self._name(name)
        self._take_backend(backend)
        self._on_backend(backend)
        backend.start()
        self._let_go_of_idle_places()

    def start(self) -> None:
        """Start the place without a job."""
        self._check()
        self._backend.start()

    def interrupt(self) -> None:
        """Stop what runs there for this session."""
        self._backend.interrupt()

    def restart(self) -> None:
        """End the place and start it anew; its models are loaded again by the next job."""
        self._check()
        self._backend.restart()

    def cancel(self, job_id: str) -> None:
        """Stop one job, wherever it runs."""
        for backend in (self._backend, *self._left):
            try:
                backend.cancel(job_id)
            except UnknownNameError:
                continue
            return

    def note(self, job: Job | None, *, is_errand: bool = False) -> None:
        """Put a job on the list, or what has become of it."""
        if job is None:
            return
        known = next((entry for entry in self.jobs if entry.job.job_id == job.job_id), None)
        if known is not None:
            self.jobs = [replace(entry, job=job) if entry is known else entry for entry in self.jobs]
        else:
            place = "This computer" if is_errand else self.place.title
            self.jobs = [JobEntry(job, place, is_errand), *self.jobs][:_JOBS_KEPT]
        if job.ended:
            self._let_go_of_idle_places()

    def close(self) -> None:
        """Stop everything."""
        self._stop_watching()
        for backend in (*self._left, self._backend):
            backend.close()

    def _first(self) -> Backend:
        """That of the settings or, if it cannot be had, this computer: a page must open."""
        try:
            backend = self._borrow(self._settings.kernel, None)
        except WorkbenchError as error:
            self._on_remark(f"{error} Pickers run on this computer.")
            return self._borrow("local", None)
        self._name(self._settings.kernel)
        return backend

    def _name(self, name: str) -> None:
        places = self.places()
        self._place = places[full_name(name, places)]
        self.chosen = self._place.name

    def _borrow(self, name: str, token: Secret | None) -> Backend:
        if name == "local":
            # Threads cost nothing, and no page waits for another's.
            return open_place(name, self._settings)
        key = (name, token, repr(self._settings.kernels.get(name)))
        return borrow(key, lambda: open_place(name, self._settings, token=token, preload=PRELOAD))

    def _take_backend(self, backend: Backend) -> None:
        self._stop_watching()
        self._backend = backend
        self._stop_watching = backend.watch(lambda _: self._schedule(self._look_soon))
        self._look()

    def _look_soon(self) -> None:
        if not self._looks:
            self._looks = True
            self._pause(_LOOK_S, self._look)

    def _look(self) -> None:
        self._looks = False
        status = self._backend.status()
        if _differs(self.status, status):
            self.status = status
        for remark in status.remarks:
            if remark not in self._said:
                self._said.add(remark)
                self._on_remark(remark)

    def _let_go_of_idle_places(self) -> None:
        """Close places that were left, once their last job has ended."""
        if any(entry.is_open and not entry.is_errand for entry in self.jobs):
            return
        left, self._left = self._left, []
        for backend in left:
            # This may be its own thread, which cannot wait for itself.
            Thread(target=backend.close, name="workbench closing").start()


def _differs(old: BackendStatus, new: BackendStatus) -> bool:
    """Whether there is news; that memory moves by a little is none."""
    moved: Any = abs(new.memory_used_bytes - old.memory_used_bytes)
    if replace(new, memory_used_bytes=old.memory_used_bytes) != old:
        return True
    return bool(moved > _MEMORY_STEP * max(1, old.memory_used_bytes))
