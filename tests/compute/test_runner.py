"""A link that does what a test says: what no real connection can be made to do on demand."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import pytest

from workbench.compute.linked import LinkedBackend
from workbench.errors import JobError

PULSE = {"kind": "pulse", "device": "a test", "memory_used": 1, "memory_total": 2}


class ForgetfulLink:
    """Begins every job, says that it is over, and never sends what it gave."""

    name = "the forgetful kernel"
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
