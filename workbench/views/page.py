"""The Inspect page: all views of one session in a frame, with the theme and the address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from workbench.session import Explaining, Session
from workbench.views.address import address_of
from workbench.views.app_bar import AppBar
from workbench.views.explain_address import explain_address
from workbench.views.export_dialog import ExportDialog
from workbench.views.frame import Frame
from workbench.views.help import HelpSheet
from workbench.views.hint import Hint
from workbench.views.journal import JournalPanel
from workbench.views.kernel_dialog import KernelDialog
from workbench.views.notices import NoticeBar
from workbench.views.pick_table import PickTable
from workbench.views.pickers import PickerPanel
from workbench.views.recordings import RecordingList
from workbench.views.shell import shell
from workbench.views.side import SidePanel
from workbench.views.source_dialog import SourceDialog
from workbench.views.station_map import StationMap
from workbench.views.status_line import StatusLine
from workbench.views.theme import TOKENS
from workbench.views.times import TimesPanel
from workbench.views.toolbar import Toolbar
from workbench.views.traces import TraceView
from workbench.views.why import WhyPanel

__all__ = ["InspectPage"]

_IN_ADDRESS = ["source", "recording_id", "recording", "station", "filter", "align", "view", "blind"]


class InspectPage(pn.viewable.Viewer):
    """Everything on the page of one session.

    Parameters
    ----------
    apps
        Title to address of the apps that are served; this one's address is empty.
    """

    theme = param.Selector(default="light", objects=list(TOKENS))

    def __init__(self, session: Session, apps: Mapping[str, str], theme: str = "light", **params: Any) -> None:
        super().__init__(theme=theme, **params)
        self._session = session
        self.traces = TraceView(session, theme=theme)
        self._help, self._source, self._export = (
            HelpSheet(session, self.traces),
            SourceDialog(session),
            ExportDialog(session),
        )
        self._kernels = KernelDialog(session)
        self.recordings = RecordingList(session, on_open=self._source.open, on_list=self._show_list)
        self._map = StationMap(session, theme=theme)
        self._times = TimesPanel(session, theme=theme, on_take=self._arm)
        self.explaining = Explaining(session)
        self._explain = apps.get("Explain", "")
        self._why = WhyPanel(session, self.explaining, self._leave_for_explain if self._explain else None)
        self._bar = AppBar(session, apps, self._other_theme, self._help.open, theme, on_kernel=self._kernels.open)
        self._frame = self._make_frame()
        self._page = shell(self._bar, self._frame, theme, "Inspect")
        self.traces.param.watch(lambda *_: self._help.open(), "help")
        self.traces.param.watch(lambda event: self._ask_why(event.new), "why")
        session.param.watch(lambda *_: self._write_address(), _IN_ADDRESS)
        session.param.watch(lambda *_: self._frame.param.update(list_open=False), "recording_id")
        self.param.watch(lambda *_: self._retheme(), "theme")
        self._write_address()

    def __panel__(self) -> pmui.Page:
        return self._page

    def _make_frame(self) -> Frame:
        session = self._session
        picks = PickTable(session, stations=lambda: self.traces.stations, on_take=self._arm)
        self._side = SidePanel(picks, self._why, self._times, self._map, JournalPanel(session))
        return Frame(
            recordings=self.recordings.__panel__(),
            notices=NoticeBar(session).__panel__(),
            toolbar=Toolbar(session, on_export=self._export.open, on_dock=self._show_dock).__panel__(),
            plot=pn.Column(
                Hint(session, self.traces),
                self.traces,
                sizing_mode="stretch_both",
                margin=0,
                styles={"overflow": "hidden"},
            ),
            side=self._side.__panel__(),
            pickers=PickerPanel(session).__panel__(),
            status=StatusLine(session, self.traces, self._help.open).__panel__(),
            overlays=pn.Column(self._help, self._source, self._export, self._kernels),
        )

    def _ask_why(self, where: str) -> None:
        """Explain the pick in hand beside the traces or, with all there is to see, on the page that is for it."""
        if not where:
            return
        self.traces.why = ""
        if where == "page" and self._explain:
            self.explaining.explain_pick(self._session.in_hand)
            self._leave_for_explain()
        else:
            self._side.show("why")
            self._frame.dock_open = True

    def _leave_for_explain(self) -> None:
        self._frame.go = f"{self._explain}?{explain_address(self.explaining)}"

    def _arm(self) -> None:
        self.traces.armed = True

    def _show_list(self) -> None:
        self._frame.list_open = not self._frame.list_open

    def _show_dock(self) -> None:
        self._frame.dock_open = not self._frame.dock_open

    def _other_theme(self) -> None:
        self.theme = "dark" if self.theme == "light" else "light"

    def _retheme(self) -> None:
        with pn.io.hold():
            self._page.dark_theme = self.theme == "dark"
            self.traces.theme = self._map.theme = self._times.theme = self.theme
            self._bar.show_theme(self.theme)

    def _write_address(self) -> None:
        self._frame.tell_address(address_of(self._session))
