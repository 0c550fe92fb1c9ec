"""``Hint``: the next thing to do for someone who sees the page for the first time; gone after the first decision."""

from __future__ import annotations

from typing import Any

import panel as pn

from workbench.session import Session
from workbench.views.icons import icon
from workbench.views.keys import keymap
from workbench.views.markup import Action, Markup
from workbench.views.tags import icon_button, tag, text

__all__ = ["Hint"]


class Hint(pn.viewable.Viewer):
    """One line above the traces; it never covers a waveform, and its close button puts it away for the session."""

    def __init__(self, session: Session, traces: Any) -> None:
        super().__init__()
        self._session, self._traces = session, traces
        self._away = False
        self._markup = Markup(session, self._act, kind="hint")
        self._opened = False
        session.param.watch(lambda *_: self._draw(), ["recording", "in_hand", "saved", "runs"])
        session.param.watch(lambda *_: self._draw_first(), ["errand", "loading"])
        traces.param.watch(lambda *_: self._draw(), ["armed", "profile"])
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def _draw_first(self) -> None:
        if not self._opened:
            self._draw()

    def _wait(self) -> str:
        """What the page waits for before it has shown anything; later the status line alone says it, nothing moves."""
        session = self._session
        if self._opened or session.recording is not None:
            return ""
        if session.loading:
            return f"Reading {session.recording_id}…"
        errand = session.errand
        running = errand is not None and not errand.ended
        return f"{errand.title}…" if running and session.source is None else ""

    def _draw(self) -> None:
        session = self._session
        wait = self._wait()
        self._opened = self._opened or session.recording is not None
        if wait:
            self._markup.visible = True
            self._markup.html = tag("div", icon("info", 14), tag("span", text(wait)), class_="line", role="status")
            return
        shown = session.recording is not None and not self._away and session.saved is None
        self._markup.visible = shown
        if not shown:
            return
        keys = {action: key for key, action in reversed(keymap(self._traces.profile).items())}

        def cap(action: str) -> str:
            return tag("kbd", text(keys.get(action, "?").upper()))

        if session.shut:
            words = text(session.shut)
        elif session.in_hand and self._traces.armed:
            words = f"{cap('accept')} keeps the pick in hand, {cap('reject')} rejects it, a drag moves it."
        elif self._traces.armed:
            words = f"Point at an onset and press {cap('phase:P')} or {cap('phase:S')}, or click a dashed pick."
        elif len(session.picks):
            words = "Dashed lines are a picker's. Drag one to the onset, and your correction is saved as a label."
        else:
            words = f"Click in the plot, point at an onset and press {cap('phase:P')} or {cap('phase:S')}."
        close = icon_button("close", "close", "Close this hint", size_px=12)
        spread = tag("span", class_="spread")
        self._markup.html = tag("div", icon("info", 14), tag("span", words), spread, close, class_="line")

    def _act(self, action: Action) -> None:
        if action["act"] == "close":
            self._away = True
            self._draw()
