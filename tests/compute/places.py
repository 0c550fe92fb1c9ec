"""Real places for every backend: each is opened once for many tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from workbench.compute import BACKENDS, Backend

ROOT = Path(__file__).resolve().parents[2]
PLACES = ("local", "process", "jupyter", "server", "dask")
TOKEN = "tell-nobody-5f2c"


@contextmanager
def open_backend(place: str) -> Iterator[Backend]:
    """A backend with short patience, whose processes find the functions of the tests."""
    settings: dict[str, Any] = {"patience_s": 0.5}
    with on_the_path():
        if place != "server":
            with _closed_at_the_end(BACKENDS.create(place, **settings)) as backend:
                yield backend
            return
        with jupyter_server() as server:
            settings |= {"url": server.url, "token": TOKEN}
            with _closed_at_the_end(BACKENDS.create(place, **settings)) as backend:
                yield backend


@contextmanager
def _closed_at_the_end(backend: Backend) -> Iterator[Backend]:
    try:
        yield backend
    finally:
        backend.close()


@dataclass
class Server:
    """A running Jupyter server."""

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def jupyter_server(*options: str) -> Iterator[Server]:
    """A Jupyter server on this computer, with the token :data:`TOKEN` and further options."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
    command += [f"--port={port}", "--port-retries=0", f"--IdentityProvider.token={TOKEN}", *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = Server(f"http://127.0.0.1:{port}", process)
    try:
        _wait_until_it_answers(server)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(server: Server) -> None:
    deadline_s = time.monotonic() + 60
    while True:
        try:
            requests.get(f"{server.url}/api", timeout=5).raise_for_status()
            return
        except requests.RequestException:
            assert time.monotonic() < deadline_s, "the Jupyter server does not answer"
            assert server.process.poll() is None, "the Jupyter server has ended"
            time.sleep(0.1)


@contextmanager
def on_the_path() -> Iterator[None]:
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), before)))
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
