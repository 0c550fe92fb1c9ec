"""Which seconds of its neighbours spoke for a pick: integrated gradients on traces, and on edges."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import torch
import xarray as xr
from torch import Tensor

from workbench.explain.graph.case import GraphCase, open_graph_case, row_of
from workbench.explain.graph.edges import make_edges
from workbench.explain.integrated import PathInParts
from workbench.pickers.own_weights import RATE_HZ
from workbench.pickers.station_graph import StationGraphPicker
from workbench.schema import Report, silent

__all__ = ["GraphAttribution", "attribute_between", "attribution_of_case"]

_MOST_STEPS = 40
_FIRST_ENDS = (0.0, 1 / 64, 1 / 16, 1 / 4, 1.0)
_AT_ONCE = 2
_SETTLED, _GAP, _LEAST_GAP = 0.2, 0.04, 0.01
_EDGE_STEPS = 10
_BATCH = 2


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
        edges = _on_edges(case, there.clone())
    report(1.0, "done")
    share = np.full(case.graph.n_edges, np.nan)
    share[case.edges] = edges
    words = f"log-odds of {case.phase} that came over an edge, integrated gradients"
    table = make_edges(case.graph, share, kind="attribution", words=words, notices=case.graph.notices)
    return GraphAttribution(table, _by_second(case, parts, delta, ends))


def _on_traces(
    case: GraphCase, x: Tensor, there: Tensor, most: int, report: Report
) -> tuple[np.ndarray, float, tuple[float, float]]:
    """Attribution (node, second), how far it misses adding up, and the score of the window and of silence around.

    Loudness enters the network as a logarithm, so that much happens close to silence: steps are put where the
    attribution of seconds still changes.
    """
    silence = torch.zeros_like(x)
    silence[case.focus] = x[case.focus]
    way, path = x - silence, PathInParts(_each_second(silence))
    scores: dict[float, float] = {}

    def walk_to(shares: list[float]) -> None:
        for first in range(0, len(shares), _BATCH):
            part = shares[first : first + _BATCH]
            at = torch.lerp(silence[None], x[None], torch.tensor(part)[:, None, None, None]).requires_grad_()
            score = case.scores(at, there)
            scores.update(zip(part, score.detach().tolist(), strict=True))
            for share, slope in zip(part, torch.autograd.grad(score.sum(), at)[0], strict=True):
                path.slopes[share] = _each_second(slope * way)
            n = len(path.slopes)
            report(0.05 + 0.65 * min(n / most, 1.0), f"gradients on the traces, step {n} of at most {most}")

    middles = [(first + stop) / 2 for first, stop in pairwise(_FIRST_ENDS)]
    walk_to(sorted([*_FIRST_ENDS, *middles]))
    path.begin()
    ends = scores[1.0], scores[0.0]
    change = ends[0] - ends[1]
    while len(path.slopes) < most:
        missed = abs(float(path.attribution.double().sum()) - change)
        moved = max(abs(change), float(path.attribution.sum(dim=-1).abs().sum()))
        if path.unsettled <= _SETTLED and missed <= max(_GAP * moved, _LEAST_GAP):
            break
        parts = path.worst(_AT_ONCE, scores)
        walk_to([(begin + stop) / 2 for begin, stop in parts])
        for part in parts:
            path.halve(part)
    return np.asarray(path.attribution), float(path.attribution.double().sum()) - change, ends


def _on_edges(case: GraphCase, there: Tensor) -> np.ndarray:
    """Signed share of each edge within reach, by Captum's integrated gradients on what goes over it.

    The same as PyG's explainer with that algorithm gives; but what a station tells by itself hangs on no edge, so it
    is read once, and only messages that reach the picked station are made.
    """
    n_edges = case.edge_index.shape[1]
    if n_edges == 0:
        return np.zeros(0)
    from captum.attr import IntegratedGradients

    focused = case.focused(case.edge_index, case.edge_attr)
    tokens, own = case.reading.tokens, row_of(case.reading, slice(case.focus, case.focus + 1))

    def score(shares: Tensor) -> Tensor:
        return case.odds(focused.logits(tokens.expand(len(shares), *tokens.shape), own, there, shares))

    whole = torch.ones(1, n_edges)
    found = IntegratedGradients(score).attribute(
        whole, torch.zeros_like(whole), n_steps=_EDGE_STEPS, internal_batch_size=_BATCH
    )
    return np.asarray(found[0].detach())


def _by_second(case: GraphCase, parts: np.ndarray, delta: float, ends: tuple[float, float]) -> xr.Dataset:
    n = parts.shape[-1]
    middles = case.window.start + pd.to_timedelta(np.arange(n) + 0.5, "s")
    return xr.Dataset(
        {"attribution": (("station", "time"), parts.astype(np.float32))},
        coords={"station": case.names, "time": np.asarray(middles.as_unit("ns"), "datetime64[ns]")},
        attrs={
            **case.asked,
            "method": "integrated_gradients",
            "units": "logit",
            "value": ends[0],
            "baseline_value": ends[1],
            "convergence_delta": delta,
            "step_s": 1.0,
        },
    )


def _each_second(samples: Tensor) -> Tensor:
    """Sums over all components and each second, (node, second), of (node, 3, sample)."""
    length = round(RATE_HZ)
    n = samples.shape[-1] // length
    return samples.sum(dim=1)[:, : n * length].unflatten(-1, (n, length)).sum(dim=-1)
