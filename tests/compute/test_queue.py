"""Jobs of one owner, one after the other."""

import threading
import time
from collections import deque

import pytest

from workbench.compute.local import LocalBackend
from workbench.compute.queue import JobQueue
from workbench.errors import SourceError

GO_ON = threading.Event()


def slow(report, steps: int = 1000) -> str:
    for step in range(steps):
        report(step / steps, "on the way")
        time.sleep(0.005)
    return "slow"


def wait_for_word() -> str:
    assert GO_ON.wait(10)
    return "word"


def wrong() -> None:
    raise SourceError("There is no such place. Name another.")


class Owner:
    def __init__(self) -> None:
        self.backend = LocalBackend(1)
        self.jobs, self.errors, self.results = [], [], []
        self.queue = JobQueue(
            self.backend, schedule=lambda f: f(), on_job=self.jobs.append, on_error=lambda e: self.errors.append(str(e))
        )

    def add(self, function: str, **arguments: object) -> None:
        place = f"{__name__}:{function}"
        self.queue.add(place, title=function, done=lambda value, _: self.results.append(value), **arguments)

    def wait(self, n_ended: int = 0) -> None:
        """Until no job is in hand, and so many have given a result or an error: between two jobs none is in hand."""
        end = time.monotonic() + 20
        while self.queue.busy or len(self.results) + len(self.errors) < n_ended:
            assert time.monotonic() < end
            time.sleep(0.005)


def test_jobs_run_in_the_order_in_which_they_were_added() -> None:
    GO_ON.clear()
    owner = Owner()
    owner.add("wait_for_word")
    owner.add("slow", steps=2)
    assert owner.results == []
    GO_ON.set()
    owner.wait(2)
    assert owner.results == ["word", "slow"]
    owner.backend.close()


def test_a_cancelled_job_stops_and_what_waits_is_forgotten() -> None:
    owner = Owner()
    owner.add("slow")
    owner.add("slow", steps=1)
    owner.queue.cancel()
    owner.wait()
    assert owner.results == []
    assert owner.errors == []
    assert owner.jobs[-1].state == "cancelled"
    owner.add("slow", steps=1)
    owner.wait()
    assert owner.results == ["slow"]
    owner.backend.close()


def test_what_a_cancelled_job_returns_all_the_same_is_dropped() -> None:
    GO_ON.clear()
    owner = Owner()
    later = []
    owner.queue._schedule = later.append
    owner.add("wait_for_word")
    GO_ON.set()
    owner.backend.result(owner.jobs[0].job_id, 20)
    owner.queue.cancel()
    while owner.queue.busy:
        if later:
            later.pop(0)()
    assert owner.results == []
    owner.queue._schedule = lambda function: function()
    owner.add("slow", steps=1)
    owner.wait()
    assert owner.results == ["slow"]
    owner.backend.close()


def test_a_failed_job_is_told_and_the_next_one_runs() -> None:
    GO_ON.clear()
    owner = Owner()
    owner.add("wait_for_word")
    owner.add("wrong")
    owner.add("slow", steps=1)
    GO_ON.set()
    owner.wait(3)
    assert owner.errors == ["There is no such place. Name another."]
    assert owner.results == ["word", "slow"]
    owner.backend.close()


def test_a_job_that_is_not_taken_is_told_and_the_next_one_runs() -> None:
    GO_ON.clear()
    owner = Owner()
    owner.add("no_such_function")
    owner.add("wait_for_word")
    owner.add("no_such_function")
    owner.add("slow", steps=1)
    GO_ON.set()
    owner.wait(4)
    assert len(owner.errors) == 2
    assert all("no_such_function" in error for error in owner.errors)
    assert owner.results == ["word", "slow"]
    owner.backend.close()
    owner.add("slow", steps=1)
    assert "closed" in owner.errors[-1]


def test_a_job_that_ended_before_its_owner_knew_of_it_gives_its_result() -> None:
    class LateBackend(LocalBackend):
        """Returns when the job has ended, as any backend may whose caller had to wait for the processor."""

        def submit(self, function, /, **arguments):
            job = super().submit(function, **arguments)
            self.result(job.job_id)
            return self.progress(job.job_id)

    backend, waiting, results, jobs = LateBackend(1), deque(), [], []
    queue = JobQueue(backend, schedule=waiting.append, on_job=jobs.append, on_error=pytest.fail)
    for steps in (1, 2):
        queue.add(f"{__name__}:slow", title="slow", done=lambda value, _: results.append(value), steps=steps)
    while waiting:
        waiting.popleft()()
    assert (results, queue.busy) == (["slow", "slow"], False)
    assert [job.state for job in jobs if job.state != "running"] == ["queued", "done"] * 2
    backend.close()
