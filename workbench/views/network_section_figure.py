"""``SectionFigure``: the Bokeh figure of the record section: traces over time, distance downwards."""

from __future__ import annotations

from bokeh.models import ColumnDataSource, HoverTool, Range1d
from bokeh.plotting import figure

from workbench.views.network_told import inner_size_px
from workbench.views.theme import FONT, TOKENS, bokeh_theme

__all__ = ["BOTTOM_PX", "TOP_PX", "SectionFigure"]

TOP_PX = 22
BOTTOM_PX = 40
"""Margins above and below the frame, which the names beside the figure keep too."""


class SectionFigure:
    """Columns go into ``others``, ``open``, ``band``, ``onsets``, ``moveout`` and ``words``."""

    def __init__(self, theme: str) -> None:
        def source(name: str, *columns: str) -> ColumnDataSource:
            return ColumnDataSource({column: [] for column in columns}, name=f"network-section-{name}")

        self.others, self.open = source("others", "x", "y"), source("open", "x", "y")
        self.lanes = source("lanes", "left", "right", "top", "bottom", "colour", "alpha", "words")
        self.band = source("band", "left", "right", "top", "bottom")
        self.onsets = source("onsets", "x", "y0", "y1", "colour", "width", "dash", "words")
        self.moveout, self.words = source("moveout", "xs", "ys", "colour"), source("words", "x", "y", "text", "colour")
        self.plot = self._make()
        self.paint(theme)

    @property
    def height_px(self) -> float:
        """Of the frame; a guess before the browser has told."""
        return inner_size_px(self.plot, (700.0, 600.0))[1]

    def _make(self) -> figure:
        plot = figure(
            name="network-section", tools="xpan,xwheel_zoom,reset", active_scroll="xwheel_zoom", toolbar_location=None,
            x_range=Range1d(0, 1), y_range=Range1d(1, 0), sizing_mode="stretch_both", min_border_top=TOP_PX,
            min_border_bottom=BOTTOM_PX, min_border_left=46, min_border_right=2, lod_threshold=None,
        )  # fmt: skip
        self._band = plot.quad("left", "right", "top", "bottom", source=self.band, line_color=None, level="underlay")
        lanes = plot.quad(
            "left", "right", "top", "bottom", source=self.lanes, fill_color="colour", fill_alpha="alpha",
            line_color=None, level="underlay",
        )  # fmt: skip
        self._others = plot.line("x", "y", source=self.others, line_width=0.8, line_join="round")
        self._open = plot.line("x", "y", source=self.open, line_width=1.1, line_join="round")
        plot.multi_line(
            "xs", "ys", source=self.moveout, line_color="colour", line_width=1.5, line_dash="1 4", line_cap="round"
        )
        strokes = plot.segment(
            "x", "y0", "x", "y1", source=self.onsets, line_color="colour", line_width="width", line_dash="dash"
        )
        self._words = plot.text(
            "x", "y", text="text", source=self.words, text_color="colour", x_offset=6, y_offset=12,
            text_font={"value": FONT}, text_font_size="11px", text_font_style="bold",
        )  # fmt: skip
        plot.add_tools(
            HoverTool(renderers=[strokes], tooltips=[("", "@words")], limit=1),
            HoverTool(renderers=[lanes], tooltips=[("", "@words")], limit=1),
        )
        plot.xaxis.ticker.desired_num_ticks = 8
        plot.yaxis.axis_label = ""
        plot.xaxis.axis_label_standoff = 2
        return plot

    def paint(self, theme: str) -> None:
        """Axes, traces and band in the colours of a theme; onsets and moveout carry their own."""
        token, attrs = TOKENS[theme], bokeh_theme(theme)["attrs"]
        self.plot.update(**{name: value for name, value in attrs["Plot"].items() if name != "min_border"})
        for axis in self.plot.axis:
            axis.update(**attrs["Axis"])
            axis.minor_tick_line_color = None
        for grid in self.plot.grid:
            grid.update(**attrs["Grid"])
        self.plot.ygrid.grid_line_color = None
        self._others.glyph.line_color = token["trace"]
        self._open.glyph.line_color = token["trace_focus"]
        self._band.glyph.fill_color = token["selected"]
