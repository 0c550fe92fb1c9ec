"""The server of the apps: on this computer only, unless it asks for a login, at an address that it prints."""

from __future__ import annotations

import gc
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from apps.group import OPEN, Group
from workbench.errors import WorkbenchError
from workbench.settings import Secret, load_settings

__all__ = ["ADDRESS", "Door", "free_port", "serve"]

ADDRESS = "127.0.0.1"
_FIRST_PORT = 5006
_PORTS_TRIED = 50
_APPS = {"Inspect": "inspect", "Review": "review", "Explain": "explain", "Network": "network", "Live": "live"}
"""Title to address; a page names its own by an empty one."""


_NO_SECRET = Secret("")


@dataclass(frozen=True)
class Door:
    """Where a server is reached.

    Parameters
    ----------
    address
        Of the network that it listens on.
    port
        To listen on; None takes the first free one from 5006 on.
    origins
        Where browsers see it, if not here: ``"https://picks.example.org"``, of a reverse proxy.
    prefix
        Of every path: empty, or ``"/picks"``.
    secret
        That cookies and sessions are signed with.
    """

    address: str = ADDRESS
    port: int | None = None
    origins: tuple[str, ...] = ()
    prefix: str = ""
    secret: Secret = _NO_SECRET

    def all_origins(self, port: int) -> tuple[str, ...]:
        """Where its pages come from, as browsers say it."""
        own = [f"http://{host}:{port}" for host in dict.fromkeys((self.address, ADDRESS, "localhost"))]
        return tuple(dict.fromkeys([*self.origins, *own]))

    @property
    def secure(self) -> bool:
        """Whether browsers come by https."""
        return bool(self.origins) and all(origin.startswith("https://") for origin in self.origins)


def serve(
    source: str = "examples",
    labels: str = "",
    port: int | None = None,
    *,
    door: Door | None = None,
    group: Group = OPEN,
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
    door
        Where it is reached; at that port of this computer if not given.
    group
        Who may come in, and what they may do; anybody at this computer may do everything if not given.
    roots
        Folders that a path from the page's address may not leave; None is no limit.
    """
    import panel as pn

    door = door or Door(port=port)
    port = free_port(door.port, door.address)
    server = pn.serve(
        _pages(source, labels, None if roots is None else tuple(roots), group),
        port=port,
        address=door.address,
        prefix=door.prefix,
        # A page of another site may not talk to this server through the user's browser.
        websocket_origin=[urlsplit(origin).netloc for origin in door.all_origins(port)],
        title={address: title for title, address in _APPS.items()},
        show=open_browser,
        start=False,
        verbose=False,
        **_guards(door, group, port),
    )
    _tell_logins(server, group)
    click.echo(f"Inspect is served at {_address(door, port)}   (Ctrl+C stops it)")
    if start:
        _run(server)
    return server


def _address(door: Door, port: int) -> str:
    return f"{door.origins[0] if door.origins else f'http://{door.address}:{port}'}{door.prefix}/inspect"


def _pages(source: str, labels: str, roots: tuple[Path, ...] | None, group: Group) -> dict[str, Callable[[], Any]]:
    from apps.explain import explain_page
    from apps.inspect import page
    from apps.live import live_page
    from apps.network import network_page
    from apps.review import review_page
    from apps.visiting import visitor_of

    makers: dict[str, Callable[..., Any]] = {
        "Inspect": page,
        "Review": review_page,
        "Explain": explain_page,
        "Network": network_page,
        "Live": live_page,
    }

    def one(title: str, make: Callable[..., Any]) -> Callable[[], Any]:
        apps = _APPS | {title: ""}

        def made() -> Any:
            return make(source=source, labels=labels, roots=roots, apps=apps, visitor=visitor_of(group))

        return made

    return {_APPS[title]: one(title, make) for title, make in makers.items()}


def _guards(door: Door, group: Group, port: int) -> dict[str, Any]:
    """What Panel, Bokeh and Tornado are told, so that a page is seen by its own visitor only."""
    from tornado.web import RedirectHandler

    from apps.headers import ShippedComponents, safe_headers

    guards: dict[str, Any] = {
        "transforms": [safe_headers(secure=door.secure)],
        "extra_patterns": [
            (r"/components/(.*)", ShippedComponents, {}),
            # Panel sends whoever must log in to a neighbour of the page, also where its address ends in a slash.
            (r"/\w+/login", RedirectHandler, {"url": f"{door.prefix}/login", "permanent": False}),
            (r"/?", RedirectHandler, {"url": f"{door.prefix}/inspect", "permanent": False}),
        ],
    }
    if not group.asks:
        return guards
    from apps.login import GroupLogin

    theme = load_settings().theme
    provider = GroupLogin(
        group,
        prefix=door.prefix,
        secure=door.secure,
        origins=door.all_origins(port),
        theme=theme if theme in ("light", "dark") else "light",
    )
    return guards | {
        "auth_provider": provider,
        "cookie_secret": door.secret.reveal(),
        "cookie_path": door.prefix or "/",
        "oauth_redirect_uri": f"{_address(door, port).removesuffix('/inspect')}/login" if group.oauth else None,
        "sign_sessions": True,
        "secret_key": door.secret.reveal().encode(),
        # The page holds the session's token, where a script could read what a cookie keeps from it.
        "include_cookies": [],
        "exclude_headers": ["Cookie", "Authorization"],
    }


def _tell_logins(server: Any, group: Group) -> None:
    if group.asks:
        from apps.login import TellLogin

        for context in server._tornado.applications.values():
            context.application.add(TellLogin(group))


def _run(server: Any) -> None:
    """Serve until the process is told to end, by Ctrl+C or by SIGTERM."""
    loop = server.io_loop

    def end(*_: Any) -> None:
        loop.add_callback_from_signal(loop.stop)

    # Handlers of Python's own: those of an event loop are lost once a library runs another loop beside it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    server.start()
    # Half a million objects of libraries, which live as long as the process: to look through them for garbage again and
    # again stops every page for a fifth of a second.
    gc.freeze()
    loop.start()
    server.stop()


def free_port(wanted: int | None = None, address: str = ADDRESS) -> int:
    """The wanted port, or the first free one from 5006 on; 0 stands for any.

    Raises
    ------
    WorkbenchError
        If something else listens there.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    candidates = range(_FIRST_PORT, _FIRST_PORT + _PORTS_TRIED) if wanted is None else (wanted,)
    for candidate in candidates:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As the server does: a port that was left a moment ago is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise WorkbenchError(
        f"Port {candidates[0]} of {address} is in use or not allowed; choose another with --port, or leave it out."
    )
