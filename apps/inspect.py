"""The Inspect app: recordings at the left, traces in the middle, picks, map, journal and pickers at the right.

``panel serve apps/inspect.py`` serves it on ObsPy's examples; ``workbench serve`` is the usual way.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import panel as pn

from workbench.errors import WorkbenchError
from workbench.pickers.weights import default_weights
from workbench.session import OWNER, Session, Visitor
from workbench.settings import load_settings
from workbench.views.address import go_to, page_query, read_address
from workbench.views.analyst_chip import COOKIE, remembered_name
from workbench.views.guard import guarded
from workbench.views.page import InspectPage
from workbench.views.refusal import refusal_page

__all__ = ["APPS", "add_first_picker", "new_session", "page", "theme_of"]

APPS = {"Inspect": ""}
"""Title to address of the apps of a server that serves this one only; its own is empty."""

_FIRST_CHOICE = ("phasenet", "eqtransformer")
_BUNDLED = "xiaonet"


def page(
    session: Session | None = None,
    *,
    source: str = "examples",
    labels: str = "",
    roots: tuple[Path, ...] | None = None,
    apps: Mapping[str, str] = APPS,
    visitor: Visitor = OWNER,
) -> Any:
    """The page of one browser session.

    Parameters
    ----------
    session
        Shown as it is; a new one of this browser session if not given, closed with it.
    source
        Opened first where the address names none: a path, ``"examples"``, ``"synthetic"`` or ``"seisbench:NAME"``.
    labels
        URL or path of the label journal; empty stands for that of the settings.
    roots
        Folders that a path from the page may not leave; None is no limit.
    apps
        Title to address of the apps that the same server serves.
    visitor
        Who opens the page, and what they may do.
    """
    if session is not None:
        return InspectPage(session, apps, session.settings.theme).__panel__()
    try:
        session = new_session(labels, roots, visitor)
    except WorkbenchError as error:
        # Without a journal no decision could be kept, so there is no session to show.
        return refusal_page(str(error))
    made = InspectPage(session, apps, theme_of(session))
    pn.state.on_session_destroyed(lambda _: made.explaining.close())
    place = read_address(page_query())
    with guarded(session):
        go_to(session, replace(place, source=place.source or source))
        add_first_picker(session)
    return made.__panel__()


def new_session(labels: str, roots: tuple[Path, ...] | None, visitor: Visitor = OWNER) -> Session:
    """A session of the browser's document that is being made, closed with it.

    Raises
    ------
    WorkbenchError
        If its journal cannot be opened.
    """
    document = pn.state.curdoc
    settings = load_settings(labels=labels or None)
    name = remembered_name(pn.state.cookies.get(COOKIE, ""), settings.analyst_name)
    # A login is who decides, whatever a browser remembers.
    analyst = visitor.name or name or settings.analyst_name
    session = Session(settings=settings, roots=roots, visitor=visitor, analyst=analyst)
    if document is not None and document.session_context is not None:
        session.schedule = door = _Door(document, session)
        session.pause = door.after
        pn.state.onload(door.open)
        session.hold = functools.partial(pn.io.hold, document)
        session.watch_colleagues()
    pn.state.on_session_destroyed(lambda _: session.close())
    return session


class _Door:
    """Calls what workers ask for on a document's thread, and not before the browser shows the document.

    Panel drops what is changed in a hold between sending the document and hearing that it was loaded; what comes by
    then waits here.
    """

    def __init__(self, document: Any, session: Session) -> None:
        self._document, self._session = document, session
        self._waiting: list[Callable[[], None]] | None = []
        self._lock = threading.Lock()

    def __call__(self, function: Callable[[], None]) -> None:
        self.after(0.0, function)

    def after(self, seconds: float, function: Callable[[], None]) -> None:
        """Call it so many seconds from now."""
        with self._lock:
            if self._waiting is not None:
                self._waiting.append(function)
                return
        self._pass(function, seconds)

    def open(self) -> None:
        """Let in what waits, in its order, and from now on everything at once."""
        with self._lock:
            waiting, self._waiting = self._waiting or [], None
            for function in waiting:
                self._pass(function)

    def _pass(self, function: Callable[[], None], seconds: float = 0.0) -> None:
        def call() -> None:
            with guarded(self._session):
                function()

        # Work that was cancelled because its page went away tells so afterwards.
        context = self._document.session_context
        if context is not None and not context.destroyed:
            if seconds > 0:
                self._document.add_timeout_callback(call, max(1, round(1e3 * seconds)))
            else:
                self._document.add_next_tick_callback(call)


def theme_of(session: Session) -> str:
    """The theme of the settings, light if there is no such one."""
    return session.settings.theme if session.settings.theme in ("light", "dark") else "light"


def add_first_picker(session: Session) -> None:
    """Request the best picker that is on this computer, or the bundled one; it is loaded in the background."""
    session.request_picker(next((name for name in _FIRST_CHOICE if default_weights(name)), _BUNDLED))


if pn.state.served:
    page().servable()
