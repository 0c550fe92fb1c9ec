"""The two figures of the tab "Times": residuals over distance, and the Wadati diagram."""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, HoverTool, Range1d, Span, TapTool
from bokeh.plotting import figure

from workbench.catalog.arrival_checks import ArrivalChecks
from workbench.views.theme import TOKENS, bokeh_theme, phase_colour

__all__ = ["TimesFigures"]

_POINTS: dict[str, list[Any]] = {"x": [], "y": [], "colour": [], "identity": [], "station": [], "words": []}


class TimesFigures:
    """Columns go in by :meth:`show`; a tap on a point tells its ``identity`` and ``station``."""

    def __init__(self, theme: str) -> None:
        self._checks: ArrivalChecks | None = None
        self.marked = ""
        self.residuals, self.pairs = (ColumnDataSource(dict(_POINTS)) for _ in range(2))
        self._rings: list[tuple[ColumnDataSource, Any, Any]] = []
        self._line = ColumnDataSource({"x": [], "y": []})
        self.residual_plot = self._make("times-residuals", "Epicentral distance, km", "Residual, s", self.residuals)
        self._zero = Span(location=0, dimension="width", line_width=1)
        self.residual_plot.add_layout(self._zero)
        self.wadati_plot = self._make("times-wadati", "P after the first P, s", "S − P, s", self.pairs)
        self._fit = self.wadati_plot.line("x", "y", source=self._line, line_width=1.5, line_dash="1 4")
        self.paint(theme)

    def _make(self, name: str, along: str, up: str, source: ColumnDataSource) -> Any:
        source.name = f"{name}-points"
        plot = figure(
            name=name, tools="pan,wheel_zoom,reset", active_scroll="wheel_zoom", toolbar_location=None,
            x_axis_label=along, y_axis_label=up, sizing_mode="stretch_both", min_height=96, min_border=4,
            # Not Bokeh's own: of no points it makes no range, says so in the console, and draws nothing.
            x_range=Range1d(0, 1), y_range=Range1d(0, 1),
        )  # fmt: skip
        points = plot.scatter("x", "y", source=source, size=8, fill_color="colour", line_color=None, fill_alpha=0.8)
        points.nonselection_glyph = None
        plot.add_tools(HoverTool(renderers=[points], tooltips=[("", "@words")], limit=3), TapTool(renderers=[points]))
        ring = ColumnDataSource({"x": [], "y": [], "name": [], "align": [], "off": []})
        circle = plot.scatter("x", "y", source=ring, size=15, fill_color=None, line_width=2)
        code = plot.text("x", "y", "name", source=ring, x_offset="off", text_align="align", text_baseline="middle",
                         text_font_size="11px", text_font_style="bold")  # fmt: skip
        self._rings.append((ring, circle.glyph, code.glyph))
        for axis in plot.axis:
            axis.ticker.desired_num_ticks = 5
        return plot

    def _ring(self, number: int, source: ColumnDataSource, rows: list[int]) -> None:
        """A ring and the station's name around points: the colour does not say it alone."""
        codes = [_code(str(source.data["station"][row])) for row in rows]
        at = {axis: [source.data[axis][row] for row in rows] for axis in ("x", "y")}
        # On the side where there is room for it.
        middle = (min(source.data["x"]) + max(source.data["x"])) / 2 if rows else 0.0
        left = [x > middle for x in at["x"]]
        align, off = ["right" if each else "left" for each in left], [-11 if each else 11 for each in left]
        self._rings[number][0].data = {**at, "name": codes, "align": align, "off": off}

    def show(self, checks: ArrivalChecks | None, marked: str = "") -> None:
        """Draw the checks of an event, or nothing; a ring around the onset of the identity that is `marked`."""
        self._checks, self.marked = checks, marked
        self.residuals.selected.indices, self.pairs.selected.indices = [], []
        if checks is None:
            self.residuals.data, self.pairs.data, self._line.data = dict(_POINTS), dict(_POINTS), {"x": [], "y": []}
            self._fit_ranges()
            for number, source in enumerate((self.residuals, self.pairs)):
                self._ring(number, source, [])
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
        station = checks.onsets.set_index("pick_id")["station"].get(marked)
        pairs = checks.pairs
        self.pairs.data = {
            "x": pairs["after_s"].tolist(),
            "y": pairs["s_minus_p_s"].tolist(),
            "colour": [phase_colour("S", self._theme)] * len(pairs),
            "identity": [marked if each == station else str(s_of[each]) for each in pairs["station"]],
            "station": pairs["station"].tolist(),
            "words": [_pair_words(row) for row in pairs.itertuples()],
        }
        self._ring(
            0, self.residuals, [row for row, each in enumerate(self.residuals.data["identity"]) if each == marked]
        )
        self._ring(1, self.pairs, [row for row, each in enumerate(pairs["station"]) if each == station])
        fitted = (pairs["s_minus_p_s"] - pairs["misfit_s"]).astype(float)
        drawn = bool(len(pairs)) and bool(np.isfinite(fitted).all())
        self._line.data = {"x": pairs["after_s"].tolist(), "y": fitted.tolist()} if drawn else {"x": [], "y": []}
        self._fit_ranges()

    def _fit_ranges(self) -> None:
        """All points with a margin, and the line of zero residual."""
        for plot, source, zero in ((self.residual_plot, self.residuals, [0.0]), (self.wadati_plot, self.pairs, [])):
            for span, values in ((plot.x_range, source.data["x"]), (plot.y_range, [*source.data["y"], *zero])):
                known = [value for value in values if np.isfinite(value)]
                low, high = (min(known), max(known)) if known else (0.0, 1.0)
                # Points of one value, too, stand in the middle of something.
                margin = 0.12 * (high - low) or 0.5
                ends = {"start": low - margin, "end": high + margin}
                span.update(**ends, reset_start=ends["start"], reset_end=ends["end"])

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
        for _, circle, code in self._rings:
            circle.line_color = code.text_color = token["warn"]
        self.show(self._checks, self.marked)


def _code(station: str) -> str:
    """The name by which a station is called: "KRI" of "OX.KRI.00"."""
    parts = [part for part in station.split(".") if part]
    return parts[min(1, len(parts) - 1)] if parts else station


def _pair_words(row: Any) -> str:
    off = f", {row.misfit_s:+.2f} s off the line" if row.misfit_s == row.misfit_s else ""
    return f"{row.station} S − P {row.s_minus_p_s:.2f} s{off}"
