"""A session on several kernels: what was made stays, what runs ends, and whatever happens is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import requests

from tests import waiting
from tests.compute.places import TOKEN, jupyter_server, on_the_path
from workbench.errors import WorkerLostError
from workbench.session import Session
from workbench.settings import Secret, load_settings

PATIENCE_S = 90.0

wait_for = partial(waiting.wait_for, seconds=PATIENCE_S)


def open_examples(session: Session) -> None:
    session.open_source("examples")
    wait_for(lambda: session.recording is not None)
    # What the arrival of a recording sets going comes in one turn: after it, this one.
    session.schedule(lambda: None)


@pytest.fixture(autouse=True)
def quick_start(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading torch takes most of the start of a process, and the pickers here need none."""
    if "has_loaded" not in request.node.name:
        monkeypatch.setattr("workbench.session.kernels.PRELOAD", ())


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    open_examples(session)
    yield session
    session.close()


def pick(session: Session, picker: str) -> str:
    key = session.add_picker(picker)
    session.run([key])
    wait_for(lambda: session.runs[key].annotations is not None)
    return key


def test_curves_picks_and_decisions_stay_when_the_kernel_changes(session: Session) -> None:
    first = pick(session, "sta_lta")
    n_picks = len(session.picks)
    assert n_picks
    session.decide(lambda desk: desk.accept(session.picks["pick_id"].iloc[0]))
    session.kernels.choose("process")
    assert len(session.picks) == n_picks
    assert len(session.labels) == 1
    second = pick(session, "kurtosis")
    assert session.runs[first].annotations is not None
    assert session.runs[second].annotations is not None
    places = [entry.place for entry in session.kernels.jobs if not entry.is_errand]
    assert (places[0], places[-1]) == ("This computer, own process", "This computer")
    session.kernels.choose("local")
    assert session.runs[second].annotations is not None
    assert len(session.labels) == 1


def test_job_that_runs_when_the_kernel_changes_is_ended_where_it_is(session: Session) -> None:
    session.kernels.choose("process")
    key = session.add_picker("sta_lta")
    session.run([key])
    session.kernels.choose("local")
    wait_for(lambda: session.runs[key].annotations is not None)
    assert session.kernels.jobs[0].place == "This computer, own process"
    assert session.kernels.jobs[0].job.state == "done"


def test_killed_kernel_is_told_and_the_next_run_has_a_new_one(session: Session) -> None:
    kernels = session.kernels
    kernels.choose("process")
    key = pick(session, "sta_lta")
    pid = kernels.backend.result(kernels.backend.submit("os:getpid").job_id, PATIENCE_S)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: kernels.status.state == "lost")
    assert "SIGKILL" in kernels.status.words
    assert session.runs[key].annotations is not None
    other = pick(session, "kurtosis")
    assert session.runs[other].annotations is not None
    assert kernels.status.state in ("busy", "ready")


def test_process_has_loaded_what_pickers_need_before_the_first_of_them_runs(session: Session) -> None:
    with on_the_path():
        session.kernels.choose("process")
        backend = session.kernels.backend
        job = backend.submit("tests.compute.tasks_to_run:is_loaded", module="workbench.inference.run")
        assert backend.result(job.job_id, PATIENCE_S)


def test_two_sessions_share_a_process_and_one_may_leave() -> None:
    first, second = Session(), Session()
    pids = []
    for session in (first, second):
        session.kernels.choose("process")
        backend = session.kernels.backend
        pids.append(backend.result(backend.submit("os:getpid").job_id, PATIENCE_S))
    assert pids[0] == pids[1]
    first.close()
    backend = second.kernels.backend
    assert backend.result(backend.submit("os:getpid").job_id, PATIENCE_S) == pids[0]
    second.close()


def test_restart_by_one_user_is_told_to_the_other() -> None:
    first, second = Session(), Session()
    with on_the_path():
        for session in (first, second):
            session.kernels.choose("process")
        backend = second.kernels.backend
        job = backend.submit("tests.compute.tasks_to_run:until_cancelled", title="PhaseNet on a day")
        wait_for(lambda: backend.progress(job.job_id).state == "running")
        first.kernels.restart()
        with pytest.raises(WorkerLostError, match=r"PhaseNet on a day failed: .* was restarted by another user"):
            backend.result(job.job_id, PATIENCE_S)
    first.close()
    second.close()


def test_program_that_ends_leaves_no_kernel_on_a_server(own_folders: Path) -> None:
    with jupyter_server() as server:
        code = (
            "from workbench.session import Session\n"
            "import workbench.session.kernels as kernels; kernels.PRELOAD = ()\n"
            "session = Session()\n"
            "session.kernels.choose('gpu')\n"
            "backend = session.kernels.backend\n"
            "backend.result(backend.submit('os:getpid').job_id, 60)\n"
            f"import requests; headers = {{'Authorization': 'token {TOKEN}'}}\n"
            f"print(len(requests.get('{server.url}/api/kernels', headers=headers).json()))\n"
        )
        (own_folders / "workbench.toml").write_text(
            f'[kernels.gpu]\nkind = "server"\nurl = "{server.url}"\ntoken = "{TOKEN}"\n'
        )
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert ended.stdout.strip() == "1"
        headers = {"Authorization": f"token {TOKEN}"}
        assert requests.get(f"{server.url}/api/kernels", headers=headers, timeout=10).json() == []


def test_kernel_of_the_settings_that_is_not_there_leaves_the_page_usable(own_folders: Path) -> None:
    session = Session(settings=load_settings(kernel="gpu7"))
    assert session.kernels.chosen == "local"
    assert session.notice is not None
    assert "There is no kernel 'gpu7'" in session.notice.text
    assert "Pickers run on this computer." in session.notice.text
    session.close()


def test_jupyter_alone_is_its_own_python(own_folders: Path) -> None:
    session = Session(settings=load_settings(kernel="jupyter"))
    assert session.kernels.chosen == "jupyter:python3"
    assert session.kernels.status.state == "off"
    session.close()


def test_places_and_tokens_come_from_the_settings(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own_folders / "workbench.toml").write_text(
        '[kernels.gpu]\nkind = "server"\ntitle = "GPU of the institute"\nurl = "http://gpu:8888"\ntoken = "in-file"\n'
        '[kernels.other-gpu]\nkind = "server"\nurl = "http://other:8888"\n'
        '[kernels.pasted]\nkind = "server"\nurl = "http://pasted:8888/lab?token=in-address"\n'
    )
    monkeypatch.setenv("WORKBENCH_TOKEN_OTHER_GPU", "in-environment")
    settings = load_settings()
    assert settings.kernels["gpu"]["token"] == Secret("in-file")
    assert settings.kernels["other-gpu"]["token"] == Secret("in-environment")
    assert settings.kernels["pasted"] == {
        "kind": "server",
        "url": "http://pasted:8888/lab",
        "token": Secret("in-address"),
    }
    for token in ("in-file", "in-environment", "in-address"):
        assert token not in repr(settings)
    session = Session(settings=settings)
    place = session.kernels.places()["gpu"]
    assert (place.title, place.kind, place.needs_token) == ("GPU of the institute", "server", False)
    assert "in-file" not in repr(session.kernels.places())
    session.close()


def test_token_of_a_prompt_reaches_no_journal_and_no_notice(own_folders: Path) -> None:
    with jupyter_server() as server:
        (own_folders / "workbench.toml").write_text(f'[kernels.gpu]\nkind = "server"\nurl = "{server.url}"\n')
        session = Session()
        open_examples(session)
        assert session.kernels.places()["gpu"].needs_token
        session.kernels.choose("gpu", token="not-this-one-31")
        key = session.add_picker("sta_lta")
        session.run([key])
        wait_for(lambda: session.notice is not None)
        assert "does not accept the token" in session.notice.text
        session.kernels.choose("gpu", token=TOKEN)
        session.run([key])
        wait_for(lambda: session.runs[key].annotations is not None)
        session.decide(lambda desk: desk.accept(session.picks["pick_id"].iloc[0]))
        texts = repr((session.notice, session.kernels.status, session.kernels.jobs, session.saved, session.settings))
        session.close()
    journal = b"".join(path.read_bytes() for path in own_folders.rglob("*") if path.is_file())
    for token in (TOKEN, "not-this-one-31"):
        assert token not in texts
        assert token.encode() not in journal
