"""A server that is measured, in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["ServedProcess", "panel_command"]

_PATIENCE_S = 120.0


def panel_command(page: Path, *arguments: str) -> list[str]:
    """Serves one page by Panel; ``{port}`` is filled in."""
    asked = ["--args", *arguments] if arguments else []
    return [sys.executable, "-m", "panel", "serve", str(page), "--port", "{port}", *asked]


class ServedProcess:
    """Listens on :attr:`port` when it is made.

    Parameters
    ----------
    command
        With ``{port}`` where the port is to stand.
    environment
        Besides this process's own.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [word.replace("{port}", str(self.port)) for word in command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
        )
        end = time.monotonic() + _PATIENCE_S
        while not self._listens():
            assert self.process.poll() is None, "the server ended"
            assert time.monotonic() < end, f"no server answers on port {self.port}"
            time.sleep(0.2)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
