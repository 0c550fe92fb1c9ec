"""``TimesPanel``: whether the onsets fit their event: residuals to layered travel times, and the Wadati diagram."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import panel as pn
import param

from workbench.catalog.arrival_checks import FAR_OFF_S, LEAST_PAIRS, ArrivalChecks, check_arrivals
from workbench.processing.distances import station_table
from workbench.session import Session
from workbench.session.onsets_checked import onsets_to_check
from workbench.views.guard import guarded
from workbench.views.later import Later
from workbench.views.markup import stylesheet
from workbench.views.tags import tag, text
from workbench.views.times_figures import TimesFigures

__all__ = ["TimesPanel", "summary_html"]

_STYLE = "margin: 0 0 3px; font: 12px/16px var(--wb-font); color: var(--wb-text)"
_LEAST_PX = 96
_NO_EVENT = "The source knows no event here, so there is nothing to hold the onsets against."


class TimesPanel(pn.viewable.Viewer):
    """Needs no waveform. A click on a point takes its pick in hand and opens its station.

    Parameters
    ----------
    on_take
        Called when a pick was taken in hand here, so that keys act on it.
    onsets
        Gives the onsets that are held against their event; those of the open recording if not given.
    take
        Brings a pick, by its identity and station, to the hand; the session's own if not given.
    sheet
        Name of a CSS file that arranges words and figures otherwise than one under the other.
    """

    theme = param.Selector(default="light", objects=["light", "dark"])
    active = param.Boolean(False, doc="Whether the tab is open; nothing is computed for one that nobody sees.")
    count = param.Integer(0, doc="Onsets that are far off, of the recording that was looked at last.")
    marked = param.String("", doc="Identity of the onset that is told apart from the others; empty for none.")

    def __init__(
        self,
        session: Session,
        theme: str = "light",
        on_take: Callable[[], None] = lambda: None,
        *,
        onsets: Callable[[], pd.DataFrame] | None = None,
        take: Callable[[str, str], None] | None = None,
        sheet: str = "",
        **params: Any,
    ) -> None:
        super().__init__(theme=theme, **params)
        self._session, self._on_take = session, on_take
        self._onsets = onsets or (lambda: onsets_to_check(session))
        self._take = take or self._take_in_hand
        self.checks: ArrivalChecks | None = None
        self._figures = TimesFigures(theme)
        self._asked: tuple[Any, ...] = ()
        styles = [stylesheet(sheet)] if sheet else []
        self._words = pn.pane.HTML("", sizing_mode="stretch_width", margin=(10, 14, 2, 14), css_classes=["words"])
        # Bokeh clears a canvas from half a pixel on: of another theme, a line would stay along its edges.
        edges = [":host { clip-path: inset(2px); }"]
        self._plots = pn.Column(
            *(
                pn.pane.Bokeh(plot, sizing_mode="stretch_both", margin=0, min_height=_LEAST_PX, stylesheets=edges)
                for plot in (self._figures.residual_plot, self._figures.wadati_plot)
            ),
            sizing_mode="stretch_both",
            margin=0,
            stylesheets=styles,
        )
        self._layout = pn.Column(self._words, self._plots, sizing_mode="stretch_both", margin=0, stylesheets=styles)
        self._later = ask = Later(session, self._ask)
        session.param.watch(ask, ["recording", "event", "labels", "reference", "runs"])
        # Later, too: a tab that the browser opens is told outside the turn in which figures may be changed.
        self.param.watch(ask, "active")
        self.param.watch(lambda *_: self._figures.paint(self.theme), "theme")
        for source in (self._figures.residuals, self._figures.pairs):
            source.selected.on_change("indices", partial(self._tapped, source))
        self._show(None, "")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def ask(self) -> None:
        """Check the onsets again, if they are others than those that are shown."""
        self._later()

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
        onsets = self._onsets()
        asked = (session.recording_id, session.event, *(tuple(onsets[name]) for name in ("pick_id", "phase", "time")))
        if asked == self._asked:
            self._mark()
            return
        self._asked = asked
        if onsets.empty:
            self._show(None, "There are no onsets of P or S yet." if session.event is not None else _NO_EVENT)
            return
        self._show(check_arrivals(session.event, onsets, station_table(session.recording)), "")

    def _show(self, checks: ArrivalChecks | None, words: str) -> None:
        self._figures.show(checks, self.marked)
        self.count = checks.n_far_off if checks is not None else 0
        self._plots.visible = checks is not None
        # Axes without a point say nothing, and take the room of the other figure.
        self._plots[1].visible = checks is not None and len(checks.pairs) > 0
        self._words.object = (
            summary_html(checks, self.marked) if checks is not None else tag("p", text(words), style=_STYLE)
        )
        self.checks = checks

    def _mark(self) -> None:
        if self.checks is not None and self.marked != self._figures.marked:
            self._show(self.checks, "")

    def _tapped(self, source: Any, attr: str, old: Any, new: list[int]) -> None:  # noqa: ARG002 - Bokeh's names
        if not new:
            return
        with guarded(self._session):
            self._take(str(source.data["identity"][new[0]]), str(source.data["station"][new[0]]))
        self._on_take()

    def _take_in_hand(self, identity: str, station: str) -> None:
        with param.parameterized.batch_call_watchers(self._session):
            self._session.station, self._session.in_hand = station, identity


def summary_html(checks: ArrivalChecks, marked: str = "") -> str:
    """What the checks come to, in a few lines; the first is of the onset that is marked, if one is."""
    residual = checks.onsets["residual_s"].dropna().abs()
    lines = [tag("b", words)] if (words := _marked_words(checks, marked)) else []
    if checks.problem:
        lines.append(text(checks.problem))
    else:
        against = "an origin fitted to them" if checks.fitted else "three layers"
        lines.append(f"Residuals to {against}: {_residual_words(residual, checks.n_far_off)}")
    if np.isfinite(checks.vp_vs):
        interval = _interval_words(checks)
        lines.append(f"Vp/Vs {checks.vp_vs:.2f}{interval} of {len(checks.pairs)} stations{_origin_words(checks)}")
    else:
        lines.append(_no_line_words(checks))
    return "".join(tag("p", line, style=_STYLE) for line in lines)


def _residual_words(residual: pd.Series, n_far_off: int) -> str:
    n = len(residual)
    if n == 0:
        return "no onset has one"
    off = tag("b", f"{n_far_off or 'none'} off by {FAR_OFF_S:g} s or more")
    return f"{n} onset{'' if n == 1 else 's'}, median {residual.median():.2f} s, {off}"


def _marked_words(checks: ArrivalChecks, marked: str) -> str:
    """Where the onset that is marked lies, in both figures."""
    found = checks.onsets[checks.onsets["pick_id"] == marked] if marked else checks.onsets.iloc[:0]
    if found.empty:
        return ""
    onset, where = found.iloc[0], []
    if np.isfinite(onset["residual_s"]):
        where.append(f"residual {onset['residual_s']:+.2f} s")
    pair = checks.pairs[checks.pairs["station"] == onset["station"]]["misfit_s"].dropna()
    if len(pair):
        off_s = round(float(pair.iloc[0]), 2)
        where.append(f"S − P {off_s:+.2f} s off the line" if off_s else "S − P on the line")
    name = f"{onset['phase']} of {text(str(onset['station']).strip('.'))}"
    return f"{name}: {', '.join(where) or 'in neither figure'}".replace(" -", " −")


def _interval_words(checks: ArrivalChecks) -> str:
    low, high = checks.vp_vs_interval
    return f" ({low:.2f} to {high:.2f}, 95 %)" if np.isfinite([low, high]).all() else ""


def _no_line_words(checks: ArrivalChecks) -> str:
    n = len(checks.pairs)
    if n < LEAST_PAIRS:
        have = "1 station has" if n == 1 else f"{n or 'No'} stations have"
        return f"{have} both P and S: the line of Wadati takes {LEAST_PAIRS}"
    return f"{n} stations have P and S, but too alike, or against all sense, for the line of Wadati"


def _origin_words(checks: ArrivalChecks) -> str:
    return "" if pd.isna(checks.wadati_origin) else f" · origin {checks.wadati_origin:%H:%M:%S.%f}"[:-4]
