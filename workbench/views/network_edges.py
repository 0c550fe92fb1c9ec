"""The edges of the map as columns: which are drawn, in which colour and width, and where arrows stand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from workbench.views.theme import ramp_colours

__all__ = ["arrow_columns", "edge_columns", "edge_limits", "empty_edges", "incoming", "lag_words"]

_EDGE = ("x0", "y0", "x1", "y1", "colour", "width", "alpha", "words", "detail")
_LEAST_OF_OPEN = 0.4
_ARROW = ("x", "y", "angle", "colour", "size")


def empty_edges() -> tuple[dict[str, list[object]], dict[str, list[object]]]:
    """No edge and no arrow."""
    return {name: [] for name in _EDGE}, {name: [] for name in _ARROW}


def edge_limits(edges: pd.DataFrame) -> tuple[float, float]:
    """The weakest and the strongest size of a weight; (0, 1) where nothing is known."""
    sizes = edges["weight"].abs().dropna()
    if sizes.empty:
        return 0.0, 1.0
    low, high = float(sizes.min()), float(sizes.max())
    return (low, high) if high > low else (0.0, high or 1.0)


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
        The open one; its edges are drawn last, and none of them is faint.
    """
    low, high = edge_limits(edges)
    known = edges[edges["weight"].notna() & edges["source"].isin(places) & edges["target"].isin(places)]
    size = known["weight"].abs()
    pair = [frozenset(ends) for ends in zip(known["source"], known["target"], strict=True)]
    share = ((size - low) / (high - low) - above) / (1 - above)
    known = known.assign(_share=share, _pair=pair)
    known = known[known["_share"] >= 0].sort_values("_share", ascending=False, kind="stable")
    known = known.drop_duplicates("_pair").iloc[::-1]
    own = ((known["source"] == station) | (known["target"] == station)).to_numpy()
    order = np.argsort(own, kind="stable")
    known, own = known.iloc[order], own[order]
    shares = known["_share"].to_numpy()
    seen = np.where(own, np.maximum(shares, _LEAST_OF_OPEN), shares)
    ends = [[places[name] for name in known[side]] for side in ("source", "target")]
    return {
        "x0": [place[0] for place in ends[0]],
        "y0": [place[1] for place in ends[0]],
        "x1": [place[0] for place in ends[1]],
        "y1": [place[1] for place in ends[1]],
        "colour": list(ramp_colours(seen, theme)),
        "width": list(0.7 + 3.5 * shares),
        "alpha": list(0.3 + 0.7 * seen),
        "words": [f"{codes[row.source]} → {codes[row.target]}" for row in known.itertuples()],
        "detail": [_detail(row._asdict()) for row in known[list(edges.columns)].itertuples(index=False)],
    }


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
    """A head on each drawn edge that leads to the open station, two thirds of the way along."""
    low, high = edge_limits(edges)
    found: dict[str, list[object]] = empty_edges()[1]
    if station not in places:
        return found
    for row in incoming(edges, station).dropna(subset=["weight"]).itertuples():
        share = ((abs(row.weight) - low) / (high - low) - above) / (1 - above)
        if share < 0 or row.source not in places:
            continue
        (x0, y0), (x1, y1) = places[row.source], places[station]
        found["x"].append(x0 + 0.62 * (x1 - x0))
        found["y"].append(y0 + 0.62 * (y1 - y0))
        found["angle"].append(float(np.arctan2(y1 - y0, x1 - x0) - np.pi / 2))
        found["size"].append(8 + 4 * share)
        found["colour"].append(ramp_colours([max(share, _LEAST_OF_OPEN)], theme)[0])
    return found


def lag_words(seconds: float) -> str:
    """A lag with its sign, in ms: ``"+420 ms"``; a dash where it is not known.

    >>> lag_words(-0.248)
    '−248 ms'
    """
    if seconds != seconds:
        return "–"
    whole_ms = round(1e3 * seconds)
    return f"{whole_ms:+d} ms".replace("-", "−") if whole_ms else "0 ms"
