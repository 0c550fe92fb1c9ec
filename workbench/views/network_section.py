"""``NetworkSection``: all traces of one component against distance, with onsets and the moveout they should lie on."""

from __future__ import annotations

from typing import Any

import numpy as np
import panel as pn
import param
from bokeh.events import Tap
from bokeh.models import BasicTicker, FixedTicker

from workbench.session import Surveying
from workbench.views.guard import guarded
from workbench.views.later import Later
from workbench.views.markup import Action, Markup
from workbench.views.network_map_html import nothing_open
from workbench.views.network_section_columns import (
    Rows,
    label_places,
    lane_columns,
    moveout_columns,
    onset_columns,
    rows_of,
    trace_columns,
)
from workbench.views.network_section_figure import BOTTOM_PX, TOP_PX, SectionFigure
from workbench.views.tags import tag, text

__all__ = ["NetworkSection", "names_html"]

_DRAWN = ["gather", "order", "reduce", "component", "phase", "edge_seconds"]


class NetworkSection(pn.viewable.Viewer):
    """The traces and, at the right, the names of their stations; a click on either opens a station."""

    theme = param.Selector(default="light", objects=["light", "dark"])

    def __init__(self, surveying: Surveying, theme: str = "light", **params: Any) -> None:
        super().__init__(theme=theme, **params)
        self._surveying, self._session = surveying, surveying.session
        self.figure = SectionFigure(theme)
        self._rows: Rows | None = None
        self._shown: tuple[Any, ...] = ()
        self._names = Markup(
            self._session, self._act, kind="network_names", sizing_mode="stretch_height", width=96, margin=0
        )
        self._nothing = Markup(self._session, lambda _: None, kind="network_nothing", visible=False)
        pane = pn.pane.Bokeh(self.figure.plot, sizing_mode="stretch_both", min_height=200, margin=0)
        self._body = pn.Row(pane, self._names, sizing_mode="stretch_both", margin=0)
        self._layout = pn.Column(self._nothing, self._body, sizing_mode="stretch_both", margin=0)
        draw = Later(self._session, self._draw)
        surveying.param.watch(draw, _DRAWN)
        self._session.param.watch(draw, ["recording", "shown", "station", "loading", "errand"])
        self.param.watch(lambda *_: self._retheme(), "theme")
        self.figure.plot.on_event(Tap, self._tapped)
        self.figure.plot.on_change("inner_height", self._resized)
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def whole(self) -> None:
        """Show all of the time again."""
        gather = self._surveying.gather
        if gather is not None:
            start, end = ((time - gather.zero).total_seconds() for time in (gather.start, gather.end))
            # Bounds first: the browser holds an end within those that it knows.
            self.figure.plot.x_range.update(bounds=(start - 1.0, end + 1.0), start=start, end=end)

    def _retheme(self) -> None:
        self.figure.paint(self.theme)
        self._draw()

    def _resized(self, attr: str, old: Any, new: Any) -> None:  # noqa: ARG002 - Bokeh asks for these names
        self._draw_names()

    def _draw(self) -> None:
        surveying, session = self._surveying, self._session
        words = "" if session.recording is not None else tag("p", text(nothing_open(session)))
        if not words and (surveying.gather is None or session.shown is None):
            words = tag("p", "Looking at the onsets…")
        self._nothing.html, self._nothing.visible, self._body.visible = words, bool(words), not words
        if words:
            self._rows = None
            return
        self._rows = rows_of(surveying)
        shown = (surveying.gather, surveying.reduce)
        if shown != self._shown:
            self._shown = shown
            self.whole()
        self._draw_axes()
        self._draw_traces()
        self._draw_marks()
        self._draw_names()

    def _draw_axes(self) -> None:
        rows, plot = self._rows, self.figure.plot
        assert rows is not None
        plot.y_range.update(start=rows.high, end=rows.low)
        plot.yaxis.ticker = BasicTicker(desired_num_ticks=7) if rows.by_distance else FixedTicker(ticks=[])
        gather, reduce = self._surveying.gather, self._surveying.reduce
        after = "the origin" if gather.origin is not None else "the first onset"
        reduced = f", minus distance / {gather.origin.velocity_km_s[reduce]:.1f} km/s" if self._is_reduced else ""
        plot.xaxis.axis_label = f"Seconds after {after}, {gather.zero:%Y-%m-%d %H:%M:%S.%f}"[:-4] + f" UTC{reduced}"
        if rows.by_distance:
            # Below the lowest distance there is nothing to be labelled with a negative one.
            plot.yaxis.bounds = (0.0, max(rows.high, 0.1))
            plot.yaxis.axis_label = "km"
        else:
            plot.yaxis.axis_label = ""

    @property
    def _is_reduced(self) -> bool:
        return self._surveying.reduce != "off" and self._surveying.gather.origin is not None

    def _draw_traces(self) -> None:
        rows, surveying, focus = self._rows, self._surveying, self._session.station
        assert rows is not None
        others = [name for name in rows.stations if name != focus]
        given = (self._session.shown, surveying.gather, rows, surveying.component)
        self.figure.others.data = trace_columns(*given, others)
        self.figure.open.data = trace_columns(*given, [focus] if focus in rows.height else [])

    def _draw_marks(self) -> None:
        rows, gather, focus = self._rows, self._surveying.gather, self._session.station
        assert rows is not None
        self.figure.onsets.data = onset_columns(gather, rows, focus, self.theme)
        self.figure.lanes.data = lane_columns(self._surveying.edge_seconds, gather, rows, self.theme)
        moveout = moveout_columns(gather, rows, self.theme)
        self.figure.moveout.data, self.figure.words.data = moveout["lines"], moveout["words"]
        band: dict[str, list[float]] = {name: [] for name in ("left", "right", "top", "bottom")}
        if focus in rows.height:
            height, half = rows.height[focus], 0.5 * rows.reach
            start, end = ((time - gather.zero).total_seconds() for time in (gather.start, gather.end))
            band = {"left": [start - 10], "right": [end + 10], "top": [height - half], "bottom": [height + half]}
        self.figure.band.data = band

    def _draw_names(self) -> None:
        if self._rows is not None:
            self._names.html = names_html(self._surveying, self._rows, self.figure.height_px)

    def _act(self, action: Action) -> None:
        self._surveying.focus(str(action["station"]))

    def _tapped(self, tap: Any) -> None:
        with guarded(self._session):
            if tap.y is None or self._rows is None or not self._rows.height:
                return
            names = list(self._rows.height)
            away = np.abs(np.array([self._rows.height[name] for name in names]) - tap.y)
            self._surveying.focus(names[int(np.argmin(away))])


def names_html(surveying: Surveying, rows: Rows, height_px: float) -> str:
    """The station names beside the section: the open one bold, amber off the moveout, grey without an onset.

    They stand at shares of the height: where the page changes its size they stay at their rows until it has told.
    """
    gather, focus = surveying.gather, surveying.session.station
    table = gather.stations.set_index("station")
    off = set(gather.off_moveout(surveying.phase))
    heard = set(gather.onsets.loc[gather.onsets["phase"] == surveying.phase, "station"])
    # Of more names than fit, the open one, those off the moveout and those with an onset come first.
    ranked = sorted(rows.stations, key=lambda name: (name != focus, name not in off, name not in heard))
    places = label_places(rows, height_px, ranked, 1 + len(off))
    parts = []
    for name in rows.stations:
        if name not in places:
            continue
        row = table.loc[name]
        kind = " ".join(
            word
            for word, holds in (("open", name == focus), ("off", name in off), ("muted", name not in heard))
            if holds
        )
        title = name.rstrip(".") + ("" if row["alive"] else ": no live trace") + (
            "" if row["distance_km"] == row["distance_km"] else ": no coordinates"
        )  # fmt: skip
        dead = "" if row["alive"] else tag("span", " dead", class_="small")
        parts.append(
            tag(
                "button", text(row["code"]), dead, class_=kind or None, data_act="focus", data_station=name,
                data_key=name, style=f"top: {100 * places[name] / height_px:.2f}%", title=title,
                aria_pressed=name == focus,
            )
        )  # fmt: skip
    return tag("div", *parts, class_="names", style=f"top: {TOP_PX}px; bottom: {BOTTOM_PX}px")
