"""The far side of a Jupyter kernel: a comm target whose messages are jobs. Imported in the kernel only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.compute.payload import Buffer
from workbench.compute.wire import PIECE_BYTES, Header
from workbench.compute.worker import Worker

__all__ = ["TARGET", "register"]

TARGET = "workbench"


def register() -> None:
    """Let comms of the target ``workbench`` be opened in this kernel."""
    from comm import get_comm_manager

    get_comm_manager().register_target(TARGET, _opened)


def _opened(comm: Any, opening: Any) -> None:
    def send(header: Header, buffers: Sequence[Buffer]) -> None:
        comm.send(data=header, buffers=list(buffers))

    pieces = PIECE_BYTES if opening["content"]["data"].get("pieces") else 0
    worker = Worker(send, pieces)
    comm.on_msg(lambda message: worker.take(message["content"]["data"], message.get("buffers") or []))
    comm.on_close(lambda _: worker.close())
