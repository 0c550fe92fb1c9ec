"""``ExplainStage``: the figures of the Explain page in the browser, with the words beside them, pointer and keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import param
from panel.custom import Child, JSComponent

from workbench.session import Session
from workbench.views.guard import guarded
from workbench.views.markup import ESM_FOLDER, stylesheet
from workbench.views.telling import Telling, op_of

__all__ = ["ExplainStage"]


class ExplainStage(Telling, JSComponent):
    """Figures one above the other; what is done on them comes back as messages.

    Parameters
    ----------
    answer
        Called with ``{"op": "ask" | "mute" | "view" | "key" | "act", ...}``: times in ms, heights in rows.
    """

    flags = Child()
    traces = Child()
    probability = Child()
    overview = Child()
    brushing = param.Boolean(False, doc="Whether a drag over the traces mutes.")
    everywhere = param.Boolean(True, constant=True, doc="Whether keys act without a click into the plot before.")
    stage = param.String("", doc="Prefix of the names of the figures' models.")

    _esm = ESM_FOLDER / "explain_stage.js"

    def __init__(self, session: Session, answer: Callable[[Mapping[str, Any]], None], **params: Any) -> None:
        params = {"sizing_mode": "stretch_both", "margin": 0} | params
        super().__init__(stylesheets=[stylesheet("explain_stage.css")], **params)
        self._session, self._answer = session, answer

    def tell_words(self, words: Mapping[str, str]) -> None:
        """HTML of legend, names, odds, over (beside the figures), and empty (in their place)."""
        self.tell_changes(words=dict(words))

    def _handle_msg(self, msg: Mapping[str, Any]) -> None:
        if op_of(msg) == "ready":
            self.tell_again()
            return
        with guarded(self._session):
            self._answer(msg)
