"""What a scheduler that goes away while the backend connects leads to; no real one can be made to on demand."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import Any

import pytest

from workbench.compute import dask_backend
from workbench.compute.dask_backend import DaskBackend
from workbench.compute.dask_cluster import Cluster
from workbench.errors import JobError

PATIENCE_S = 60.0


class LostClient:
    """Connects, and hears no more."""

    id = "test"

    def __init__(self) -> None:
        self.closed = threading.Event()

    def subscribe_topic(self, topic: str, handler: Any) -> None: ...

    def unsubscribe_topic(self, topic: str) -> None: ...

    def run(self, *arguments: Any, **settings: Any) -> Any:
        raise EOFError("the scheduler hung up")

    def close(self, timeout: float) -> None:
        self.closed.set()


def test_scheduler_that_hangs_up_while_it_is_greeted_is_told_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clients: list[LostClient] = []

    def open_cluster(*arguments: Any) -> Cluster:
        clients.append(LostClient())
        return Cluster(clients[-1])

    monkeypatch.setattr(dask_backend, "open_cluster", open_cluster)
    lost = threading.Event()
    with closing(DaskBackend("tcp://nowhere:1")) as backend:
        backend.watch(lambda status: lost.set() if status.state == "lost" else None)
        backend.start()
        assert lost.wait(PATIENCE_S)
        assert "The connection to the Dask cluster tcp://nowhere:1 failed: EOFError" in backend.status().words
        with pytest.raises(JobError, match="the scheduler hung up"):
            backend.result(backend.submit("statistics:mean", data=[1.0]).job_id, PATIENCE_S)
        assert len(clients) == 2
        assert all(client.closed.wait(PATIENCE_S) for client in clients)
