"""Every backend: runs a named function, says how far it is, stops it, and tells what went wrong."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from tests.compute.places import PLACES, open_backend
from tests.waiting import wait_for
from workbench.compute import BACKENDS, Backend
from workbench.compute.base import BACKEND_STATES
from workbench.compute.processes import is_running
from workbench.errors import JobCancelledError, JobError, PickerError, UnknownNameError, WorkerLostError
from workbench.schema import JOB_STATES, Job

PATIENCE_S = 60.0
TASKS = "tests.compute.tasks_to_run"
OWN_PROCESS = [name for name in PLACES if name != "local"]


@pytest.fixture(scope="module", params=PLACES)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    with open_backend(request.param) as backend:
        yield backend


elsewhere = pytest.mark.parametrize("backend", OWN_PROCESS, indirect=True, scope="module")
"""Of backends whose jobs run in another process."""


def run_until(state: str, backend: Backend, function: str, **arguments: object) -> Job:
    """A job of that function, once it is in that state."""
    reached = threading.Event()
    job = backend.submit(
        f"{TASKS}:{function}", on_change=lambda job: reached.set() if job.state == state else None, **arguments
    )
    assert reached.wait(PATIENCE_S)
    return job


def test_every_backend_of_the_registry_is_tested() -> None:
    assert set(PLACES) == set(BACKENDS)


def test_each_has_the_form_of_a_backend(backend: Backend) -> None:
    assert isinstance(backend, Backend)
    assert backend.status().state in BACKEND_STATES


def test_arrays_go_in_and_come_out(backend: Backend) -> None:
    job = backend.submit(f"{TASKS}:double", title="doubling", samples=np.arange(3))
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

    job = backend.submit(f"{TASKS}:in_steps", on_change=on_change, n_steps=50)
    assert backend.result(job.job_id, PATIENCE_S) == 50
    assert ended.wait(PATIENCE_S)
    order = [JOB_STATES.index(state.state) for state in states]
    assert order == sorted(order)
    assert states[-1].state == "done"


def test_steps_of_the_work_are_told(backend: Backend) -> None:
    told: list[Job] = []
    job = backend.submit(f"{TASKS}:until_cancelled", on_change=told.append)
    wait_for(lambda: any(job.step == "waiting" and np.isnan(job.fraction) for job in told))
    backend.cancel(job.job_id)
    with pytest.raises(JobCancelledError):
        backend.result(job.job_id, PATIENCE_S)


def test_result_can_be_asked_for_when_done_is_told(backend: Backend) -> None:
    results: list[int] = []
    ended = threading.Event()

    def on_change(job: Job) -> None:
        if job.state == "done":
            results.append(backend.result(job.job_id, PATIENCE_S))
            ended.set()

    backend.submit(f"{TASKS}:in_steps", on_change=on_change, n_steps=1)
    assert ended.wait(PATIENCE_S)
    assert results == [1]


@pytest.mark.parametrize("function", ["until_cancelled", "spin"])
def test_running_job_stops_and_the_next_one_runs(backend: Backend, function: str) -> None:
    job = run_until("running", backend, function)
    backend.cancel(job.job_id)
    with pytest.raises(JobCancelledError):
        backend.result(job.job_id, PATIENCE_S)
    assert backend.progress(job.job_id).state == "cancelled"
    assert backend.result(backend.submit(f"{TASKS}:in_steps", n_steps=1).job_id, PATIENCE_S) == 1


def test_queued_job_that_is_cancelled_never_starts(backend: Backend) -> None:
    blockers = [backend.submit(f"{TASKS}:until_cancelled") for _ in range(8)]
    queued = backend.submit(f"{TASKS}:in_steps", n_steps=1)
    backend.cancel(queued.job_id)
    with pytest.raises(JobCancelledError, match="before it began"):
        backend.result(queued.job_id, PATIENCE_S)
    for job in reversed(blockers):
        backend.cancel(job.job_id)
    for job in blockers:
        with pytest.raises(JobCancelledError):
            backend.result(job.job_id, PATIENCE_S)


def test_errors_of_the_workbench_come_as_they_are(backend: Backend) -> None:
    job = backend.submit(f"{TASKS}:refuse")
    with pytest.raises(PickerError, match=r"^No trace to work on\.$"):
        backend.result(job.job_id, PATIENCE_S)
    failed = backend.progress(job.job_id)
    assert (failed.state, failed.error) == ("failed", "No trace to work on.")


def test_other_errors_come_as_one_line_that_names_the_cause(backend: Backend) -> None:
    job = backend.submit(f"{TASKS}:divide", title="dividing", by=0)
    with pytest.raises(JobError, match="dividing failed: ZeroDivisionError: division by zero") as caught:
        backend.result(job.job_id, PATIENCE_S)
    assert "\n" not in str(caught.value)


def test_result_that_takes_too_long_says_so_and_stays_available(backend: Backend) -> None:
    job = backend.submit(f"{TASKS}:until_cancelled", title="waiting")
    with pytest.raises(JobError, match="not done after"):
        backend.result(job.job_id, 0.01)
    backend.cancel(job.job_id)


@pytest.mark.parametrize("name", ["workbench.nowhere:run", f"{TASKS}:nothing", "no_colon"])
def test_unknown_function_is_refused_at_once(backend: Backend, name: str) -> None:
    with pytest.raises(UnknownNameError):
        backend.submit(name)


def test_unknown_job_is_refused(backend: Backend) -> None:
    with pytest.raises(UnknownNameError):
        backend.progress("nobody")


def test_running_jobs_can_be_interrupted_together(backend: Backend) -> None:
    job = run_until("running", backend, "spin")
    wait_for(lambda: backend.status().state == "busy")
    backend.interrupt()
    with pytest.raises(JobCancelledError):
        backend.result(job.job_id, PATIENCE_S)


def test_busy_and_ready_are_told_with_the_title_of_the_work(backend: Backend) -> None:
    told = []
    stop = backend.watch(told.append)
    job = backend.submit(f"{TASKS}:in_steps", title="three steps", n_steps=3)
    backend.result(job.job_id, PATIENCE_S)
    wait_for(lambda: bool(told) and told[-1].state == "ready")
    assert any(status.state == "busy" and "three steps" in status.words for status in told)
    stop()


def test_result_of_300_megabytes_passes(backend: Backend) -> None:
    samples = backend.result(backend.submit(f"{TASKS}:large", megabytes=300).job_id, PATIENCE_S)
    assert samples.nbytes == 300_000_000
    assert (samples[0], samples[-1]) == (0, np.float32(74_999_999))


def test_what_a_job_leaves_in_memory_is_there_for_the_next(backend: Backend) -> None:
    # One more than there are workers: one of them comes twice, and keeps what it has loaded.
    jobs = [backend.submit(f"{TASKS}:process_id") for _ in range(3)]
    assert len({backend.result(job.job_id, PATIENCE_S) for job in jobs}) < len(jobs)


@elsewhere
def test_function_that_swallows_interrupts_is_stopped_with_its_process(backend: Backend) -> None:
    job = run_until("running", backend, "deaf")
    backend.cancel(job.job_id)
    with pytest.raises(JobCancelledError, match="did not listen"):
        backend.result(job.job_id, PATIENCE_S)
    assert backend.result(backend.submit(f"{TASKS}:process_id").job_id, PATIENCE_S) != os.getpid()


@elsewhere
def test_killed_process_is_told_in_words_and_the_next_job_runs_in_a_new_one(backend: Backend) -> None:
    before = backend.result(backend.submit(f"{TASKS}:process_id").job_id, PATIENCE_S)
    job = backend.submit(f"{TASKS}:die", title="PhaseNet on a year")
    with pytest.raises(WorkerLostError, match=r"^PhaseNet on a year failed: .*ended"):
        backend.result(job.job_id, PATIENCE_S)
    assert backend.progress(job.job_id).state == "failed"
    assert backend.result(backend.submit(f"{TASKS}:process_id").job_id, PATIENCE_S) != before


@elsewhere
def test_restart_ends_the_process_and_cancels_what_runs_there(backend: Backend) -> None:
    steps: list[str] = []
    job = backend.submit(f"{TASKS}:tell_process_id", on_change=lambda job: steps.append(job.step))
    wait_for(lambda: steps[-1:] != [] and steps[-1].isdigit())
    backend.restart()
    with pytest.raises(JobCancelledError):
        backend.result(job.job_id, PATIENCE_S)
    wait_for(lambda: not is_running(int(steps[-1])))
    assert backend.result(backend.submit(f"{TASKS}:in_steps", n_steps=1).job_id, PATIENCE_S) == 1


@elsewhere
def test_what_cannot_travel_is_refused_with_its_place(backend: Backend) -> None:
    with pytest.raises(JobError, match=r"samples.* function.* cannot travel"):
        backend.submit(f"{TASKS}:double", samples={"of": lambda: 0})


@pytest.mark.parametrize("name", list(BACKENDS))
def test_closed_backend_takes_no_work(name: str) -> None:
    backend = BACKENDS.create(name)
    backend.close()
    with pytest.raises(JobError, match="closed"):
        backend.submit(f"{TASKS}:in_steps", n_steps=1)


@pytest.mark.parametrize("name", list(BACKENDS))
def test_every_backend_says_whether_it_can_be_used_here(name: str) -> None:
    found = BACKENDS.availability(name)
    assert found.ok or (found.reason and found.remedy)
