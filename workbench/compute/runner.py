"""``Runner``: one thread that feeds one link with jobs and watches over it."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from workbench.compute.base import BackendStatus
from workbench.compute.functions import error_from_words, job_error
from workbench.compute.link import Greeting, Link, greeting_from
from workbench.compute.payload import Buffer, decode
from workbench.compute.processes import death_words, is_running
from workbench.compute.tasks import Task
from workbench.compute.wire import Header, Wire, make_spool
from workbench.errors import JobCancelledError, JobError, WorkbenchError, WorkerLostError

__all__ = ["Errand", "Runner"]

_log = logging.getLogger(__name__)

_POLL_S = 0.05
_IDLE_POLL_S = 0.25
_LIFE_CHECK_S = 0.25
_INTERRUPT_AGAIN_S = 1.0
_KILLED_S = 5.0
_TELL_SILENCE_S = 0.8
"""Of a computer far away only its server can say that a process has ended, which may take it some seconds."""
_PULSES_WITHOUT = 4
_SILENT_S = 0.6
"""After so long without a sign of life, of which four come in a second, the process itself is looked for."""


@dataclass(frozen=True)
class Errand:
    """A task with what its function is called with."""

    task: Task
    function: str
    buffers: Sequence[Buffer]


class Runner:
    """Takes errands from a queue, one at a time.

    Parameters
    ----------
    link
        Opened when the first errand comes.
    next_errand
        Waits that many seconds for one.
    on_status
        Called whenever :attr:`status` has changed.
    on_turn
        Called many times a second.
    patience_s
        How long an interrupted job may take to stop before its process is ended.
    preload
        Modules that the process imports when it starts.
    share_disk
        Whether to try to pass large arrays by files that both sides see.
    """

    def __init__(
        self,
        link: Link,
        next_errand: Callable[[float], Errand | None],
        on_status: Callable[[], None],
        on_turn: Callable[[], None],
        *,
        patience_s: float,
        preload: Sequence[str] = (),
        share_disk: bool = True,
    ) -> None:
        self._share_disk = share_disk
        self.status = BackendStatus()
        self.task: Task | None = None
        self._link, self._next = link, next_errand
        self._on_status, self._on_turn = on_status, on_turn
        self._patience_s, self._preload = patience_s, list(preload)
        self._wire = Wire()
        self._open = self._closing = self._wanted = self._renew = False
        self._others_busy = self._started = False
        self._lost_words = ""
        self._pid, self._heard_s, self._n_without = 0, 0.0, 0
        self._thread = threading.Thread(target=self._serve, daemon=True, name=f"workbench {link.name}")
        self._thread.start()

    def start(self) -> None:
        """Open the link without a job."""
        self._wanted = True

    def restart(self) -> None:
        """End the process and start it again, whatever it is doing."""
        self._renew = True

    def begin_to_close(self) -> None:
        """Have the process and the thread end."""
        self._closing = True

    def close(self, until_s: float) -> None:
        """Wait for that, up to a time of the monotonic clock; a process that hangs is killed then, if it is ours."""
        self._thread.join(max(0.0, until_s - time.monotonic()))
        if self._thread.is_alive() and not self._link.shared:
            with suppress(Exception):  # whatever it raises, its owner goes on
                self._link.kill()
            self._thread.join(_KILLED_S)
        if self._thread.is_alive():
            _log.error("%s did not close in time and is left as it is", self._link.name)

    # ---- the thread

    def _serve(self) -> None:
        try:
            while not self._closing:
                errand = self._next(_IDLE_POLL_S)
                try:
                    self._take_turn(errand)
                except Exception as error:  # noqa: BLE001 - a link raises what its packages do, and all wait for this thread
                    self._give_up(errand, error)
        finally:
            with suppress(Exception):  # the thread ends here, and its owner waits for that
                self._link.close()
            self._wire.close()
            self._set(state="off", words="")

    def _take_turn(self, errand: Errand | None) -> None:
        self.task = errand.task if errand is not None else None
        self._on_turn()
        if errand is not None:
            self._do(errand)
        elif self._renew:
            self._start_again()
        elif self._wanted and not self._open:
            self._try_to_open()
        elif self._open:
            # What was wanted is there, whoever opened it: lost later, it stays so until somebody wants it again.
            self._wanted = False
            self._look_after()

    def _give_up(self, errand: Errand | None, error: Exception) -> None:
        """After what nobody foresaw: the job fails, and the next one opens the link anew."""
        _log.error("%s gave an error that is not foreseen", self._link.name, exc_info=error)
        told = job_error(errand.task.job.title if errand else self._link.name, error)
        self.task = None
        if errand is not None and self._started:
            # Not killed: the process may be another user's, too.
            with suppress(Exception):
                self._link.interrupt()
        self._lose(f"cannot be used: {told}")
        if errand is not None:
            errand.task.fail(told)

    def _try_to_open(self) -> None:
        self._wanted = False
        with suppress(WorkbenchError):  # the status tells
            self._ensure_open(lambda: self._closing)

    def _start_again(self) -> None:
        self._renew = False
        if self._open:
            self._link.kill()
            self._open = False
        self._try_to_open()

    def _look_after(self) -> None:
        while (message := self._receive(0.0)) is not None:
            self._note(message[0])
        if words := self._failure(time.monotonic()):
            self._lose(words)

    def _failure(self, now_s: float) -> str:
        """As the link says or, for a process of this computer, as the system does: sooner than a server that polls."""
        if words := self._link.failure():
            return words
        if self._pid and now_s - self._heard_s > _SILENT_S and not is_running(self._pid):
            return death_words(None)
        return ""

    def _tell_silence(self, task: Task, now_s: float) -> None:
        silent_s = now_s - self._heard_s
        if self._started and silent_s > _TELL_SILENCE_S:
            task.change(always=False, step=f"{self._link.name} has not answered for {silent_s:.1f} s")

    def _do(self, errand: Errand) -> None:
        task = errand.task
        self._started, self._n_without = False, 0
        if task.stop.is_set():
            self.task = None
            task.finish("cancelled", error=task.cancelled(" before it began"))
            return
        try:
            self._ensure_open(lambda: task.stop.is_set() or self._closing, task)
            self._set(state="busy", words=task.job.title)
            header = {"kind": "run", "job": task.job.job_id, "function": errand.function, "title": task.job.title}
            self._send(header, errand.buffers)
            ended = self._follow(task)
        except WorkbenchError as error:
            ended = partial(task.fail, error)
        self.task = None
        if self._open:
            self._set(state="ready", words="")
        # Whoever hears of the end finds this runner free.
        ended()

    def _ensure_open(self, stop: Callable[[], bool], task: Task | None = None) -> None:
        if self._open and (words := self._link.failure()):
            self._lose(words)
        if self._open:
            return
        if task is not None:
            task.change(step=f"starting {self._link.name}")
        self._set(state="starting", words="")
        try:
            self._link.open(stop)
            greeting = self._greet(stop)
        except JobCancelledError:
            self._link.kill()
            self._set(state="off", words="")
            raise
        except WorkbenchError as error:
            self._set(state="lost", words=str(error))
            raise
        self._open, self._others_busy = True, False
        lost_words, self._lost_words = self._lost_words, ""
        # Who asked for a job, or for none at all, has not seen that it was lost; who presses "Start" has.
        before = (f"Before this start it was lost: {lost_words}.",) if task is not None and lost_words else ()
        self._pid = greeting.pid if greeting.shares_disk and is_running(greeting.pid) else 0
        if not self._pid:
            self._link.look_out()
        self._set(
            state="ready",
            words="",
            device=greeting.device,
            memory_used_bytes=greeting.memory_used,
            memory_total_bytes=greeting.memory_total,
            remarks=(*before, *greeting.remarks(self._link.name)),
        )

    def _greet(self, stop: Callable[[], bool]) -> Greeting:
        """Ask who is there, and whether it sees a folder of ours."""
        self._wire.close()
        hello = {"kind": "hello", "preload": self._preload}
        if self._share_disk:
            spool, proof = make_spool(), uuid.uuid4().hex
            (spool / proof).touch()
            self._wire = Wire(self._link.piece_bytes, spool)
            hello |= {"spool": str(spool), "proof": proof}
        else:
            self._wire = Wire(self._link.piece_bytes)
        self._send(hello, ())
        while True:
            message = self._receive(_POLL_S)
            if message is not None and message[0]["kind"] == "hello":
                break
            if stop():
                raise JobCancelledError(f"The start of {self._link.name} was cancelled.")
            if words := self._link.failure():
                raise WorkerLostError(f"{self._link.name} {words}")
        greeting = greeting_from(message[0])
        if not greeting.shares_disk:
            self._wire.close()
        return greeting

    def _follow(self, task: Task) -> Callable[[], Any]:
        """Watch a job until its end; returns what tells of it."""
        interrupted_s = checked_s = asked_s = 0.0
        while True:
            message = self._receive(_POLL_S)
            self._on_turn()
            now_s = time.monotonic()
            if message is not None and (ended := self._take(task, *message)) is not None:
                return ended
            if self._closing and self._link.shared and not self._started:
                return lambda: task.finish("cancelled", error=task.cancelled(" before it began"))
            # A process that others use too is not ended: what runs there of ours is cancelled, as `close` asks.
            if self._renew or (self._closing and not self._link.shared):
                self._end_process()
                return partial(self._tell_restart, task)
            if task.stop.is_set() and self._started:
                asked_s = asked_s or now_s
                deaf = now_s - asked_s > self._patience_s
                if not deaf and now_s - interrupted_s > _INTERRUPT_AGAIN_S:
                    interrupted_s = now_s
                    deaf = not self._link.interrupt()
                if deaf:
                    self._end_process()
                    return partial(self._tell_deaf, task)
            if now_s - checked_s > _LIFE_CHECK_S:
                checked_s = now_s
                self._tell_silence(task, now_s)
                if words := self._failure(now_s):
                    self._lose(words)
                    lost = WorkerLostError(f"{task.job.title} failed: {self._link.name} {words}")
                    return lambda: task.fail(lost)

    def _tell_restart(self, task: Task) -> None:
        if task.stop.is_set():
            task.fail(task.cancelled(f": {self._link.name} was restarted"))
        else:
            words = f"{self._link.name} was restarted by another user. Run it again."
            task.fail(WorkerLostError(f"{task.job.title} failed: {words}"))

    def _tell_deaf(self, task: Task) -> None:
        words = f"; it did not listen, so {self._link.name} was ended and is started again"
        task.finish("cancelled", error=task.cancelled(words))

    def _take(self, task: Task, header: Header, buffers: Sequence[Buffer]) -> Callable[[], Any] | None:
        """Act on a message; what tells of the job's end, if that is what it is."""
        kind = header["kind"]
        if kind in ("pulse", "others"):
            self._note(header)
            if self._answer_is_lost(task, header):
                words = f"what it gave was lost on the way from {self._link.name}. Run it again."
                return lambda: task.fail(JobError(f"{task.job.title} failed: {words}"))
            if self._others_busy and not self._started:
                task.change(always=False, step=f"waits for another user's work on {self._link.name}")
        if header.get("job") != task.job.job_id:
            return None
        if kind == "started":
            self._started = True
            task.start()
        elif kind == "progress":
            fraction = header["fraction"]
            task.change(always=False, fraction=float("nan") if fraction is None else fraction, step=header["step"])
        else:
            return self._end(task, header, buffers)
        return None

    def _end(self, task: Task, header: Header, buffers: Sequence[Buffer]) -> Callable[[], Any]:
        """What tells of the end that a message is about."""
        kind = header["kind"]
        if kind == "result":
            value = decode(buffers)
            return lambda: task.finish("done", value=value)
        if kind == "error":
            error = error_from_words({"type": header["type"], "text": header["text"]})
            return lambda: task.fail(error)
        if task.stop.is_set():
            return lambda: task.fail(task.cancelled())
        words = f"was interrupted, and not by you: another user of {self._link.name} did, or its server has ended"
        return lambda: task.fail(JobError(f"{task.job.title} {words}. Run it again."))

    def _answer_is_lost(self, task: Task, header: Header) -> bool:
        """Whether signs of life say that the job is over: its answer was sent before them, and did not come."""
        if header["kind"] == "pulse" and self._started:
            self._n_without = 0 if header["doing"] == task.job.job_id else self._n_without + 1
        return self._n_without > _PULSES_WITHOUT

    def _note(self, header: Header) -> None:
        if header["kind"] == "pulse":
            self._set(
                device=header["device"],
                memory_used_bytes=header["memory_used"],
                memory_total_bytes=header["memory_total"],
            )
        elif header["kind"] == "others":
            self._others_busy = header["busy"]
            if self.task is None:
                self._set(state="busy" if header["busy"] else "ready", words="another user's work" * header["busy"])

    def _end_process(self) -> None:
        self._link.kill()
        self._open = False
        self._wanted = True
        self._renew = False
        self._set(state="off", words="")

    def _lose(self, words: str) -> None:
        self._open = False
        self._lost_words = f"{self._link.name} {words}".partition(". ")[0]
        self._set(state="lost", words=f"{self._link.name} {words}")

    def _send(self, header: Header, buffers: Sequence[Buffer]) -> None:
        for part in self._wire.cut(header, buffers):
            self._link.send(*part)

    def _receive(self, timeout_s: float) -> tuple[Header, Sequence[Buffer]] | None:
        message = self._link.receive(timeout_s)
        if message is None:
            return None
        self._heard_s = time.monotonic()
        try:
            return self._wire.join(*message)
        except OSError as error:
            raise JobError(f"A file that {self._link.name} left cannot be read: {error.strerror}.") from error

    def _set(self, **changes: Any) -> None:
        status = replace(self.status, **changes)
        if status != self.status:
            self.status = status
            self._on_status()
