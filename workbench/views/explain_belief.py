"""``BeliefCard``: whether an explanation can be believed, in six checks with their verdicts and figures."""

from __future__ import annotations

import panel as pn

from workbench.session import Explaining
from workbench.views.explain_belief_html import belief_html
from workbench.views.markup import Markup

__all__ = ["BeliefCard"]


class BeliefCard(pn.viewable.Viewer):
    """A badge that says the worst, and a row for each check that unfolds to what its verdict rests on."""

    def __init__(self, explaining: Explaining) -> None:
        super().__init__()
        self._explaining = explaining
        self._markup = Markup(explaining.session, lambda _: None, kind="belief")
        shown = ["checks", "checks_left", "attribution", "problem", "judges_changed"]
        explaining.param.watch(explaining.afterwards.watcher(self._draw), shown)
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def _draw(self) -> None:
        explaining = self._explaining
        self._markup.html = belief_html(
            explaining.checks,
            explaining.checks_left,
            asked=explaining.attribution is not None,
            problem=explaining.problem,
            note="with these changes" if explaining.judges_changed else "",
        )
