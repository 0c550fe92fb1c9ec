"""``ReviewTimes``: the Wadati diagram and the residuals of the event that the doubted onset belongs to."""

from __future__ import annotations

from typing import Any

import pandas as pd
import panel as pn
import param

from workbench.session import Reviewing
from workbench.session.onsets_checked import onsets_around, onsets_to_check
from workbench.views.times import TimesPanel

__all__ = ["ReviewTimes"]


class ReviewTimes(pn.viewable.Viewer):
    """Beside the queue; the doubted onset has a ring, and a click on any other brings that one to the screen."""

    theme = param.Selector(default="light", objects=["light", "dark"])

    def __init__(self, reviewing: Reviewing, theme: str = "light", **params: Any) -> None:
        super().__init__(theme=theme, **params)
        self._reviewing = reviewing
        self.panel = TimesPanel(
            reviewing.session, theme, onsets=self._onsets, take=self._take, sheet="review_times.css", active=True
        )
        reviewing.param.watch(lambda *_: self.panel.ask(), ["item", "queue"])
        self.param.watch(lambda *_: setattr(self.panel, "theme", self.theme), "theme")
        self.panel.ask()

    def __panel__(self) -> pn.viewable.Viewable:
        return self.panel.__panel__()

    def _onsets(self) -> pd.DataFrame:
        """Onsets of the event of the doubted one, which is marked; of the recording while that is still to come."""
        row, session = self._reviewing.row, self._reviewing.session
        if row is None or row["recording_id"] != session.recording.attrs["recording_id"]:
            self.panel.marked = ""
            return onsets_to_check(session)
        onsets = onsets_around(session, row)
        own = onsets[(onsets["station"] == row["station"]) & (onsets["phase"] == row["phase"])]
        self.panel.marked = str(own["pick_id"].iloc[0]) if len(own) else ""
        return onsets

    def _take(self, identity: str, station: str) -> None:  # noqa: ARG002 - a station is known by its pick
        self._reviewing.bring(identity)
