"""``NoticeBar``: what went wrong or needs to be known, above the plot, until it is closed."""

from __future__ import annotations

from html import escape

import panel as pn

from workbench.session import Session
from workbench.views.icons import icon
from workbench.views.markup import Action, Markup, attributes

__all__ = ["NoticeBar"]

_WORDS = {"error": "Error", "warn": "Warning", "info": "Note"}


class NoticeBar(pn.viewable.Viewer):
    """The session's notice, with what to do, Copy details, and a close button; the page stays usable."""

    def __init__(self, session: Session, theme: str = "light") -> None:
        super().__init__()
        self._session = session
        self._markup = Markup(session, self._act, kind="notices", visible=False)
        session.param.watch(lambda *_: self._draw(), "notice")
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def _draw(self) -> None:
        notice = self._session.notice
        self._markup.visible = notice is not None
        if notice is None:
            self._markup.html = ""
            return
        level = notice.level if notice.level in _WORDS else "info"
        details = f"{notice.text}\n{notice.detail}".strip()
        more = (
            f"<details><summary>Details</summary><pre>{escape(notice.detail)}</pre></details>" if notice.detail else ""
        )
        self._markup.html = (
            f'<div class="notice {level}" role="{"alert" if level == "error" else "status"}">{icon(level)}'
            f'<div class="words"><span class="visually-hidden">{_WORDS[level]}: </span>{escape(notice.text)}{more}</div>'
            f"<button {attributes(class_='plain', data_copy=details, data_key=details)}>Copy details</button>"
            f'<button class="icon" data-act="close" aria-label="Close this notice">{icon("close", 14)}</button></div>'
        )

    def _act(self, action: Action) -> None:
        if action["act"] == "close":
            self._session.notice = None
