"""``MovedCard``: the neighbours of the open station, the strength of their edges, and how they moved its pick."""

from __future__ import annotations

import numpy as np
import pandas as pd
import panel as pn
import param

from workbench.session import Surveying
from workbench.views.later import Later
from workbench.views.markup import Action, Markup
from workbench.views.network_edges import edge_limits, incoming, lag_words
from workbench.views.tags import tag, text
from workbench.views.theme import ramp_colours

__all__ = ["MovedCard", "moved_html"]


class MovedCard(pn.viewable.Viewer):
    """A table that says in numbers what the edges say in colour."""

    theme = param.Selector(default="light", objects=["light", "dark"])

    def __init__(self, surveying: Surveying, theme: str = "light", **params: object) -> None:
        super().__init__(theme=theme, **params)
        self._surveying = surveying
        self._markup = Markup(surveying.session, self._act, kind="network_moved")
        draw = Later(surveying.session, self._draw)
        surveying.param.watch(draw, ["gather", "edge_weights", "phase", "edges"])
        surveying.session.param.watch(draw, "station")
        self.param.watch(lambda *_: self._draw(), "theme")
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def _draw(self) -> None:
        self._markup.html = moved_html(self._surveying, self.theme)

    def _act(self, action: Action) -> None:
        if action["act"] == "focus":
            self._surveying.focus(str(action["station"]))


def moved_html(one: Surveying, theme: str) -> str:
    """The card: a title, and a row for each edge that ends at the open station."""
    gather, station, edges = one.gather, one.session.station, one.edge_weights
    if gather is None or station not in set(gather.stations["station"]):
        return _head("Neighbours", "") + tag("p", "No recording is open.", class_="none muted")
    code = gather.stations.set_index("station").loc[station, "code"]
    title = f"Neighbours of {code}"
    if one.edges == "off":
        return _head(title, "") + tag("p", "Edges are switched off above the map.", class_="none muted")
    if edges is None:
        return _head(title, "") + tag("p", "The edges are being made…", class_="none muted")
    own = incoming(edges, station)
    if own.empty:
        return _head(title, "") + tag("p", text(_why_none(edges, station, code)), class_="none muted")
    table = tag("table", _header(edges), tag("tbody", *_rows(own, edges, one, theme)))
    return _head(title, edges.attrs["words"]) + table


def _head(title: str, note: str) -> str:
    return tag(
        "div", tag("h2", text(title)), tag("span", text(note), class_="muted ellipsis", title=note), class_="head"
    )


def _why_none(edges: pd.DataFrame, station: str, code: str) -> str:
    said = [words for words in edges.attrs.get("notices", []) if words.startswith(f"{station}:")]
    return said[0].replace(station, code, 1) if said else f"{code} has no neighbour in the station graph."


def _header(edges: pd.DataFrame) -> str:
    lag = "Lag" if edges.attrs["kind"] == "similarity" else "Lag read"
    cells = [("Neighbour", ""), ("km", "right"), ("Edge", ""), ("", "right"), (lag, "right")]
    row = [tag("th", words, class_=kind or None, scope="col") for words, kind in cells]
    return tag("thead", tag("tr", *row))


def _rows(own: pd.DataFrame, edges: pd.DataFrame, one: Surveying, theme: str) -> list[str]:
    codes = one.gather.stations.set_index("station")["code"]
    low, high = edge_limits(edges)
    rows = []
    for row in own.itertuples():
        known = np.isfinite(row.weight)
        share = (abs(row.weight) - low) / (high - low) if known else 0.0
        colour = ramp_colours([max(share, 0.25)], theme)[0]
        bar = tag("span", tag("i", style=f"width: {100 * share:.0f}%; background: {colour}"), class_="bar")
        name = tag("button", text(codes[row.source]), class_="name", data_act="focus", data_station=row.source)
        rows.append(
            tag(
                "tr", tag("td", name), tag("td", f"{row.distance_km:.1f}", class_="right"), tag("td", bar),
                tag("td", f"{row.weight:.2f}".replace("-", "−") if known else "–", class_="right"),
                tag("td", tag("b", lag_words(row.lag_s)), class_="right"), data_key=row.source,
            )
        )  # fmt: skip
    return rows
