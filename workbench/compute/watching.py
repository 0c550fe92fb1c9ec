"""``Watchers``: who wants to know of a backend's status."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from workbench.compute.base import BackendStatus

__all__ = ["Watchers"]

_log = logging.getLogger(__name__)


class Watchers:
    """Functions that are called with every new status."""

    def __init__(self) -> None:
        self._watchers: list[Callable[[BackendStatus], None]] = []
        self._lock = threading.Lock()

    def add(self, on_status: Callable[[BackendStatus], None]) -> Callable[[], None]:
        """Call a function from now on; returns what ends that."""
        with self._lock:
            self._watchers.append(on_status)

        def remove() -> None:
            with self._lock:
                if on_status in self._watchers:
                    self._watchers.remove(on_status)

        return remove

    def tell(self, status: BackendStatus) -> None:
        """Call them all."""
        with self._lock:
            watchers = list(self._watchers)
        for watcher in watchers:
            try:
                watcher(status)
            except Exception:  # noqa: BLE001 - what a watcher does wrong must not end the thread of all
                _log.exception("A watcher failed when told that the state is %s", status.state)
