"""``ProcessBackend``: work in processes of this computer, which can be stopped, and may die, without this one."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection, Listener
from typing import Any

from workbench.compute.link import Stop
from workbench.compute.linked import LinkedBackend
from workbench.compute.payload import Buffer
from workbench.compute.processes import death_words
from workbench.compute.wire import Header
from workbench.errors import JobCancelledError, WorkerLostError

__all__ = ["ProcessBackend"]

_START_POLL_S = 0.1
_EXIT_S = 5.0


class ProcessBackend(LinkedBackend):
    """Work in Python processes of this computer.

    Parameters
    ----------
    n_workers
        How many jobs run side by side, each in a process of its own.
    patience_s, preload
        As for :class:`~workbench.compute.linked.LinkedBackend`.

    Examples
    --------
    >>> backend = ProcessBackend()
    >>> job = backend.submit("statistics:mean", title="mean of two rates", data=[100.0, 200.0])
    >>> backend.result(job.job_id)
    150.0
    >>> backend.close()
    """

    def __init__(self, n_workers: int = 1, *, patience_s: float = 5.0, preload: Sequence[str] = ()) -> None:
        super().__init__([_ProcessLink() for _ in range(n_workers)], patience_s=patience_s, preload=preload)


class _ProcessLink:
    name, shared = "the worker process", False
    piece_bytes = 0

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._words = ""

    def open(self, stop: Stop) -> None:
        self.close()
        key = secrets.token_hex(16)
        with Listener(authkey=key.encode()) as listener:
            # The key goes by the environment, for everybody may read a command line.
            self._process = subprocess.Popen(  # our own interpreter and module, and no shell  # nosec B603
                [sys.executable, "-m", "workbench.compute.process_side", str(listener.address)],
                env={**os.environ, "WORKBENCH_PROCESS_KEY": key, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
            self._connection = self._accept(listener, stop)

    def _accept(self, listener: Any, stop: Stop) -> Connection:
        waiting = listener._listener._socket
        waiting.settimeout(_START_POLL_S)
        while True:
            try:
                connection: Connection = listener.accept()
                return connection
            except TimeoutError:
                if stop():
                    raise JobCancelledError("The start of the worker process was cancelled.") from None
                if words := self.failure():
                    raise WorkerLostError(f"{self.name} {words}") from None

    def send(self, header: Header, buffers: Sequence[Buffer]) -> None:
        assert self._connection is not None
        try:
            self._connection.send_bytes(json.dumps([header, len(buffers)]).encode())
            for buffer in buffers:
                self._connection.send_bytes(buffer)
        except OSError:
            pass  # it is gone: failure() says how

    def receive(self, timeout_s: float) -> tuple[Header, Sequence[Buffer]] | None:
        assert self._connection is not None
        try:
            if not self._connection.poll(timeout_s):
                return None
            header, n_buffers = json.loads(self._connection.recv_bytes())
            return header, [self._connection.recv_bytes() for _ in range(n_buffers)]
        except (OSError, EOFError):
            self._await_exit()
            return None

    def _await_exit(self) -> None:
        """Until a process that has hung up has ended; one that hangs on its way out is ended."""
        if self._process is None:
            return
        try:
            self._process.wait(_EXIT_S)
        except subprocess.TimeoutExpired:
            self._words = f"hung up, did not end within {_EXIT_S:.0f} s, and was killed"
            self.kill()

    def look_out(self) -> None:
        """Nothing: what :meth:`failure` asks is this computer itself."""

    def failure(self) -> str:
        code = self._process.poll() if self._process is not None else None
        return "" if code is None else self._words or death_words(code)

    def interrupt(self) -> bool:
        if os.name != "posix" or self._process is None:
            return False
        self._process.send_signal(signal.SIGINT)
        return True

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        self.kill()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None
        self._words = ""
