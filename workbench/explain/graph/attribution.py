"""Which seconds of its neighbours spoke for a pick: integrated gradients on traces, and on edges by PyG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
import xarray as xr
from torch import Tensor, nn

from workbench.explain.graph.case import GraphCase, open_graph_case
from workbench.explain.graph.edges import make_edges
from workbench.explain.integrated import PathInParts
from workbench.pickers.own_weights import RATE_HZ
from workbench.pickers.station_graph import StationGraphPicker
from workbench.schema import Report, silent

__all__ = ["GraphAttribution", "attribute_between", "attribution_of_case"]

_MOST_STEPS = 40
_FIRST_PARTS, _AT_ONCE = 4, 4
_SETTLED, _GAP, _LEAST_GAP = 0.15, 0.04, 0.01
_EDGE_STEPS = 10


@dataclass(frozen=True, eq=False)
class GraphAttribution:
    """How much each station, and each edge, spoke for a pick, in log-odds of its phase.

    Parameters
    ----------
    edges
        Table of all edges: signed share of each edge, from no message to the whole message; NaN out of reach.
    seconds
        ``attribution(station, time)``: each second of each station within reach, all components together; zero at the
        picked station, whose own trace stays as it is. ``attrs``: ``value`` and ``baseline_value`` (log-odds for the
        window, and with silence at all other stations), ``convergence_delta`` (sum of all parts minus their
        difference), ``step_s``.
    """

    edges: pd.DataFrame
    seconds: xr.Dataset

    def of_stations(self) -> pd.Series:
        """Sum of each station's seconds, by name, the largest first."""
        whole = self.seconds["attribution"].sum("time").to_series()
        return whole.reindex(whole.abs().sort_values(ascending=False, kind="stable").index)


def attribute_between(
    recording: xr.Dataset,
    picker: str | StationGraphPicker,
    weights: str = "",
    *,
    station: str,
    phase: str,
    time: pd.Timestamp,
    report: Report = silent,
) -> GraphAttribution:
    """Integrated gradients (Sundararajan et al., 2017) of a pick on the neighbours' traces and on all edges.

    Raises
    ------
    PickerError
        As :func:`~workbench.explain.graph.case.open_graph_case`.
    """  # fmt: skip
    report(0.0, "opening the picker")
    case = open_graph_case(recording, picker, weights, station=station, phase=phase, time=time)
    return attribution_of_case(case, report)


def attribution_of_case(case: GraphCase, report: Report = silent, most: int = _MOST_STEPS) -> GraphAttribution:
    """As :func:`attribute_between`, of a case that is open; at most so many steps are walked on the traces."""
    standardised, there = case.standardised
    with torch.inference_mode(False), torch.enable_grad():
        report(0.05, "gradients on the traces")
        parts, delta, ends = _on_traces(case, standardised.clone(), there.clone(), most, report)
        report(0.7, "gradients on the edges")
        edges = _on_edges(case, standardised.clone(), there.clone())
    report(1.0, "done")
    share = np.full(case.graph.n_edges, np.nan)
    share[case.edges] = edges
    words = f"log-odds of {case.phase} that came over an edge, integrated gradients"
    table = make_edges(case.graph, share, kind="attribution", words=words, notices=case.graph.notices)
    return GraphAttribution(table, _by_second(case, parts, delta, ends))


def _on_traces(
    case: GraphCase, x: Tensor, there: Tensor, most: int, report: Report
) -> tuple[np.ndarray, float, tuple[float, float]]:
    """Attribution (node, 3, sample), how far it misses adding up, and the score of the window and of silence around.

    Loudness enters the network as a logarithm, so that much happens close to silence: steps are put where the
    attribution still changes.
    """
    silence = torch.zeros_like(x)
    silence[case.focus] = x[case.focus]
    path, ends = PathInParts(x - silence), (0.0, 0.0)

    def walk_to(shares: list[float]) -> list[float]:
        scores = []
        for share in shares:
            at = torch.lerp(silence, x, share).requires_grad_()
            score = case.scores(at[None], there, case.edge_index, case.edge_attr)[0]
            path.slopes[share] = torch.autograd.grad(score, at)[0] * path.way
            scores.append(float(score.detach()))
        report(0.05 + 0.6 * min(len(path.slopes) / most, 1.0), "gradients on the traces")
        return scores

    scores = walk_to([at / (2 * _FIRST_PARTS) for at in range(2 * _FIRST_PARTS + 1)])
    path.begin()
    ends = scores[-1], scores[0]
    change = ends[0] - ends[1]
    while len(path.slopes) < most:
        missed = abs(float(path.attribution.double().sum()) - change)
        if path.unsettled <= _SETTLED and missed <= max(_GAP * abs(change), _LEAST_GAP):
            break
        parts = path.worst(_AT_ONCE)
        walk_to([(begin + stop) / 2 for begin, stop in parts])
        for part in parts:
            path.halve(part)
    return np.asarray(path.attribution), float(path.attribution.double().sum()) - change, ends


class _Scored(nn.Module):
    """The score of a case as a network over one graph, which PyG's explainers can mask."""

    def __init__(self, case: GraphCase, there: Tensor) -> None:
        super().__init__()
        self.case, self.there = case, there
        self.network = case.network

    def forward(self, x: Tensor, edge_index: Tensor, edge_attr: Tensor) -> Tensor:
        return self.case.scores(x[None], self.there, edge_index, edge_attr)[:, None]


def _on_edges(case: GraphCase, x: Tensor, there: Tensor) -> np.ndarray:
    """Signed share of each edge within reach, by PyG's explainer with Captum's integrated gradients."""
    if case.edge_index.shape[1] == 0:
        return np.zeros(0)
    from torch_geometric.explain import CaptumExplainer, Explainer, ModelConfig

    config = ModelConfig(mode="regression", task_level="graph", return_type="raw")
    scored: Any = _Scored(case, there).eval()
    algorithm = CaptumExplainer("IntegratedGradients", n_steps=_EDGE_STEPS, internal_batch_size=1)
    explainer = Explainer(
        scored, algorithm, explanation_type="model", model_config=config, node_mask_type=None, edge_mask_type="object"
    )
    found = explainer(x, case.edge_index.clone(), edge_attr=case.edge_attr.clone())
    return np.asarray(found.edge_mask.detach())


def _by_second(case: GraphCase, parts: np.ndarray, delta: float, ends: tuple[float, float]) -> xr.Dataset:
    length = round(RATE_HZ)
    n = parts.shape[-1] // length
    summed = parts.sum(axis=1)[:, : n * length].reshape(len(parts), n, length).sum(axis=-1)
    middles = case.window.start + pd.to_timedelta(np.arange(n) + 0.5, "s")
    return xr.Dataset(
        {"attribution": (("station", "time"), summed.astype(np.float32))},
        coords={"station": case.names, "time": np.asarray(middles.as_unit("ns"), "datetime64[ns]")},
        attrs={"value": ends[0], "baseline_value": ends[1], "convergence_delta": delta, "step_s": 1.0},
    )
