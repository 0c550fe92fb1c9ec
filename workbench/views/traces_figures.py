"""The Bokeh figures of the trace view, made once: traces, spectrogram, probability, overview. No data in here.

The browser fills the sources and moves the ranges, from what it is told; models it knows are never replaced.
The traces' vertical axis is in pixels from the top of the plot, so that rows, names and picks share one measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bokeh.models import (
    BoxAnnotation,
    ColumnDataSource,
    CustomJSTickFormatter,
    DatetimeAxis,
    DatetimeTicker,
    FixedTicker,
    Grid,
    LinearColorMapper,
    PanTool,
    Range1d,
    RangeTool,
    WheelZoomTool,
)
from bokeh.plotting import figure
from bokeh.plotting import figure as Figure  # noqa: N812 - bokeh's own class has a lower-case name

from workbench.views.theme import FONT, TOKENS

__all__ = [
    "AXIS_PX",
    "CLOCK",
    "MARK_COLUMNS",
    "PROBABILITY_PX",
    "PROBABILITY_SMALL_PX",
    "SMALL_STAGE_PX",
    "Figures",
    "label_axes",
    "make_figures",
    "paint",
    "time_words",
    "timed_figure",
]

LEFT_PX, RIGHT_PX = 92, 8
_UNLINED = [".bk-Canvas { --outline-width: 0px; }"]
"""Bokeh outlines the plot that was clicked last; here the frame of the stage says that keys act."""
AXIS_PX, OVERVIEW_PX, SPECTROGRAM_PX = 24, 54, 96
PROBABILITY_PX, PROBABILITY_SMALL_PX, SMALL_STAGE_PX = 92, 76, 560

_COLUMNS = (
    "id x y0 y1 colour alpha dash width left right band_alpha edge_alpha marker marker_y marker_size marker_fill "
    "flag flag_x flag_align flag_y flag_fill flag_colour grip_y grip_alpha"
)
MARK_COLUMNS = tuple(_COLUMNS.split())
"""Columns of the marks' source, which the browser draws on a canvas of its own above the traces."""

# Labels nearer to an edge than their own half width would run into the date, or off the plot.
_EDGE = "const at = (tick - range.start) / (range.end - range.start); if (at < 0.045 || at > 0.97) return ''; "
_STEP = "const step = ticks.length > 1 ? ticks[1] - ticks[0] : 1000; "
CLOCK = (
    _EDGE
    + _STEP
    + """
const words = new Date(Math.round(tick)).toISOString();
if (step >= 86400000) return words.slice(5, 10);
if (step >= 60000 && (range.end - range.start) > 7200000) return words.slice(11, 16);
if (step >= 1000) return words.slice(11, 19);
return words.slice(11, 20 + Math.min(3, Math.ceil(-Math.log10(step / 1000) - 1e-9)));
"""
)
_SECONDS = (
    _EDGE
    + _STEP
    + """
const digits = step >= 1000 ? 0 : Math.min(3, Math.ceil(-Math.log10(step / 1000) - 1e-9));
return (tick < -1e-6 ? "\u2212" : "") + (Math.abs(tick) / 1000).toFixed(digits) + " s";
"""
)


@dataclass
class Figures:
    """All models that change after they were made."""

    traces: Figure
    probability: Figure
    overview: Figure
    spectrogram: Figure
    x_range: Range1d
    sources: dict[str, ColumnDataSource] = field(default_factory=dict)
    glyphs: dict[str, Any] = field(default_factory=dict)


def make_figures(name: str) -> Figures:
    """New figures; models that the browser looks for by name carry `name` as a prefix."""
    # Nobody in Python asks where it stands: told with every frame of a drag, it would keep the server busy meanwhile.
    x_range = Range1d(0, 60_000, name=f"{name}-x", syncable=False)
    sources = {
        key: ColumnDataSource({column: [] for column in columns}, name=f"{name}-{key}-columns")
        for key, columns in {
            "focus": ("xs", "ys"),
            "others": ("xs", "ys"),
            "marks": MARK_COLUMNS,
            "curves": ("xs", "ys", "colour", "width"),
            "fills": ("xs", "ys", "colour"),
            "peaks": ("x", "y", "colour", "marker"),
            "overview": ("x", "y"),
            "overview_marks": ("x", "y", "colour"),
            "spectrogram": ("image", "x", "y", "dw", "dh"),
        }.items()
    }
    traces = timed_figure(f"{name}-traces", x_range, Range1d(600, 0), height=500, sizing_mode="stretch_both")
    made = Figures(
        traces=traces,
        probability=_probability(name, x_range, sources),
        overview=_overview(name, x_range, sources),
        spectrogram=_spectrogram(name, x_range, sources),
        x_range=x_range,
        sources=sources,
    )
    # Bokeh warns of a plot on which nothing stands; a box that is never seen is the cheapest.
    _strip(traces, Grid(dimension=0, ticker=DatetimeTicker()), BoxAnnotation(visible=False))
    # The band of the open station lies under the traces, in the page.
    traces.background_fill_alpha = traces.border_fill_alpha = 0
    # No glyph draws these, so it is from here that the document knows their sources.
    traces.tags = [sources[key] for key in ("focus", "others", "marks")]
    time_words(made, relative=False)
    return made


def timed_figure(name: str, x_range: Range1d, y_range: Range1d, **settings: Any) -> Figure:
    """A figure over time without visible axes, dragged and zoomed along time only."""
    plot = figure(
        name=name,
        x_range=x_range,
        y_range=y_range,
        x_axis_type="datetime",
        tools=[],
        toolbar_location=None,
        min_border=0,
        min_border_left=LEFT_PX,
        min_border_right=RIGHT_PX,
        outline_line_color=None,
        lod_threshold=None,
        stylesheets=_UNLINED,
        **settings,
    )
    pan, zoom = PanTool(dimensions="width"), WheelZoomTool(dimensions="width")
    plot.add_tools(pan, zoom)
    plot.toolbar.active_drag, plot.toolbar.active_scroll = pan, zoom
    plot.yaxis.visible = False
    plot.xaxis.visible = False
    plot.ygrid.visible = False
    return plot


def _strip(plot: Figure, *center: Any, below: Sequence[Any] = ()) -> None:
    """Leave only what is seen: Bokeh lays out hidden axes and grids at every paint, and asks for the style of each."""
    plot.left, plot.below, plot.center = [], list(below), list(center)


def _probability(name: str, x_range: Range1d, sources: dict[str, ColumnDataSource]) -> Figure:
    plot = timed_figure(
        f"{name}-probability",
        x_range,
        Range1d(-0.04, 1.12),
        height=PROBABILITY_PX + AXIS_PX,
        sizing_mode="stretch_width",
    )
    plot.patches("xs", "ys", source=sources["fills"], fill_color="colour", fill_alpha=0.13, line_color=None)
    plot.multi_line("xs", "ys", source=sources["curves"], line_color="colour", line_width="width", line_join="round")
    plot.scatter("x", "y", source=sources["peaks"], marker="marker", size=8, fill_color="colour", line_color="colour")
    axis = plot.xaxis[0]
    axis.visible = True
    _strip(plot, plot.xgrid[0], Grid(dimension=1, ticker=FixedTicker(ticks=[0, 0.5, 1])), below=[axis])
    axis.major_tick_in, axis.major_tick_out, axis.major_label_standoff = 0, 4, 2
    plot.min_border_bottom = AXIS_PX
    return plot


def _overview(name: str, x_range: Range1d, sources: dict[str, ColumnDataSource]) -> Figure:
    plot = figure(
        name=f"{name}-overview",
        x_range=Range1d(0, 60_000),
        y_range=Range1d(-1.15, 1.4),
        x_axis_type="datetime",
        tools=[],
        toolbar_location=None,
        height=OVERVIEW_PX,
        sizing_mode="stretch_width",
        min_border=0,
        min_border_left=LEFT_PX,
        min_border_right=RIGHT_PX,
        outline_line_color=None,
        lod_threshold=None,
        stylesheets=_UNLINED,
    )
    plot.line("x", "y", source=sources["overview"], line_width=0.6)
    plot.scatter(
        "x", "y", source=sources["overview_marks"], marker="inverted_triangle", size=6, color="colour", line_color=None
    )
    axis = plot.xaxis[0]
    _strip(plot, below=[axis])
    axis.major_tick_in, axis.major_tick_out, axis.major_label_standoff = 0, 3, 1
    plot.min_border_bottom = 18
    tool = RangeTool(x_range=x_range)
    tool.overlay.fill_alpha, tool.overlay.line_alpha, tool.overlay.line_dash = 0.14, 1.0, "solid"
    tool.overlay.line_width = 1.5
    tool.overlay.syncable = False
    plot.add_tools(tool)
    return plot


def _spectrogram(name: str, x_range: Range1d, sources: dict[str, ColumnDataSource]) -> Figure:
    plot = timed_figure(
        f"{name}-spectrogram", x_range, Range1d(0, 50), height=SPECTROGRAM_PX, sizing_mode="stretch_width"
    )
    plot.image(
        "image",
        "x",
        "y",
        "dw",
        "dh",
        source=sources["spectrogram"],
        color_mapper=LinearColorMapper(palette="Cividis256", nan_color="rgba(0, 0, 0, 0)"),
    )
    _strip(plot)
    plot.visible = False
    return plot


def time_words(made: Figures, *, relative: bool) -> None:
    """Let the axes count seconds from an onset, or show the clock in UTC."""
    code = _SECONDS if relative else CLOCK
    for plot in (made.probability, made.overview):
        # A new formatter makes the browser lay both plots out anew.
        if getattr(plot.xaxis[0].formatter, "code", "") != code:
            plot.xaxis[0].formatter = CustomJSTickFormatter(code=code, args={"range": plot.x_range})


def label_axes(made: Figures, *, shown: bool) -> None:
    """Show or hide the words of the time axes, which mean nothing without a recording; nothing moves for that."""
    for plot in (made.probability, made.overview):
        plot.xaxis[0].major_label_text_alpha = float(shown)


def paint(made: Figures, theme: str) -> None:
    """Give every model the colours of a theme; touches no data."""
    colour = TOKENS[theme]
    for plot in (made.traces, made.probability, made.overview, made.spectrogram):
        plot.background_fill_color = plot.border_fill_color = colour["plot"]
        plot.grid.grid_line_color = colour["grid"]
        for axis in plot.select({"type": DatetimeAxis}):
            axis.axis_line_color = axis.major_tick_line_color = colour["strong"]
            axis.minor_tick_line_color = None
            axis.major_label_text_font = FONT
            axis.major_label_text_color = colour["text"]
            axis.major_label_text_font_size = "12px" if plot is not made.overview else "11px"
    made.overview.background_fill_color = colour["sunken"]
    made.overview.renderers[0].glyph.line_color = colour["trace"]
    overlay = made.overview.select_one({"type": RangeTool}).overlay
    overlay.fill_color = overlay.line_color = colour["accent"]
