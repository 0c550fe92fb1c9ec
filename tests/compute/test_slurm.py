"""Workers that Slurm gives: a real Slurm with one node, this computer, where its programs are installed."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("dask_jobqueue")

from tests.compute.places import on_the_path
from tests.waiting import wait_for
from workbench.compute import BACKENDS
from workbench.compute.dask_cluster import open_cluster
from workbench.errors import JobError

PATIENCE_S = 120.0
PROGRAMS = {
    name: shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in ("munged", "slurmctld", "slurmd")
}
CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
NodeName={host} NodeAddr=127.0.0.1 CPUs={n_cpus} RealMemory=2000
PartitionName=main Nodes={host} Default=YES State=UP
"""


def free_ports(n: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Settings of a cluster whose workers a Slurm gives that runs for this test."""
    if not all(PROGRAMS.values()) or os.geteuid() != 0:
        pytest.skip("needs munge and Slurm (slurmctld, slurmd), and to be root")
    folder = tmp_path / "slurm"
    for name in ("state", "spool", "log"):
        (folder / name).mkdir(parents=True)
    key, host = folder / "munge.key", socket.gethostname().split(".")[0]
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    conf = folder / "slurm.conf"
    conf.write_text(CONF.format(host=host, ports=free_ports(2), folder=folder, n_cpus=os.cpu_count()))
    monkeypatch.setenv("SLURM_CONF", str(conf))
    places = {"socket": "munge.socket", "pid-file": "munged.pid", "log-file": "munged.log", "seed-file": "munged.seed"}
    commands = [
        ["munged", "--foreground", "--force", f"--key-file={key}", *(f"--{k}={folder / v}" for k, v in places.items())],
        ["slurmctld", "-D", "-f", str(conf)],
        ["slurmd", "-D", "-f", str(conf)],
    ]
    servers = []
    try:
        with (folder / "log" / "servers").open("wb") as log:
            for program, *arguments in commands:
                servers.append(subprocess.Popen([str(PROGRAMS[program]), *arguments], stdout=log, stderr=log))
                if program == "munged":
                    wait_for((folder / "munge.socket").exists, PATIENCE_S)
        wait_for(lambda: "idle" in slurm_says("sinfo", "--noheader", "--format=%T"), PATIENCE_S)
        yield {
            **{"cores": 1, "memory": "1GB", "walltime": "00:10:00", "interface": "lo"},
            **{"local_directory": str(folder), "log_directory": str(folder / "log"), "python": sys.executable},
        }
    finally:
        for server in reversed(servers):
            server.terminate()
            server.wait(30)


def slurm_says(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_job_runs_on_a_worker_that_slurm_gives_and_what_is_asked_of_it_is_given_back(slurm: dict[str, Any]) -> None:
    steps: list[str] = []
    with on_the_path(), closing(BACKENDS.create("dask", n_workers=1, slurm=slurm)) as backend:
        job = backend.submit("statistics:mean", data=[1.0, 3.0], on_change=lambda job: steps.append(job.step))
        assert backend.result(job.job_id, PATIENCE_S) == 2.0
        assert steps[0] == "starting the Dask cluster of Slurm"
        assert slurm_says("squeue", "--noheader", "--format=%j %T").split() == ["dask-worker", "RUNNING"]
        wait_for(lambda: backend.status().device.startswith("1 × "), PATIENCE_S)
        stopped = backend.submit("tests.compute.tasks_to_run:until_cancelled")
        wait_for(lambda: backend.progress(stopped.job_id).state == "running", PATIENCE_S)
        backend.cancel(stopped.job_id)
        wait_for(lambda: backend.progress(stopped.job_id).state == "cancelled", PATIENCE_S)
    wait_for(lambda: slurm_says("squeue", "--noheader") == "", PATIENCE_S)


@pytest.mark.filterwarnings("ignore:Exception ignored in. <function Cluster.__del__")  # distributed's, half made
def test_ctrl_c_stays_as_it_was_and_what_slurm_is_not_told_rightly_is_said() -> None:
    before, told = signal.getsignal(signal.SIGINT), []

    def ask() -> None:
        with pytest.raises(JobError, match=r"No workers could be asked of Slurm: .*memory") as error:
            open_cluster("", 1, {"cores": 1})
        told.append(error)

    # As the backend does: in a thread, where dask-jobqueue cannot be imported as it is.
    for name in [name for name in sys.modules if name.startswith("dask_jobqueue")]:
        del sys.modules[name]
    asking = threading.Thread(target=ask)
    asking.start()
    asking.join(PATIENCE_S)
    assert told
    told.clear()
    gc.collect()
    assert signal.getsignal(signal.SIGINT) is before
