"""The two figures of the tab "Times": residuals over distance, and the Wadati diagram."""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, HoverTool, Span, TapTool
from bokeh.plotting import figure

from workbench.catalog.arrival_checks import ArrivalChecks
from workbench.views.theme import TOKENS, bokeh_theme, phase_colour

__all__ = ["TimesFigures"]

_POINTS: dict[str, list[Any]] = {"x": [], "y": [], "colour": [], "identity": [], "station": [], "words": []}


class TimesFigures:
    """Columns go in by :meth:`show`; a tap on a point tells its ``identity`` and ``station``."""

    def __init__(self, theme: str) -> None:
        self._checks: ArrivalChecks | None = None
        self.residuals, self.pairs = (ColumnDataSource(dict(_POINTS)) for _ in range(2))
        self._line = ColumnDataSource({"x": [], "y": []})
        self.residual_plot = self._make("Epicentral distance, km", "Residual, s", self.residuals)
        self._zero = Span(location=0, dimension="width", line_width=1)
        self.residual_plot.add_layout(self._zero)
        self.wadati_plot = self._make("P after the first P, s", "S − P, s", self.pairs)
        self._fit = self.wadati_plot.line("x", "y", source=self._line, line_width=1.5, line_dash="1 4")
        self.paint(theme)

    def _make(self, along: str, up: str, source: ColumnDataSource) -> Any:
        plot = figure(
            tools="pan,wheel_zoom,reset", active_scroll="wheel_zoom", toolbar_location=None, x_axis_label=along,
            y_axis_label=up, sizing_mode="stretch_both", min_height=120, min_border=4,
        )  # fmt: skip
        points = plot.scatter("x", "y", source=source, size=8, fill_color="colour", line_color=None, fill_alpha=0.8)
        points.nonselection_glyph = None
        plot.add_tools(HoverTool(renderers=[points], tooltips=[("", "@words")], limit=3), TapTool(renderers=[points]))
        for axis in plot.axis:
            axis.ticker.desired_num_ticks = 5
        return plot

    def show(self, checks: ArrivalChecks | None) -> None:
        """Draw the checks of an event, or nothing."""
        self._checks = checks
        self.residuals.selected.indices, self.pairs.selected.indices = [], []
        if checks is None:
            self.residuals.data, self.pairs.data, self._line.data = dict(_POINTS), dict(_POINTS), {"x": [], "y": []}
            return
        onsets = checks.onsets.dropna(subset=["residual_s"])
        self.residuals.data = {
            "x": onsets["distance_km"].tolist(),
            "y": onsets["residual_s"].tolist(),
            "colour": [phase_colour(phase, self._theme) for phase in onsets["phase"]],
            "identity": onsets["pick_id"].tolist(),
            "station": onsets["station"].tolist(),
            "words": [
                f"{row.station} {row.phase} {row.residual_s:+.2f} s at {row.distance_km:.1f} km".replace("-", "−")
                for row in onsets.itertuples()
            ],
        }
        s_of = checks.onsets[checks.onsets["phase"] == "S"].set_index("station")["pick_id"]
        pairs = checks.pairs
        self.pairs.data = {
            "x": pairs["after_s"].tolist(),
            "y": pairs["s_minus_p_s"].tolist(),
            "colour": [phase_colour("S", self._theme)] * len(pairs),
            "identity": [str(s_of[station]) for station in pairs["station"]],
            "station": pairs["station"].tolist(),
            "words": [_pair_words(row) for row in pairs.itertuples()],
        }
        fitted = (pairs["s_minus_p_s"] - pairs["misfit_s"]).astype(float)
        drawn = bool(len(pairs)) and bool(np.isfinite(fitted).all())
        self._line.data = {"x": pairs["after_s"].tolist(), "y": fitted.tolist()} if drawn else {"x": [], "y": []}

    def paint(self, theme: str) -> None:
        """Everything in the colours of a theme."""
        self._theme = theme
        token, attrs = TOKENS[theme], bokeh_theme(theme)["attrs"]
        for plot in (self.residual_plot, self.wadati_plot):
            plot.update(**{name: value for name, value in attrs["Plot"].items() if name != "min_border"})
            for axis in plot.axis:
                axis.update(**attrs["Axis"])
            for grid in plot.grid:
                grid.update(**attrs["Grid"])
        self._zero.line_color = token["muted"]
        self._fit.glyph.line_color = token["text"]
        self.show(self._checks)


def _pair_words(row: Any) -> str:
    off = f", {row.misfit_s:+.2f} s off the line" if row.misfit_s == row.misfit_s else ""
    return f"{row.station} S − P {row.s_minus_p_s:.2f} s{off}"
