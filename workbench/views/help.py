"""``HelpSheet``: all keys of the profile in use, made from the table of actions, and the mouse."""

from __future__ import annotations

from html import escape
from itertools import groupby

import panel as pn

from workbench.session import Session
from workbench.views.icons import icon
from workbench.views.keys import PROFILES, key_table
from workbench.views.markup import Action, Markup, attributes

__all__ = ["HelpSheet"]

_MOUSE = (
    ("Click in the plot", "keys on; open that station"),
    ("Drag a pick", "move it"),
    ("Drag a grip", "change its uncertainty"),
    ("Wheel", "zoom in time"),
    ("Ctrl + wheel", "amplitude"),
    ("Drag in the overview", "move the window"),
)


class HelpSheet(pn.viewable.Viewer):
    """A dialog; :meth:`open` shows it."""

    def __init__(self, session: Session, theme: str = "light") -> None:
        super().__init__()
        self._profile = session.settings.keys if session.settings.keys in PROFILES else "default"
        self._markup = Markup(session, self._act, kind="dialog")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def open(self) -> None:
        """Show the sheet."""
        groups = []
        for group, rows in groupby(key_table(self._profile), key=lambda row: row.group):
            lines = "".join(
                f"<tr><td>{' '.join(_caps(key) for key in row.keys)}</td><td>{escape(row.words)}</td></tr>"
                for row in rows
            )
            groups.append(f"<section><h3>{escape(group)}</h3><table>{lines}</table></section>")
        mouse = "".join(f"<tr><td>{escape(what)}</td><td>{escape(does)}</td></tr>" for what, does in _MOUSE)
        options = "".join(f"<option {attributes(value=n, selected=n == self._profile)}>{n}</option>" for n in PROFILES)
        self._markup.html = (
            '<dialog class="wide" aria-label="Keys and mouse"><form method="dialog"><header><h2>Keys and mouse</h2>'
            f'<label class="small muted">Profile <select data-act="profile">{options}</select></label><span class="spread"></span>'
            f'<button class="icon" aria-label="Close">{icon("close")}</button></header></form>'
            '<p class="muted">Keys act after a click in the plot, and never while you type in a field. Solid lines are yours, '
            "dashed ones a model's; orange is P, blue is S.</p>"
            f'<div class="columns">{"".join(groups)}<section><h3>Mouse</h3><table>{mouse}</table></section></div></dialog>'
        )

    def _act(self, action: Action) -> None:
        if action["act"] == "closed":
            self._markup.html = ""
        elif action["act"] == "profile":
            self._profile = str(action["value"])
            self.open()


def _caps(key: str) -> str:
    parts = key.split("+") if len(key) > 1 else [key]
    return "+".join(f"<kbd>{escape(part)}</kbd>" for part in parts if part) or f"<kbd>{escape(key)}</kbd>"
