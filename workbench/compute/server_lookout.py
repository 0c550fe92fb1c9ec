"""``Lookout``: a second kernel on a Jupyter server that watches the first, and tells at once when it has ended.

A server looks only every three seconds whether a kernel is still there, and nothing that goes through it tells one that
is gone from one that is too busy to answer. A kernel beside it sees the process itself.
"""

from __future__ import annotations

import logging
import threading
import uuid
from contextlib import suppress
from typing import Any

from workbench.compute.server_rest import ServerRest
from workbench.compute.server_socket import cut_off, dial
from workbench.compute.websocket_frames import make_message, pack_frame, unpack_frame
from workbench.errors import WorkbenchError
from workbench.settings import Secret

__all__ = ["Lookout"]

_log = logging.getLogger(__name__)

_START_S = 60.0

# Needs no workbench, and of packages only what every kernel of Python brings along. A kernel's id stands in its command
# line; one that runs on another computer, or out of sight in a container, is not found, and then nothing is said of it.
_CODE = """
def _look_out(kernel_id):
    import time
    import psutil
    def named(process):
        return any(kernel_id in part for part in process.info["cmdline"] or [])
    found = {process.pid: process for process in psutil.process_iter(["cmdline", "ppid"]) if named(process)}
    # A child that a kernel forked has its command line.
    watched = [process for process in found.values() if process.info["ppid"] not in found]
    if watched:
        print("seen", flush=True)
    while watched:
        for process in watched:
            try:
                if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                    return "ended"
            except psutil.NoSuchProcess:
                return "ended"
        time.sleep(0.1)
    return "unseen"
_found = _look_out({kernel_id!r})
"""


class Lookout:
    """Watches one kernel from another one of the same server, which ends with it or with :meth:`close`.

    Where it cannot be started, or does not see the process, nothing is ever told, and the server's word remains.

    Parameters
    ----------
    kernelspec
        Name of the kernel to start.
    kernel_id
        Of the one to watch.
    """

    def __init__(self, url: str, token: Secret, kernelspec: str, kernel_id: str) -> None:
        self._url, self._token, self._kernelspec, self._watched = url, token, kernelspec, kernel_id
        self._seen, self._ended, self._closing = threading.Event(), threading.Event(), threading.Event()
        self._opened = threading.Lock()
        self._socket: Any = None
        self._thread = threading.Thread(target=self._look, daemon=True, name="workbench lookout")
        self._thread.start()

    @property
    def sees(self) -> bool:
        """Whether it has found the process."""
        return self._seen.is_set()

    @property
    def has_ended(self) -> bool:
        """Whether the process of the watched kernel is gone."""
        return self._ended.is_set()

    @property
    def is_looking(self) -> bool:
        """Whether it still watches, or begins to."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Watch no longer; its own kernel ends."""
        self._closing.set()
        self._hang_up()
        self._thread.join(_START_S)

    def _hang_up(self) -> None:
        with self._opened:
            if self._socket is not None:
                cut_off(self._socket)

    def _look(self) -> None:
        # Of its own, for a session of HTTP is one thread's.
        rest, own_id = ServerRest(self._url, self._token), ""
        try:
            own_id = rest.start_kernel(self._kernelspec)
            if self._wait(own_id) == "'ended'":
                self._ended.set()
        except WorkbenchError as error:
            _log.info("No lookout on %s: %s", self._url, error)
        finally:
            if self._socket is not None:
                self._socket.shutdown()
            with suppress(WorkbenchError):
                if own_id:
                    # Busy with looking, it would not hear that it is to end.
                    rest.interrupt(own_id)
                    rest.end(own_id)
            rest.close()

    def _wait(self, own_id: str) -> str:
        """What the code said at its end; empty if the connection was closed before."""
        import websocket

        session = uuid.uuid4().hex
        with self._opened:
            if self._closing.is_set():
                return ""
            self._socket = dial(self._url, self._token, own_id, session, _START_S)
        content = {"code": _CODE.replace("{kernel_id!r}", repr(self._watched)), "silent": True, "store_history": False}
        content |= {"allow_stdin": False, "stop_on_error": False, "user_expressions": {"found": "_found"}}
        request = make_message("execute_request", content, session)
        try:
            self._socket.send_binary(pack_frame("shell", request))
            while isinstance(frame := self._socket.recv(), bytes) and frame:
                channel, message = unpack_frame(frame)
                if message["parent_header"].get("msg_id") != request["header"]["msg_id"]:
                    continue
                if message["header"]["msg_type"] == "stream":
                    self._seen.set()
                elif channel == "shell":
                    found = message["content"].get("user_expressions", {}).get("found", {})
                    return str(found.get("data", {}).get("text/plain", ""))
        except (websocket.WebSocketException, OSError):
            pass
        return ""
