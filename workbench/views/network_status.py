"""``NetworkStatus``: the job in hand, which onsets are off the moveout, and the keys."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn

from workbench.session import Surveying
from workbench.session.gather import OFF_MOVEOUT_S
from workbench.views.icons import icon
from workbench.views.markup import Action, Markup
from workbench.views.status_line import ALL_KEYS, job_html
from workbench.views.tags import tag, text

__all__ = ["NetworkStatus", "off_words"]

_HINTS = ((("↑", "↓"), "station", "place"), (("[", "]"), "event", "accept"))
_NAMED = 5


class NetworkStatus(pn.viewable.Viewer):
    """One row at the foot of the page.

    Parameters
    ----------
    on_help
        Opens the sheet of all keys.
    """

    def __init__(self, surveying: Surveying, on_help: Callable[[], None]) -> None:
        super().__init__()
        self._surveying, self._on_help = surveying, on_help
        self._markup = Markup(surveying.session, self._act, kind="status_line")
        surveying.param.watch(lambda *_: self._draw(), ["job", "gather", "phase"])
        surveying.session.param.watch(lambda *_: self._draw(), ["job", "errand", "runs"])
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def _draw(self) -> None:
        one, session = self._surveying, self._surveying.session
        shown = job_html(errand=session.errand, surveying=one.job, job=session.job)
        hints = [
            tag("span", "".join(tag("kbd", key) for key in keys) + f" {words}", class_=f"hint {kind}")
            for keys, words, kind in _HINTS
        ]  # fmt: skip
        words, bad = off_words(one)
        said = tag("span", icon("warn", 14) if bad else "", text(words), class_="saved warn" if bad else "saved muted")
        self._markup.html = "".join(
            (
                tag("span", shown, class_="jobs", role="status"),
                said if words else "",
                tag("span", class_="spread"),
                *hints,
                ALL_KEYS,
            )
        )

    def _act(self, action: Action) -> None:
        session = self._surveying.session
        if action["act"] == "help":
            self._on_help()
        elif action["act"] == "cancel":
            {"errand": session.cancel_errand, "job": session.cancel}.get(action["which"], self._surveying.cancel)()


def off_words(one: Surveying) -> tuple[str, bool]:
    """How many onsets of the phase lie off the moveout, and which; and whether any does."""
    gather = one.gather
    if gather is None or gather.origin is None:
        return one.problem, False
    off = gather.off_moveout(one.phase)
    n = int((gather.onsets["phase"] == one.phase).sum())
    limit = f"{1e3 * OFF_MOVEOUT_S:.0f} ms"
    if not off:
        return f"All {n} {one.phase} onsets lie within {limit} of the moveout", False
    codes = gather.stations.set_index("station")["code"]
    named = ", ".join(str(codes[name]) for name in off[:_NAMED])
    more = f" and {len(off) - _NAMED} more" if len(off) > _NAMED else ""
    return f"{len(off)} of {n} {one.phase} onsets off the moveout by {limit} or more: {named}{more}", True
