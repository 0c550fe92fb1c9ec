"""The Bokeh figures of the Explain page, made once: flags, traces, probability, overview. No data in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from bokeh.core.properties import value
from bokeh.models import (
    BoxAnnotation,
    ColumnDataSource,
    CustomJSTickFormatter,
    DatetimeTicker,
    FixedTicker,
    Grid,
    LinearColorMapper,
    Range1d,
    RangeTool,
)
from bokeh.plotting import figure as Figure  # noqa: N812 - bokeh's own class has a lower-case name

from workbench.views.packed import packed
from workbench.views.theme import FONT, SIGNED_STEPS, TOKENS, signed_colours
from workbench.views.traces_figures import CLOCK, timed_figure

__all__ = ["ExplainFigures", "line_styles", "make_explain_figures", "paint_explain"]

FLAGS_PX, PROBABILITY_PX, OVERVIEW_PX = 24, 98, 92
_MOST_EXTRA = 1.7
"""Width of a line at either end of the scale, beyond that of the neutral one."""

_COLUMNS = {
    "lines": ("xs", "ys", "colour", "width"),
    "ghost": ("xs", "ys"),
    "bars": ("left", "right", "bottom", "top", "colour"),
    "baselines": ("y",),
    "lane": ("left", "right", "bottom", "top", "value"),
    "edges": ("x", "y0", "y1"),
    "picks": ("x", "y0", "y1", "colour", "dash", "width", "alpha"),
    "flags": ("x", "y", "colour", "marker", "words", "size", "align", "offset"),
    "target": ("left", "right"),
    "muted": ("left", "right", "bottom", "top"),
    "curves": ("xs", "ys", "colour", "width", "dash", "alpha"),
    "fills": ("xs", "ys", "colour"),
    "received": ("left", "right", "bottom", "top", "alpha"),
    "density": ("x", "y0", "y1"),
    "here": ("x", "y0", "y1", "colour"),
}


@dataclass
class ExplainFigures:
    """All models that change after they were made."""

    flags: Figure
    traces: Figure
    probability: Figure
    overview: Figure
    x_range: Range1d
    sources: dict[str, ColumnDataSource]
    spots: tuple[BoxAnnotation, ...]
    lane_colours: LinearColorMapper
    glyphs: dict[str, Any]

    def show(self, **columns_of: Mapping[str, Any]) -> None:
        """Give sources other columns; what a source holds already is not sent: each is a message, and a repaint."""
        for name, columns in columns_of.items():
            source = self.sources[name]
            if not _same(source.data, columns):
                source.data = {column: packed(values) for column, values in columns.items()}

    @property
    def stacked(self) -> tuple[Figure, ...]:
        """From top to bottom."""
        return self.flags, self.traces, self.probability, self.overview


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one.keys() == other.keys() and all(_same_column(column, other[name]) for name, column in one.items())


def _same_column(one: Sequence[Any], other: Sequence[Any]) -> bool:
    if len(one) != len(other):
        return False
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return np.array_equal(one, other, equal_nan=one.dtype.kind == other.dtype.kind == "f")
    nested = any(isinstance(item, np.ndarray) for item in (*one, *other))
    return all(map(_same_column, one, other)) if nested else list(one) == list(other)


def make_explain_figures(name: str) -> ExplainFigures:
    """New figures; models that the browser looks for by name carry `name` as a prefix."""
    x_range = Range1d(0, 60_000, name=f"{name}-x")
    sources = {
        key: ColumnDataSource({column: [] for column in columns}, name=f"{name}-{key}-columns")
        for key, columns in _COLUMNS.items()
    }
    spots = tuple(BoxAnnotation(visible=False, level="underlay", line_color=None) for _ in range(2))
    glyphs: dict[str, Any] = {}
    mapper = LinearColorMapper(palette="Cividis256", low=0, high=1)
    made = ExplainFigures(
        flags=_flags(name, x_range, sources, glyphs),
        traces=_traces(name, x_range, sources, glyphs, mapper),
        probability=_probability(name, x_range, sources),
        overview=_overview(name, x_range, sources, glyphs),
        x_range=x_range,
        sources=sources,
        spots=spots,
        lane_colours=mapper,
        glyphs=glyphs,
    )
    for plot in made.stacked:
        # The page's own background shows through: a canvas that is painted anew keeps its edge of before.
        plot.border_fill_alpha = plot.background_fill_alpha = 0.0
    made.overview.background_fill_alpha = 1.0
    made.traces.add_layout(spots[0])
    made.overview.add_layout(spots[1])
    return made


def _flags(name: str, x_range: Range1d, sources: dict[str, ColumnDataSource], glyphs: dict[str, Any]) -> Figure:
    plot = timed_figure(
        f"{name}-flags", x_range, Range1d(0, 1), height=FLAGS_PX, sizing_mode="stretch_width"
    )  # fmt: skip
    plot.scatter(
        "x", "y", source=sources["flags"], marker="marker", size="size", fill_color="colour", line_color="colour"
    )
    glyphs["flags"] = plot.text(
        "x", "y", "words", source=sources["flags"], text_color="colour", x_offset="offset", text_align="align",
        text_baseline="middle", background_fill_alpha=1.0, text_font=value(FONT),
        text_font_size="12px", text_font_style="bold",
    )  # fmt: skip
    plot.left, plot.below, plot.center = [], [], []
    return plot


def _traces(
    name: str,
    x_range: Range1d,
    sources: dict[str, ColumnDataSource],
    glyphs: dict[str, Any],
    mapper: LinearColorMapper,
) -> Figure:
    plot = timed_figure(f"{name}-traces", x_range, Range1d(-3, 0.02), height=260, sizing_mode="stretch_both")
    plot.quad("left", "right", "top", "bottom", source=sources["muted"], hatch_pattern="/", hatch_weight=0.6,
              fill_alpha=0.35, line_color=None, name="muted")  # fmt: skip
    glyphs["target"] = plot.quad(
        "left", "right", top=1, bottom=-30, source=sources["target"], fill_alpha=0.15, line_color=None
    )
    glyphs["edges"] = plot.segment("x", "y0", "x", "y1", source=sources["edges"], line_dash=[1, 4], line_width=1)
    glyphs["baselines"] = plot.hspan("y", source=sources["baselines"], line_width=0.6)
    plot.quad(
        "left", "right", "top", "bottom", source=sources["bars"], fill_color="colour", line_color="colour",
        line_width=0.5,
    )  # fmt: skip
    plot.quad(
        "left", "right", "top", "bottom", source=sources["lane"], fill_color={"field": "value", "transform": mapper},
        line_color={"field": "value", "transform": mapper}, line_width=0.5,
    )  # fmt: skip
    glyphs["ghost"] = plot.multi_line("xs", "ys", source=sources["ghost"], line_width=0.9, line_alpha=0.45)
    glyphs["lines"] = plot.multi_line(
        "xs", "ys", source=sources["lines"], line_color="colour", line_width="width", line_join="bevel"
    )
    _picks(plot, sources)
    glyphs["muted"] = plot.select_one({"name": "muted"})
    plot.left, plot.below, plot.center = [], [], [Grid(dimension=0, ticker=DatetimeTicker())]
    return plot


def _picks(plot: Figure, sources: dict[str, ColumnDataSource]) -> None:
    plot.segment(
        "x", "y0", "x", "y1", source=sources["picks"], line_color="colour", line_width="width", line_dash="dash",
        line_alpha="alpha",
    )  # fmt: skip


def _probability(name: str, x_range: Range1d, sources: dict[str, ColumnDataSource]) -> Figure:
    plot = timed_figure(
        f"{name}-probability", x_range, Range1d(-0.05, 1.12), height=PROBABILITY_PX, sizing_mode="stretch_width"
    )
    plot.patches("xs", "ys", source=sources["fills"], fill_color="colour", fill_alpha=0.13, line_color=None)
    plot.multi_line(
        "xs", "ys", source=sources["curves"], line_color="colour", line_width="width", line_dash="dash",
        line_alpha="alpha", line_join="round",
    )  # fmt: skip
    _picks(plot, sources)
    axis = plot.xaxis[0]
    axis.visible = True
    axis.formatter = CustomJSTickFormatter(code=CLOCK, args={"range": x_range})
    grid = Grid(dimension=1, ticker=FixedTicker(ticks=[0, 0.5, 1]))
    plot.left, plot.below, plot.center = [], [axis], [plot.xgrid[0], grid]
    axis.major_tick_in, axis.major_tick_out, axis.major_label_standoff = 0, 4, 2
    plot.min_border_bottom = 24
    return plot


def _overview(name: str, x_range: Range1d, sources: dict[str, ColumnDataSource], glyphs: dict[str, Any]) -> Figure:
    plot = timed_figure(
        f"{name}-overview", Range1d(0, 60_000), Range1d(0, 2.1), height=OVERVIEW_PX, sizing_mode="stretch_width"
    )
    # What the hand moves here is the window of the plots above.
    plot.toolbar.active_drag = plot.toolbar.active_scroll = None
    plot.tools = []
    glyphs["received"] = plot.quad(
        "left", "right", "top", "bottom", source=sources["received"], fill_alpha="alpha", line_width=0.5
    )
    glyphs["density"] = plot.varea("x", "y0", "y1", source=sources["density"], fill_alpha=0.35)
    glyphs["density_line"] = plot.line("x", "y1", source=sources["density"], line_width=1.0)
    plot.segment("x", "y0", "x", "y1", source=sources["here"], line_color="colour", line_width=1.4, line_dash=[5, 3])
    axis = plot.xaxis[0]
    axis.visible = True
    axis.formatter = CustomJSTickFormatter(code=CLOCK, args={"range": plot.x_range})
    plot.left, plot.below, plot.center = [], [axis], []
    axis.major_tick_in, axis.major_tick_out, axis.major_label_standoff = 0, 3, 1
    plot.min_border_bottom = 20
    tool = RangeTool(x_range=x_range)
    tool.overlay.fill_alpha, tool.overlay.line_alpha, tool.overlay.line_dash = 0.14, 1.0, "solid"
    tool.overlay.line_width = 1.5
    plot.add_tools(tool)
    return plot


def paint_explain(made: ExplainFigures, theme: str) -> None:
    """Give every model the colours of a theme; touches no data but that of the colours."""
    colour = TOKENS[theme]
    for plot in made.stacked:
        plot.background_fill_color = plot.border_fill_color = colour["plot"]
        plot.grid.grid_line_color = colour["grid"]
        for axis in plot.below:
            axis.axis_line_color = axis.major_tick_line_color = colour["strong"]
            axis.minor_tick_line_color = None
            axis.major_label_text_font = FONT
            axis.major_label_text_color = colour["text"]
            axis.major_label_text_font_size = "12px" if plot is made.probability else "11px"
    made.overview.background_fill_color = colour["sunken"]
    glyph = {name: renderer.glyph for name, renderer in made.glyphs.items()}
    glyph["flags"].background_fill_color = colour["plot"]
    glyph["target"].fill_color = colour["strong"]
    glyph["edges"].line_color = colour["strong"]
    glyph["baselines"].line_color = colour["border"]
    glyph["ghost"].line_color = colour["trace"]
    glyph["muted"].fill_color, glyph["muted"].hatch_color = colour["sunken"], colour["strong"]
    glyph["received"].fill_color = glyph["received"].line_color = colour["trace"]
    glyph["density"].fill_color = glyph["density_line"].line_color = colour["for"]
    for spot in made.spots:
        spot.fill_color, spot.fill_alpha = colour["accent"], 0.14
    overlay = made.overview.select_one({"type": RangeTool}).overlay
    overlay.fill_color = overlay.line_color = colour["accent"]


def line_styles(theme: str) -> dict[str, list[Any]]:
    """Colour and width of the 13 lines; the neutral one is as wide as any trace."""
    half = SIGNED_STEPS // 2
    widths = [1.0 + _MOST_EXTRA * abs(step - half) / half for step in range(SIGNED_STEPS)]
    return {"colour": signed_colours(theme), "width": widths}
