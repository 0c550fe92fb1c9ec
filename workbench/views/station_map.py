"""``StationMap``: where the stations and the event are; offline, without tiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import panel as pn
import param
from bokeh.events import Tap
from bokeh.models import ColumnDataSource, HoverTool, Range1d
from bokeh.plotting import figure

from workbench.session import Session
from workbench.views.guard import guarded
from workbench.views.network_told import inner_size_px
from workbench.views.theme import FONT, TOKENS, bokeh_theme

__all__ = ["StationMap", "other_events"]

_KM_PER_DEG = 111.195
_HIT_PX = 12
_EDGE_PX = 14
_NAME_PX = 44
_LINE_PX = 12
_MOST_EVENTS = 20_000


def other_events(recordings: pd.DataFrame) -> dict[str, list[Any]]:
    """Where the events of a table of recordings were, the largest 20,000: ``longitude latitude recording words``.

    Nothing where the table has no ``place``: a source of few recordings draws its event alone.
    """
    if not {"origin_longitude_deg", "origin_latitude_deg", "place"} <= set(recordings.columns):
        return {"longitude": [], "latitude": [], "recording": [], "words": []}
    located = recordings.dropna(subset=["origin_longitude_deg", "origin_latitude_deg"])
    if len(located) > _MOST_EVENTS:
        located = located.sort_values("magnitude", ascending=False, kind="stable").head(_MOST_EVENTS)
    words = [
        f"{time:%Y-%m-%d %H:%M:%S} M{magnitude:.1f} {place}" if magnitude == magnitude else f"{time:%Y-%m-%d} {place}"
        for time, magnitude, place in zip(located["origin_time"], located["magnitude"], located["place"], strict=True)
    ]
    return {
        "longitude": located["origin_longitude_deg"].tolist(),
        "latitude": located["origin_latitude_deg"].tolist(),
        "recording": located["recording_id"].tolist(),
        "words": words,
    }


class StationMap(pn.viewable.Viewer):
    """Triangles are stations, the filled one is open, a star is the event; a click opens a station.

    Dots are the other events of a source that lists where they were; a click on one opens it.
    """

    theme = param.Selector(default="light", objects=["light", "dark"])

    def __init__(self, session: Session, theme: str = "light", **params: Any) -> None:
        super().__init__(theme=theme, **params)
        self._session = session
        self._stations = ColumnDataSource(dict(longitude=[], latitude=[], name=[], code=[], shown=[], fill=[], size=[]))
        self._event = ColumnDataSource(dict(longitude=[], latitude=[], words=[]))
        self._others = ColumnDataSource(dict(longitude=[], latitude=[], recording=[], words=[]))
        self._figure = self._make_figure()
        self._pane = pn.pane.Bokeh(self._figure, sizing_mode="stretch_both", min_height=120, margin=0)
        self._extent: tuple[float, float, float, float] | None = None
        self._per_px = 1.0, 1.0
        self._words = pn.pane.HTML("", sizing_mode="stretch_width", margin=16, visible=False)
        self._layout = pn.Column(self._words, self._pane, sizing_mode="stretch_both", margin=0)
        session.param.watch(lambda *_: self._fill(), ["recording", "event"])
        session.param.watch(lambda *_: self._fill_others(), "recordings")
        session.param.watch(lambda *_: self._mark_and_name(), "station")
        self.param.watch(lambda *_: self._colour(), "theme")
        self._colour()
        self._fill_others()
        self._fill()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _make_figure(self) -> Any:
        made = figure(
            tools="pan,wheel_zoom,reset",
            active_scroll="wheel_zoom",
            toolbar_location=None,
            x_axis_label="Longitude, °",
            y_axis_label="Latitude, °",
            x_range=Range1d(0, 1),
            y_range=Range1d(0, 1),
            sizing_mode="stretch_both",
            min_border=4,
            min_border_right=16,
        )
        self._dots = made.scatter(
            "longitude", "latitude", source=self._others, marker="circle", size=5, line_color=None
        )
        # The outline of a text is drawn over it: a halo needs a second text beneath.
        self._halo, self._names = (
            made.text(
                "longitude",
                "latitude",
                text="shown",
                source=self._stations,
                x_offset=8,
                y_offset=4,
                text_font={"value": FONT},
                text_font_size="11px",
            )
            for _ in range(2)
        )
        self._triangles = made.scatter(
            "longitude",
            "latitude",
            source=self._stations,
            marker="triangle",
            size="size",
            fill_color="fill",
            line_width=1.5,
        )
        self._star = made.scatter("longitude", "latitude", source=self._event, marker="star", size=18, line_width=1)
        made.add_tools(
            HoverTool(renderers=[self._triangles], tooltips=[("station", "@name")]),
            HoverTool(renderers=[self._star], tooltips=[("event", "@words")]),
            HoverTool(renderers=[self._dots], tooltips=[("event", "@words")], limit=3),
        )
        for axis in made.axis:
            axis.ticker.desired_num_ticks = 4
        made.on_event(Tap, self._tapped)
        for side in ("inner_width", "inner_height"):
            made.on_change(side, self._resized)
        return made

    def _fill(self) -> None:
        recording = self._session.recording
        if recording is None:
            self._say("No recording is open.")
            return
        longitude, latitude = recording["longitude_deg"].values, recording["latitude_deg"].values
        known = np.isfinite(longitude) & np.isfinite(latitude)
        event = self._session.event
        located = event is not None and np.isfinite(event.longitude_deg) and np.isfinite(event.latitude_deg)
        if not known.any() and not (located and len(self._others.data["longitude"])):
            n = "This station has" if len(known) == 1 else f"These {len(known)} stations have"
            self._say(
                f"{n} no coordinates. Put a StationXML or CSV file of stations beside the waveforms to see a map."
            )
            return
        self._words.visible, self._pane.visible = False, True
        names = [str(name) for name in recording["station"].values[known]]
        codes = [name.split(".")[1] if "." in name else name for name in names]
        self._stations.data = dict(
            longitude=longitude[known], latitude=latitude[known], name=names, code=codes, shown=codes,
            fill=[""] * len(names), size=[11] * len(names),
        )  # fmt: skip
        words = [f"{event.time:%Y-%m-%d %H:%M:%S} · depth {event.depth_km:.1f} km"] if located else []
        self._event.data = dict(
            longitude=[event.longitude_deg] if located else [],
            latitude=[event.latitude_deg] if located else [],
            words=words,
        )
        self._mark()
        x = np.append(longitude[known], self._event.data["longitude"])
        y = np.append(latitude[known], self._event.data["latitude"])
        if not known.any():
            # A catalogue without places of stations is still a map of its events.
            x, y = np.append(x, self._others.data["longitude"]), np.append(y, self._others.data["latitude"])
        self._extent = (x.min(), x.max(), y.min(), y.max())
        self._set_ranges()

    def _fill_others(self) -> None:
        self._others.data = other_events(self._session.recordings)

    def _resized(self, attr: str, old: Any, new: Any) -> None:  # noqa: ARG002 - Bokeh asks for these names
        self._set_ranges()

    def _set_ranges(self) -> None:
        """All points and names in a frame in which a kilometre is as long in either direction."""
        if self._extent is None:
            return
        west, east, south, north = self._extent
        width, height = inner_size_px(self._figure, (300.0, 300.0))
        stretch = 1 / max(np.cos(np.radians((south + north) / 2)), 0.05)
        least = 2 / _KM_PER_DEG
        inside = max(width - 2 * _EDGE_PX - _NAME_PX, 40), max(height - 2 * _EDGE_PX, 40)
        per_px = max(max((east - west) / stretch, least) / inside[0], max(north - south, least) / inside[1])
        middle_x = (west + east) / 2 + _NAME_PX / 2 * per_px * stretch
        half_x, half_y = width / 2 * per_px * stretch, height / 2 * per_px
        self._figure.x_range.update(start=middle_x - half_x, end=middle_x + half_x)
        self._figure.y_range.update(start=(south + north) / 2 - half_y, end=(south + north) / 2 + half_y)
        self._per_px = per_px * stretch, per_px
        self._name_stations()

    def _name_stations(self) -> None:
        """Write the names that do not stand on another one; the open station's comes first, a hover tells the rest."""
        data, (longitude_per_px, latitude_per_px) = self._stations.data, self._per_px
        taken: list[tuple[float, float, float]] = []
        shown = [""] * len(data["name"])
        for n in sorted(range(len(shown)), key=lambda n: data["name"][n] != self._session.station):
            x, y = data["longitude"][n] / longitude_per_px, data["latitude"][n] / latitude_per_px
            width = 8 + 7 * len(data["code"][n])
            if all(abs(y - other_y) >= _LINE_PX or x >= right or x + width <= left for left, right, other_y in taken):
                shown[n] = data["code"][n]
                taken.append((x, x + width, y))
        self._stations.patch({"shown": [(slice(None), shown)]})

    def _mark_and_name(self) -> None:
        self._mark()
        if self._extent is not None:
            self._name_stations()

    def _say(self, words: str) -> None:
        self._words.object = f'<p style="color: var(--wb-muted); text-align: center">{words}</p>'
        self._words.visible, self._pane.visible = True, False

    def _mark(self) -> None:
        names = list(self._stations.data["name"])
        if not names:
            return
        token = TOKENS[self.theme]
        open_one = self._session.station
        self._stations.patch(
            {
                "fill": [(slice(None), [token["accent"] if name == open_one else token["plot"] for name in names])],
                "size": [(slice(None), [14 if name == open_one else 11 for name in names])],
            }
        )

    def _colour(self) -> None:
        """Glyphs and axes in the colours of the theme; no data is touched but the fill of the triangles."""
        token = TOKENS[self.theme]
        made = self._figure
        attrs = bokeh_theme(self.theme)["attrs"]
        made.update(**{k: v for k, v in attrs["Plot"].items() if k != "min_border"})
        for axis in made.axis:
            axis.update(**attrs["Axis"])
        for grid in made.grid:
            grid.update(**attrs["Grid"])
        self._triangles.glyph.line_color = token["trace_focus"]
        self._names.glyph.text_color = token["text"]
        self._halo.glyph.update(text_color=token["plot"], text_outline_color=token["plot"], text_outline_width=3)
        self._star.glyph.update(fill_color=token["other"], line_color=token["plot"])
        self._dots.glyph.update(fill_color=token["muted"], fill_alpha=0.45)
        self._mark()

    def _tapped(self, tap: Any) -> None:
        with guarded(self._session):
            if tap.x is None:
                return
            station, far_px = self._nearest(self._stations, tap)
            event, event_px = self._nearest(self._others, tap)
            if station >= 0 and far_px <= min(_HIT_PX * 2, event_px + _HIT_PX):
                self._session.station = str(self._stations.data["name"][station])
            elif event >= 0 and event_px <= _HIT_PX:
                self._session.open(str(self._others.data["recording"][event]))

    def _nearest(self, source: ColumnDataSource, tap: Any) -> tuple[int, float]:
        """Row of the nearest mark and how far it is, in pixels; -1 where there is none."""
        longitude, latitude = (np.asarray(source.data[name], dtype=float) for name in ("longitude", "latitude"))
        if not len(longitude):
            return -1, float("inf")
        ranges = self._figure.x_range, self._figure.y_range
        width, height = inner_size_px(self._figure, (300.0, 200.0))
        px_x = (longitude - tap.x) * width / (ranges[0].end - ranges[0].start)
        px_y = (latitude - tap.y) * height / (ranges[1].end - ranges[1].start)
        distance = np.hypot(px_x, px_y)
        nearest = int(np.argmin(distance))
        return nearest, float(distance[nearest])
