"""What a connection to a process that works elsewhere can do, and what it says of itself when it is opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from workbench import __version__
from workbench.compute.payload import Buffer
from workbench.compute.wire import Header

__all__ = ["Greeting", "Link", "Stop", "greeting_from"]

Stop = Callable[[], bool]
"""Whether the user does not want to wait any longer."""


@dataclass(frozen=True)
class Greeting:
    """What the far side said when it was opened."""

    device: str = ""
    memory_used: int = 0
    memory_total: int = 0
    shares_disk: bool = False
    host: str = ""
    pid: int = 0
    versions: dict[str, str] = field(default_factory=dict)

    def remarks(self, name: str) -> tuple[str, ...]:
        """Versions that are not ours, in words."""
        ours = {"workbench": __version__, "torch": _version("torch")}
        return tuple(
            f"{name} has {_called(package, self.versions.get(package))}, this computer {mine}: {_COST[package]}"
            for package, mine in ours.items()
            if mine and self.versions.get(package) != mine
        )


_COST = {
    "workbench": "work may fail, or give other picks. Install the same version on both.",
    "torch": "probabilities may differ in the last digits.",
}


def _called(package: str, version: str | None) -> str:
    return f"{package} {version}" if version else f"no {package}"


def greeting_from(header: Header) -> Greeting:
    """The greeting of a ``hello`` message."""
    return Greeting(
        device=header.get("device", ""),
        memory_used=header.get("memory_used", 0),
        memory_total=header.get("memory_total", 0),
        shares_disk=bool(header.get("spool")),
        host=header.get("host", ""),
        pid=header.get("pid", 0),
        versions=dict(header.get("versions", {})),
    )


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return ""


class Link(Protocol):
    """A connection to one process, used by one thread, but for :meth:`interrupt` and :meth:`kill`.

    Messages are sent whole; a link knows no jobs.
    """

    name: str
    """What it is to the user: "the kernel python3"."""

    shared: bool
    """Whether others use the process too, and it outlives this connection."""

    piece_bytes: int
    """Largest message that it takes; 0 is no limit."""

    def open(self, stop: Stop) -> None:
        """Start the process if it is not there, and connect; what a dead one left is cleared away first.

        Raises
        ------
        WorkbenchError
            In words: it cannot be started or reached, has no workbench, does not accept the token.
        JobCancelledError
            If `stop` said so.
        """
        ...

    def send(self, header: Header, buffers: Sequence[Buffer]) -> None:
        """Put one message on the connection."""
        ...

    def receive(self, timeout_s: float) -> tuple[Header, Sequence[Buffer]] | None:
        """The next message, or None if none came; ``{"kind": "others", "busy": bool}`` tells of another user's work."""
        ...

    def look_out(self) -> None:
        """Called when it is open and its process is out of our sight: see to it that its end is known soon."""
        ...

    def failure(self) -> str:
        """Why the process or the way to it is gone, in words that follow its name; empty while all is well."""
        ...

    def interrupt(self) -> bool:
        """Raise KeyboardInterrupt in the process; False if there is no way to. Called from any thread."""
        ...

    def kill(self) -> None:
        """End the process at once; :meth:`open` starts it again. Called from any thread."""
        ...

    def close(self) -> None:
        """End the process, if it is ours, and the connection."""
        ...
