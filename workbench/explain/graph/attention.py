"""Which neighbours, and which of their seconds, a station's pick was read from: the attention of the last round."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
import xarray as xr
from torch import Tensor

from workbench.explain.graph.case import GraphCase, open_graph_case
from workbench.explain.graph.edges import make_edges
from workbench.networks.station_attention import StationAttention
from workbench.pickers.station_graph import StationGraphPicker
from workbench.schema import Report, silent

__all__ = ["StationAttentionFound", "attention_between"]


@dataclass(frozen=True, eq=False)
class StationAttentionFound:
    """Attention between stations at one pick.

    Parameters
    ----------
    edges
        Table of all edges (:mod:`workbench.explain.graph.edges`): the share of a station's step of the pick's time that
        came over each edge, 0 to 1; NaN for edges that are out of reach of the pick. Shares that reach one station
        add up to one at most: the rest was read from nobody. ``lag_s`` is how much later than the most read second
        the pick is.
    seconds
        ``attention(station, time)``: the share that each second (step) of each neighbour has in the picked station's
        step; times are the middles of steps. ``attrs["step_s"]`` is their length.
    """

    edges: pd.DataFrame
    seconds: xr.Dataset


def attention_between(
    recording: xr.Dataset,
    picker: str | StationGraphPicker,
    weights: str = "",
    *,
    station: str,
    phase: str,
    time: pd.Timestamp,
    report: Report = silent,
) -> StationAttentionFound:
    """Attention of the last round, the mean of all heads, at the step in which a pick lies.

    Raises
    ------
    PickerError
        As :func:`~workbench.explain.graph.case.open_graph_case`.
    """  # fmt: skip
    report(0.0, "opening the picker")
    case = open_graph_case(recording, picker, weights, station=station, phase=phase, time=time)
    report(0.3, "reading the stations within reach")
    found = attention_of_case(case)
    report(1.0, "done")
    return found


def attention_of_case(case: GraphCase) -> StationAttentionFound:
    """As :func:`attention_between`, of a case that is open."""
    weights = _last_round(case)
    n_steps = weights.shape[-1]
    step_s = _attention(case).step_s
    step = min(int(case.at / 100.0 / step_s), n_steps - 1)
    at_pick = weights[:, step]
    share = np.full(case.graph.n_edges, np.nan)
    lag_s = np.full(case.graph.n_edges, np.nan)
    share[case.edges] = at_pick.sum(axis=-1)
    heard = at_pick.max(axis=-1) > 0
    lag_s[case.edges[heard]] = (step - at_pick[heard].argmax(axis=-1)) * step_s
    words = f"share of the {case.phase} step that was read from a neighbour, last round"
    table = make_edges(case.graph, share, lag_s, kind="attention", words=words, notices=case.graph.notices)
    return StationAttentionFound(table, _seconds(case, at_pick, step_s))


def _attention(case: GraphCase) -> StationAttention:
    """The module of the last round of messages."""
    last = case.network.attention[-1]
    assert isinstance(last, StationAttention)
    return last


def _last_round(case: GraphCase) -> np.ndarray:
    """Weights (edge, target step, source step) of the last round of messages, the mean of all heads."""
    kept: list[Tensor] = []

    def keep(module: torch.nn.Module, inputs: object, output: Tensor) -> None:  # noqa: ARG001 - PyG's signature
        kept.append(output.detach())

    if case.edge_index.shape[1] == 0:
        return np.zeros((0, 1, 1))
    handle = _attention(case).register_edge_update_forward_hook(keep)
    there, edges = case.network.steps_there(case.samples), (case.edge_index, case.edge_attr)
    at_once, case.network.chunk_edges = case.network.chunk_edges, 0
    try:
        with torch.inference_mode(False), torch.no_grad():
            case.network.talk(case.reading.tokens, there, *edges)
    finally:
        handle.remove()
        case.network.chunk_edges = at_once
    return np.asarray(kept[-1].mean(dim=1))


def _seconds(case: GraphCase, at_pick: np.ndarray, step_s: float) -> xr.Dataset:
    source, target = case.edge_index.numpy()
    own = np.flatnonzero(target == case.focus)
    starts = case.window.start + pd.to_timedelta((np.arange(at_pick.shape[-1]) + 0.5) * step_s, "s")
    return xr.Dataset(
        {"attention": (("station", "time"), at_pick[own].astype(np.float32))},
        coords={
            "station": [case.names[row] for row in source[own]],
            "time": np.asarray(starts.as_unit("ns"), "datetime64[ns]"),
        },
        attrs={**case.asked, "method": "attention", "step_s": step_s},
    )
