"""``SidePanel``: picks, why, times, map and journal behind five tabs."""

from __future__ import annotations

import panel as pn
import param
from panel.custom import Child, JSComponent

from workbench.views.journal import JournalPanel
from workbench.views.markup import ESM_FOLDER, stylesheet
from workbench.views.pick_table import PickTable
from workbench.views.station_map import StationMap
from workbench.views.times import TimesPanel
from workbench.views.why import WhyPanel

__all__ = ["SidePanel"]


class Tabs(JSComponent):
    """Five children of which one is seen; all are made once."""

    picks = Child()
    why = Child()
    times = Child()
    map = Child()
    journal = Child()
    active = param.Selector(default="picks", objects=["picks", "why", "times", "map", "journal"])
    counts = param.Dict({})

    _esm = ESM_FOLDER / "tabs.js"


class SidePanel(pn.viewable.Viewer):
    """Tabs with the number of picks and of journal rows in their titles."""

    def __init__(
        self, picks: PickTable, why: WhyPanel, times: TimesPanel, station_map: StationMap, journal: JournalPanel
    ) -> None:
        super().__init__()
        self._tabs = Tabs(
            picks=picks.__panel__(),
            why=why.__panel__(),
            times=times.__panel__(),
            map=station_map.__panel__(),
            journal=journal.__panel__(),
            sizing_mode="stretch_both",
            margin=0,
            stylesheets=[stylesheet("base.css"), stylesheet("tabs.css")],
        )

        def count(*_: object) -> None:
            self._tabs.counts = {"picks": picks.count, "times": times.count, "journal": journal.count}

        self._tabs.param.watch(lambda event: setattr(why, "active", event.new == "why"), "active")
        self._tabs.param.watch(lambda event: setattr(times, "active", event.new == "times"), "active")
        picks.param.watch(count, "count")
        times.param.watch(count, "count")
        journal.param.watch(count, "count")
        count()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._tabs

    def show(self, name: str) -> None:
        """Open a tab: ``"picks"``, ``"why"``, ``"times"``, ``"map"`` or ``"journal"``."""
        self._tabs.active = name
