"""``MovedCard``: the neighbours of the open station, the strength of their edges, and how they moved its pick."""

from __future__ import annotations

import numpy as np
import pandas as pd
import panel as pn
import param

from workbench.explain.graph.edges import ALONE
from workbench.session import Surveying
from workbench.session.edge_work import ON_ONE_PICK
from workbench.views.later import Later
from workbench.views.markup import Action, Markup
from workbench.views.network_edges import edge_scale, incoming, lag_words
from workbench.views.network_map_html import nothing_open
from workbench.views.tags import tag, text

__all__ = ["MovedCard", "change_words", "moved_html"]


class MovedCard(pn.viewable.Viewer):
    """A table that says in numbers what the edges say in colour."""

    theme = param.Selector(default="light", objects=["light", "dark"])

    def __init__(self, surveying: Surveying, theme: str = "light", **params: object) -> None:
        super().__init__(theme=theme, **params)
        self._surveying = surveying
        self._markup = Markup(surveying.session, self._act, kind="network_moved")
        draw = Later(surveying.session, self._draw)
        surveying.param.watch(draw, ["gather", "edge_weights", "phase", "edges", "left_out", "picker"])
        surveying.session.param.watch(draw, ["station", "loading", "errand"])
        self.param.watch(lambda *_: self._draw(), "theme")
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._markup

    def _draw(self) -> None:
        self._markup.html = moved_html(self._surveying, self.theme)

    def _act(self, action: Action) -> None:
        if action["act"] == "focus":
            self._surveying.focus(str(action["station"]))
        elif action["act"] == "bring":
            self._surveying.bring("station_graph")


def moved_html(one: Surveying, theme: str) -> str:
    """The card: a title, and a row for each edge that ends at the open station; or why there is none."""
    gather, station, edges = one.gather, one.session.station, one.edge_weights
    if gather is None or station not in set(gather.stations["station"]):
        return _head("Neighbours", "") + tag("p", text(nothing_open(one.session)), class_="none muted")
    code = str(gather.stations.set_index("station").loc[station, "code"])
    of_pick = one.edges in ON_ONE_PICK
    title = f"Who moved {one.phase} on {code}" if of_pick else f"Neighbours of {code}"
    why = _why_nothing(one, code)
    if edges is None or why:
        return _head(title, "") + tag("div", why or "The edges are being made…", class_="none muted")
    own = incoming(edges, station)
    if own.empty:
        return _head(title, "") + tag("p", text(_why_none(edges, station, code)), class_="none muted")
    table = tag("table", _header(of_pick, _has_magnitude(one)), tag("tbody", *_rows(own, edges, one, theme)))
    return _head(title, edges.attrs["words"]) + _alone_html(one) + table


def _why_nothing(one: Surveying, code: str) -> str:
    """Why there are no edges of the kind that is wanted, as HTML; empty where there are, or will be."""
    if one.edges == "off":
        return "Edges are switched off above the map."
    if one.edges not in ON_ONE_PICK:
        return ""
    if not one.sees_all:
        title = text(one.run.card.title) if one.run is not None else "The catalogue"
        button = tag("button", "Use the station graph", class_="button", data_act="bring")
        return f"{title} looks at one station at a time: no neighbour moves its picks." + button
    if one.gather.onset(one.session.station, one.phase) is None:
        return text(f"There is no {one.phase} on {code} in this event.")
    return ""


def _alone_html(one: Surveying) -> str:
    """The pick without any neighbour."""
    if one.edges not in ON_ONE_PICK:
        return ""
    if one.left_out is None:
        return tag("p", "Leaving one station out after the other…", class_="note muted")
    table = one.left_out
    alone = table[table["station"] == ALONE].iloc[0]
    attrs = table.attrs
    words = (
        f"Alone, without neighbours: {one.phase} {lag_words(alone['shift_s'])}, probability {alone['probability']:.2f} "
        f"in place of {attrs['probability']:.2f}."
    )
    return tag("p", text(f"{words} {_magnitude_words(one)}"), class_="note")


def _magnitude_words(one: Surveying) -> str:
    """The magnitude of the window, and which neighbour it hangs on most; why there is none where there is none."""
    table = one.left_out[one.left_out["station"] != ALONE]
    magnitude = float(one.left_out.attrs["magnitude"])
    if magnitude != magnitude:
        return "No magnitude: samples are not in m/s."
    words = f"Magnitude of this window {magnitude:.1f}"
    changes = table.set_index("station")["magnitude_change"].dropna()
    if changes.empty:
        return f"{words}."
    most = str(changes.abs().idxmax())
    code = one.gather.stations.set_index("station").loc[most, "code"]
    if change_words(changes[most]) == "0":
        return f"{words}; no neighbour moves it by 0.01."
    return f"{words}; {code} moves it most: {change_words(changes[most])} without it."


def _head(title: str, note: str) -> str:
    return tag(
        "div", tag("h2", text(title)), tag("span", text(note), class_="muted ellipsis", title=note), class_="head"
    )


def _why_none(edges: pd.DataFrame, station: str, code: str) -> str:
    said = [words for words in edges.attrs.get("notices", []) if words.startswith(f"{station}:")]
    return said[0].replace(station, code, 1) if said else f"{code} has no neighbour in the station graph."


def _has_magnitude(one: Surveying) -> bool:
    return one.left_out is not None and one.left_out.attrs["magnitude"] == one.left_out.attrs["magnitude"]


def _header(of_pick: bool, magnitude: bool) -> str:
    last = [("Without it", "right"), ("prob.", "right")] if of_pick else [("Lag", "right")]
    last += [("mag.", "right")] if of_pick and magnitude else []
    cells = [("Neighbour", ""), ("km", "right"), ("Edge", "edge"), ("", "right"), *last]
    row = [tag("th", words, class_=kind or None, scope="col") for words, kind in cells]
    return tag("thead", tag("tr", *row))


def _rows(own: pd.DataFrame, edges: pd.DataFrame, one: Surveying, theme: str) -> list[str]:
    codes = one.gather.stations.set_index("station")["code"]
    scale = edge_scale(edges, one.session.station)
    shares = scale.share(own["weight"]).fillna(0.0).clip(0.0, 1.0)
    left_out = None if one.left_out is None else one.left_out.set_index("station")
    rows = []
    for row, share in zip(own.itertuples(), shares, strict=True):
        known = np.isfinite(row.weight)
        colour = scale.colours([row.weight if known else 0.0], [max(share, 0.25)], theme)[0]
        bar = tag("span", tag("i", style=f"width: {100 * share:.0f}%; background: {colour}"), class_="bar")
        name = tag("button", text(codes[row.source]), class_="name", data_act="focus", data_station=row.source)
        rows.append(
            tag(
                "tr", tag("td", name), tag("td", f"{row.distance_km:.1f}", class_="right"),
                tag("td", bar, class_="edge"),
                tag("td", f"{row.weight:.2g}".replace("-", "−") if known else "–", class_="right"),
                *_last_cells(one, left_out, row.source, row.lag_s), data_key=row.source,
            )
        )  # fmt: skip
    return rows


def _last_cells(one: Surveying, left_out: pd.DataFrame | None, source: str, lag_s: float) -> list[str]:
    """Of a neighbour: the lag or, for a pick, how it moves and how its probability changes without it."""
    if one.edges not in ON_ONE_PICK:
        return [tag("td", tag("b", lag_words(lag_s)), class_="right")]
    if left_out is None or source not in left_out.index:
        return [tag("td", "–", class_="right")] * (3 if _has_magnitude(one) else 2)
    names = ["shift_s", "probability_change", *(["magnitude_change"] if _has_magnitude(one) else [])]
    shift, *changes = (float(left_out.loc[source, name]) for name in names)
    moved = tag("b", lag_words(shift), class_="warn" if abs(shift) >= 0.1 else None)
    return [tag("td", moved, class_="right"), *(tag("td", change_words(each), class_="right") for each in changes)]


def change_words(change: float) -> str:
    """A change to two decimals with its sign; a dash where there is none to tell.

    >>> change_words(-0.304), change_words(0.001), change_words(float("nan"))
    ('−0.30', '0', '–')
    """
    if change != change:
        return "–"
    words = f"{change:+.2f}".replace("-", "−")
    return "0" if words[1:] == "0.00" else words
