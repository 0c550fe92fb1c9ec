"""The far side of a wire: runs the jobs that come, one at a time, and tells how they go."""

from __future__ import annotations

import os
import platform
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from workbench.compute.functions import find_function, takes_report, words_of_error
from workbench.compute.payload import Buffer, decode, encode
from workbench.compute.pressing import throttled
from workbench.compute.wire import Header, Wire
from workbench.errors import JobCancelledError

__all__ = ["PULSE_S", "Worker", "look_around", "own_versions"]

PULSE_S = 0.25
"""Seconds between two signs of life."""

Send = Callable[[Header, Sequence[Buffer]], None]


class Worker:
    """Answers the messages of one owner.

    Parameters
    ----------
    send
        Puts one message on the connection; called from two threads.
    piece_bytes
        As for :class:`~workbench.compute.wire.Wire`.
    on_lost
        Called in a thread when the owner no longer listens.
    """

    def __init__(self, send: Send, piece_bytes: int = 0, on_lost: Callable[[], None] = lambda: None) -> None:
        self._put, self._on_lost = send, on_lost
        self._wire = Wire(piece_bytes)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._doing = ""

    def take(self, header: Header, buffers: Sequence[Buffer]) -> None:
        """Do what a message asks for; returns when it is done."""
        try:
            message = self._wire.join(header, buffers)
        except Exception as error:  # noqa: BLE001 - the border: whatever goes wrong here is told to the owner
            self._send({"kind": "error", "job": header.get("job"), **words_of_error("Receiving a job", error)})
            return
        if message is None:
            return
        header, buffers = message
        if header["kind"] == "hello":
            self._greet(header)
        elif header["kind"] == "run":
            self._run(header, buffers)

    def close(self) -> None:
        """Send no more signs of life."""
        self._closed.set()

    def _send(self, header: Header, buffers: Sequence[Buffer] = ()) -> None:
        with self._lock:
            for part in self._wire.cut(header, buffers):
                self._put(*part)

    def _greet(self, header: Header) -> None:
        """Say what is here, and whether the owner's folder is seen from here."""
        spool = Path(header["spool"]) if header.get("spool") else None
        if spool is not None and (spool / header["proof"]).is_file():
            self._wire.spool = spool
        for module in header.get("preload", ()):
            with suppress(ImportError):
                import_module(module)
        self._send({"kind": "hello", "spool": self._wire.spool is not None, **own_versions(), **look_around()})
        threading.Thread(target=self._pulse, daemon=True, name="workbench-pulse").start()

    def _pulse(self) -> None:
        while not self._closed.wait(PULSE_S):
            try:
                self._send({"kind": "pulse", "doing": self._doing, **look_around()})
            except Exception:  # noqa: BLE001 - the connection is gone, and with it whoever would listen
                self._on_lost()
                return

    def _run(self, header: Header, buffers: Sequence[Buffer]) -> None:
        job, title = header["job"], header["title"]

        def report(fraction: float, step: str) -> None:
            known = float(fraction) if fraction == fraction else None
            self._send({"kind": "progress", "job": job, "fraction": known, "step": step})

        answer: Header
        value: list[Buffer] = []
        self._doing = job
        try:
            self._send({"kind": "started", "job": job})
            call = find_function(header["function"])
            arguments = decode(buffers)
            if takes_report(call):
                arguments["report"] = throttled(report)
            value = encode(call(**arguments))
            answer = {"kind": "result", "job": job}
        except (KeyboardInterrupt, JobCancelledError):
            answer = {"kind": "cancelled", "job": job}
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the border: whatever a function raises is told to its owner
            answer = {"kind": "error", "job": job, **words_of_error(title, error)}
        with _uninterrupted():
            self._send(answer, value)
            self._doing = ""


class _uninterrupted:  # noqa: N801 - reads as a word in a with statement
    """An interrupt that comes too late for the job must not cut its answer in two."""

    def __enter__(self) -> None:
        self._is_main = threading.current_thread() is threading.main_thread()
        if self._is_main:
            self._before = signal.signal(signal.SIGINT, signal.SIG_IGN)

    def __exit__(self, *_: object) -> None:
        if self._is_main:
            signal.signal(signal.SIGINT, self._before)


def look_around() -> dict[str, Any]:
    """Device and memory, in plain values: of the GPU where torch has been loaded and has one, else of the computer."""
    torch: Any = sys.modules.get("torch")
    # A thread looks while another imports torch: what is half there has no GPU yet.
    cuda = getattr(torch, "cuda", None)
    if cuda is not None and getattr(cuda, "is_available", bool)():
        free, total = cuda.mem_get_info()
        return {"device": cuda.get_device_name(), "memory_used": total - free, "memory_total": total}
    return {"device": _processor(), "memory_used": _resident_bytes(), "memory_total": _total_bytes()}


@cache
def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    return platform.processor() or platform.machine()


def _resident_bytes() -> int:
    with suppress(OSError, ValueError, AttributeError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _total_bytes() -> int:
    with suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 0


def own_versions() -> dict[str, Any]:
    """Versions of what gives results, in ``versions``, and where this is."""
    found = {}
    for name in ("torch", "numpy", "seisbench"):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    from workbench import __version__

    found |= {"workbench": __version__, "python": platform.python_version()}
    return {"versions": found, "host": socket.gethostname(), "pid": os.getpid(), "python": sys.executable}
