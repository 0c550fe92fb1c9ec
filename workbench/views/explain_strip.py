"""``StripFigure``: where a pick lies, and how sure it is, for each way in which the window may be cut around it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr
from bokeh.events import Tap
from bokeh.models import ColumnDataSource, CustomJSTickFormatter, HoverTool, Range1d, Span
from bokeh.plotting import figure

from workbench.views.theme import FONT, TOKENS, phase_colour

__all__ = ["StripFigure", "strip_columns", "strip_words"]

_LEAST_PX, _MOST_PX = 2.0, 11.0
_LEAST_HALF_S = 0.1


class StripFigure:
    """Seconds by which the pick moves against the offset of the window; the size of a dot is its probability.

    Parameters
    ----------
    on_tap
        Called with the offset in seconds at which the plot was tapped.
    """

    def __init__(self, theme: str, on_tap: Callable[[float], None] = lambda _: None) -> None:
        self._on_tap = on_tap
        self._phase = "P"
        self.dots = ColumnDataSource(dict(offset=[], moved=[], size=[], probability=[]), name="explain-strip")
        self.figure = self._make_figure()
        self.paint(theme)

    def _make_figure(self) -> figure:
        plot = figure(
            name="explain-strip",
            tools="",
            toolbar_location=None,
            x_range=Range1d(-2, 2),
            y_range=Range1d(-1, 1),
            sizing_mode="stretch_both",
            min_height=72,
            min_border=4,
            min_border_right=12,
        )
        # The card's own background shows through: a canvas that is painted anew keeps its edge of before.
        plot.border_fill_alpha = plot.background_fill_alpha = 0.0
        plot.on_event(Tap, lambda event: self._on_tap(float(event.x)))
        self._chosen = Span(dimension="height", location=0, line_width=1.5, line_dash=[2, 2])
        plot.add_layout(self._chosen)
        self._scatter = plot.scatter("offset", "moved", size="size", source=self.dots, line_width=1, fill_alpha=0.55)
        said = [("window", "@offset{+0.00} s"), ("pick", "@moved{+0.000} s"), ("probability", "@probability{0.00}")]
        plot.add_tools(HoverTool(renderers=[self._scatter], tooltips=said))
        for axis in plot.axis:
            axis.formatter = CustomJSTickFormatter(code="return (tick > 0 ? '+' : '') + String(tick).replace('-', '−')")
            axis.ticker.desired_num_ticks = 4
        return plot

    def show(self, strip: xr.Dataset, time: pd.Timestamp, phase: str) -> None:
        """Draw what a picker gave for every offset; those without a pick are left out.

        Parameters
        ----------
        time, phase
            That is explained; times are told from it.
        """
        self._phase = phase
        offset, moved, probability = strip_columns(strip, time)
        there = np.isfinite(moved)
        size = _LEAST_PX + (_MOST_PX - _LEAST_PX) * np.nan_to_num(probability)
        self.dots.data = dict(
            offset=offset[there], moved=moved[there], size=size[there], probability=probability[there]
        )
        half = max(1.2 * float(np.abs(moved[there]).max(initial=0.0)), _LEAST_HALF_S)
        edge = 0.04 * float(np.ptp(offset)) if offset.size > 1 else 0.1
        self.figure.y_range.update(start=-half, end=half)
        if offset.size:
            self.figure.x_range.update(start=float(offset.min()) - edge, end=float(offset.max()) + edge)
        self._colour_dots()

    def clear(self) -> None:
        """Take the dots away."""
        if len(self.dots.data["offset"]):
            self.dots.data = {name: [] for name in self.dots.data}

    def mark(self, offset_s: float) -> None:
        """Draw a line at the window that is tried."""
        self._chosen.location = offset_s

    def _colour_dots(self) -> None:
        colour = phase_colour(self._phase, self._theme)
        self._scatter.glyph.update(fill_color=colour, line_color=colour)

    def paint(self, theme: str) -> None:
        """Give dots, axes and grid the colours of a theme."""
        self._theme, colour, plot = theme, TOKENS[theme], self.figure
        plot.background_fill_color = plot.border_fill_color = colour["surface"]
        plot.outline_line_color = None
        plot.grid.grid_line_color = colour["grid"]
        for axis in plot.axis:
            axis.update(
                major_label_text_font=FONT, major_label_text_font_size="11px", major_label_text_color=colour["text"],
                axis_line_color=colour["strong"],
                major_tick_line_color=colour["strong"], minor_tick_line_color=None,
            )  # fmt: skip
        self._chosen.line_color = colour["accent"]
        self._colour_dots()


def strip_columns(strip: xr.Dataset, time: pd.Timestamp) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Offset in seconds, seconds by which the pick moves (NaN without one), and probability."""
    moved = (strip["pick_time"].values - np.datetime64(pd.Timestamp(time), "ns")) / np.timedelta64(1, "ns") * 1e-9
    return strip["offset_s"].values.astype(float), moved, strip["probability"].values.astype(float)


def strip_words(strip: xr.Dataset, time: pd.Timestamp, phase: str) -> str:
    """How far the pick goes over all offsets, and how often there is none."""
    _, moved, probability = strip_columns(strip, time)
    there = np.isfinite(moved)
    n, n_all = int(there.sum()), moved.size
    if n == 0:
        return f"No window of {n_all} gives a pick of {phase} here."
    low, high = (f"{value:+.2f}".replace("-", "−") for value in (moved[there].min(), moved[there].max()))
    sure = f"probability {probability[there].min():.2f} to {probability[there].max():.2f}"
    missing = f" {n_all - n} of {n_all} windows give no pick." if n < n_all else ""
    return f"{phase} moves by {low} to {high} s over {n_all} windows; {sure}.{missing}"
