"""``LiveFigure``: the traces of the last minutes, a row a station, and the picks on the rows of their stations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from bokeh.models import ColumnDataSource, CustomJSTickFormatter, FixedTicker, Range1d

from workbench.inference.live import Snapshot
from workbench.views.theme import FONT, MARKERS, TOKENS, phase_colour
from workbench.views.traces_figures import CLOCK, timed_figure

__all__ = ["LiveFigure"]

_STATIONS = 12
_REACH = 0.42
"""Of the distance between two rows: how far a trace and a pick go up and down."""


class LiveFigure:
    """Vertical components of up to twelve stations; drawn anew from a snapshot each time."""

    def __init__(self, theme: str) -> None:
        self._theme = theme
        self._stations: list[str] = []
        self.traces = ColumnDataSource({"xs": [], "ys": []}, name="live-traces")
        self.picks = ColumnDataSource({"time": [], "low": [], "high": [], "phase": [], "colour": []}, name="live-picks")
        x_range = Range1d(0, 1)
        self.figure = plot = timed_figure(
            "live", x_range, Range1d(-0.6, 0.6), height=400, sizing_mode="stretch_both"
        )  # fmt: skip
        # The plot follows the newest sample: what a hand did to it would be lost at once.
        plot.toolbar.active_drag = plot.toolbar.active_scroll = None
        plot.tools = []
        self._lines = plot.multi_line("xs", "ys", source=self.traces, line_width=0.9, line_join="round")
        plot.segment(
            "time", "low", "time", "high", source=self.picks,
            line_color="colour", line_width=1.8, line_dash=[5, 3],
        )  # fmt: skip
        plot.scatter(
            "time", "high", source=self.picks, marker=MARKERS[0], size=9, fill_color="colour", line_color="colour"
        )
        plot.xaxis.visible = plot.yaxis.visible = True
        plot.xaxis[0].formatter = CustomJSTickFormatter(code=CLOCK, args={"range": x_range})
        plot.yaxis[0].ticker = FixedTicker(ticks=[])
        plot.yaxis.major_tick_line_color = plot.yaxis.axis_line_color = plot.yaxis.minor_tick_line_color = None
        plot.min_border_bottom, plot.min_border_top = 44, 8
        self.paint(theme)

    def paint(self, theme: str) -> None:
        """Give every model the colours of a theme."""
        self._theme, colour, plot = theme, TOKENS[theme], self.figure
        plot.background_fill_color = plot.border_fill_color = colour["plot"]
        plot.grid.grid_line_color = colour["grid"]
        for axis in plot.axis:
            axis.major_label_text_font = axis.axis_label_text_font = FONT
            axis.major_label_text_color, axis.axis_label_text_color = colour["text"], colour["muted"]
            axis.major_label_text_font_size, axis.axis_label_text_font_size = "12px", "11px"
            axis.axis_label_text_font_style = "normal"
        plot.xaxis.axis_line_color = plot.xaxis.major_tick_line_color = colour["strong"]
        plot.xaxis.minor_tick_line_color = None
        self._lines.glyph.line_color = colour["trace_focus"]
        picks = {name: list(column) for name, column in self.picks.data.items()}
        picks["colour"] = [phase_colour(phase, theme) for phase in picks["phase"]]
        self.picks.data = picks

    def draw(self, seen: Snapshot, seconds: float) -> None:
        """Show the last seconds before the newest sample; stations that are silent all that time are left out."""
        if seen.newest is None:
            return
        end_ms = _milliseconds(seen.newest)
        start_ms = end_ms - seconds * 1e3
        oldest = seen.newest - np.timedelta64(round(seconds * 1e9), "ns")
        heard = [name for name, times in sorted(seen.times.items()) if times.size and times[-1] >= oldest][:_STATIONS]
        rows = {station: -row for row, station in enumerate(heard)}
        shown = [pick for pick in seen.picks if pick.station in rows and pick.time >= oldest]
        self.traces.data = {
            "xs": [seen.times[station] for station in heard],
            "ys": [_scaled(seen.samples[station]) + row for station, row in rows.items()],
        }
        self.picks.data = {
            "time": [pick.time for pick in shown],
            "low": [rows[pick.station] - _REACH for pick in shown],
            "high": [rows[pick.station] + _REACH for pick in shown],
            "phase": [pick.phase for pick in shown],
            "colour": [phase_colour(pick.phase, self._theme) for pick in shown],
        }
        self.figure.x_range.update(start=start_ms, end=end_ms)
        self.figure.xaxis.axis_label = f"{pd.Timestamp(seen.newest):%Y-%m-%d} UTC"
        if heard != self._stations:
            self._set_rows(heard)

    def _set_rows(self, stations: list[str]) -> None:
        self._stations = stations
        self.figure.y_range.update(start=-len(stations) + 0.5, end=0.5)
        axis: Any = self.figure.yaxis[0]
        axis.ticker = FixedTicker(ticks=[-row for row in range(len(stations))])
        axis.major_label_overrides = {-row: name.rstrip(".") for row, name in enumerate(stations)}


def _scaled(samples: np.ndarray) -> np.ndarray:
    """Around zero, within the reach of a row."""
    if samples.size == 0:
        return samples
    centred = samples - np.median(samples)
    return _REACH * centred / max(float(np.abs(centred).max()), 1e-20)


def _milliseconds(when: np.datetime64) -> float:
    return float(when.astype("datetime64[ns]").astype("int64")) / 1e6
