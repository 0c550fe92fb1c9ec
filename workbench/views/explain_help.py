"""``ExplainHelp``: keys and mouse of the Explain page."""

from __future__ import annotations

import panel as pn

from workbench.session import Session
from workbench.views.markup import Action, Markup
from workbench.views.tags import dialog, tag, text

__all__ = ["EXPLAIN_KEYS", "ExplainHelp"]

EXPLAIN_KEYS = (
    ("[", "the pick before"),
    ("]", "the next pick"),
    ("M", "the next method (Shift+M: the one before)"),
    ("B", "mute brush on or off"),
    ("Home", "back to some seconds around the pick"),
    ("Esc", "brush off, or stop the work in hand"),
    ("?", "this sheet"),
)
_MOUSE = (
    ("Click on a pick", "explain it"),
    ("Click elsewhere", "explain that time: why, or why not"),
    ("Drag", "move along time"),
    ("Drag with the brush", "mute what it covers, in a copy"),
    ("Wheel", "zoom in time"),
    ("Drag in the overview", "move the window"),
    ("Point at the matrix", "light up what that step reads"),
)
_READING = (
    "Green speaks for the answer, magenta against it; the same on the line, in the bars (up, down) and in the tables. "
    "An explanation tells what the network did, not what the ground did: read the checks beside it first."
)


class ExplainHelp(pn.viewable.Viewer):
    """A dialog; :meth:`open` shows it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._markup = Markup(session, self._act, kind="dialog")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def open(self) -> None:
        """Show the sheet."""
        keys = [tag("tr", tag("td", tag("kbd", text(key))), tag("td", text(does))) for key, does in EXPLAIN_KEYS]
        mouse = [tag("tr", tag("td", text(what)), tag("td", text(does))) for what, does in _MOUSE]
        self._markup.html = dialog(
            "Keys and mouse",
            tag("p", text(_READING), class_="muted"),
            tag(
                "div",
                tag("section", tag("h3", "Keys"), tag("table", *keys)),
                tag("section", tag("h3", "Mouse"), tag("table", *mouse)),
                class_="columns",
            ),
            class_="wide",
        )

    def _act(self, action: Action) -> None:
        if action["act"] == "closed":
            self._markup.html = ""
