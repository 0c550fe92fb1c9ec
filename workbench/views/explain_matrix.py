"""``MatrixFigure``: attention as a heat map on the true time grid; pointing at a cell tells which step reads which."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from bokeh.events import MouseLeave, MouseMove, Tap
from bokeh.models import (
    ColorBar,
    ColumnDataSource,
    CustomJS,
    CustomJSTickFormatter,
    FixedTicker,
    LinearColorMapper,
    Range1d,
)
from bokeh.palettes import Cividis256
from bokeh.plotting import figure

from workbench.views.explain_reading import Matrix
from workbench.views.theme import FONT, TOKENS, phase_colour
from workbench.views.traces_figures import CLOCK

__all__ = ["MatrixFigure"]

_POINT = """
const shape = grid.data.shape[0]
const {start: x0, end: x1} = plot.x_range, {start: y0, end: y1} = plot.y_range
let row = -1, key = -1
if (!leave && shape[0] > 0) {
  key = Math.floor((cb_obj.x - x0) / (x1 - x0) * shape[1])
  row = Math.floor((cb_obj.y - y1) / (y0 - y1) * shape[0])
  if (key < 0 || key >= shape[1] || row < 0 || row >= shape[0]) { row = key = -1 }
}
if (pointed.data.row[0] !== row || pointed.data.key[0] !== key) { pointed.data = {row: [row], key: [key]} }
"""
"""A message goes to the server only where another cell is pointed at."""


class MatrixFigure:
    """Rows read columns; the earliest is at the top and at the left.

    Parameters
    ----------
    on_point
        Called with (row, column) of the cell under the pointer, or None.
    """

    def __init__(self, on_point: Callable[[tuple[int, int] | None], None], theme: str) -> None:
        self._on_point, self._phase, self._theme = on_point, "", theme
        self._matrix: Matrix | None = None
        self.image = ColumnDataSource(dict(image=[np.zeros((1, 1))], x=[0], y=[0], dw=[1], dh=[1]))
        self._grid = ColumnDataSource(dict(shape=[[0, 0]]))
        self.pointed = ColumnDataSource(dict(row=[-1], key=[-1]), name="explain-pointed")
        self.pick = ColumnDataSource(dict(left=[], right=[], top=[], bottom=[]))
        self.bands = ColumnDataSource(dict(left=[], right=[], top=[], bottom=[]))
        self._mark = ColumnDataSource(dict(x=[], y=[]))
        self.mapper = LinearColorMapper(palette=Cividis256, low=0.0, high=1.0)
        self.figure = self._make_figure()
        self.pointed.on_change("data", self._point)
        self.paint(theme)

    def _make_figure(self) -> figure:
        plot = figure(
            name="explain-matrix",
            tools="",
            toolbar_location=None,
            x_range=Range1d(0, 1),
            y_range=Range1d(1, 0),
            sizing_mode="stretch_both",
            min_height=150,
            min_border=2,
        )
        # The card's own background shows through: a canvas that is painted anew keeps its edge of before.
        plot.border_fill_alpha = plot.background_fill_alpha = 0.0
        plot.image("image", "x", "y", "dw", "dh", source=self.image, color_mapper=self.mapper)
        # On cividis, white with a dark edge is seen at either end.
        for colour, width in (("#10161C", 2.6), ("#FFFFFF", 1.2)):
            for source in (self.pick, self.bands):
                plot.quad(
                    "left", "right", "top", "bottom", source=source, fill_color=None, line_color=colour,
                    line_width=width, line_dash="solid" if source is self.pick else "dotted",
                )  # fmt: skip
        self._triangle = plot.scatter(
            "x", "y", source=self._mark, marker="triangle", angle=-np.pi / 2, size=10, line_color="#FFFFFF"
        )
        for axis, axis_range in ((plot.xaxis, plot.x_range), (plot.yaxis, plot.y_range)):
            axis.formatter = CustomJSTickFormatter(code=CLOCK, args={"range": axis_range})
        self._bar = ColorBar(
            color_mapper=self.mapper,
            width=8,
            padding=2,
            ticker=FixedTicker(ticks=[0, 1]),
            formatter=CustomJSTickFormatter(code="return String(Number((tick * tick).toPrecision(2)))"),
        )
        plot.add_layout(self._bar, "right")
        shared = {"grid": self._grid, "plot": plot, "pointed": self.pointed}
        for event, leave in ((MouseMove, False), (Tap, False), (MouseLeave, True)):
            plot.js_on_event(event, CustomJS(args=shared | {"leave": leave}, code=_POINT))
        return plot

    def show(self, matrix: Matrix, time: pd.Timestamp | None, phase: str) -> None:
        """Draw a matrix, its values stretched by the square root, with a frame around the row that holds a time."""
        self._matrix, self._phase = matrix, phase
        start, length = _milliseconds(matrix.start), 1e3 * matrix.window_s
        top = float(np.sqrt(matrix.highest)) or 1.0
        self.mapper.update(low=0.0, high=top)
        self._bar.ticker = FixedTicker(ticks=[0.0, top])
        stretched = np.sqrt(np.maximum(matrix.values, 0)).astype(np.float32)
        self.image.data = dict(image=[stretched], x=[start], y=[start], dw=[length], dh=[length])
        self._grid.data = dict(shape=[list(matrix.values.shape)])
        self.figure.x_range.update(start=start, end=start + length)
        self.figure.y_range.update(start=start + length, end=start)
        row = None if time is None else matrix.row_at(time)
        self.pick.data = self._frames([] if row is None else [(row, None)])
        height = length / matrix.values.shape[0]
        self._mark.data = dict(x=[start], y=[start + (row + 0.5) * height]) if row is not None else dict(x=[], y=[])
        self.point(None)
        self._triangle.glyph.fill_color = phase_colour(phase, self._theme)

    def point(self, cell: tuple[int, int] | None) -> None:
        """Frame the row and the column of a cell, or none."""
        self.bands.data = self._frames([] if cell is None else [(cell[0], None), (None, cell[1])])

    def _frames(self, wanted: Sequence[tuple[int | None, int | None]]) -> dict[str, list[float]]:
        """Frames around whole rows (row, None) and whole columns (None, column)."""
        found: dict[str, list[float]] = {name: [] for name in ("left", "right", "top", "bottom")}
        if self._matrix is None:
            return found
        n_rows, n_columns = self._matrix.values.shape
        start, length = _milliseconds(self._matrix.start), 1e3 * self._matrix.window_s
        for row, column in wanted:
            across = (0, n_columns) if column is None else (column, column + 1)
            down = (0, n_rows) if row is None else (row, row + 1)
            for name, place, count in (
                ("left", across[0], n_columns), ("right", across[1], n_columns),
                ("top", down[0], n_rows), ("bottom", down[1], n_rows),
            ):  # fmt: skip
                found[name].append(start + length * place / count)
        return found

    def paint(self, theme: str) -> None:
        """Give axes and background the colours of a theme; cividis is the same in both."""
        self._theme, colour, plot = theme, TOKENS[theme], self.figure
        plot.background_fill_color = plot.border_fill_color = self._bar.background_fill_color = colour["surface"]
        plot.outline_line_color = None
        for axis in plot.axis:
            axis.update(
                major_label_text_font=FONT, major_label_text_font_size="11px", major_label_text_color=colour["text"],
                axis_line_color=colour["strong"], major_tick_line_color=colour["strong"], minor_tick_line_color=None,
            )  # fmt: skip
            axis.ticker.desired_num_ticks = 4
        plot.grid.grid_line_color = None
        self._bar.update(major_label_text_font=FONT, major_label_text_color=colour["text"], major_tick_line_color=None)
        self._triangle.glyph.fill_color = phase_colour(self._phase, theme)

    def _point(self, attr: str, old: object, new: Mapping[str, Sequence[int]]) -> None:  # noqa: ARG002 - Bokeh's names
        row, key = int(new["row"][0]), int(new["key"][0])
        self._on_point(None if row < 0 or key < 0 else (row, key))


def _milliseconds(time: pd.Timestamp) -> float:
    return pd.Timestamp(time).value / 1e6
