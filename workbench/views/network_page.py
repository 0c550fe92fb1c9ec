"""The Network page: all stations of a recording on a map and in a record section, and what travels between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from workbench.session import Surveying
from workbench.views.address import address_of
from workbench.views.app_bar import AppBar
from workbench.views.explain_address import onset_address
from workbench.views.kernel_dialog import KernelDialog
from workbench.views.network_address import network_address
from workbench.views.network_frame import NetworkFrame
from workbench.views.network_heads import MapHead, NetworkToolbar, SectionHead
from workbench.views.network_keys import NetworkHelp, NetworkKeys, press
from workbench.views.network_map import NetworkMap
from workbench.views.network_moved import MovedCard
from workbench.views.network_section import NetworkSection
from workbench.views.network_station import StationCard
from workbench.views.network_status import NetworkStatus
from workbench.views.notices import NoticeBar
from workbench.views.shell import shell
from workbench.views.theme import TOKENS

__all__ = ["NetworkPage"]

_IN_ADDRESS = ["picker", "group", "groups", "phase", "edges", "nodes", "order", "reduce"]


class NetworkPage(pn.viewable.Viewer):
    """Everything on the page of one recording's stations.

    Parameters
    ----------
    apps
        Title to address of the apps that are served; this one's address is empty.
    """

    theme = param.Selector(default="light", objects=list(TOKENS))

    def __init__(self, surveying: Surveying, apps: Mapping[str, str], theme: str = "light", **params: Any) -> None:
        super().__init__(theme=theme, **params)
        self._surveying, self._session, self._apps = surveying, surveying.session, apps
        self.map = NetworkMap(surveying, theme=theme)
        self.section = NetworkSection(surveying, theme=theme)
        self._moved = MovedCard(surveying, theme=theme)
        self._kernels = KernelDialog(self._session)
        self._help = NetworkHelp(self._session)
        self._bar = AppBar(self._session, apps, self._other_theme, self._help.open, theme, on_kernel=self._kernels.open)
        self._frame = self._make_frame()
        self._page = shell(self._bar, self._frame, theme, "Network")
        in_session = ["source", "recording_id", "recording", "station", "filter"]
        self._session.param.watch(lambda *_: self._write_address(), in_session)
        surveying.param.watch(lambda *_: self._write_address(), _IN_ADDRESS)
        self.param.watch(lambda *_: self._retheme(), "theme")
        self._write_address()

    def __panel__(self) -> pmui.Page:
        return self._page

    def _make_frame(self) -> NetworkFrame:
        one = self._surveying
        return NetworkFrame(
            notices=NoticeBar(self._session).__panel__(),
            toolbar=NetworkToolbar(one).__panel__(),
            map_head=MapHead(one).__panel__(),
            map=self.map.__panel__(),
            section_head=SectionHead(one).__panel__(),
            plot=self.section.__panel__(),
            moved=self._moved.__panel__(),
            station=StationCard(one, self._leave, self._apps).__panel__(),
            status=NetworkStatus(one, self._help.open).__panel__(),
            overlays=pn.Column(self._kernels, self._help, NetworkKeys(self._session, self._press)),
        )

    def _press(self, key: str) -> None:
        if key == "help":
            self._help.open()
        elif key == "home":
            self.section.whole()
            self.map.whole()
        else:
            press(self._surveying, key)

    def _leave(self, app: str) -> None:
        one = self._surveying
        query = address_of(self._session)
        if app == "Explain" and one.gather is not None:
            onset = one.gather.onset(self._session.station, one.phase)
            if onset is not None:
                query = onset_address(self._session, one.phase, onset["time"], one.picker)
        self._frame.go = f"{self._apps[app]}?{query}"

    def _other_theme(self) -> None:
        self.theme = "dark" if self.theme == "light" else "light"

    def _retheme(self) -> None:
        with pn.io.hold():
            self._page.dark_theme = self.theme == "dark"
            self.map.theme = self.section.theme = self._moved.theme = self.theme
            self._bar.show_theme(self.theme)

    def _write_address(self) -> None:
        self._frame.tell_address(network_address(self._surveying))
