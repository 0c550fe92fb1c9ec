"""How work that other threads have ended comes back where no document of a server has a thread of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import RLock, current_thread, main_thread
from typing import Any

__all__ = ["in_turn"]


def in_turn() -> Callable[[Callable[[], None]], None]:
    """What :attr:`workbench.session.Session.schedule` is without a server.

    In a notebook, the loop of its kernel: between cells, and never beside what a hand does to a view. Elsewhere at
    once, one after the other: two workers that end together do not change a session together.
    """
    loop = _loop_of_kernel()
    if loop is not None:
        return loop.add_callback  # type: ignore[no-any-return]
    turn = RLock()

    def call(function: Callable[[], None]) -> None:
        with turn:
            function()

    return call


def _loop_of_kernel() -> Any:
    """The loop that calls cells and messages of a browser; None outside a notebook."""
    kernels = sys.modules.get("ipykernel.kernelapp")
    if kernels is None or current_thread() is not main_thread() or not kernels.IPKernelApp.initialized():
        return None
    return kernels.IPKernelApp.instance().kernel.io_loop
