"""``LiveView``: traces that move as samples arrive, and picks that appear in them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, Range1d
from bokeh.plotting import figure

from workbench.inference.live import LivePicks, Snapshot
from workbench.inference.streaming import StreamPick
from workbench.views.theme import TOKENS, bokeh_theme, phase_colour

__all__ = ["LiveView"]

_PERIOD_MS = 300
_STATIONS = 12


class LiveView(pn.viewable.Viewer):
    """Vertical components of up to twelve stations over the last minutes, with the picks of a stream.

    Parameters
    ----------
    make
        Makes the feed that is picked, anew each time the user starts it.
    """

    def __init__(self, make: Callable[[float], LivePicks], theme: str = "light") -> None:
        super().__init__()
        self._make, self._theme = make, theme
        self._live: LivePicks | None = None
        token = TOKENS[theme]
        self._traces = ColumnDataSource({"xs": [], "ys": []})
        self._picks = ColumnDataSource({"time": [], "low": [], "high": [], "colour": [], "phase": []})
        self._figure = figure(
            x_axis_type="datetime", sizing_mode="stretch_both", min_height=320, tools="", toolbar_location=None,
            y_range=Range1d(-0.6, 0.6), x_range=Range1d(0, 1), name="live",
        )  # fmt: skip
        self._figure.multi_line("xs", "ys", source=self._traces, line_color=token["trace_focus"], line_width=1)
        self._figure.segment("time", "low", "time", "high", source=self._picks, line_color="colour", line_width=2)
        speeds = {"real time": 1.0, "5 times": 5.0, "20 times": 20.0}
        self._speed = pn.widgets.Select(label="Speed", options=speeds, value=5.0)
        self._button = pn.widgets.Button(label="Start", color="primary")
        self._button.on_click(lambda _event: self._toggle())
        self._words = pn.pane.Markdown("Nothing is streaming yet.", name="live-words")
        plot = pn.pane.Bokeh(self._figure, sizing_mode="stretch_both", theme=_bokeh(theme))
        self._layout = pn.Column(
            pn.Row(self._button, self._speed, self._words), plot, sizing_mode="stretch_both", min_height=420
        )
        self._periodic = pn.state.add_periodic_callback(self.refresh, period=_PERIOD_MS, start=False)

    def __panel__(self) -> pn.Column:
        return self._layout

    def _toggle(self) -> None:
        if self._live is not None and self._live.snapshot().running:
            self.stop()
        else:
            self.start()

    def start(self) -> None:
        """Begin the feed anew."""
        self._live = self._make(float(self._speed.value))
        self._live.start()
        self._button.label = "Stop"
        self._periodic.start()

    def stop(self) -> None:
        """End the feed; what it showed stays."""
        if self._live is not None:
            self._live.stop()
        if self._periodic.running:
            self._periodic.stop()
        self._button.label = "Start"
        self.refresh()

    def refresh(self) -> None:
        """Draw what there is now."""
        if self._live is None:
            return
        seen = self._live.snapshot()
        if seen.newest is not None:
            self._draw(seen, self._live.seconds)
        self._words.object = _words(seen)
        if not seen.running and self._button.label == "Stop":
            self._button.label = "Start"
            if self._periodic.running:
                self._periodic.stop()

    def _draw(self, seen: Snapshot, seconds: float) -> None:
        stations = sorted(seen.times)[:_STATIONS]
        rows = {station: -row for row, station in enumerate(stations)}
        end_ms = _milliseconds(seen.newest)
        start_ms = end_ms - seconds * 1e3
        lines = [_scaled(seen.samples[station]) + rows[station] for station in stations]
        shown = [pick for pick in seen.picks if pick.station in rows and _milliseconds(pick.time) >= start_ms]
        self._traces.data = {"xs": [seen.times[station] for station in stations], "ys": lines}
        self._picks.data = {
            "time": [pick.time for pick in shown],
            "low": [rows[pick.station] - 0.4 for pick in shown],
            "high": [rows[pick.station] + 0.4 for pick in shown],
            "colour": [phase_colour(pick.phase, self._theme) for pick in shown],
            "phase": [pick.phase for pick in shown],
        }
        self._figure.x_range.update(start=start_ms, end=end_ms)
        self._figure.y_range.update(start=-len(stations) + 0.4, end=0.6)
        self._figure.yaxis.ticker = [-row for row in range(len(stations))]
        self._figure.yaxis.major_label_overrides = {
            -row: station for station, row in zip(stations, range(len(stations)), strict=True)
        }


def _scaled(samples: np.ndarray) -> np.ndarray:
    """Around zero, between -0.45 and 0.45."""
    if samples.size == 0:
        return samples
    centred = samples - np.median(samples)
    return 0.45 * centred / max(float(np.abs(centred).max()), 1e-20)


def _milliseconds(when: np.datetime64 | None) -> float:
    return 0.0 if when is None else float(when.astype("datetime64[ns]").astype("int64")) / 1e6


def _words(seen: Snapshot) -> str:
    if seen.error:
        return f"The stream ended: {seen.error}"
    state = "Streaming" if seen.running else "The stream has ended"
    if not seen.picks:
        return f"{state}: {len(seen.times)} stations, no picks yet."
    return f"{state}: {len(seen.times)} stations, {len(seen.picks)} picks; last {_sentence(seen.picks[-1])}."


def _sentence(pick: StreamPick) -> str:
    when = np.datetime_as_string(pick.time, unit="ms").replace("T", " ")
    return f"**{pick.phase}** at {pick.station} {when}, {pick.latency_s:.1f} s late"


def _bokeh(theme: str) -> object:
    from bokeh.themes import Theme

    return Theme(json=bokeh_theme(theme))
