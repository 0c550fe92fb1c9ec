"""``TimesPanel``: whether the onsets fit their event: residuals to layered travel times, and the Wadati diagram."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import panel as pn
import param

from workbench.catalog.arrival_checks import FAR_OFF_S, ArrivalChecks, check_arrivals
from workbench.processing.distances import station_table
from workbench.session import Session
from workbench.session.onsets_checked import onsets_to_check
from workbench.views.guard import guarded
from workbench.views.later import Later
from workbench.views.tags import tag, text
from workbench.views.times_figures import TimesFigures

__all__ = ["TimesPanel", "summary_html"]

_STYLE = "margin: 0 0 3px; font: 13px/18px var(--wb-font); color: var(--wb-text)"
_NO_EVENT = "The source knows no event here, so there is nothing to hold the onsets against."


class TimesPanel(pn.viewable.Viewer):
    """Needs no waveform. A click on a point takes its pick in hand and opens its station.

    Parameters
    ----------
    on_take
        Called when a pick was taken in hand here, so that keys act on it.
    """

    theme = param.Selector(default="light", objects=["light", "dark"])
    active = param.Boolean(False, doc="Whether the tab is open; nothing is computed for one that nobody sees.")
    count = param.Integer(0, doc="Onsets that are far off, of the recording that was looked at last.")

    def __init__(
        self, session: Session, theme: str = "light", on_take: Callable[[], None] = lambda: None, **params: Any
    ) -> None:
        super().__init__(theme=theme, **params)
        self._session, self._on_take = session, on_take
        self.checks: ArrivalChecks | None = None
        self._figures = TimesFigures(theme)
        self._asked: tuple[Any, ...] = ()
        self._words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(10, 14, 2, 14))
        self._plots = pn.Column(
            pn.pane.Bokeh(self._figures.residual_plot, sizing_mode="stretch_both", margin=0, min_height=140),
            pn.pane.Bokeh(self._figures.wadati_plot, sizing_mode="stretch_both", margin=0, min_height=140),
            sizing_mode="stretch_both",
            margin=0,
        )
        self._layout = pn.Column(self._words, self._plots, sizing_mode="stretch_both", margin=0)
        ask = Later(session, self._ask)
        session.param.watch(ask, ["recording", "event", "labels", "reference", "runs"])
        # Later, too: a tab that the browser opens is told outside the turn in which figures may be changed.
        self.param.watch(ask, "active")
        self.param.watch(lambda *_: self._figures.paint(self.theme), "theme")
        for source in (self._figures.residuals, self._figures.pairs):
            source.selected.on_change("indices", partial(self._tapped, source))
        self._show(None, "")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _ask(self) -> None:
        """Check the onsets, if they are not those that are shown: milliseconds once the table of times is made."""
        session = self._session
        if session.recording is None:
            self._asked = ()
            self._show(None, "No recording is open.")
            return
        if not self.active:
            self.count = self.count if self._asked[:1] == (session.recording_id,) else 0
            return
        onsets = onsets_to_check(session)
        asked = (session.recording_id, session.event, *(tuple(onsets[name]) for name in ("pick_id", "phase", "time")))
        if asked == self._asked:
            return
        self._asked = asked
        if onsets.empty:
            self._show(None, "There are no onsets of P or S yet." if session.event is not None else _NO_EVENT)
            return
        self._show(check_arrivals(session.event, onsets, station_table(session.recording)), "")

    def _show(self, checks: ArrivalChecks | None, words: str) -> None:
        self._figures.show(checks)
        self.count = checks.n_far_off if checks is not None else 0
        self._plots.visible = checks is not None
        self._words.object = summary_html(checks) if checks is not None else tag("p", text(words), style=_STYLE)
        self.checks = checks

    def _tapped(self, source: Any, attr: str, old: Any, new: list[int]) -> None:  # noqa: ARG002 - Bokeh's names
        if not new:
            return
        with guarded(self._session), param.parameterized.batch_call_watchers(self._session):
            self._session.station = source.data["station"][new[0]]
            self._session.in_hand = source.data["identity"][new[0]]
        self._on_take()


def summary_html(checks: ArrivalChecks) -> str:
    """What the checks come to, in a few lines."""
    residual = checks.onsets["residual_s"].dropna().abs()
    lines = []
    if checks.problem:
        lines.append(text(checks.problem))
    else:
        lines.append(f"Residuals to three layers: median {residual.median():.2f} s of {len(residual)} onsets")
    if np.isfinite(checks.vp_vs):
        lines.append(f"Vp/Vs {checks.vp_vs:.2f} by {len(checks.pairs)} pairs of P and S{_origin_words(checks)}")
    else:
        lines.append(f"{len(checks.pairs)} stations with P and S: too few, or too alike, for the line of Wadati")
    far = checks.n_far_off
    if len(residual):
        lines.append(tag("b", f"{far or 'None'} off by {FAR_OFF_S:g} s or more"))
    return "".join(tag("p", line, style=_STYLE) for line in lines)


def _origin_words(checks: ArrivalChecks) -> str:
    return "" if pd.isna(checks.wadati_origin) else f" · origin {checks.wadati_origin:%H:%M:%S.%f}"[:-4]
