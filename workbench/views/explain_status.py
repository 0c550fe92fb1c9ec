"""``ExplainStatus``: the job in hand, what was checked, with which weights and versions, and the keys."""

from __future__ import annotations

import json
from collections.abc import Callable

import panel as pn

from workbench.session import Explaining
from workbench.views.icons import status_icon
from workbench.views.markup import Action, Markup
from workbench.views.status_line import ALL_KEYS, job_html
from workbench.views.tags import tag, text

__all__ = ["ExplainStatus"]

_HINTS = ((("Click",), "any time"), (("[", "]"), "other pick"), (("M",), "method"), (("B",), "mute brush"))


class ExplainStatus(pn.viewable.Viewer):
    """One row at the foot of the page.

    Parameters
    ----------
    on_help
        Opens the sheet of all keys.
    """

    def __init__(self, explaining: Explaining, on_help: Callable[[], None]) -> None:
        super().__init__()
        self._explaining, self._on_help = explaining, on_help
        self._markup = Markup(explaining.session, self._act, kind="status_line")
        shown = ["job", "attribution", "checks", "checks_left", "brushing"]
        draw = explaining.afterwards.watcher(self._draw)
        explaining.param.watch(draw, shown)
        explaining.session.param.watch(draw, ["job", "errand"])
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def _draw(self) -> None:
        explaining, session = self._explaining, self._explaining.session
        shown = job_html(errand=session.errand, explaining=explaining.job, job=session.job)
        hints = [
            tag("span", "".join(tag("kbd", key) for key in keys) + f" {words}", class_=f"hint {keys[0].lower()}")
            for keys, words in _HINTS
        ]
        brush = tag("b", "Brush on: drag over the traces; Esc ends it") if explaining.brushing else ""
        self._markup.html = "".join(
            (
                tag("span", shown or self._checked(), class_="jobs", role="status"),
                brush,
                tag("span", text(self._origin()), class_="muted ellipsis origin"),
                tag("span", class_="spread"),
                *hints,
                ALL_KEYS,
            )
        )

    def _checked(self) -> str:
        explaining = self._explaining
        if not explaining.checks or explaining.checks_left:
            return ""
        n = len(explaining.checks)
        return status_icon("done", 14) + tag("span", f"{n} {'check' if n == 1 else 'checks'} made")

    def _origin(self) -> str:
        explained, run = self._explaining.attribution, self._explaining.run
        if explained is None:
            return ""
        attrs = explained.attrs
        versions = json.loads(attrs["versions"])
        named = [f"{name} {versions[name]}" for name in ("seisbench", "captum", "torch") if name in versions]
        title = run.card.title if run is not None else attrs["picker"]
        weights = f"weights {attrs['weights_hash'][:7]}" if attrs["weights_hash"] else ""
        return " · ".join(part for part in (f"{title} {attrs['weights']}", *named[:2], weights) if part)

    def _act(self, action: Action) -> None:
        session = self._explaining.session
        if action["act"] == "help":
            self._on_help()
        elif action["act"] == "cancel":
            {"errand": session.cancel_errand, "job": session.cancel}.get(action["which"], self._explaining.cancel)()
