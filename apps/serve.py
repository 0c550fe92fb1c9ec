"""The server of the apps: on this computer only, at an address that it prints."""

from __future__ import annotations

import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from workbench.errors import WorkbenchError

__all__ = ["ADDRESS", "free_port", "serve"]

ADDRESS = "127.0.0.1"
_FIRST_PORT = 5006
_PORTS_TRIED = 50
_APPS = {"Inspect": "inspect", "Review": "review", "Explain": "explain", "Network": "network", "Live": "live"}
"""Title to address; a page names its own by an empty one."""


def serve(
    source: str = "examples",
    labels: str = "",
    port: int | None = None,
    *,
    open_browser: bool = False,
    roots: Sequence[Path] | None = None,
    start: bool = True,
) -> Any:
    """The Bokeh server of the apps, after it has stopped; before it has begun if `start` is not set.

    Parameters
    ----------
    source
        Opened first: a path, ``"examples"``, ``"synthetic"`` or ``"seisbench:NAME"``.
    labels
        URL or path of the label journal; empty stands for that of the settings.
    port
        To listen on; None takes the first free one from 5006 on.
    roots
        Folders that a path from the page's address may not leave; None is no limit.
    """
    import panel as pn

    from apps.explain import explain_page
    from apps.inspect import page
    from apps.live import live_page
    from apps.network import network_page
    from apps.review import review_page

    port = free_port(port)
    limits = None if roots is None else tuple(roots)
    here = f"http://{ADDRESS}:{port}/inspect"

    def inspect() -> Any:
        return page(source=source, labels=labels, roots=limits, apps=_APPS | {"Inspect": ""})

    def explain() -> Any:
        return explain_page(source, labels=labels, roots=limits, apps=_APPS | {"Explain": ""})

    def network() -> Any:
        return network_page(source, labels=labels, roots=limits, apps=_APPS | {"Network": ""})

    def review() -> Any:
        return review_page(source, labels=labels, roots=limits, apps=_APPS | {"Review": ""})

    def live() -> Any:
        return live_page(source, labels=labels, roots=limits, apps=_APPS | {"Live": ""})

    server = pn.serve(
        {"inspect": inspect, "review": review, "explain": explain, "network": network, "live": live},
        port=port,
        address=ADDRESS,
        # A page of another site may not talk to this server through the user's browser.
        websocket_origin=[f"{ADDRESS}:{port}", f"localhost:{port}"],
        title={address: title for title, address in _APPS.items()},
        show=open_browser,
        start=False,
        verbose=False,
    )
    click.echo(f"Inspect is served at {here}   (Ctrl+C stops it)")
    if start:
        _run(server)
    return server


def _run(server: Any) -> None:
    """Serve until the process is told to end, by Ctrl+C or by SIGTERM."""
    loop = server.io_loop

    def end(*_: Any) -> None:
        loop.add_callback_from_signal(loop.stop)

    # Handlers of Python's own: those of an event loop are lost once a library runs another loop beside it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    server.start()
    loop.start()
    server.stop()


def free_port(wanted: int | None = None) -> int:
    """The wanted port, or the first free one from 5006 on; 0 stands for any.

    Raises
    ------
    WorkbenchError
        If something else listens there.
    """
    candidates = range(_FIRST_PORT, _FIRST_PORT + _PORTS_TRIED) if wanted is None else (wanted,)
    for candidate in candidates:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # As the server does: a port that was left a moment ago is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((ADDRESS, candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise WorkbenchError(
        f"Port {candidates[0]} of {ADDRESS} is in use or not allowed; choose another with --port, or leave it out."
    )
