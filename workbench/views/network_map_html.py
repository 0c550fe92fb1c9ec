"""The words of the map: its legend, what is not on it, and what stands in its place where there is nothing to draw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from bokeh.palettes import Cividis256

from workbench.session import Session, Surveying
from workbench.session.edge_work import ON_ONE_PICK
from workbench.session.gather import Gather
from workbench.views.network_edges import edge_scale
from workbench.views.network_nodes import NODE_WORDS, node_limits, node_values
from workbench.views.tags import tag, text

__all__ = ["legend_html", "nothing_html", "nothing_open"]

_STOPS = (0.0, 1 / 3, 2 / 3, 1.0)


def nothing_open(session: Session) -> str:
    """Why nothing is seen while no recording is open, in words."""
    if session.loading:
        return "The recording is being read…"
    errand = session.errand
    waits = errand is not None and not errand.ended
    return f"{errand.title}…" if waits else "No recording is open."


def nothing_html(session: Session, gather: Gather | None) -> str:
    """Why there is no map; empty where there is one."""
    recording = session.recording
    if recording is None:
        return tag("p", text(nothing_open(session)))
    places = recording["latitude_deg"].values + recording["longitude_deg"].values
    if not np.isfinite(places).any():
        n = recording.sizes["station"]
        which = "This station has" if n == 1 else f"These {n} stations have"
        words = (
            f"{which} no coordinates, so there is no map and no edge. Put a StationXML file, or a table with the "
            "columns station, latitude and longitude, beside the waveforms. The record section needs none."
        )
        return tag("p", words)
    return tag("p", "Looking at the onsets…") if gather is None else ""


def legend_html(surveying: Surveying, far: Sequence[str], theme: str) -> str:
    """What colours stand for, and who is not on the map."""
    gather = surveying.gather
    values = node_values(gather, surveying.phase, surveying.nodes)
    low, high = node_limits(values, surveying.nodes)
    unit = "" if surveying.nodes == "probability" else " s"
    title = NODE_WORDS[surveying.nodes][0].lower()
    parts = [
        _scale(
            f"{surveying.phase} {title} {low:g}", [Cividis256[int(255 * stop)] for stop in _STOPS], f"{high:.2g}{unit}"
        )
    ]
    edges = surveying.edge_weights
    if edges is not None and surveying.edges != "off" and edges["weight"].notna().any():
        parts.append(_edge_scale(edges, surveying, theme))
    lost = gather.stations.loc[~np.isfinite(gather.stations["latitude_deg"]), "code"]
    if len(lost):
        parts.append(_missing(list(lost), "no coordinates", "without coordinates"))
    if far:
        parts.append(_missing(list(far), "far away: zoom out", "far away: zoom out"))
    return "".join(parts)


def _edge_scale(edges: pd.DataFrame, surveying: Surveying, theme: str) -> str:
    """What width and colour of edges stand for, and which way arrows point."""
    scale, kind = edge_scale(edges, surveying.session.station), str(edges.attrs["kind"])
    weakest = scale.low + surveying.above * (scale.high - scale.low)
    title = f"{edges.attrs['words']}; the wider, the stronger. Drawn from {weakest:.2g} on."
    if kind in ON_ONE_PICK:
        title += " Arrows lead to the station that hears; edges that reach the pick by way of a neighbour are faint."
    if not scale.signed:
        return _scale(f"{kind} {weakest:.2g}", scale.stops(theme), f"{scale.high:.2g}", title)
    return _scale(f"against −{scale.high:.2g}", scale.stops(theme), f"for +{scale.high:.2g} log-odds", title)


def _scale(left: str, colours: Sequence[str], right: str, title: str = "") -> str:
    bar = tag("i", style=f"background: linear-gradient(90deg, {', '.join(colours)})")
    return tag("span", tag("span", left), bar, tag("span", right), class_="scale", title=title or None)


def _missing(codes: Sequence[str], one: str, several: str) -> str:
    words = f"{codes[0]}: {one}" if len(codes) == 1 else f"{len(codes)} {several}"
    return tag("span", text(words), class_="warn", title=", ".join(codes))
