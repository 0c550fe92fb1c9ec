"""``WhyPanel``: the Explain page in short, as a tab of the Inspect page."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn
import param

from workbench.errors import WorkbenchError
from workbench.session import Explaining, Session
from workbench.views.explain_belief import BeliefCard
from workbench.views.explain_question import answer_words, question_words
from workbench.views.explain_shares import SharesCard
from workbench.views.explain_words import METHODS, method_words
from workbench.views.markup import Action, Markup
from workbench.views.tags import options, tag, text

__all__ = ["WhyPanel"]

_SHOWN = ["attribution", "busy", "problem", "method", "time", "picker"]


class WhyPanel(pn.viewable.Viewer):
    """Explains the pick in hand while its tab is open.

    Parameters
    ----------
    on_open
        Called by the button that leads to the Explain page with the same question; without it, there is no button.
    """

    active = param.Boolean(False, doc="Whether the tab is open.")

    def __init__(
        self, session: Session, explaining: Explaining, on_open: Callable[[], None] | None = None, **params: bool
    ) -> None:
        super().__init__(**params)
        self._session, self._explaining, self._on_open = session, explaining, on_open
        self._head = Markup(session, self._act, kind="why")
        self._cards = pn.Column(SharesCard(explaining), BeliefCard(explaining), margin=0, sizing_mode="stretch_width")
        self._layout = pn.Column(
            self._head, self._cards, sizing_mode="stretch_both", margin=0, styles={"overflow": "auto"}
        )
        session.param.watch(lambda *_: self._follow(), ["in_hand", "recording"])
        session.param.watch(lambda *_: self._draw(), "runs")
        self.param.watch(lambda *_: self._follow(), "active")
        explaining.param.watch(explaining.afterwards.watcher(self._draw), _SHOWN)
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _follow(self) -> None:
        """Ask about the pick in hand, if the tab is open; what cannot be asked is said in the tab, not as an error."""
        in_hand = self._session.in_hand
        if self.active and in_hand:
            try:
                self._explaining.explain_pick(in_hand)
            except WorkbenchError as error:
                self._explaining.problem = str(error)
        self._draw()

    def _draw(self) -> None:
        explaining = self._explaining
        explained = explaining.attribution
        self._cards.visible = explained is not None
        self._head.html = "".join(
            (
                tag("p", tag("b", text(question_words(explaining.phase, explaining.time))), class_="ask"),
                tag("p", self._words(), class_="muted", role="status"),
                tag("div", self._picker_html(), self._method_html(), class_="choices") if explaining.pickers() else "",
                self._button_html(),
            )
        )

    def _words(self) -> str:
        explaining = self._explaining
        if explaining.busy:
            return "Explaining…"
        if explaining.attribution is not None:
            return answer_words(explaining.attribution)
        if explaining.problem:
            return text(explaining.problem)
        if not explaining.pickers():
            return "No network is on the list of pickers: add one below, and it can be asked."
        return f"Take a pick in hand: click one in the plot or in the table, or press {tag('kbd', 'W')} on it."

    def _picker_html(self) -> str:
        keys = {key: f"{run.card.title} {run.card.weights}" for key, run in self._explaining.pickers().items()}
        return tag(
            "select", options(keys, self._explaining.picker), data_act="picker", data_key="picker", aria_label="Picker"
        )

    def _method_html(self) -> str:
        names = {name: method_words(name) for name in METHODS}
        return tag(
            "select", options(names, self._explaining.method), data_act="method", data_key="method", aria_label="Method"
        )

    def _button_html(self) -> str:
        if self._on_open is None or self._explaining.time is None:
            return ""
        return tag("button", "Open in Explain", class_="primary", data_act="open", data_key="open")

    def _act(self, action: Action) -> None:
        if action["act"] == "open" and self._on_open is not None:
            self._on_open()
        elif action["act"] in ("picker", "method"):
            setattr(self._explaining, action["act"], str(action["value"]))
