"""The Explain page: one question to a picker, its answer over the traces, and whether it can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from workbench.session import Explaining
from workbench.views.app_bar import AppBar
from workbench.views.explain_address import explain_address
from workbench.views.explain_cards import explain_cards
from workbench.views.explain_frame import ExplainFrame
from workbench.views.explain_help import ExplainHelp
from workbench.views.explain_question import QuestionLine
from workbench.views.explain_status import ExplainStatus
from workbench.views.explain_toolbar import ExplainToolbar
from workbench.views.explain_traces import ExplainTraces
from workbench.views.kernel_dialog import KernelDialog
from workbench.views.notices import NoticeBar
from workbench.views.shell import shell
from workbench.views.theme import TOKENS

__all__ = ["ExplainPage"]

_IN_ADDRESS = ["station", "phase", "time", "picker", "second", "method", "target", "baseline"]


class ExplainPage(pn.viewable.Viewer):
    """Everything on the page of one question.

    Parameters
    ----------
    apps
        Title to address of the apps that are served; this one's address is empty.
    """

    theme = param.Selector(default="light", objects=list(TOKENS))

    def __init__(self, explaining: Explaining, apps: Mapping[str, str], theme: str = "light", **params: Any) -> None:
        super().__init__(theme=theme, **params)
        self._explaining, self._session = explaining, explaining.session
        self._cards = explain_cards(explaining)
        self._kernels = KernelDialog(self._session)
        self._help = ExplainHelp(self._session)
        self.traces = ExplainTraces(explaining, self._help.open, everywhere=True, theme=theme)
        self._bar = AppBar(self._session, apps, self._other_theme, self._help.open, theme, on_kernel=self._kernels.open)
        self._frame = self._make_frame()
        self._page = shell(self._bar, self._frame, theme, "Explain")
        self._session.param.watch(lambda *_: self._write_address(), ["source", "recording_id", "recording"])
        explaining.param.watch(explaining.afterwards.watcher(self._write_address), _IN_ADDRESS)
        self.param.watch(lambda *_: self._retheme(), "theme")
        self._retheme()
        self._write_address()

    def __panel__(self) -> pmui.Page:
        return self._page

    def _make_frame(self) -> ExplainFrame:
        return ExplainFrame(
            notices=NoticeBar(self._session).__panel__(),
            toolbar=ExplainToolbar(self._explaining).__panel__(),
            plot=pn.Column(
                QuestionLine(self._explaining),
                self.traces,
                sizing_mode="stretch_both",
                margin=0,
                styles={"overflow": "hidden"},
            ),
            status=ExplainStatus(self._explaining, self._help.open).__panel__(),
            overlays=pn.Column(self._kernels, self._help),
            **{place: card.__panel__() for place, card in self._cards.items()},
        )

    def _other_theme(self) -> None:
        self.theme = "dark" if self.theme == "light" else "light"

    def _retheme(self) -> None:
        with pn.io.hold():
            self._page.dark_theme = self.theme == "dark"
            self.traces.theme = self.theme
            for card in self._cards.values():
                if "theme" in card.param:
                    card.theme = self.theme
            self._bar.show_theme(self.theme)

    def _write_address(self) -> None:
        self._frame.tell_address(explain_address(self._explaining))
