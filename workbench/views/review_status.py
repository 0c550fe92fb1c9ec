"""``ReviewStatus``: what was saved, how many recordings were looked at, and the keys."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn

from workbench.session import Reviewing
from workbench.views.icons import icon
from workbench.views.markup import Action, Markup
from workbench.views.status_line import ALL_KEYS, UNSAVED, job_html, saved_html
from workbench.views.tags import tag, text
from workbench.views.traces import TraceView

__all__ = ["ReviewStatus"]

_ON_LIST = (("[]", "before, after"), (("Enter",), "to the traces"))
_ON_PLOT = (("←→", "one sample"), (("Esc",), "to the decisions"))
"""Keys and what they do, by who has them."""


class ReviewStatus(pn.viewable.Viewer):
    """One row at the foot of the page.

    Parameters
    ----------
    on_help
        Opens the sheet of all keys.
    """

    def __init__(self, reviewing: Reviewing, traces: TraceView, on_help: Callable[[], None]) -> None:
        super().__init__()
        self._reviewing, self._traces, self._on_help = reviewing, traces, on_help
        session = reviewing.session
        self._markup = Markup(session, self._act, kind="status_line")
        reviewing.param.watch(lambda *_: self._draw(), ["looked", "paused", "job"])
        session.param.watch(lambda *_: self._draw(), ["job", "errand", "saved", "recording", "source"])
        traces.param.watch(lambda *_: self._draw(), "armed")
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def _draw(self) -> None:
        session = self._reviewing.session
        shown = job_html(errand=session.errand, job=session.job)
        armed = tag("b", "Keys on") if self._traces.armed else tag("span", "Keys: decisions", class_="muted")
        keys = _ON_PLOT if self._traces.armed else _ON_LIST
        hints = [hint for hint in keys if session.journal.writable or hint != _ON_PLOT[0]]
        told = [
            tag("span", *(tag("kbd", key) for key in keys), f" {words}", class_="hint place") for keys, words in hints
        ]
        self._markup.html = "".join(
            (
                tag("span", shown or self._looked(), class_="jobs", role="status"),
                saved_html(session.saved) if session.journal.writable else UNSAVED,
                tag("span", class_="spread"),
                tag("span", icon("keyboard"), armed, class_="armed"),
                *told,
                ALL_KEYS,
            )
        )

    def _looked(self) -> str:
        one = self._reviewing
        n = len(one.session.index)
        if not n or not one.pickers or one.looked >= n:
            return (
                tag("span", text(f"{one.looked:,} recording{'' if one.looked == 1 else 's'} looked at"), class_="late")
                if one.looked
                else ""
            )
        bar = tag("span", tag("i", style=f"width:{100 * one.looked / n:.1f}%"), class_="track", aria_hidden=True)
        words = f"{one.looked:,} / {n:,} · new ones join by doubt"
        button = tag("button", "Go on" if one.paused else "Pause", class_="plain", data_act="pause")
        return tag("span", "Reading records ", bar, text(f" {words} "), button, class_="job")

    def _act(self, action: Action) -> None:
        one, session = self._reviewing, self._reviewing.session
        if action["act"] == "help":
            self._on_help()
        elif action["act"] == "pause":
            one.paused = not one.paused
        elif action["act"] == "cancel":
            {"errand": session.cancel_errand, "job": session.cancel}[action["which"]]()
