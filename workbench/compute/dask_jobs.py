"""A job that a Dask scheduler has: how it is given, stopped and ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from workbench.compute import dask_side
from workbench.compute.functions import error_from_words, job_error
from workbench.compute.payload import Buffer, decode
from workbench.compute.tasks import Task
from workbench.errors import WorkbenchError, WorkerLostError

__all__ = ["Placed", "answer_of", "finish", "give", "in_background"]

_SCATTER_FROM_BYTES = 2**20
_GONE = ("CancelledError", "FutureCancelledError", "FuturesCancelledError")


@dataclass
class Placed:
    """A job with what only Dask's side of it needs."""

    task: Task
    function: str
    buffers: Sequence[Buffer]
    future: Any = None
    worker: str = ""
    losses: int = 0
    given_s: float = 0.0
    interrupted_s: float = 0.0
    gone: bool = False

    @property
    def key(self) -> str:
        """Dask's name of it."""
        return f"workbench-{self.task.job.job_id}"


def give(client: Any, placed: Placed, topic: str, resources: Mapping[str, float] | None) -> Any:
    """The future of a job that is given to the scheduler."""
    parts = dask_side.as_arrays(placed.buffers)
    if sum(part.nbytes for part in parts) > _SCATTER_FROM_BYTES:
        # A scheduler passes on small things well; large ones go to a worker straight.
        parts = client.scatter(parts, hash=False)
    job = placed.task.job
    arguments = (placed.function, job.title, job.job_id, topic, *parts)
    return client.submit(dask_side.run, *arguments, key=placed.key, pure=False, resources=resources)


def answer_of(future: Any) -> Mapping[str, Any]:
    """What came out of a future that has ended: as :func:`workbench.compute.dask_side.run` says, or what Dask says."""
    if future.status == "cancelled":
        return {"kind": "gone"}
    try:
        answer: Mapping[str, Any] = future.result()
    except Exception as error:  # noqa: BLE001 - the border to Dask: what it raises is told to the job's owner
        name = type(error).__name__
        return {"kind": "killed" if name == "KilledWorker" else "gone" if name in _GONE else "failed", "error": error}
    return answer


def finish(task: Task, answer: Mapping[str, Any], name: str) -> None:
    """Tell a job's owner of its end."""
    kind = answer["kind"]
    if kind == "result":
        try:
            task.finish("done", value=decode([part.data for part in answer["parts"]]))
        except WorkbenchError as error:
            task.fail(error)
    elif kind == "error":
        task.fail(error_from_words({"type": answer["type"], "text": answer["text"]}))
    elif kind == "cancelled" or task.stop.is_set():
        task.fail(task.cancelled())
    elif kind == "killed":
        words = "ended, and the one that ran it again too. It may need more memory than a worker has."
        task.fail(WorkerLostError(f"{task.job.title} failed: its worker in {name} {words}"))
    else:
        task.fail(job_error(task.job.title, answer["error"]))


def in_background(call: Callable[[], Any]) -> None:
    """Ask something of workers that may be slow to answer, or gone: then nothing more can be done from here."""

    def ask() -> None:
        with suppress(Exception):
            call()

    threading.Thread(target=ask, daemon=True, name="workbench dask request").start()
