"""The table of edges that a map draws: who spoke to whom, how strongly, and how much later."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import SchemaError
from workbench.networks.station_graph import StationGraph, station_graph

__all__ = ["ALONE", "EDGE_COLUMNS", "check_edges", "graph_of", "make_edges"]

ALONE = "(alone)"
"""Stands for all neighbours left out together, where one station after the other is left out of a pick."""

EDGE_COLUMNS = {
    "source": "str",
    "target": "str",
    "weight": "float64",
    "lag_s": "float64",
    "distance_km": "float64",
    "largest_lag_s": "float64",
}


def graph_of(recording: xr.Dataset, *, neighbours: int = 8, radius_km: float = 120.0) -> StationGraph:
    """The station graph of a recording."""
    names = [str(name) for name in recording["station"].values]
    places = (recording[name].values.astype(float) for name in ("latitude_deg", "longitude_deg", "elevation_m"))
    return station_graph(names, *places, neighbours=neighbours, radius_km=radius_km)


def make_edges(
    graph: StationGraph,
    weight: np.ndarray,
    lag_s: np.ndarray | None = None,
    *,
    kind: str,
    words: str,
    notices: Sequence[str] = (),
) -> pd.DataFrame:
    """A checked table, one row per edge of the graph.

    Parameters
    ----------
    weight
        Shape (edge,): 0 and up, or signed for attributions; NaN where nothing can be said.
    lag_s
        Shape (edge,): how much later than the source the target says the same; NaN where not known.
    kind
        ``"similarity"``, ``"attention"`` or ``"attribution"``.
    words
        What a weight is, in a few words.

    Notes
    -----
    ``largest_lag_s`` is what an S wave along the surface needs from one station to the other.
    """
    names = np.asarray(graph.stations, dtype=object)
    source, target = graph.edge_index
    table = pd.DataFrame(
        {
            "source": names[source],
            "target": names[target],
            "weight": np.asarray(weight, float),
            "lag_s": np.full(graph.n_edges, np.nan) if lag_s is None else np.asarray(lag_s, float),
            "distance_km": graph.distance_km,
            "largest_lag_s": graph.edge_attr[:, 5].astype(float),
        }
    ).astype(EDGE_COLUMNS)
    table.attrs = {"kind": kind, "words": words, "notices": list(notices)}
    return check_edges(table)


def check_edges(edges: pd.DataFrame) -> pd.DataFrame:
    """The same table, if it is of the agreed form.

    Raises
    ------
    SchemaError
        Names the first thing that is not as agreed.
    """
    missing = [name for name in EDGE_COLUMNS if name not in edges]
    if missing:
        raise SchemaError(f"A table of edges has the columns {list(EDGE_COLUMNS)}; this one lacks {missing}.")
    if np.isinf(edges["weight"]).any():
        raise SchemaError("The weights of edges are finite, or NaN where nothing can be said; some of these are not.")
    if edges.duplicated(["source", "target"]).any():
        raise SchemaError("An edge stands once in the table; one of these stands twice.")
    return edges
