"""One kernel for all pages of a server.

Its models stay loaded, its memory is taken once, and each page is told whose work it waits for.
"""

from __future__ import annotations

import atexit
import threading
import uuid
from collections.abc import Callable, Hashable
from typing import Any

from workbench.compute.base import Backend, BackendStatus, OnChange
from workbench.compute.linked import LinkedBackend
from workbench.errors import JobError, UnknownNameError
from workbench.schema import Job

__all__ = ["Lease", "borrow"]

_open: dict[Hashable, tuple[Backend, set[str]]] = {}
_lock = threading.Lock()


class Lease:
    """A backend as one of its owners sees it: his are the jobs that he gave, and when he leaves, only they end.

    Parameters
    ----------
    key
        By which :func:`borrow` knows it.
    owner
        This owner's id.
    """

    def __init__(self, key: Hashable, owner: str, backend: Backend) -> None:
        self._key, self._owner, self._backend = key, owner, backend
        self._jobs: set[str] = set()
        self._closed = False

    def submit(self, function: str, /, *, title: str = "", on_change: OnChange | None = None, **arguments: Any) -> Job:
        """As of the backend."""
        if self._closed:
            raise JobError("This backend is closed; open a new one.")
        if isinstance(self._backend, LinkedBackend):
            job = self._backend.submit_for(self._owner, function, title, on_change, arguments)
        else:
            job = self._backend.submit(function, title=title, on_change=on_change, **arguments)
        self._jobs.add(job.job_id)
        return job

    def progress(self, job_id: str) -> Job:
        """As of the backend."""
        return self._backend.progress(job_id)

    def result(self, job_id: str, timeout_s: float | None = None) -> Any:
        """As of the backend."""
        return self._backend.result(job_id, timeout_s)

    def cancel(self, job_id: str) -> Job:
        """As of the backend, for a job of this owner."""
        if job_id not in self._jobs:
            raise UnknownNameError("job", job_id)
        return self._backend.cancel(job_id)

    def status(self) -> BackendStatus:
        """As of the backend."""
        return self._backend.status()

    def watch(self, on_status: Callable[[BackendStatus], None]) -> Callable[[], None]:
        """As of the backend."""
        return self._backend.watch(on_status)

    def start(self) -> None:
        """As of the backend."""
        self._backend.start()

    def interrupt(self) -> None:
        """Cancel the running jobs of this owner."""
        self._cancel_own()

    def restart(self) -> None:
        """As of the backend: the work of all its owners ends, and they are told."""
        self._cancel_own()
        if isinstance(self._backend, LinkedBackend):
            self._backend.restart_beside_others()
        else:
            self._backend.restart()

    def close(self) -> None:
        """Cancel the jobs of this owner; the last one to leave closes the backend."""
        self._closed = True
        self._cancel_own()
        with _lock:
            backend, owners = _open.get(self._key, (None, set()))
            owners.discard(self._owner)
            if backend is None or owners:
                return
            del _open[self._key]
        # A process takes a second to end: the page that closes does not wait.
        threading.Thread(target=backend.close, name="workbench closing").start()

    def _cancel_own(self) -> None:
        for job_id in list(self._jobs):
            try:
                job = self._backend.progress(job_id)
            except UnknownNameError:
                self._jobs.discard(job_id)
                continue
            if not job.ended:
                self._backend.cancel(job_id)


def _close_all() -> None:
    with _lock:
        backends = [backend for backend, _ in _open.values()]
        _open.clear()
    for backend in backends:
        backend.close()


def borrow(key: Hashable, make: Callable[[], Backend]) -> Lease:
    """A lease of the backend that is open under a key; it is made for the first who asks."""
    owner = uuid.uuid4().hex
    with _lock:
        if key not in _open:
            _open[key] = (make(), set())
            # A kernel on a server would outlive the page's server, which is told to end without closing its pages.
            atexit.unregister(_close_all)
            atexit.register(_close_all)
        backend, owners = _open[key]
        owners.add(owner)
    return Lease(key, owner, backend)
