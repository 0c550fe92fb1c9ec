"""What goes wrong with real kernels, servers and clusters, and what the user is told."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from distributed import LocalCluster

from tests.compute.places import TOKEN, Server, jupyter_server, on_the_path
from tests.waiting import wait_for
from workbench.compute import BACKENDS, Backend, BackendStatus
from workbench.compute.server_lookout import Lookout
from workbench.errors import JobCancelledError, JobError, RequirementError, UnknownNameError, WorkerLostError
from workbench.schema import Job
from workbench.settings import Secret

PATIENCE_S = 60.0
TASKS = "tests.compute.tasks_to_run"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with on_the_path(), jupyter_server() as server:
        yield server


@pytest.fixture(params=["process", "jupyter", "server"])
def backend(request: pytest.FixtureRequest, server: Server) -> Iterator[Backend]:
    place = {"url": server.url, "token": TOKEN} if request.param == "server" else {}
    backend = BACKENDS.create(request.param, patience_s=0.5, **place)
    yield backend
    backend.close()


@pytest.fixture
def create() -> Iterator[Callable[..., Any]]:
    """As ``BACKENDS.create``; whatever it made is closed when the test is over, also when it failed."""
    with ExitStack() as made:

        def create(name: str, **settings: Any) -> Any:
            return made.enter_context(closing(BACKENDS.create(name, **settings)))

        yield create


def begin(backend: Backend, function: str, **arguments: Any) -> Job:
    """A job, once it is running."""
    running = threading.Event()
    job = backend.submit(
        f"{TASKS}:{function}", on_change=lambda job: running.set() if job.state == "running" else None, **arguments
    )
    assert running.wait(PATIENCE_S)
    return job


def test_process_that_dies_while_nothing_runs_is_told(backend: Backend) -> None:
    told: list[BackendStatus] = []
    backend.watch(told.append)
    pid = backend.result(backend.submit(f"{TASKS}:process_id").job_id, PATIENCE_S)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: bool(told) and told[-1].state == "lost")
    assert "ended" in told[-1].words
    assert backend.result(backend.submit(f"{TASKS}:process_id").job_id, PATIENCE_S) != pid
    wait_for(lambda: told[-1].state == "ready")
    # Who was not looking then reads of it afterwards, until it is started by hand.
    assert [remark for remark in told[-1].remarks if "Before this start it was lost" in remark and "ended" in remark]
    backend.restart()
    wait_for(lambda: told[-1].state == "ready" and not told[-1].remarks)


def test_jobs_that_wait_while_a_process_dies_run_in_the_next(backend: Backend) -> None:
    dying = backend.submit(f"{TASKS}:die")
    waiting = backend.submit(f"{TASKS}:in_steps", n_steps=2)
    with pytest.raises(WorkerLostError):
        backend.result(dying.job_id, PATIENCE_S)
    assert backend.result(waiting.job_id, PATIENCE_S) == 2


def test_waiting_job_of_another_owner_is_told_for_whom_it_waits(backend: Any) -> None:
    first = backend.submit_for("ann", f"{TASKS}:until_cancelled", "", None, {})
    second = backend.submit_for("bob", f"{TASKS}:in_steps", "", None, {"n_steps": 1})
    wait_for(lambda: backend.progress(second.job_id).step == "waits for 1 job, 1 of another user")
    backend.cancel(first.job_id)
    assert backend.result(second.job_id, PATIENCE_S) == 1


def test_start_can_be_cancelled(backend: Backend) -> None:
    job = backend.submit(f"{TASKS}:in_steps", n_steps=1)
    wait_for(lambda: backend.status().state == "starting")
    backend.cancel(job.job_id)
    with pytest.raises(JobCancelledError):
        backend.result(job.job_id, PATIENCE_S)
    assert backend.result(backend.submit(f"{TASKS}:in_steps", n_steps=1).job_id, PATIENCE_S) == 1


def test_kernelspec_that_is_not_there_is_refused_with_the_known_ones(
    create: Callable[..., Any], server: Server
) -> None:
    for backend in (
        create("jupyter", kernelspec="pyton3"),
        create("server", url=server.url, token=TOKEN, kernelspec="pyton3"),
    ):
        with pytest.raises(UnknownNameError, match="Did you mean 'python3'"):
            backend.result(backend.submit(f"{TASKS}:process_id").job_id, PATIENCE_S)
        assert backend.status().state == "lost"


def write_kernelspec(folder: Path, name: str, executable: str) -> None:
    place = folder / "kernels" / name
    place.mkdir(parents=True)
    command = [executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": name, "language": "python"}
    (place / "kernel.json").write_text(json.dumps(spec))


@pytest.fixture
def bare_python(tmp_path: Path) -> Path:
    """An interpreter that has ipykernel, but no workbench."""
    hidden = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] == 'workbench':
            raise ModuleNotFoundError("No module named 'workbench'", name='workbench')
sys.meta_path.insert(0, Hidden())
"""
    wrapper = tmp_path / "bare" / "sitecustomize.py"
    wrapper.parent.mkdir()
    wrapper.write_text(hidden)
    script = tmp_path / "python-bare"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{wrapper.parent}" exec "{sys.executable}" "$@"\n')
    script.chmod(0o755)
    return script


def test_kernel_without_workbench_says_so_and_how_to_install_it(
    create: Callable[..., Any], tmp_path: Path, bare_python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_kernelspec(tmp_path, "bare", str(bare_python))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    backend = create("jupyter", kernelspec="bare")
    with pytest.raises(RequirementError, match=r"the kernel bare has no workbench: .*pip install seismic-workbench=="):
        backend.result(backend.submit(f"{TASKS}:process_id").job_id, PATIENCE_S)


def test_kernel_whose_python_is_gone_is_told(
    create: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_kernelspec(tmp_path, "gone", str(tmp_path / "no-such-python"))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    backend = create("jupyter", kernelspec="gone")
    with pytest.raises(JobError, match="the kernel gone cannot be started"):
        backend.result(backend.submit(f"{TASKS}:process_id").job_id, PATIENCE_S)


def test_other_versions_on_the_far_side_are_told(
    create: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other" / "sitecustomize.py"
    other.parent.mkdir()
    other.write_text("import workbench\nworkbench.__version__ = '0.0.1'\n")
    script = tmp_path / "python-other"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{other.parent}:$PYTHONPATH" exec "{sys.executable}" "$@"\n')
    script.chmod(0o755)
    write_kernelspec(tmp_path, "other", str(script))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    with on_the_path():
        backend = create("jupyter", kernelspec="other")
        backend.result(backend.submit(f"{TASKS}:process_id").job_id, PATIENCE_S)
    (remark,) = backend.status().remarks
    assert remark.startswith("the kernel other has workbench 0.0.1, this computer ")
    assert "Install the same version" in remark


def every_text(backend: Backend, job: Job, error: BaseException) -> str:
    """Whatever of a failed job a user, a log or a journal could come to see."""
    chain: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in chain:
        chain.append(at)
        at = at.__cause__ or at.__context__
    texts = [repr(each) + str(each) for each in chain]
    return "\n".join([*texts, repr(backend.progress(job.job_id)), repr(backend.status()), repr(vars(backend))])


@pytest.mark.parametrize("token", ["wrong-token-77", ""])
def test_wrong_token_is_told_without_it(
    create: Callable[..., Any], server: Server, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    backend = create("server", url=server.url, token=token)
    job = backend.submit(f"{TASKS}:process_id")
    with pytest.raises(JobError, match="asks for a token" if not token else "does not accept the token") as caught:
        backend.result(job.job_id, PATIENCE_S)
    backend.close()  # says nothing of it either
    if token:
        assert token not in every_text(backend, job, caught.value) + caplog.text


def test_right_token_reaches_no_log_and_no_message(
    create: Callable[..., Any], server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[object] = []
    # Pasted as Jupyter prints it.
    backend = create("server", url=f"{server.url}/lab?token={TOKEN}")
    backend.watch(told.append)
    with on_the_path():
        good = backend.submit(f"{TASKS}:double", on_change=told.append, samples=np.arange(3))
        backend.result(good.job_id, PATIENCE_S)
    bad = backend.submit(f"{TASKS}:divide", on_change=told.append, by=0)
    with pytest.raises(JobError) as caught:
        backend.result(bad.job_id, PATIENCE_S)
    backend.close()  # says nothing of it either
    assert told
    assert TOKEN not in every_text(backend, bad, caught.value) + repr(told) + caplog.text


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_stopped_server_is_told_and_used_again_when_it_is_back(create: Callable[..., Any], how: signal.Signals) -> None:
    with on_the_path(), jupyter_server() as server:
        backend = create("server", url=server.url, token=TOKEN)
        job = begin(backend, "until_cancelled")
        server.process.send_signal(how)
        # A server that is asked to stop interrupts its kernels before it hangs up.
        with pytest.raises(JobError, match=r"its server has stopped|its server has ended") as caught:
            backend.result(job.job_id, PATIENCE_S)
        assert not isinstance(caught.value, JobCancelledError)
        wait_for(lambda: backend.status().state == "lost")
        server.process.wait()
        with pytest.raises(JobError, match="No Jupyter server answers at"):
            backend.result(backend.submit(f"{TASKS}:process_id").job_id, PATIENCE_S)


def test_place_where_no_jupyter_server_answers_is_told(create: Callable[..., Any]) -> None:
    backend = create("server", url="http://127.0.0.1:9", token="secret-77")
    with pytest.raises(JobError, match=r"^No Jupyter server answers at http://127\.0\.0\.1:9\."):
        backend.result(backend.submit(f"{TASKS}:process_id").job_id, PATIENCE_S)
    with pytest.raises(JobError, match="is no address of a Jupyter server"):
        create("server", url="ftp://here/?token=secret-77")


def test_work_of_another_user_of_a_kernel_is_told(create: Callable[..., Any], server: Server) -> None:
    from workbench.compute.server_rest import ServerRest
    from workbench.settings import Secret

    rest = ServerRest(server.url, Secret(TOKEN))
    kernel_id = rest.start_kernel("python3")
    ann, bob = (create("server", url=server.url, token=TOKEN, kernel_id=kernel_id) for _ in range(2))
    bob.result(bob.submit(f"{TASKS}:process_id").job_id, PATIENCE_S)
    job = begin(ann, "until_cancelled")
    wait_for(lambda: bob.status().words == "another user's work")
    waiting = bob.submit(f"{TASKS}:in_steps", n_steps=1)
    wait_for(lambda: "waits for another user's work" in bob.progress(waiting.job_id).step)
    ann.cancel(job.job_id)
    assert bob.result(waiting.job_id, PATIENCE_S) == 1
    pid = bob.result(bob.submit(f"{TASKS}:process_id").job_id, PATIENCE_S)
    begin(ann, "until_cancelled")
    ann.close()
    # The kernel is not ours to end, not even with what ran there of ours.
    assert bob.result(bob.submit(f"{TASKS}:process_id").job_id, PATIENCE_S) == pid
    bob.close()
    rest.end(kernel_id)
    rest.close()


def test_where_no_disk_is_shared_hundreds_of_megabytes_go_in_pieces(create: Callable[..., Any], server: Server) -> None:
    backend = create("server", url=server.url, token=TOKEN, share_disk=False)
    samples = np.arange(12_500_000, dtype=np.float32)
    total = backend.result(backend.submit(f"{TASKS}:total", samples=samples).job_id, PATIENCE_S)
    assert total == pytest.approx(samples.sum(dtype=np.float64))
    large = backend.result(backend.submit(f"{TASKS}:large", megabytes=300).job_id, PATIENCE_S)
    assert (large.nbytes, large[-1]) == (300_000_000, np.float32(74_999_999))


def test_silence_of_a_kernel_far_away_is_told_before_its_server_knows_more(
    create: Callable[..., Any], server: Server
) -> None:
    steps: list[str] = []
    # Without a shared disk nothing says that the kernel runs on this computer.
    backend = create("server", url=server.url, token=TOKEN, share_disk=False)
    pid = backend.result(backend.submit(f"{TASKS}:process_id").job_id, PATIENCE_S)
    job = backend.submit(f"{TASKS}:until_cancelled", on_change=lambda job: steps.append(job.step))
    wait_for(lambda: "waiting" in steps)
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: "has not answered for" in steps[-1])
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(WorkerLostError, match="ended"):
        backend.result(job.job_id, PATIENCE_S)


def kernels_of(server: Server) -> set[str]:
    answer = requests.get(f"{server.url}/api/kernels", headers={"Authorization": f"token {TOKEN}"}, timeout=30)
    return {kernel["id"] for kernel in answer.json()}


def test_end_of_a_kernel_far_away_is_told_by_a_lookout_long_before_its_server_looks(
    create: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    lookouts: list[Lookout] = []

    def noted(*given: Any) -> Lookout:
        lookouts.append(Lookout(*given))
        return lookouts[-1]

    monkeypatch.setattr("workbench.compute.jupyter_server.Lookout", noted)
    with on_the_path(), jupyter_server("--AsyncIOLoopKernelRestarter.time_to_dead=3600") as server:
        backend = create("server", url=server.url, token=TOKEN, share_disk=False)
        pid = backend.result(backend.submit(f"{TASKS}:process_id").job_id, PATIENCE_S)
        job = begin(backend, "until_cancelled")
        wait_for(lambda: lookouts[0].sees)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(WorkerLostError, match=r"ended\. The next job starts a new one"):
            backend.result(job.job_id, PATIENCE_S)
        assert backend.result(backend.submit(f"{TASKS}:process_id").job_id, PATIENCE_S) != pid
        backend.close()
        assert kernels_of(server) == set(), "neither kernels for work nor lookouts are left"


@pytest.mark.parametrize("kernelspec", ["python3", "pyton3"])
def test_lookout_that_sees_no_such_kernel_says_nothing_and_ends(kernelspec: str, server: Server) -> None:
    before = kernels_of(server)
    lookout = Lookout(server.url, Secret(TOKEN), kernelspec, "a-kernel-of-another-computer")
    wait_for(lambda: not lookout.is_looking)
    assert (lookout.sees, lookout.has_ended) == (False, False)
    assert kernels_of(server) <= before


def test_lookout_that_is_closed_while_it_begins_leaves_no_kernel(server: Server) -> None:
    before = kernels_of(server)
    Lookout(server.url, Secret(TOKEN), "python3", "any").close()
    assert kernels_of(server) <= before


def test_lost_dask_worker_runs_its_job_again_once(create: Callable[..., Any], tmp_path: Path) -> None:
    steps: list[str] = []
    with on_the_path():
        backend = create("dask", n_workers=2)
        job = backend.submit(
            f"{TASKS}:die_the_first_time", on_change=lambda job: steps.append(job.step), folder=str(tmp_path)
        )
        assert backend.result(job.job_id, PATIENCE_S) == 2
        assert "its worker was lost; it runs again on another" in steps
        assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2"]


@pytest.mark.parametrize("resources", [{"GPU": 1}, {}], ids=["with a GPU", "without"])
def test_dask_job_for_a_gpu_goes_to_workers_that_have_one(resources: dict[str, float]) -> None:
    with (
        on_the_path(),
        LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            dashboard_address=None,
            resources=resources,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        closing(BACKENDS.create("dask", address=cluster.scheduler_address, gpu=True)) as backend,
    ):
        job = backend.submit(f"{TASKS}:in_steps", n_steps=1)
        if resources:
            assert backend.result(job.job_id, PATIENCE_S) == 1
        else:
            wait_for(lambda: backend.progress(job.job_id).step == "waits for a worker with a GPU, of 1 there")


def test_dask_scheduler_that_ends_is_told(create: Callable[..., Any], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    command += ["--no-dashboard", "--scheduler-file"]
    with on_the_path():
        file = tmp_path / "scheduler.json"
        scheduler = subprocess.Popen([*command, str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(file.is_file)
        address = json.loads(file.read_text())["address"]
        backend = create("dask", address=address)
        job = backend.submit(f"{TASKS}:process_id")
        wait_for(lambda: backend.progress(job.job_id).step == "waits for a worker: the cluster has none yet")
        scheduler.kill()
        scheduler.wait()
        with pytest.raises(WorkerLostError, match="its scheduler no longer answers"):
            backend.result(job.job_id, PATIENCE_S)
        assert backend.status().state == "lost"


def test_dask_address_where_nobody_answers_is_told(create: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.compute.dask_cluster._CONNECT_S", 0.5)
    backend = create("dask", address="tcp://127.0.0.1:9")
    with pytest.raises(JobError, match=r"No Dask scheduler at tcp://127\.0\.0\.1:9 answers"):
        backend.result(backend.submit(f"{TASKS}:process_id").job_id, PATIENCE_S)


def test_missing_package_leaves_a_backend_listed_with_reason_and_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, package in (("jupyter", "ipykernel"), ("server", "websocket"), ("dask", "distributed")):
        monkeypatch.setitem(sys.modules, package, None)
        found = BACKENDS.availability(name)
        assert not found.ok
        assert "is not installed" in found.reason
        assert "pip install" in found.remedy
