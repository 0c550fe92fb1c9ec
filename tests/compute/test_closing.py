"""A worker process that hangs does not hold up whoever closes its backend, and is told as what it is."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator

import numpy as np
import pytest

from tests.compute.places import on_the_path
from tests.waiting import wait_for
from workbench.compute.process import ProcessBackend
from workbench.compute.processes import is_running

PATIENCE_S = 60.0
TASKS = "tests.compute.tasks_to_run"


@pytest.fixture
def backend() -> Iterator[ProcessBackend]:
    with on_the_path():
        backend = ProcessBackend()
        yield backend
        backend.close()


def stopped_process(backend: ProcessBackend) -> int:
    """Its worker, which hears nothing any more."""
    pid = int(backend.result(backend.submit(f"{TASKS}:process_id").job_id, PATIENCE_S))
    os.kill(pid, signal.SIGSTOP)
    return pid


def test_one_that_hears_nothing_while_a_job_is_sent(backend: ProcessBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.compute.linked.CLOSE_S", 1.0)
    pid = stopped_process(backend)
    # More than the connection holds, and less than what goes by a file.
    job = backend.submit(f"{TASKS}:total", samples=np.zeros(240_000, np.float32))
    wait_for(lambda: backend.status().state == "busy")
    backend.close()
    assert backend.progress(job.job_id).state == "cancelled"
    assert not is_running(pid)


def test_one_that_hangs_up_and_does_not_end(backend: ProcessBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.compute.process._EXIT_S", 0.2)
    pid = stopped_process(backend)
    # As if it had closed its side.
    with socket.socket(fileno=os.dup(backend._runners[0]._link._connection.fileno())) as other:
        other.shutdown(socket.SHUT_RDWR)
    wait_for(lambda: backend.status().state == "lost")
    assert "hung up, did not end" in backend.status().words
    assert "memory" not in backend.status().words
    assert not is_running(pid)
