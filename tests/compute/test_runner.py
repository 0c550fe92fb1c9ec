"""A link that does what a test says: what no real connection can be made to do on demand."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pytest

from tests.waiting import wait_for
from workbench.compute.linked import LinkedBackend
from workbench.errors import JobError

PULSE = {"kind": "pulse", "device": "a test", "memory_used": 1, "memory_total": 2}


class ForgetfulLink:
    """Begins every job, says that it is over, and never sends what it gave."""

    name = "the forgetful kernel"
    shared = False
    piece_bytes = 0

    def __init__(self) -> None:
        self._coming: deque[dict[str, Any]] = deque()

    def open(self, stop: Any) -> None:
        self._coming.append({"kind": "hello", "versions": {}})

    def send(self, header: dict[str, Any], buffers: Sequence[bytes]) -> None:
        if header["kind"] == "run":
            self._coming.append({"kind": "started", "job": header["job"]})
            self._coming.extend([{**PULSE, "doing": header["job"]}] * 10)
            self._coming.extend([{**PULSE, "doing": ""}] * 10)

    def receive(self, timeout_s: float) -> tuple[dict[str, Any], list[bytes]] | None:
        return (self._coming.popleft(), []) if self._coming else None

    def look_out(self) -> None: ...

    def failure(self) -> str:
        return ""

    def interrupt(self) -> bool:
        return True

    def kill(self) -> None: ...

    def close(self) -> None: ...


def test_answer_that_never_comes_is_told() -> None:
    backend = LinkedBackend([ForgetfulLink()])
    job = backend.submit("statistics:mean", data=[1.0])
    with pytest.raises(JobError, match="what it gave was lost on the way from the forgetful kernel"):
        backend.result(job.job_id, 30)
    backend.close()


def test_other_versions_are_remarked_on() -> None:
    backend = LinkedBackend([ForgetfulLink()])
    with pytest.raises(JobError):
        backend.result(backend.submit("statistics:mean", data=[1.0]).job_id, 30)
    remarks = backend.status().remarks
    assert any(remark.startswith("the forgetful kernel has no workbench, this computer") for remark in remarks)
    assert any("no torch" in remark and "last digits" in remark for remark in remarks)
    backend.close()


class BreakingLink(ForgetfulLink):
    """Raises at the first job what no backend foresees, and answers the next."""

    name = "the breaking kernel"

    def __init__(self) -> None:
        super().__init__()
        self.n_opened = 0

    def open(self, stop: Any) -> None:
        self.n_opened += 1
        super().open(stop)

    def send(self, header: dict[str, Any], buffers: Sequence[bytes]) -> None:
        if header["kind"] != "run":
            return
        if self.n_opened == 1:
            raise EOFError("the other end hung up")
        self._coming.append({"kind": "error", "job": header["job"], "type": "JobError", "text": "no such data"})


def test_error_that_nobody_foresaw_fails_its_job_and_the_next_one_runs() -> None:
    backend = LinkedBackend([BreakingLink()])
    with closing(backend):
        with pytest.raises(JobError, match="first failed: EOFError: the other end hung up"):
            backend.result(backend.submit("statistics:mean", title="first", data=[1.0]).job_id, 30)
        with pytest.raises(JobError, match="no such data"):
            backend.result(backend.submit("statistics:mean", data=[1.0]).job_id, 30)


def test_owner_and_watcher_who_fail_when_told_do_not_stop_the_jobs_of_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(told: object) -> None:
        raise ValueError(f"cannot draw {type(told).__name__}")

    with closing(LinkedBackend([ForgetfulLink()])) as backend:
        backend.watch(fail)
        for _ in range(2):
            job = backend.submit("statistics:mean", on_change=fail, data=[1.0])
            with pytest.raises(JobError, match="was lost on the way"):
                backend.result(job.job_id, 30)
    assert "cannot draw Job" in caplog.text
    assert "cannot draw BackendStatus" in caplog.text


class DyingLink(ForgetfulLink):
    """Ends when it is told to."""

    name = "the dying kernel"

    def __init__(self) -> None:
        super().__init__()
        self.n_opened, self.words = 0, ""

    def open(self, stop: Any) -> None:
        self.n_opened, self.words = self.n_opened + 1, ""
        super().open(stop)

    def failure(self) -> str:
        return self.words


def wait_for_state(backend: LinkedBackend, state: str) -> None:
    wait_for(lambda: backend.status().state == state)


def test_one_that_was_wanted_while_it_was_there_stays_lost_once_it_is() -> None:
    link = DyingLink()
    with closing(LinkedBackend([link])) as backend:
        backend.start()
        wait_for_state(backend, "ready")
        backend.start()
        time.sleep(0.6)  # two turns of a runner at rest: it hears of that
        link.words = "ended. The next job starts it again."
        wait_for_state(backend, "lost")
        time.sleep(0.6)
        assert (backend.status().state, link.n_opened) == ("lost", 1)
        backend.start()
        wait_for_state(backend, "ready")
        assert not [remark for remark in backend.status().remarks if "lost" in remark]
