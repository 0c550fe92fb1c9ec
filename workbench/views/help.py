"""``HelpSheet``: all keys of the profile in use, made from the table of actions, and the mouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import Any

import panel as pn

from workbench.session import Session
from workbench.views.keys import PROFILES, key_table
from workbench.views.markup import Action, Markup
from workbench.views.tags import dialog, options, tag, text

__all__ = ["HelpSheet"]

_MOUSE = (
    ("Click in the plot", "keys on; open that station"),
    ("Drag a pick", "move it"),
    ("Drag a grip", "change its uncertainty"),
    ("Wheel", "zoom in time"),
    ("Ctrl + wheel", "amplitude"),
    ("Drag in the overview", "move the window"),
)
_ESCAPE = (
    ("Esc", "what is nearest first: close a dialog, switch the keys off, and then cancel the job in the status line"),
)
_LEGEND = (
    "Keys act after a click in the plot or on a pick in the table, and never while you type in a field. Solid lines "
    "are yours, dashed ones are a model's; orange is P, blue is S."
)

_LOOKS_ONLY = "Here nothing can be written: keys that decide or change anything say so, and do nothing."


class HelpSheet(pn.viewable.Viewer):
    """A dialog; :meth:`open` shows it.

    Parameters
    ----------
    traces
        The viewer whose parameter ``profile`` the sheet shows and changes.
    legend
        When the keys of the plot act, and what is drawn how.
    own
        Groups of keys that the page has beside those of the plot: a heading to keys and what they do.
    """

    def __init__(
        self,
        session: Session,
        traces: Any,
        *,
        legend: str = _LEGEND,
        own: Mapping[str, Sequence[tuple[str, str]]] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self._session, self._traces, self._legend, self._own = session, traces, legend, own
        self._markup = Markup(session, self._act, kind="dialog")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def open(self) -> None:
        """Show the sheet."""
        profile = self._traces.profile
        groups = [
            tag(
                "section", tag("h3", text(name)), tag("table", *(_line(_keys(keys), text(does)) for keys, does in rows))
            )
            for name, rows in self._own.items()
        ]
        for group, rows in groupby(key_table(profile), key=lambda row: row.group):
            lines = [_line(_keys(" ".join(row.keys)), text(row.words)) for row in rows]
            groups.append(tag("section", tag("h3", text(group)), tag("table", *lines)))
        mouse = [_line(text(what), text(does)) for what, does in _MOUSE]
        groups.append(tag("section", tag("h3", "Mouse"), tag("table", *mouse)))
        anywhere = [_line(tag("kbd", text(key)), text(does)) for key, does in _ESCAPE]
        groups.append(tag("section", tag("h3", "Anywhere on the page"), tag("table", *anywhere)))
        profiles = tag("select", options({name: name for name in PROFILES}, profile), data_act="profile")
        self._markup.html = dialog(
            "Keys and mouse",
            tag("p", "Active on this page: the keys of ", tag("b", text(profile)), ".", role="status"),
            "" if self._session.journal.writable else tag("p", tag("b", text(_LOOKS_ONLY))),
            tag("p", text(self._legend), class_="muted"),
            tag("div", *groups, class_="columns"),
            head=tag("label", "Profile ", profiles, class_="small muted"),
            class_="wide",
        )

    def _act(self, action: Action) -> None:
        if action["act"] == "closed":
            self._markup.html = ""
        elif action["act"] == "profile":
            self._traces.profile = str(action["value"])
            self.open()


def _keys(names: str) -> str:
    return " ".join(_caps(name) for name in names.split())


def _line(left: str, right: str) -> str:
    return tag("tr", tag("td", left), tag("td", right))


def _caps(key: str) -> str:
    parts = key.split("+") if len(key) > 1 else [key]
    return "+".join(tag("kbd", text(part)) for part in parts if part) or tag("kbd", text(key))
