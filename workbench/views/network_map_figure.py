"""``MapFigure``: the Bokeh figure of the map, in km around the middle of the stations, labelled in degrees."""

from __future__ import annotations

import numpy as np
from bokeh.models import ColumnDataSource, CustomJSTickFormatter, FixedTicker, HoverTool, Range1d, ScaleBar
from bokeh.plotting import figure

from workbench.views.network_edges import empty_edges
from workbench.views.network_places import KM_PER_DEG, Flat, degree_ticks
from workbench.views.network_told import inner_size_px
from workbench.views.theme import FONT, TOKENS, bokeh_theme

__all__ = ["MapFigure"]

_STATION = (
    "x", "y", "name", "fill", "line", "name_colour", "font", "words", "title", "detail", "size", "dx", "dy", "align",
)  # fmt: skip
_DEGREES = """
const n = places.findIndex(place => Math.abs(place - tick) < 1e-6)
return n < 0 ? "" : words[n]
"""


_CLOSEST_KM, _FARTHEST_KM = 0.05, 40_000.0


def _range() -> Range1d:
    return Range1d(-1, 1, min_interval=_CLOSEST_KM, max_interval=_FARTHEST_KM)


class MapFigure:
    """Columns go into ``stations``, ``edges``, ``arrows``, ``ring`` and ``event``; names are in ``network-map-*``."""

    def __init__(self, theme: str) -> None:
        edges, arrows = empty_edges()
        self.edges = ColumnDataSource(edges, name="network-map-edges")
        self.arrows = ColumnDataSource(arrows, name="network-map-arrows")
        self.stations = ColumnDataSource({name: [] for name in _STATION}, name="network-map-stations")
        self.ring, self.event = ColumnDataSource({"x": [], "y": []}), ColumnDataSource({"x": [], "y": [], "detail": []})
        self._flat = Flat(0.0, 0.0)
        self.plot = self._make()
        self.paint(theme)

    @property
    def size_px(self) -> tuple[float, float]:
        """Width and height of the frame; a guess before the browser has told."""
        return inner_size_px(self.plot, (480.0, 360.0))

    def _make(self) -> figure:
        plot = figure(
            name="network-map", tools="pan,wheel_zoom,reset", active_scroll="wheel_zoom", toolbar_location=None,
            x_range=_range(), y_range=_range(), sizing_mode="stretch_both", min_border=4,
            min_border_left=56, min_border_right=14, min_border_bottom=24, min_border_top=10,
        )  # fmt: skip
        lines = plot.segment(
            "x0", "y0", "x1", "y1", source=self.edges, line_color="colour", line_width="width", line_alpha="alpha",
            line_cap="round",
        )  # fmt: skip
        plot.scatter(
            "x", "y", source=self.arrows, marker="triangle", angle="angle", size="size", fill_color="colour",
            line_color=None,
        )  # fmt: skip
        self._ring = plot.scatter("x", "y", source=self.ring, marker="circle", size=30, fill_alpha=0, line_width=2)
        self._star = plot.scatter("x", "y", source=self.event, marker="star", size=18, line_width=1)
        self._triangles = plot.scatter(
            "x", "y", source=self.stations, marker="triangle", size="size", fill_color="fill", line_color="line",
            line_width=1.5,
        )  # fmt: skip
        # The outline of a text is drawn over it: a halo needs a second text beneath.
        self._halo, self._names = (
            plot.text(
                "x", "y", text="words", source=self.stations, x_offset="dx", y_offset="dy", text_align="align",
                text_font={"value": FONT}, text_font_size="11px", text_font_style="font",
            )
            for _ in range(2)
        )  # fmt: skip
        self._names.glyph.text_color = "name_colour"
        plot.add_tools(
            HoverTool(renderers=[self._triangles], tooltips=[("", "@title"), ("", "@detail")], limit=1),
            HoverTool(renderers=[self._star], tooltips=[("event", "@detail")], limit=1),
            HoverTool(renderers=[lines], tooltips=[("", "@words"), ("", "@detail")], limit=1, line_policy="interp"),
        )
        return plot

    def show_range(self, x: float, y: float, km_per_px: float, flat: Flat) -> None:
        """Put a place in the middle; degrees are written around it, and for some way beyond when it is moved."""
        width, height = self.size_px
        self._flat = flat
        half_x, half_y = width / 2 * km_per_px, height / 2 * km_per_px
        self.plot.x_range.update(start=x - half_x, end=x + half_x)
        self.plot.y_range.update(start=y - half_y, end=y + half_y)
        for axis, middle, half, km_per_deg, degrees, letters, most in (
            (self.plot.xaxis, x, half_x, flat.east_km_per_deg, flat.longitude_deg, "EW", max(2, int(width / 90))),
            (self.plot.yaxis, y, half_y, KM_PER_DEG, flat.latitude_deg, "NS", max(2, int(height / 70))),
        ):
            ticks = degree_ticks(middle - half, middle + half, km_per_deg, degrees, most)
            places, words = [km for km, _ in ticks], [_degree_words(deg, letters) for _, deg in ticks]
            axis.ticker = FixedTicker(ticks=places)
            axis.formatter = CustomJSTickFormatter(args={"places": places, "words": words}, code=_DEGREES)
        for grid, axis in zip(self.plot.grid, (self.plot.xaxis, self.plot.yaxis), strict=True):
            grid.ticker = axis[0].ticker

    @property
    def km_per_px(self) -> tuple[float, float]:
        """Along either axis, as the map lies now."""
        width, height = self.size_px
        x, y = self.plot.x_range, self.plot.y_range
        return (x.end - x.start) / width, (y.end - y.start) / height

    def to_px(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """From the left and from the top of the frame, as the map lies now."""
        across, down = self.km_per_px
        return (x - self.plot.x_range.start) / across, (self.plot.y_range.end - y) / down

    def paint(self, theme: str) -> None:
        """Axes, marks and scale bar in the colours of a theme; triangles and edges carry their own."""
        token, attrs = TOKENS[theme], bokeh_theme(theme)["attrs"]
        self.plot.update(**{name: value for name, value in attrs["Plot"].items() if name != "min_border"})
        self.plot.outline_line_color = token["border"]
        for axis in self.plot.axis:
            axis.update(**attrs["Axis"] | {"major_label_text_font_size": "11px", "major_tick_line_color": None})
            axis.update(axis_line_color=None, major_label_text_color=token["muted"])
        for grid in self.plot.grid:
            grid.update(**attrs["Grid"])
        self._ring.glyph.line_color = token["accent"]
        self._star.glyph.update(fill_color=token["text"], line_color=token["plot"])
        self._halo.glyph.update(text_color=token["plot"], text_outline_color=token["plot"], text_outline_width=3)
        self._draw_scale_bar(token["text"], token["plot"])

    def _draw_scale_bar(self, ink: str, paper: str) -> None:
        """A new one for each theme: one that is there keeps the colour of its bar."""
        self.plot.center = [each for each in self.plot.center if not isinstance(each, ScaleBar)]
        bar = ScaleBar(
            range=self.plot.x_range, unit="km", location="bottom_left", bar_length=0.18, label_text_font=FONT,
            label_text_font_size="11px", background_fill_alpha=0.8, border_line_color=None, padding=4, margin=6,
            bar_line_color=ink, label_text_color=ink, background_fill_color=paper,
        )  # fmt: skip
        self.plot.add_layout(bar)


def _degree_words(degrees: float, letters: str) -> str:
    """``21.4° W``; a longitude beyond the antimeridian comes out on its other side.

    >>> _degree_words(180.5, "EW"), _degree_words(-21.4, "EW"), _degree_words(64.05, "NS")
    ('179.5° W', '21.4° W', '64.05° N')
    """
    value = (degrees + 180) % 360 - 180 if letters == "EW" else degrees
    return f"{abs(round(value, 6)):g}° {letters[0] if value >= 0 else letters[1]}"
