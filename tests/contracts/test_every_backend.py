"""Every backend: runs a named function, says how far it is, stops it, and tells what went wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from workbench.compute import BACKENDS, Backend
from workbench.errors import JobCancelledError, JobError, PickerError, UnknownNameError
from workbench.schema import JOB_STATES, Job, Report

PATIENCE_S = 30.0
HERE = __name__

_go = threading.Event()


def double(samples: np.ndarray) -> np.ndarray:
    return samples * 2


def in_steps(n_steps: int, report: Report) -> int:
    for step in range(n_steps):
        report(step / n_steps, f"step {step + 1} of {n_steps}")
    return n_steps


def until_cancelled(report: Report) -> None:
    while True:
        report(float("nan"), "waiting")
        _go.wait(0.01)


def refuse() -> None:
    raise PickerError("No trace to work on.")


def divide(by: int) -> float:
    return 1 / by


@pytest.fixture(params=["local"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    backend = BACKENDS.create(request.param)
    yield backend
    backend.close()


def test_every_backend_of_the_registry_is_tested(backend: Backend) -> None:
    assert isinstance(backend, Backend)
    assert "local" in BACKENDS


def test_arrays_go_in_and_come_out(backend: Backend) -> None:
    job = backend.submit(f"{HERE}:double", title="doubling", samples=np.arange(3))
    assert job.title == "doubling"
    np.testing.assert_array_equal(backend.result(job.job_id, PATIENCE_S), [0, 2, 4])
    done = backend.progress(job.job_id)
    assert (done.state, done.fraction, done.error) == ("done", 1.0, "")


def test_states_are_told_in_order_and_the_last_one_always(backend: Backend) -> None:
    states: list[Job] = []
    ended = threading.Event()

    def on_change(job: Job) -> None:
        states.append(job)
        if job.state == "done":
            ended.set()

    job = backend.submit(f"{HERE}:in_steps", on_change=on_change, n_steps=50)
    assert backend.result(job.job_id, PATIENCE_S) == 50
    assert ended.wait(PATIENCE_S)
    order = [JOB_STATES.index(state.state) for state in states]
    assert order == sorted(order)
    assert states[-1].state == "done"


def test_result_can_be_asked_for_when_done_is_told(backend: Backend) -> None:
    results: list[int] = []
    ended = threading.Event()

    def on_change(job: Job) -> None:
        if job.state == "done":
            results.append(backend.result(job.job_id, PATIENCE_S))
            ended.set()

    backend.submit(f"{HERE}:in_steps", on_change=on_change, n_steps=1)
    assert ended.wait(PATIENCE_S)
    assert results == [1]


def test_running_job_stops_at_its_next_report(backend: Backend) -> None:
    running = threading.Event()
    job = backend.submit(
        f"{HERE}:until_cancelled", on_change=lambda job: running.set() if job.state == "running" else None
    )
    assert running.wait(PATIENCE_S)
    backend.cancel(job.job_id)
    with pytest.raises(JobCancelledError):
        backend.result(job.job_id, PATIENCE_S)
    assert backend.progress(job.job_id).state == "cancelled"


def test_queued_job_that_is_cancelled_never_starts(backend: Backend) -> None:
    blockers = [backend.submit(f"{HERE}:until_cancelled") for _ in range(8)]
    queued = backend.submit(f"{HERE}:in_steps", n_steps=1)
    backend.cancel(queued.job_id)
    with pytest.raises(JobCancelledError, match="before it began"):
        backend.result(queued.job_id, PATIENCE_S)
    for job in blockers:
        backend.cancel(job.job_id)


def test_errors_of_the_workbench_come_as_they_are(backend: Backend) -> None:
    job = backend.submit(f"{HERE}:refuse")
    with pytest.raises(PickerError, match=r"^No trace to work on\.$"):
        backend.result(job.job_id, PATIENCE_S)
    failed = backend.progress(job.job_id)
    assert (failed.state, failed.error) == ("failed", "No trace to work on.")


def test_other_errors_come_as_one_line_that_names_the_cause(backend: Backend) -> None:
    job = backend.submit(f"{HERE}:divide", title="dividing", by=0)
    with pytest.raises(JobError, match="dividing failed: ZeroDivisionError: division by zero") as caught:
        backend.result(job.job_id, PATIENCE_S)
    assert "\n" not in str(caught.value)


def test_result_that_takes_too_long_says_so_and_stays_available(backend: Backend) -> None:
    job = backend.submit(f"{HERE}:until_cancelled", title="waiting")
    with pytest.raises(JobError, match="not done after"):
        backend.result(job.job_id, 0.01)
    backend.cancel(job.job_id)


@pytest.mark.parametrize("name", ["workbench.nowhere:run", f"{HERE}:nothing", "no_colon"])
def test_unknown_function_is_refused_at_once(backend: Backend, name: str) -> None:
    with pytest.raises(UnknownNameError):
        backend.submit(name)


def test_unknown_job_is_refused(backend: Backend) -> None:
    with pytest.raises(UnknownNameError):
        backend.progress("nobody")


def test_closed_backend_takes_no_work(backend: Backend) -> None:
    backend.close()
    with pytest.raises(JobError, match="closed"):
        backend.submit(f"{HERE}:in_steps", n_steps=1)
