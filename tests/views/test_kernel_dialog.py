"""The chip and the dialog of the kernel: what they say, and what their buttons do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from workbench.compute import BackendStatus
from workbench.compute.places import Place
from workbench.registry import Availability
from workbench.schema import Job
from workbench.session import Session
from workbench.session.kernels import JobEntry
from workbench.views.app_bar import AppBar
from workbench.views.kernel_dialog import KernelDialog
from workbench.views.kernel_html import device_html, jobs_html, places_html

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    yield session
    session.close()


def bar(session: Session) -> AppBar:
    return AppBar(session, {"Inspect": ""}, lambda: None, None, on_kernel=lambda: None)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (BackendStatus("off"), "not started"),
        (BackendStatus("starting"), "starting"),
        (BackendStatus("ready"), "ready"),
        (BackendStatus("lost", "the kernel python3 ended: it was killed (SIGKILL)"), "lost"),
    ],
)
def test_chip_says_name_and_state_with_a_dot(session: Session, status: BackendStatus, words: str) -> None:
    view = bar(session)
    session.kernels.status = status
    html = view.__panel__().html
    assert f'<i class="{status.state}"></i>' in html
    assert f'aria-label="Kernel This computer: {words}"' in html
    assert status.words in html


def test_chip_says_how_far_the_work_is(session: Session) -> None:
    view = bar(session)
    session.job = Job("1", "PhaseNet on a day", "running", fraction=0.42)
    session.kernels.status = BackendStatus("busy", "PhaseNet on a day")
    assert "busy 42 %" in view.__panel__().html


def test_page_that_picks_here_only_offers_no_choice(session: Session) -> None:
    view = AppBar(session, {"Live": ""}, lambda: None, None)
    assert 'data-act="kernel"' not in view.__panel__().html
    assert "this computer" in view.__panel__().html


def test_place_that_cannot_be_used_is_greyed_with_reason_and_remedy() -> None:
    missing = Availability(False, "The package 'distributed' is not installed.", "Install it with: pip install x")
    html = places_html({"dask": Place("dask", "Dask", "dask", {}, missing)}, "local", "")
    assert "The package &#x27;distributed&#x27; is not installed. Install it with: pip install x" in html
    assert 'data-act="use"' not in html
    assert "place off" in html


def test_token_is_asked_for_in_a_field_that_hides_it_and_is_sent_to_no_page() -> None:
    place = Place("gpu", "GPU", "server", {"url": "http://gpu:8888"})
    html = places_html({"gpu": place}, "local", "gpu")
    assert 'type="password"' in html
    assert "value=" not in html


def test_device_memory_state_and_remarks_are_said() -> None:
    place = Place("gpu", "GPU of the institute", "server")
    status = BackendStatus("busy", "PhaseNet on a day", "NVIDIA A40", 3 * 2**30, 45 * 2**30, ("gpu has torch 2.6",))
    html = device_html(place, status)
    for words in (
        "GPU of the institute",
        "busy",
        "PhaseNet on a day",
        "NVIDIA A40 · 3.0 of 45 GB",
        "gpu has torch 2.6",
    ):
        assert words in html
    assert html.count("disabled") == 1  # what runs is not started


def test_jobs_say_progress_time_left_and_errors_as_text() -> None:
    running = Job("1", EVIL, "running", fraction=0.5, step="station 3 of 6", elapsed_s=20.0)
    failed = replace(running, job_id="2", title="PhaseNet", state="failed", error="The kernel ended.")
    html = jobs_html([JobEntry(running, EVIL), JobEntry(failed, "GPU")])
    assert "<img" not in html
    assert "runs · station 3 of 6 · 20 s left" in html
    assert html.count('data-act="stop"') == 1
    assert "The kernel ended." in html
    assert "No job yet" in jobs_html([])


def test_dialog_changes_the_place_and_follows_it(session: Session) -> None:
    view = KernelDialog(session)
    assert view.__panel__().html == ""
    view.open()
    assert "Where pickers run" in view.__panel__().html
    view._act({"act": "use", "place": "process"})
    assert session.kernels.chosen == "process"
    session.kernels.status = BackendStatus("lost", "the worker process ended")
    assert "the worker process ended" in view.__panel__().html
    view._act({"act": "closed"})
    session.kernels.status = BackendStatus("ready")
    assert view.__panel__().html == ""


def test_server_without_a_token_is_asked_for_one_first(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    places = {"local": Place("local", "Here", "local"), "gpu": Place("gpu", "GPU", "server", {"url": "http://gpu"})}
    monkeypatch.setattr(session.kernels, "places", lambda: places)
    chosen: list[tuple[str, str]] = []
    monkeypatch.setattr(session.kernels, "choose", lambda name, token="": chosen.append((name, token)))
    view = KernelDialog(session)
    view.open()
    view._act({"act": "use", "place": "gpu"})
    assert chosen == []
    view._act({"act": "token", "value": " abc "})
    view._act({"act": "use", "place": "gpu"})
    assert chosen == [("gpu", "abc")]
    assert "abc" not in view.__panel__().html


def test_what_hinders_a_choice_is_said_in_the_dialog(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    view = KernelDialog(session)
    view.open()
    bad = {"local": Place("local", "Here", "local"), "gpu": Place("gpu", "GPU", "process", {"colour": "red"})}
    monkeypatch.setattr(session.kernels, "places", lambda: bad)
    monkeypatch.setattr("workbench.compute.places.list_places", lambda _: bad)
    view._act({"act": "use", "place": "gpu"})
    assert "has no setting &#x27;colour&#x27;" in view.__panel__().html
    assert session.notice is None
