"""``KernelBackend``: work in a Jupyter kernel of this computer, of any kernelspec that runs Python."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from queue import Empty
from typing import Any

from workbench.compute.jupyter_talk import BOOT, Talk, check_boot
from workbench.compute.link import Stop
from workbench.compute.linked import LinkedBackend
from workbench.compute.payload import Buffer
from workbench.compute.processes import death_words
from workbench.compute.wire import Header
from workbench.errors import JobCancelledError, JobError, UnknownNameError, WorkerLostError
from workbench.registry import Availability, needs

__all__ = ["KernelBackend", "list_kernelspecs"]

_START_S = 60.0
_POLL_S = 0.1


class KernelBackend(LinkedBackend):
    """Work in a Jupyter kernel of this computer.

    Parameters
    ----------
    kernelspec
        Its name, as ``jupyter kernelspec list`` gives it.
    n_workers
        How many kernels are started; a job runs in one of them.
    patience_s, preload
        As for :class:`~workbench.compute.linked.LinkedBackend`.
    """

    def __init__(
        self,
        kernelspec: str = "python3",
        n_workers: int = 1,
        *,
        patience_s: float = 5.0,
        preload: Sequence[str] = (),
    ) -> None:
        links = [_KernelLink(kernelspec) for _ in range(n_workers)]
        super().__init__(links, patience_s=patience_s, preload=preload)

    @staticmethod
    def availability() -> Availability:
        """Whether a kernel can be started here."""
        return needs("seismic-workbench[kernels]", "jupyter_client", "ipykernel")


def list_kernelspecs() -> Mapping[str, str]:
    """Name to title of the kernelspecs of this computer that run Python; empty without ``jupyter_client``."""
    try:
        from jupyter_client.kernelspec import KernelSpecManager
    except ImportError:
        return {}
    found = KernelSpecManager().get_all_specs()
    return {
        name: str(entry["spec"].get("display_name", name))
        for name, entry in sorted(found.items())
        if str(entry["spec"].get("language", "")).lower() == "python"
    }


class _KernelLink:
    shared = False
    piece_bytes = 0

    def __init__(self, kernelspec: str) -> None:
        self.name = f"the kernel {kernelspec}"
        self._kernelspec = kernelspec
        self._manager: Any = None
        self._client: Any = None
        self._has_loop = False
        self._talk = Talk("")

    def open(self, stop: Stop) -> None:
        self.close()
        self._launch()
        deadline_s = time.monotonic() + _START_S
        self._ask("kernel_info_request", {}, stop, deadline_s)
        check_boot(self._ask("execute_request", dict(BOOT), stop, deadline_s), self.name)
        self._talk = Talk(self._client.session.session)
        self._put("comm_open", self._talk.opening(pieces=False))

    def _launch(self) -> None:
        from jupyter_client import BlockingKernelClient
        from jupyter_client.kernelspec import NoSuchKernel
        from jupyter_client.manager import KernelManager

        if self._kernelspec not in list_kernelspecs():
            raise UnknownNameError("kernel", self._kernelspec, list_kernelspecs())
        manager = KernelManager(kernel_name=self._kernelspec)
        manager.log.setLevel(logging.ERROR)
        self._has_loop = True
        try:
            # What a kernel prints is no word to the user; what it has to say comes by messages.
            manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except (NoSuchKernel, OSError, RuntimeError) as error:
            raise JobError(f"{self.name} cannot be started: {error}.") from error
        self._manager = manager
        client: BlockingKernelClient = manager.client()
        client.start_channels(stdin=False, hb=False, control=False)
        self._client = client

    def _ask(self, kind: str, content: Mapping[str, Any], stop: Stop, deadline_s: float) -> Mapping[str, Any]:
        """The content of the reply to a request."""
        asked = self._put(kind, content)
        while True:
            try:
                reply = self._client.shell_channel.get_msg(timeout=_POLL_S)
            except Empty:
                pass
            else:
                if reply["parent_header"].get("msg_id") == asked:
                    found: Mapping[str, Any] = reply["content"]
                    return found
            if stop():
                raise JobCancelledError(f"The start of {self.name} was cancelled.")
            if words := self.failure():
                raise WorkerLostError(f"{self.name} {words}")
            if time.monotonic() > deadline_s:
                raise JobError(f"{self.name} did not answer within {_START_S:.0f} s. Try to start it with Jupyter.")

    def _put(self, kind: str, content: Mapping[str, Any], buffers: Sequence[Buffer] = ()) -> str:
        session = self._client.session
        message = session.msg(kind, dict(content))
        session.send(self._client.shell_channel.socket, message, buffers=list(buffers))
        return str(message["header"]["msg_id"])

    def send(self, header: Header, buffers: Sequence[Buffer]) -> None:
        self._put("comm_msg", self._talk.content(header), buffers)

    def receive(self, timeout_s: float) -> tuple[Header, Sequence[Buffer]] | None:
        until_s = time.monotonic() + timeout_s
        while True:
            try:
                message = self._client.iopub_channel.get_msg(timeout=max(0.0, until_s - time.monotonic()))
            except Empty:
                return None
            understood = self._talk.understand(message)
            if understood is not None:
                return understood

    def look_out(self) -> None:
        """Nothing: what :meth:`failure` asks is this computer itself."""

    def failure(self) -> str:
        process = getattr(self._manager.provisioner, "process", None)
        if process is not None:
            code = process.poll()
            return "" if code is None else death_words(code)
        return "" if self._manager.is_alive() else death_words(None)

    def interrupt(self) -> bool:
        try:
            self._manager.interrupt_kernel()
        except (RuntimeError, OSError):
            return False
        return sys.platform != "win32" or self._manager.is_alive()

    def kill(self) -> None:
        if self._manager is not None and self._manager.has_kernel:
            self._manager.shutdown_kernel(now=True)

    def close(self) -> None:
        if self._client is not None:
            self._client.stop_channels()
            self._client = None
        if self._manager is not None:
            self.kill()
            self._manager.cleanup_resources()
            self._manager = None
        if self._has_loop:
            from jupyter_core.utils import ensure_event_loop

            # jupyter_client makes a loop for each thread that calls it, and leaves it open.
            ensure_event_loop().close()
            self._has_loop = False
