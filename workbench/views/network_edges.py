"""The edges of the map as columns: which are drawn, in which colour and width, and where arrows stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.session.edge_work import ON_ONE_PICK
from workbench.views.theme import ramp_colours, signed_colours

__all__ = ["EdgeScale", "arrow_columns", "edge_columns", "edge_scale", "empty_edges", "incoming", "lag_words"]

_EDGE = ("x0", "y0", "x1", "y1", "colour", "width", "alpha", "words", "detail")
_LEAST_OF_OPEN, _OF_OTHERS = 0.4, 0.35
_ARROW = ("x", "y", "angle", "colour", "size")


def empty_edges() -> tuple[dict[str, list[object]], dict[str, list[object]]]:
    """No edge and no arrow."""
    return {name: [] for name in _EDGE}, {name: [] for name in _ARROW}


@dataclass(frozen=True)
class EdgeScale:
    """What width and colour of an edge stand for.

    Parameters
    ----------
    low, high
        Sizes of a weight at the weak and at the strong end.
    signed
        Whether weights speak for and against: then their sign has a colour, and their size the strength of it.
    """

    low: float
    high: float
    signed: bool = False

    def share(self, weight: pd.Series) -> pd.Series:
        """0 at the weak end, 1 at the strong one, more beyond."""
        return (weight.abs() - self.low) / (self.high - self.low)

    def colours(self, weight: Iterable[float], strength: Iterable[float], theme: str) -> list[str]:
        """Of edges of such weights that are drawn so strongly, 0 to 1."""
        if not self.signed:
            return ramp_colours(strength, theme)
        steps = signed_colours(theme)
        middle = len(steps) // 2
        return [
            steps[middle + int(np.sign(each)) * round(middle * min(max(share, 0.0), 1.0))]
            for each, share in zip(weight, strength, strict=True)
        ]

    def stops(self, theme: str) -> list[str]:
        """Colours from the weak to the strong end, or from against to for."""
        return signed_colours(theme) if self.signed else ramp_colours((0.0, 1 / 3, 2 / 3, 1.0), theme)


def edge_scale(edges: pd.DataFrame, station: str = "") -> EdgeScale:
    """The scale of a table of edges; where it is of a pick, up to the strongest that reaches the open station."""
    if edges.attrs["kind"] not in ON_ONE_PICK:
        sizes = edges["weight"].abs().dropna()
        low, high = (float(sizes.min()), float(sizes.max())) if len(sizes) else (0.0, 1.0)
        return EdgeScale(low, high) if high > low else EdgeScale(0.0, high or 1.0)
    sizes = edges.loc[edges["target"] == station, "weight"].abs().dropna()
    sizes = sizes if len(sizes) and sizes.max() > 0 else edges["weight"].abs().dropna()
    high = float(sizes.max()) if len(sizes) else 0.0
    return EdgeScale(0.0, high or 1.0, signed=edges.attrs["kind"] == "attribution")


def edge_columns(
    edges: pd.DataFrame,
    places: Mapping[str, tuple[float, float]],
    codes: Mapping[str, str],
    above: float,
    theme: str,
    station: str = "",
) -> dict[str, list[object]]:
    """One line for each pair of stations, the weakest first: as strong as the stronger of its two ways.

    Parameters
    ----------
    places
        Station to east and north in km; an edge to a station that is not in it is not drawn.
    above
        Share of the range of weights below which nothing is drawn.
    station
        The open one; its edges are drawn last, and none of them is faint. Where edges are of its pick, those that lead
        to it come before their way back, and all that only reach its neighbours are drawn weakly.
    """
    known = _drawn(edges, places, above, station)
    own = ((known["source"] == station) | (known["target"] == station)).to_numpy()
    shares = known["_share"].to_numpy().clip(max=1.0)
    if edges.attrs["kind"] in ON_ONE_PICK:
        shares = np.where(own, shares, _OF_OTHERS * shares)
    seen = np.where(own, np.maximum(shares, _LEAST_OF_OPEN), shares)
    ends = [[places[name] for name in known[side]] for side in ("source", "target")]
    return {
        "x0": [place[0] for place in ends[0]],
        "y0": [place[1] for place in ends[0]],
        "x1": [place[0] for place in ends[1]],
        "y1": [place[1] for place in ends[1]],
        "colour": list(edge_scale(edges, station).colours(known["weight"], seen, theme)),
        "width": list(0.7 + 3.5 * shares),
        "alpha": list(0.3 + 0.7 * seen),
        "words": [f"{codes[row.source]} → {codes[row.target]}" for row in known.itertuples()],
        "detail": [_detail(row._asdict()) for row in known[list(edges.columns)].itertuples(index=False)],
    }


def _drawn(edges: pd.DataFrame, places: Mapping[str, tuple[float, float]], above: float, station: str) -> pd.DataFrame:
    """The edges that are drawn, last those of the open station; ``_share`` is 0 at the weakest, 1 at the strongest."""
    known = edges[edges["weight"].notna() & edges["source"].isin(places) & edges["target"].isin(places)]
    pair = [frozenset(ends) for ends in zip(known["source"], known["target"], strict=True)]
    share = (edge_scale(edges, station).share(known["weight"]) - above) / (1 - above)
    into = (known["target"] == station) & (edges.attrs["kind"] in ON_ONE_PICK)
    known = known.assign(_share=share, _pair=pair, _into=into)
    known = known[known["_share"] >= 0].sort_values(["_into", "_share"], ascending=False, kind="stable")
    known = known.drop_duplicates("_pair").sort_values("_share", kind="stable")
    own = ((known["source"] == station) | (known["target"] == station)).to_numpy()
    return known.iloc[np.argsort(own, kind="stable")]


def _detail(row: Mapping[str, object]) -> str:
    weight, distance = float(str(row["weight"])), float(str(row["distance_km"]))
    return f"weight {weight:.2g} · {distance:.1f} km · lag ≤ {float(str(row['largest_lag_s'])):.1f} s".replace("-", "−")


def incoming(edges: pd.DataFrame, station: str) -> pd.DataFrame:
    """Edges that end at a station, the strongest first; those of which nothing is known last."""
    own = edges[edges["target"] == station]
    order = own["weight"].abs().sort_values(ascending=False, kind="stable", na_position="last").index
    return own.loc[order].reset_index(drop=True)


def arrow_columns(
    edges: pd.DataFrame, places: Mapping[str, tuple[float, float]], station: str, above: float, theme: str
) -> dict[str, list[object]]:
    """A head on each drawn edge that leads to the open station, two thirds of the way along.

    Where edges are of a pick, the others have one too, a small one: they have a direction, and reach the pick by way
    of a neighbour.
    """
    known = _drawn(edges, places, above, station) if station in places else edges.iloc[:0].assign(_share=0.0)
    if edges.attrs["kind"] in ON_ONE_PICK:
        into = (known["target"] == station).to_numpy()
    else:
        known = incoming(edges[edges["source"].isin(places)], station).dropna(subset=["weight"])
        known = known.assign(_share=(edge_scale(edges, station).share(known["weight"]) - above) / (1 - above))
        known = known[known["_share"] >= 0] if station in places else known.iloc[:0]
        into = np.ones(len(known), bool)
    shares = known["_share"].to_numpy().clip(max=1.0)
    strength = np.where(into, np.maximum(shares, _LEAST_OF_OPEN), _OF_OTHERS * shares)
    ends = [np.array([places[name] for name in known[side]]).reshape(-1, 2) for side in ("source", "target")]
    middle, way = ends[0] + 0.62 * (ends[1] - ends[0]), ends[1] - ends[0]
    return {
        "x": list(middle[:, 0]),
        "y": list(middle[:, 1]),
        "angle": list(np.arctan2(way[:, 1], way[:, 0]) - np.pi / 2),
        "colour": list(edge_scale(edges, station).colours(known["weight"], strength, theme)),
        "size": list(np.where(into, 9 + 4 * shares, 5.0)),
    }


def lag_words(seconds: float) -> str:
    """A lag with its sign, in ms: ``"+420 ms"``; a dash where it is not known.

    >>> lag_words(-0.248)
    '−248 ms'
    """
    if seconds != seconds:
        return "–"
    whole_ms = round(1e3 * seconds)
    return f"{whole_ms:+d} ms".replace("-", "−") if whole_ms else "0 ms"
