"""A websocket to a kernel of a Jupyter server; the token travels in a header, which no log writes down."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from workbench.compute.websocket_frames import PROTOCOL
from workbench.errors import JobError
from workbench.settings import Secret

__all__ = ["cut_off", "dial"]


def dial(url: str, token: Secret, kernel_id: str, session: str, timeout_s: float) -> Any:
    """An open websocket to all channels of a kernel.

    Raises
    ------
    JobError
        If the server refuses it, or is too old for our protocol.
    """
    import websocket

    headers = [f"Authorization: token {token.reveal()}"] if token else []
    try:
        opened = websocket.create_connection(
            f"{url.replace('http', 'ws', 1)}/api/kernels/{kernel_id}/channels?session_id={session}",
            header=headers,
            subprotocols=[PROTOCOL],
            timeout=timeout_s,
            enable_multithread=True,
            suppress_origin=True,
        )
    except (websocket.WebSocketException, OSError) as error:
        why = f"{type(error).__name__}, status {getattr(error, 'status_code', 'none')}"
        raise JobError(f"{url} does not open a websocket to its kernel ({why}).") from None
    if opened.subprotocol != PROTOCOL:
        raise JobError(f"The Jupyter server at {url} is too old: jupyter_server 2 or newer is needed.")
    opened.settimeout(None)
    return opened


def cut_off(socket: Any) -> None:
    """End it at once, for the thread that reads of it too, after which somebody calls its ``shutdown``.

    To close it politely would wait for that thread, which waits for a server that may be silent for ever.
    """
    with suppress(OSError):  # it was cut already
        socket.abort()
