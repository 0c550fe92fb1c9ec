"""``NetworkKeys``: what the keyboard does on the Network page, and the sheet that says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import panel as pn
from panel.custom import JSComponent

from workbench.session import Session, Surveying
from workbench.session.surveying import EDGES
from workbench.views.guard import guarded
from workbench.views.markup import ESM_FOLDER, Action, Markup
from workbench.views.tags import dialog, tag, text

__all__ = ["NETWORK_KEYS", "NetworkHelp", "NetworkKeys", "press"]

NETWORK_KEYS = (
    ("↑ ↓", "the station above or below in the section"),
    ("[ ]", "the event before or after"),
    ("P S", "that phase on the map"),
    ("E", "the next kind of edges"),
    ("N", "the next colouring of the stations"),
    ("O", "the next order of the section"),
    ("R", "reduce: off, P, S"),
    ("C", "the next component"),
    ("Home", "all of the time, and all of the map again"),
    ("Esc", "stop the work in hand"),
    ("?", "this sheet"),
)
_MOUSE = (
    ("Click a triangle, a trace or a name", "open that station"),
    ("Point at an edge", "its weight, length and largest lag"),
    ("Drag, wheel on the map", "move, zoom"),
    ("Drag, wheel on the section", "move, zoom in time"),
)
_LEGEND = (
    "A triangle is filled by what the map colours: the seconds after the first onset, the distance from the moveout, "
    "or the probability. Amber is off the fitted moveout by 200 ms or more, with the ms beside the name. "
    "Solid strokes are yours, dashed ones a picker's, dots are the fit."
)
_CYCLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "edges": ("edges", EDGES),
    "nodes": ("nodes", ("onset", "residual", "probability")),
    "order": ("order", ("distance", "azimuth", "arrival")),
    "reduce": ("reduce", ("off", "P", "S")),
}


class NetworkKeys(JSComponent):
    """Listens to the keyboard of the page; never while a field has the focus or a dialog is open."""

    _esm = ESM_FOLDER / "network_keys.js"

    def __init__(self, session: Session, on_key: Callable[[str], None], **params: Any) -> None:
        super().__init__(width=0, height=0, margin=0, **params)
        self._session, self._on_key = session, on_key

    def _handle_msg(self, msg: Mapping[str, Any]) -> None:
        with guarded(self._session):
            self._on_key(str(msg["key"]))


def press(surveying: Surveying, key: str) -> None:
    """Do what a key of :data:`NETWORK_KEYS` does to what is looked at; others do nothing."""
    if key in ("up", "down"):
        surveying.step_station(-1 if key == "up" else 1)
    elif key in ("earlier", "later"):
        surveying.step_group(-1 if key == "earlier" else 1)
    elif key in ("P", "S"):
        surveying.phase = key
    elif key in _CYCLES:
        name, values = _CYCLES[key]
        here = values.index(getattr(surveying, name))
        surveying.param.update({name: values[(here + 1) % len(values)]})
    elif key == "component" and surveying.session.recording is not None:
        names = [str(name) for name in surveying.session.recording["component"].values]
        surveying.component = names[(names.index(surveying.component) + 1) % len(names)]
    elif key == "escape":
        surveying.cancel()


class NetworkHelp(pn.viewable.Viewer):
    """A dialog; :meth:`open` shows it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._markup = Markup(session, self._act, kind="dialog")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def open(self) -> None:
        """Show the sheet."""
        keys = [_line("".join(tag("kbd", text(key)) for key in keys.split()), words) for keys, words in NETWORK_KEYS]
        mouse = [_line(text(what), words) for what, words in _MOUSE]
        sections = [
            tag("section", tag("h3", title), tag("table", *lines))
            for title, lines in (("Keys", keys), ("Mouse", mouse))
        ]
        self._markup.html = dialog(
            "Keys and mouse",
            tag("p", text(_LEGEND), class_="muted"),
            tag("div", *sections, class_="columns"),
            class_="wide",
        )

    def _act(self, action: Action) -> None:
        if action["act"] == "closed":
            self._markup.html = ""


def _line(left: str, right: str) -> str:
    return tag("tr", tag("td", left), tag("td", text(right)))
