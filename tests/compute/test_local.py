from __future__ import annotations

import threading
import time

import pytest

from workbench.compute.local import LocalBackend
from workbench.errors import JobCancelledError, JobError, UnknownNameError
from workbench.schema import Job, Report


def many_reports(n_reports: int, report: Report) -> None:
    for number in range(n_reports):
        report(number / n_reports, "counting")


def exhaust_memory() -> None:
    raise MemoryError


inside, shrugged, cleaned = threading.Event(), threading.Event(), threading.Event()


def shrug_off_once() -> None:
    """As a finalizer does in which the exception comes up: it is lost."""
    try:
        inside.set()
        spin()
    except JobCancelledError:
        shrugged.set()
    spin()


def clean_up_slowly() -> None:
    try:
        inside.set()
        spin()
    finally:
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            pass
        cleaned.set()


def spin() -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        pass


def stop_inside(backend: LocalBackend, function: str) -> None:
    inside.clear()
    job = backend.submit(f"{__name__}:{function}")
    assert inside.wait(30)
    backend.cancel(job.job_id)
    with pytest.raises(JobCancelledError):
        backend.result(job.job_id, 50)
    backend.close()


def test_a_job_that_the_first_press_did_not_stop_is_pressed_again() -> None:
    stop_inside(LocalBackend(patience_s=0.05), "shrug_off_once")
    assert shrugged.is_set()


def test_what_a_cancelled_job_cleans_up_is_not_cut_short_by_another_press() -> None:
    stop_inside(LocalBackend(patience_s=0.05), "clean_up_slowly")
    assert cleaned.is_set()


def test_reports_are_throttled_but_states_are_not() -> None:
    told: list[Job] = []
    ended = threading.Event()

    def on_change(job: Job) -> None:
        told.append(job)
        if job.state == "done":
            ended.set()

    backend = LocalBackend()
    backend.submit(f"{__name__}:many_reports", on_change=on_change, n_reports=10_000)
    assert ended.wait(30)
    backend.close()
    assert told[0].state == "running"
    assert told[-1].state == "done"
    assert len(told) < 1_000


def test_old_results_are_forgotten_and_the_latest_kept() -> None:
    backend = LocalBackend(n_workers=1)
    jobs = [backend.submit("statistics:mean", data=[number]) for number in range(60)]
    assert backend.result(jobs[-1].job_id, 30) == 59
    backend.submit("statistics:mean", data=[0])
    with pytest.raises(UnknownNameError):
        backend.progress(jobs[0].job_id)
    assert backend.result(jobs[-1].job_id, 30) == 59
    backend.close()


def test_too_little_memory_says_what_helps() -> None:
    backend = LocalBackend()
    job = backend.submit(f"{__name__}:exhaust_memory", title="PhaseNet on a year")
    with pytest.raises(JobError, match=r"PhaseNet on a year failed: .*not enough memory; open a shorter recording"):
        backend.result(job.job_id, 30)
    backend.close()
