"""What is said to any Jupyter kernel, and what its messages mean, whatever carries them."""

from __future__ import annotations

import ast
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from workbench import __version__
from workbench.compute.payload import Buffer
from workbench.compute.wire import Header
from workbench.errors import JobError, RequirementError

__all__ = ["BOOT", "Talk", "check_boot"]

# Runs in any Python: a kernel without workbench must be able to say so.
_BOOT_CODE = """
import sys as _sys
try:
    from workbench.compute import kernel_side as _kernel_side
    _kernel_side.register()
    _workbench_said = ("ok", "", "")
except ImportError as _error:
    _workbench_said = (type(_error).__name__, str(_error.name or ""), str(_error))
"""

_WORK = ("execute_request", "comm_msg", "comm_open")
"""Requests on other channels keep nobody waiting."""

BOOT: Mapping[str, Any] = {
    "code": _BOOT_CODE,
    "silent": True,
    "store_history": False,
    "allow_stdin": False,
    "stop_on_error": False,
    "user_expressions": {"said": "(*_workbench_said, _sys.executable)"},
}
"""Content of the ``execute_request`` that makes a kernel ready for jobs."""


def check_boot(reply: Mapping[str, Any], name: str) -> None:
    """Raise in words if the reply to :data:`BOOT` says that the kernel cannot work for the workbench.

    Raises
    ------
    RequirementError
        If workbench, or something that it needs, is not installed there.
    JobError
        If it is no Python kernel.
    """
    said = reply.get("user_expressions", {}).get("said", {})
    if reply.get("status") != "ok" or said.get("status") != "ok":
        raise JobError(f"{name} does not run Python, or not ours: it answered {reply.get('ename', 'nothing of use')}.")
    kind, missing, text, executable = ast.literal_eval(said["data"]["text/plain"])
    if kind == "ok":
        return
    python = executable or "python"
    if missing == "workbench":
        raise RequirementError(
            f"{name} has no workbench: install it there with {python} -m pip install seismic-workbench=={__version__}"
        )
    if missing.startswith("workbench."):
        raise RequirementError(
            f"{name} has a workbench of another version, without {missing}: install ours there with "
            f"{python} -m pip install seismic-workbench=={__version__}"
        )
    raise RequirementError(
        f"The workbench of {name} does not load: {text}. Install what is missing with {python} -m pip"
    )


class Talk:
    """One comm with a kernel: messages to it, and what messages from it mean.

    Parameters
    ----------
    session
        Id of this client, by which a kernel's work for us is told from that for others.
    """

    def __init__(self, session: str) -> None:
        self.session = session
        self.comm_id = uuid.uuid4().hex

    def opening(self, *, pieces: bool) -> dict[str, Any]:
        """Content of the ``comm_open``."""
        return {"comm_id": self.comm_id, "target_name": "workbench", "data": {"pieces": pieces}}

    def content(self, header: Header) -> dict[str, Any]:
        """Content of a ``comm_msg``."""
        return {"comm_id": self.comm_id, "data": header}

    def understand(self, message: Mapping[str, Any]) -> tuple[Header, Sequence[Buffer]] | None:
        """A message of ours, a word on another user's work, or None if it concerns nobody here."""
        kind = message["header"]["msg_type"]
        content = message["content"]
        if kind == "comm_msg" and content["comm_id"] == self.comm_id:
            return content["data"], message.get("buffers") or []
        parent = message.get("parent_header") or {}
        if kind != "status" or parent.get("session", self.session) == self.session:
            return None
        state = content["execution_state"]
        if parent.get("msg_type") in _WORK and state in ("busy", "idle"):
            return {"kind": "others", "busy": state == "busy"}, []
        return None
