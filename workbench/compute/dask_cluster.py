"""Opening a Dask cluster: one that runs, one on this computer, or workers that Slurm gives."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from workbench.errors import JobError, RequirementError

__all__ = ["Cluster", "open_cluster"]

_CONNECT_S = 10.0
_FAILURES_ALLOWED = 1
_IMPORTING = Lock()


@dataclass
class Cluster:
    """A client, and the cluster behind it where that is ours to close."""

    client: Any
    cluster: Any = None

    def close(self) -> None:
        """Let go of the client, and end a cluster that is ours."""
        self.client.unsubscribe_topic("all")
        self.client.close(timeout=5)
        if self.cluster is not None:
            self.cluster.close(timeout=10)


def open_cluster(address: str, n_workers: int, slurm: Mapping[str, Any] | None) -> Cluster:
    """A client of the scheduler at an address; of Slurm's workers, if so asked; else of workers on this computer.

    Raises
    ------
    RequirementError
        If ``dask-jobqueue`` is needed and not installed.
    JobError
        If nobody answers at the address, or no cluster can be made.
    """
    import dask
    import distributed

    make_client: Any = distributed.Client

    # A worker that was lost is not waited for with warnings on the terminal: the job tells of it.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with dask.config.set(_configuration(dask)):
        try:
            cluster = None if address else _own_cluster(n_workers, slurm)
            return Cluster(make_client(address or cluster, timeout=_CONNECT_S, set_as_default=False), cluster)
        except (OSError, TimeoutError, ValueError, RuntimeError) as error:
            if slurm is not None and not address:
                raise JobError(f"No workers could be asked of Slurm: {_first_line(error)}.") from error
            where = f"at {address}" if address else "on this computer"
            raise JobError(
                f"No Dask scheduler {where} answers: {_first_line(error)}. Is it running, and the address right?"
            ) from error


def _own_cluster(n_workers: int, slurm: Mapping[str, Any] | None) -> Any:
    if slurm is not None:
        # Its dashboard would be open to everybody who reaches this computer.
        quiet = {"silence_logs": logging.CRITICAL, "scheduler_options": {"dashboard_address": "127.0.0.1:0"}}
        cluster = _slurm_cluster()(**quiet | dict(slurm))
        cluster.scale(n_workers)
        return cluster
    import distributed

    make_cluster: Any = distributed.LocalCluster
    return make_cluster(
        n_workers=n_workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        # Without a dashboard the scheduler still serves its state, on a port that only one of them can have.
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
        silence_logs=logging.CRITICAL,
    )


def _slurm_cluster() -> Any:
    with _IMPORTING:
        if "dask_jobqueue" in sys.modules:
            return sys.modules["dask_jobqueue"].SLURMCluster
        # At its import it sets what Ctrl+C does: only the main thread may, and a server has its own mind about that.
        real, signal.signal = signal.signal, lambda *_: None
        try:
            from dask_jobqueue import SLURMCluster
        except ImportError as error:
            raise RequirementError(
                "Slurm needs the package 'dask-jobqueue'. Install it with: pip install 'seismic-workbench[slurm]'"
            ) from error
        finally:
            signal.signal = real
    return SLURMCluster


def _configuration(dask: Any) -> dict[str, Any]:
    environment = dict(dask.config.get("distributed.nanny.pre-spawn-environ", {}))
    # Giving memory back after every small allocation doubles the time of a shard.
    environment.pop("MALLOC_TRIM_THRESHOLD_", None)
    return {
        "distributed.nanny.pre-spawn-environ": environment,
        "distributed.scheduler.allowed-failures": _FAILURES_ALLOWED,
    }


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(". ")
