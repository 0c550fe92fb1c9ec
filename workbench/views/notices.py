"""``NoticeBar``: what went wrong or needs to be known, above the plot, until it is closed."""

from __future__ import annotations

import panel as pn

from workbench.session import Session
from workbench.views.icons import icon
from workbench.views.markup import Action, Markup
from workbench.views.tags import icon_button, tag, text

__all__ = ["NoticeBar"]

_WORDS = {"error": "Error", "warn": "Warning", "info": "Note"}


class NoticeBar(pn.viewable.Viewer):
    """The session's notice, with what to do, Copy details, and a close button; the page stays usable."""

    def __init__(self, session: Session) -> None:
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
        more = tag("details", tag("summary", "Details"), tag("pre", text(notice.detail))) if notice.detail else ""
        level_words = tag("span", f"{_WORDS[level]}: ", class_="visually-hidden")
        self._markup.html = tag(
            "div",
            icon(level),
            tag("div", level_words, text(notice.text), more, class_="words"),
            tag("button", "Copy details", class_="plain", data_copy=details, data_key=details),
            icon_button("close", "close", "Close this notice", size_px=14),
            class_=f"notice {level}",
            role="alert" if level == "error" else "status",
        )

    def _act(self, action: Action) -> None:
        if action["act"] == "close":
            self._session.notice = None
