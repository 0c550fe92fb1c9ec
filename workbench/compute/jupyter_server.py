"""``ServerBackend``: work in a kernel of a Jupyter server, near or far, by its documented websocket protocol.

No client library is used: the one at hand writes the token into the address of the websocket, and addresses are logged.
"""

from __future__ import annotations

import queue
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.compute.jupyter_talk import BOOT, Talk, check_boot
from workbench.compute.link import Stop
from workbench.compute.linked import LinkedBackend
from workbench.compute.payload import Buffer
from workbench.compute.server_lookout import Lookout
from workbench.compute.server_rest import ServerRest, part_url
from workbench.compute.server_socket import cut_off, dial
from workbench.compute.websocket_frames import make_message, pack_frame, unpack_frame
from workbench.compute.wire import PIECE_BYTES, Header
from workbench.errors import JobCancelledError, JobError, WorkbenchError, WorkerLostError
from workbench.registry import Availability, needs
from workbench.settings import Secret

__all__ = ["ServerBackend"]

_START_S = 60.0
_POLL_S = 0.1
_SILENT_S = 3.0


class ServerBackend(LinkedBackend):
    """Work in a kernel of a Jupyter server.

    Beside a kernel of our own on a computer whose processes cannot be seen from here, a second one is started, which
    tells when the first has ended (:class:`~workbench.compute.server_lookout.Lookout`).

    Parameters
    ----------
    url
        ``"http://gpu:8888"``; a token that stands in it is taken out.
    token
        Of the server; a :class:`~workbench.settings.Secret`, or text that is made one.
    kernelspec
        Name of the kernel to start there.
    kernel_id
        Of a running kernel to share with others; empty starts one of our own, which ends with this backend.
    n_workers
        How many kernels are started.
    patience_s, preload, share_disk
        As for :class:`~workbench.compute.linked.LinkedBackend`.
    """

    def __init__(  # no token is given: none is the default  # nosec B107
        self,
        url: str = "http://127.0.0.1:8888",
        token: Secret | str = "",
        kernelspec: str = "python3",
        kernel_id: str = "",
        n_workers: int = 1,
        *,
        patience_s: float = 5.0,
        preload: Sequence[str] = (),
        share_disk: bool = True,
    ) -> None:
        place, secret = part_url(url, token if isinstance(token, Secret) else Secret(token))
        links = [_ServerLink(place, secret, kernelspec, kernel_id) for _ in range(n_workers)]
        super().__init__(links, patience_s=patience_s, preload=preload, share_disk=share_disk)

    @staticmethod
    def availability() -> Availability:
        """Whether a websocket can be opened here."""
        return needs("seismic-workbench[kernels]", "websocket")


class _ServerLink:
    piece_bytes = PIECE_BYTES

    def __init__(self, url: str, token: Secret, kernelspec: str, kernel_id: str) -> None:
        self.name = f"the kernel {kernel_id or kernelspec} of {url}"
        self._rest = ServerRest(url, token)
        self._token, self._kernelspec = token, kernelspec
        self._shared_id = self._kernel_id = kernel_id
        self.shared = bool(kernel_id)
        self._session = uuid.uuid4().hex
        self._talk = Talk(self._session)
        self._socket: Any = None
        self._incoming: queue.Queue[tuple[str, Mapping[str, Any]]] = queue.Queue()
        self._reader: threading.Thread | None = None
        self._cut = threading.Event()
        self._died = ""
        self._heard_s = self._asked_s = 0.0
        self._lookout: Lookout | None = None

    def open(self, stop: Stop) -> None:
        self._hang_up()
        if self._lookout is not None and self._lookout.has_ended:
            # Its server does not know yet, and would start it again while we talk to it.
            self._rest.end(self._kernel_id)
            self._kernel_id = ""
        self._stop_looking()
        if not self._shared_id and not self._kernel_id:
            self._kernel_id = self._rest.start_kernel(self._kernelspec)
        if not self._rest.kernel_state(self._kernel_id):
            gone, self._kernel_id = self._kernel_id, self._shared_id
            raise JobError(f"{self._rest.url} has no kernel {gone} any more. Choose another, or start a new one.")
        self._dial()
        deadline_s = time.monotonic() + _START_S
        self._ask("kernel_info_request", {}, stop, deadline_s)
        check_boot(self._ask("execute_request", dict(BOOT), stop, deadline_s), self.name)
        self._talk = Talk(self._session)
        self._put("comm_open", self._talk.opening(pieces=True))

    def _dial(self) -> None:
        self._socket = dial(self._rest.url, self._token, self._kernel_id, self._session, _START_S)
        self._incoming, self._cut, self._died = queue.Queue(), threading.Event(), ""
        self._heard_s = time.monotonic()
        arguments = (self._socket, self._incoming, self._cut)
        self._reader = threading.Thread(target=_read, args=arguments, daemon=True, name="workbench websocket")
        self._reader.start()

    def _ask(self, kind: str, content: Mapping[str, Any], stop: Stop, deadline_s: float) -> Mapping[str, Any]:
        """The content of the reply to a request."""
        asked = self._put(kind, content)
        while True:
            if (incoming := self._next(_POLL_S)) is not None:
                channel, reply = incoming
                if channel == "shell" and reply["parent_header"].get("msg_id") == asked:
                    found: Mapping[str, Any] = reply["content"]
                    return found
            if stop():
                raise JobCancelledError(f"The start of {self.name} was cancelled.")
            if words := self.failure():
                raise WorkerLostError(f"{self.name} {words}")
            if time.monotonic() > deadline_s:
                state = self._rest.kernel_state(self._kernel_id)
                busy = " It is busy with another user's work." if state == "busy" else ""
                raise JobError(f"{self.name} did not answer within {_START_S:.0f} s.{busy}")

    def _put(self, kind: str, content: Mapping[str, Any], buffers: Sequence[Buffer] = ()) -> str:
        message = make_message(kind, content, self._session)
        import websocket

        try:
            self._socket.send_binary(pack_frame("shell", message, buffers))
        except (websocket.WebSocketException, OSError):
            self._cut.set()  # failure() says what it means
        return str(message["header"]["msg_id"])

    def send(self, header: Header, buffers: Sequence[Buffer]) -> None:
        self._put("comm_msg", self._talk.content(header), buffers)

    def receive(self, timeout_s: float) -> tuple[Header, Sequence[Buffer]] | None:
        until_s = time.monotonic() + timeout_s
        while (incoming := self._next(max(0.0, until_s - time.monotonic()))) is not None:
            channel, message = incoming
            understood = self._talk.understand(message) if channel == "iopub" else None
            if understood is not None:
                return understood
        return None

    def _next(self, timeout_s: float) -> tuple[str, Mapping[str, Any]] | None:
        try:
            channel, message = self._incoming.get(timeout=timeout_s) if timeout_s else self._incoming.get_nowait()
        except queue.Empty:
            return None
        self._heard_s = time.monotonic()
        if message["header"]["msg_type"] == "status":
            state = message["content"].get("execution_state")
            if state in ("restarting", "autorestarting", "dead"):
                again = "its server has started it again" if state != "dead" else "its server gave it up"
                self._died = f"ended, and {again}. The next job loads everything anew."
        return channel, message

    def look_out(self) -> None:
        self._stop_looking()
        # Not for one that others use too: its server starts it again, and nobody else may.
        if not self.shared:
            self._lookout = Lookout(self._rest.url, self._token, self._kernelspec, self._kernel_id)

    def _stop_looking(self) -> None:
        if self._lookout is not None:
            self._lookout.close()
            self._lookout = None

    def failure(self) -> str:
        if self._died:
            return self._died
        if self._lookout is not None and self._lookout.has_ended:
            return "ended. The next job starts a new one, and loads everything anew."
        now_s = time.monotonic()
        silent = now_s - self._heard_s > _SILENT_S and now_s - self._asked_s > _SILENT_S
        if not self._cut.is_set() and not silent:
            return ""
        self._asked_s = now_s
        try:
            state = self._rest.kernel_state(self._kernel_id)
        except WorkbenchError:
            return "was lost: its server has stopped, or cannot be reached. Start it, then run the job again."
        if not state:
            self._kernel_id = self._shared_id
            return "was ended by its server. The next job starts a new one."
        return "was lost: its server closed the connection. The next job opens it again." if self._cut.is_set() else ""

    def interrupt(self) -> bool:
        try:
            self._rest.interrupt(self._kernel_id)
        except WorkbenchError:
            return False
        return True

    def kill(self) -> None:
        self._hang_up()
        try:
            if self._shared_id:
                self._rest.restart(self._shared_id)
            elif self._kernel_id:
                self._rest.end(self._kernel_id)
        except WorkbenchError:
            pass  # a server that is gone has ended its kernels
        self._kernel_id = self._shared_id
        self._stop_looking()

    def close(self) -> None:
        if self._shared_id:
            self._hang_up()
        else:
            self.kill()
        self._rest.close()

    def _hang_up(self) -> None:
        if self._socket is not None:
            cut_off(self._socket)
        if self._reader is not None:
            self._reader.join(5)
            self._reader = None
        if self._socket is not None:
            self._socket.shutdown()
            self._socket = None


def _read(socket: Any, incoming: queue.Queue[tuple[str, Mapping[str, Any]]], cut: threading.Event) -> None:
    """Put what comes from a websocket on a queue, until it is closed."""
    import websocket

    try:
        while True:
            frame = socket.recv()
            if not isinstance(frame, bytes) or not frame:
                break
            incoming.put(unpack_frame(frame))
    except (websocket.WebSocketException, OSError):
        pass
    cut.set()
