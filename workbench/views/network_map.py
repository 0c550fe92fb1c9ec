"""``NetworkMap``: stations as triangles, what travels between them as lines, and the event; offline, without tiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import panel as pn
import param
from bokeh.events import Tap

from workbench.session import Surveying
from workbench.views.guard import guarded
from workbench.views.later import Later
from workbench.views.markup import Markup
from workbench.views.network_edges import arrow_columns, edge_columns, empty_edges
from workbench.views.network_map_figure import MapFigure
from workbench.views.network_map_html import legend_html, nothing_html
from workbench.views.network_nodes import node_columns
from workbench.views.network_places import Flat, name_places, seen_extent

__all__ = ["NetworkMap"]

_HIT_PX = 22
_EDGE_PX = 34
_NAME_PX = 64
_DRAWN = ["gather", "phase", "nodes", "edges", "edge_weights", "above"]


class NetworkMap(pn.viewable.Viewer):
    """A click opens a station; its edges carry arrows, and a name is amber where the onset is off the moveout."""

    theme = param.Selector(default="light", objects=["light", "dark"])

    def __init__(self, surveying: Surveying, theme: str = "light", **params: Any) -> None:
        super().__init__(theme=theme, **params)
        self._surveying, self._session = surveying, surveying.session
        self.figure = MapFigure(theme)
        self._flat, self._extent = Flat(0.0, 0.0), (-1.0, 1.0, -1.0, 1.0)
        self._places: dict[str, tuple[float, float]] = {}
        self._placed_for: Any = None
        self._words: list[str] = []
        self._legend = Markup(self._session, lambda _: None, kind="network_legend")
        pane = pn.pane.Bokeh(self.figure.plot, sizing_mode="stretch_both", min_height=120, margin=0)
        self._pane = pn.Column(pane, self._legend, sizing_mode="stretch_both", margin=0)
        self._nothing = Markup(self._session, lambda _: None, kind="network_nothing", visible=False)
        self._layout = pn.Column(self._nothing, self._pane, sizing_mode="stretch_both", margin=0)
        draw = Later(self._session, self._draw)
        surveying.param.watch(draw, _DRAWN)
        self._session.param.watch(draw, ["recording", "station", "loading", "errand"])
        self.param.watch(lambda *_: self._retheme(), "theme")
        self.figure.plot.on_event(Tap, self._tapped)
        for side in ("inner_width", "inner_height"):
            self.figure.plot.on_change(side, self._resized)
        self._name_again = Later(self._session, self._draw_names)
        for side in ("start", "end"):
            for of in (self.figure.plot.x_range, self.figure.plot.y_range):
                of.on_change(side, self._moved)
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def whole(self) -> None:
        """Show all near stations again."""
        self._set_ranges()

    def _retheme(self) -> None:
        self.figure.paint(self.theme)
        self._draw()

    def _resized(self, attr: str, old: Any, new: Any) -> None:  # noqa: ARG002 - Bokeh asks for these names
        self._set_ranges()
        self._draw()

    def _moved(self, attr: str, old: Any, new: Any) -> None:  # noqa: ARG002 - Bokeh asks for these names
        """Moved or zoomed: other names fit."""
        self._name_again()

    def _draw(self) -> None:
        gather, recording = self._surveying.gather, self._session.recording
        words = nothing_html(self._session, gather)
        self._nothing.html, self._nothing.visible, self._pane.visible = words, bool(words), not words
        if words or gather is None or recording is None:
            return
        if self._placed_for is not recording:
            self._placed_for = recording
            self._place()
        self._draw_stations()
        self._draw_edges()
        self._legend.html = legend_html(self._surveying, self._far(), self.theme)

    def _place(self) -> None:
        table = self._surveying.gather.stations
        latitude, longitude = table["latitude_deg"].to_numpy(), table["longitude_deg"].to_numpy()
        self._flat = Flat.around(latitude, longitude)
        east, north = self._flat.place(latitude, longitude)
        self._places = {
            str(name): (float(x), float(y))
            for name, x, y in zip(table["station"], east, north, strict=True)
            if np.isfinite(x + y)
        }
        self._extent = seen_extent(east, north)[1]
        self._set_ranges()

    def _set_ranges(self) -> None:
        """All near stations in a frame in which a kilometre is as long in either direction."""
        west, east, south, north = self._extent
        width, height = self.figure.size_px
        inside = max(width - 2 * _EDGE_PX - _NAME_PX, 40), max(height - 2 * _EDGE_PX - 16, 40)
        km_per_px = max(max(east - west, 1.0) / inside[0], max(north - south, 1.0) / inside[1])
        x, y = (west + east) / 2, (south + north) / 2 - 8 * km_per_px
        self.figure.show_range(x, y, km_per_px, self._flat)

    def _far(self) -> list[str]:
        """Stations outside the first view of the map."""
        west, east, south, north = self._extent
        table = self._surveying.gather.stations.set_index("station")
        out = [
            name
            for name, (x, y) in self._places.items()
            if not (west - 1e-6 <= x <= east + 1e-6 and south - 1e-6 <= y <= north + 1e-6)
        ]
        return [str(table.loc[name, "code"]) for name in out]

    def _draw_stations(self) -> None:
        surveying, focus = self._surveying, self._session.station
        gather = surveying.gather
        columns = node_columns(gather, surveying.phase, surveying.nodes, focus, self.theme)
        names = [str(name) for name in gather.stations["station"]]
        x, y = (np.array([self._places.get(name, (np.nan, np.nan))[axis] for name in names]) for axis in (0, 1))
        self._words = [str(words) for words in columns["words"]]
        columns |= {"x": list(x), "y": list(y), "name": [*names]}
        self.figure.stations.data = columns | self._named(columns)
        ring = self._places.get(focus)
        self.figure.ring.data = {"x": [ring[0]], "y": [ring[1]]} if ring else {"x": [], "y": []}
        self._draw_event()

    def _draw_names(self) -> None:
        columns = dict(self.figure.stations.data)
        if len(columns["x"]) == len(self._words):
            named = self._named(columns)
            if any(named[name] != list(columns[name]) for name in named):
                self.figure.stations.data = columns | named

    def _named(self, columns: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Names and where they stand, as the map lies now: those that touch nothing."""
        x_px, y_px = self.figure.to_px(np.asarray(columns["x"], float), np.asarray(columns["y"], float))
        first = [row for row, font in enumerate(columns["font"]) if font == "bold"]
        placed = name_places(x_px, y_px, self._words, first, self.figure.size_px[0])
        return {
            "words": [words if at.shown else "" for words, at in zip(self._words, placed, strict=True)],
            "dx": [at.right_px for at in placed],
            "dy": [at.down_px for at in placed],
            "align": [at.align for at in placed],
        }

    def _draw_event(self) -> None:
        gather, event = self._surveying.gather, self._session.event
        star: dict[str, list[Any]] = {"x": [], "y": [], "detail": []}
        place: tuple[float, float] | None = None
        words = ""
        if gather.origin is not None:
            place = gather.origin.latitude_deg, gather.origin.longitude_deg
            words = f"{'catalogue' if gather.origin.given else 'fitted'} · depth {gather.origin.depth_km:.0f} km"
        elif event is not None and np.isfinite(event.latitude_deg):
            place, words = (event.latitude_deg, event.longitude_deg), "catalogue"
        if place is not None:
            east, north = self._flat.place(np.array([place[0]]), np.array([place[1]]))
            star["x"].extend(east)
            star["y"].extend(north)
            star["detail"].append(words)
        self.figure.event.data = star

    def _draw_edges(self) -> None:
        surveying = self._surveying
        edges, arrows = empty_edges()
        if surveying.edge_weights is not None and surveying.edges != "off":
            table = surveying.gather.stations
            codes = dict(zip(table["station"], table["code"], strict=True))
            given = (surveying.edge_weights, self._places)
            edges = edge_columns(*given, codes, surveying.above, self.theme, self._session.station)
            arrows = arrow_columns(*given, self._session.station, surveying.above, self.theme)
        self.figure.edges.data, self.figure.arrows.data = edges, arrows

    def _tapped(self, tap: Any) -> None:
        with guarded(self._session):
            names = list(self._places)
            if tap.x is None or not names:
                return
            places = np.array([self._places[name] for name in names])
            away = np.hypot(*((places - [tap.x, tap.y]) / self.figure.km_per_px).T)
            nearest = int(np.argmin(away))
            if away[nearest] <= _HIT_PX:
                self._surveying.focus(names[nearest])
