"""``DaskBackend``: work on the workers of a Dask cluster, whose scheduler shares it out."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from workbench.compute import dask_side
from workbench.compute.base import BackendStatus, OnChange
from workbench.compute.dask_cluster import Cluster, open_cluster
from workbench.compute.dask_jobs import Placed, answer_of, finish, give, in_background
from workbench.compute.functions import find_function, job_error
from workbench.compute.link import greeting_from
from workbench.compute.linked import CLOSE_S
from workbench.compute.payload import encode
from workbench.compute.tasks import TaskTable
from workbench.compute.watching import Watchers
from workbench.errors import JobError, RequirementError, WorkbenchError, WorkerLostError
from workbench.registry import Availability, needs
from workbench.schema import Job

__all__ = ["DaskBackend"]

_log = logging.getLogger(__name__)

_POLL_S = 0.1
_RUNS_AGAIN = 1
_TELL_WAITING_S = 1.0


class DaskBackend:
    """Work on a Dask cluster.

    A job whose worker is lost runs again, once. Whoever reaches a scheduler can run code on its workers: that is
    Dask's way, so a cluster on this computer (no `address`) suits a computer of one's own.

    Parameters
    ----------
    address
        Of the scheduler, ``"tcp://host:8786"``; empty makes a cluster on this computer.
    n_workers
        Of a cluster that is made here.
    gpu
        Run on workers that were started with ``--resources GPU=1`` only, one job for each GPU.
    slurm
        Keyword arguments of ``dask_jobqueue.SLURMCluster``: workers are asked of Slurm.
    patience_s
        How long a cancelled job may take to stop before its worker is started again.
    preload
        Modules that a worker imports at the start.
    """

    def __init__(
        self,
        address: str = "",
        n_workers: int = 2,
        *,
        gpu: bool = False,
        slurm: Mapping[str, Any] | None = None,
        patience_s: float = 5.0,
        preload: Sequence[str] = (),
    ) -> None:
        self._open_cluster: Callable[[], Cluster] = lambda: open_cluster(address, n_workers, slurm)
        where = address or ("of Slurm" if slurm is not None else "of this computer")
        self.name = f"the Dask cluster {where}"
        self._resources = {"GPU": 1} if gpu else None
        self._patience_s, self._preload = patience_s, list(preload)
        self._table, self._watchers = TaskTable(), Watchers()
        self._waiting: queue.Queue[Placed] = queue.Queue()
        self._placed: dict[str, Placed] = {}
        self._cluster: Cluster | None = None
        self._status = BackendStatus()
        self._wanted = self._renew = self._closed = self._newcomers = False
        self._thread = threading.Thread(target=self._serve, daemon=True, name="workbench dask")
        self._thread.start()

    @staticmethod
    def availability() -> Availability:
        """Whether Dask is installed here."""
        return needs("seismic-workbench[cluster]", "distributed")

    def submit(self, function: str, /, *, title: str = "", on_change: OnChange | None = None, **arguments: Any) -> Job:
        """A queued job; its arguments are written down here, so that what cannot travel is refused at once."""
        find_function(function)
        buffers = encode(arguments)
        if self._closed:
            raise JobError("This backend is closed; open a new one.")
        task = self._table.add(function, title, on_change)
        self._waiting.put(Placed(task, function, buffers))
        return task.job

    def progress(self, job_id: str) -> Job:
        """The job as it is now."""
        return self._table[job_id].job

    def result(self, job_id: str, timeout_s: float | None = None) -> Any:
        """What the function returned; waits for it."""
        return self._table.result(job_id, timeout_s)

    def cancel(self, job_id: str) -> Job:
        """The job, told to stop: interrupted, and its worker started again if it does not listen."""
        task = self._table[job_id]
        task.stop.set()
        placed = self._placed.get(job_id)
        if task.job.state == "queued" and (placed is None or not placed.worker):
            task.finish("cancelled", error=task.cancelled(" before it began"))
        return task.job

    def status(self) -> BackendStatus:
        """The state of the connection, and the memory of all workers."""
        return replace(self._status, n_waiting=sum(task.job.state == "queued" for task in self._table.unfinished()))

    def watch(self, on_status: Callable[[BackendStatus], None]) -> Callable[[], None]:
        """Call a function with every change of the status; returns what ends that."""
        return self._watchers.add(on_status)

    def start(self) -> None:
        """Connect, without a job."""
        self._wanted = True

    def interrupt(self) -> None:
        """Cancel our running jobs."""
        for placed in list(self._placed.values()):
            if placed.worker:
                placed.task.stop.set()

    def restart(self) -> None:
        """Cancel our running jobs, and start the workers again that run them; those of our own cluster all."""
        self._renew = True

    def close(self) -> None:
        """Cancel everything, and end a cluster that is ours; one that hangs is left behind, and the log says so."""
        self._closed = True
        for task in self._table.unfinished():
            self.cancel(task.job.job_id)
        self._thread.join(CLOSE_S)
        if self._thread.is_alive():
            _log.error("%s did not close within %.0f s and is left as it is", self.name, CLOSE_S)
        self._table.give_up("its place did not close in time")

    # ---- the thread

    def _serve(self) -> None:
        while not self._closed:
            with suppress(queue.Empty):
                self._give(self._waiting.get(timeout=_POLL_S))
            if self._wanted and self._cluster is None:
                self._wanted = False
                with suppress(WorkbenchError):  # the status tells
                    self._ensure_open()
            if self._cluster is not None:
                self._try_to_look_after(self._cluster)
        for placed in list(self._placed.values()):
            self._let_go(placed)
            placed.task.fail(placed.task.cancelled())
        self._disconnect()
        self._set(state="off", words="")

    def _try_to_look_after(self, cluster: Cluster) -> None:
        try:
            self._look_after(cluster)
        except Exception:  # noqa: BLE001 - the border to Dask: a scheduler that goes away raises a dozen kinds
            self._lose()

    def _ensure_open(self) -> Cluster:
        if self._cluster is None:
            self._set(state="starting", words="")
            try:
                self._cluster = self._connected()
            except WorkbenchError as error:
                self._set(state="lost", words=str(error))
                raise
            self._set(state="ready", words="")
        return self._cluster

    def _connected(self) -> Cluster:
        cluster: Cluster | None = None
        try:
            cluster = self._open_cluster()
            cluster.client.subscribe_topic(self._topic(cluster), self._heard)
            cluster.client.subscribe_topic("all", self._heard_of_workers)
            self._meet_workers(cluster)
        except Exception as error:  # noqa: BLE001 - the border to Dask, which raises a dozen kinds
            if cluster is not None:
                in_background(cluster.close)
            told = job_error(f"The connection to {self.name}", error)
            raise told from (error if told is not error else error.__cause__)
        return cluster

    def _meet_workers(self, cluster: Cluster) -> None:
        """Versions and device of the workers that are there, and whether they have a workbench."""
        try:
            found = cluster.client.run(dask_side.introduce, self._preload)
        except (ImportError, AttributeError) as error:
            raise RequirementError(
                f"The workers of {self.name} have no workbench that fits ({error}). Install there the version of this "
                "computer: pip install seismic-workbench"
            ) from error
        greetings = [greeting_from(header) for header in found.values()]
        remarks = (remark for greeting in greetings for remark in greeting.remarks(self.name))
        self._set(
            device=f"{len(greetings)} × {greetings[0].device}" if greetings else "no worker yet",
            memory_total_bytes=greetings[0].memory_total if greetings else 0,
            remarks=tuple(dict.fromkeys(remarks)),
        )

    def _meet_newcomers(self, cluster: Cluster) -> None:
        """The same of those that come later, as Slurm's do: what does not fit is told, and the others go on."""
        try:
            self._meet_workers(cluster)
        except RequirementError as error:
            self._set(remarks=(str(error),))

    def _give(self, placed: Placed) -> None:
        task = placed.task
        if task.stop.is_set():
            task.finish("cancelled", error=task.cancelled(" before it began"))
            return
        try:
            if self._cluster is None:
                task.change(step=f"starting {self.name}")
            cluster = self._ensure_open()
            self._place(placed, cluster)
        except WorkbenchError as error:
            task.fail(error)
        except Exception as error:  # noqa: BLE001 - the border to Dask: whatever it raises is told to the job's owner
            task.fail(job_error(task.job.title, error))

    def _place(self, placed: Placed, cluster: Cluster) -> None:
        job = placed.task.job
        self._placed[job.job_id] = placed
        placed.worker, placed.given_s = "", time.monotonic()
        placed.future = give(cluster.client, placed, self._topic(cluster), self._resources)
        placed.future.add_done_callback(lambda future: self._ended(placed, future))

    def _ended(self, placed: Placed, future: Any) -> None:
        """Called by Dask, in a thread of its own, when a future has come to its end."""
        if placed.future is not future:
            return
        answer = answer_of(future)
        if answer["kind"] == "gone" and not placed.task.stop.is_set():
            placed.gone = True  # whether the scheduler is, too, is looked at in our own thread
            return
        self._placed.pop(placed.task.job.job_id, None)
        finish(placed.task, answer, self.name)
        self._update()

    def _look_after(self, cluster: Cluster) -> None:
        if cluster.client.status != "running":
            self._lose()
            return
        if self._renew:
            self._renew = False
            self._start_again(cluster)
        if self._newcomers:
            self._newcomers = False
            # One of them may be gone again by now, and is waited for.
            in_background(partial(self._meet_newcomers, cluster))
        now_s = time.monotonic()
        for placed in list(self._placed.values()):
            if placed.task.stop.is_set():
                self._stop(cluster, placed, now_s)
            elif placed.losses + placed.gone > _RUNS_AGAIN:
                self._let_go(placed)
                finish(placed.task, {"kind": "killed"}, self.name)
            elif placed.gone:
                placed.gone, placed.losses = False, placed.losses + 1
                placed.task.change(step="what it needs was lost with a worker; it runs again")
                self._place(placed, cluster)
            elif not placed.worker and now_s - placed.given_s > _TELL_WAITING_S:
                placed.task.change(always=False, step=self._what_hinders(cluster))
        self._update()

    def _stop(self, cluster: Cluster, placed: Placed, now_s: float) -> None:
        job_id = placed.task.job.job_id
        if not placed.worker:
            self._let_go(placed)
            # It may begin at this very moment, somewhere.
            in_background(partial(cluster.client.run, dask_side.interrupt, job_id))
            placed.task.fail(placed.task.cancelled(" before it began"))
        elif not placed.interrupted_s:
            placed.interrupted_s = now_s
            in_background(partial(cluster.client.run, dask_side.interrupt, job_id, workers=[placed.worker]))
        elif now_s - placed.interrupted_s > self._patience_s:
            self._let_go(placed)
            self._restart_worker(cluster, placed.worker)
            placed.task.fail(placed.task.cancelled("; it did not listen, so its worker was started again"))

    def _start_again(self, cluster: Cluster) -> None:
        for placed in list(self._placed.values()):
            if placed.worker:
                self._let_go(placed)
                self._restart_worker(cluster, placed.worker)
                placed.task.fail(placed.task.cancelled(": its worker was restarted"))

    def _restart_worker(self, cluster: Cluster, worker: str) -> None:
        # It takes a second or two, and needs the worker's nanny.
        in_background(partial(cluster.client.restart_workers, [worker], timeout=20, raise_for_error=False))

    def _let_go(self, placed: Placed) -> None:
        self._placed.pop(placed.task.job.job_id, None)
        future, placed.future = placed.future, object()
        if future is not None and self._cluster is not None:
            future.cancel()

    def _lose(self) -> None:
        words = f"{self.name} was lost: its scheduler no longer answers. The next job connects again."
        cluster, self._cluster = self._cluster, None
        self._set(state="lost", words=words)
        for placed in list(self._placed.values()):
            self._placed.pop(placed.task.job.job_id, None)
            placed.future = object()
            placed.task.fail(WorkerLostError(f"{placed.task.job.title} failed: {words}"))
        if cluster is not None:
            in_background(cluster.close)

    def _disconnect(self) -> None:
        cluster, self._cluster = self._cluster, None
        if cluster is not None:
            cluster.close()

    def _what_hinders(self, cluster: Cluster) -> str:
        ours = {placed.future.key for placed in list(self._placed.values()) if placed.future is not None}
        processing = cluster.client.processing()
        others = sum(key not in ours for keys in processing.values() for key in keys)
        if not processing:
            return "waits for a worker: the cluster has none yet"
        of_others = (
            f", {others} job{'s' * (others > 1)} of other users run{'s' * (others == 1)} there" if others else ""
        )
        n = len(processing)
        worker = "the only worker" if n == 1 else f"one of {n} workers"
        return f"waits for {f'a worker with a GPU, of {n} there' if self._resources else worker}{of_others}"

    # ---- what the cluster tells, in a thread of Dask

    def _topic(self, cluster: Cluster) -> str:
        return f"workbench-{cluster.client.id}"

    def _heard(self, event: tuple[float, Mapping[str, Any]]) -> None:
        message = event[1]
        placed = self._placed.get(message["job"])
        if placed is None:
            return
        if message["kind"] == "started":
            placed.worker = message["worker"]
            placed.task.start()
            self._update()
        else:
            fraction = message["fraction"]
            placed.task.change(
                always=False, fraction=float("nan") if fraction is None else fraction, step=message["step"]
            )

    def _heard_of_workers(self, event: tuple[float, Any]) -> None:
        message = event[1]
        action = message.get("action") if isinstance(message, Mapping) else ""
        self._newcomers |= action == "add-worker"
        if action != "remove-worker":
            return
        lost = set(message.get("processing-tasks", ()))
        for placed in list(self._placed.values()):
            # Also where the worker died before it had told that it began.
            if placed.future is not None and getattr(placed.future, "key", None) in lost:
                placed.losses += 1
                placed.worker = ""
                placed.task.change(step="its worker was lost; it runs again on another")

    def _update(self) -> None:
        if self._cluster is None:
            return
        running = [placed.task.job.title for placed in list(self._placed.values()) if placed.worker]
        self._set(state="busy" if running else "ready", words=", ".join(running))

    def _set(self, **changes: Any) -> None:
        status = replace(self._status, **changes)
        if status != self._status:
            self._status = status
            self._watchers.tell(self.status())
