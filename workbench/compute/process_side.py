"""A worker process: what :mod:`workbench.compute.process` starts with ``python -m``, and an address to call."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from multiprocessing.connection import Client

from workbench.compute.payload import Buffer
from workbench.compute.wire import Header
from workbench.compute.worker import Worker

__all__ = ["main"]


def main(address: str) -> None:
    """Do what comes from the owner at an address, until he hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = Client(address, authkey=os.environ.pop("WORKBENCH_PROCESS_KEY").encode())

    def send(header: Header, buffers: Sequence[Buffer]) -> None:
        connection.send_bytes(json.dumps([header, len(buffers)]).encode())
        for buffer in buffers:
            connection.send_bytes(buffer)

    # Work that nobody waits for any more may be done by another already.
    worker = Worker(send, on_lost=lambda: os._exit(1))
    try:
        while True:
            header, n_buffers = json.loads(connection.recv_bytes())
            buffers = [connection.recv_bytes() for _ in range(n_buffers)]
            # An interrupt is meant for a job: between two it finds nobody.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                worker.take(header, buffers)
            except KeyboardInterrupt:
                pass
            finally:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
    except (EOFError, OSError):
        worker.close()


if __name__ == "__main__":
    main(sys.argv[1])
