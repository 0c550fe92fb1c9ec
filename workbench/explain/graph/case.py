"""``GraphCase``: one pick of a picker that sees all stations, its window, and what changes of either do to the pick."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
import xarray as xr
from torch import Tensor
from torch_geometric.utils import k_hop_subgraph

from workbench.errors import PickerError
from workbench.explain.window import require_station
from workbench.networks.station_graph import StationGraph
from workbench.networks.station_graph_net import GraphSays, StationGraphNet, log_amplitude
from workbench.networks.xiaonet import standardise
from workbench.pickers import open_picker
from workbench.pickers.own_weights import RATE_HZ
from workbench.pickers.station_graph import StationGraphPicker, StationWindows
from workbench.schema import check_recording

__all__ = ["GraphCase", "open_graph_case", "without"]

_AROUND_S = 45.0
_SEARCH_S = 1.0
HALF_WIDTH = 10
"""Samples before and after the pick over which the curve is averaged, as for explanations of single stations."""

_STATIONS_AT_ONCE = 96


@dataclass(frozen=True, eq=False)
class GraphCase:
    """A pick and the part of the station graph that it can depend on.

    Parameters
    ----------
    network
        A copy of the picker's, which may be hooked; all edges of it go through at once.
    graph
        The whole station graph of the recording.
    nodes
        Rows of the stations that are within reach of the pick; the picked station is among them.
    edges
        Columns of ``graph.edge_index`` between those.
    edge_index, edge_attr
        Of those edges, counted in `nodes`.
    window
        The 30 s that are explained, of all stations.
    samples
        float32 (node, 3, sample): the window of `nodes`, NaN where missing.
    focus
        Place of the picked station in `nodes`.
    phase, channel
        ``"P"`` or ``"S"``, and which output that is.
    at
        Sample of the window that is explained.
    physical
        Whether samples are in m/s, so that there is a magnitude.
    """

    network: StationGraphNet
    graph: StationGraph
    nodes: np.ndarray
    edges: np.ndarray
    edge_index: Tensor
    edge_attr: Tensor
    window: StationWindows
    samples: Tensor
    focus: int
    phase: str
    channel: int
    at: int
    physical: bool

    @property
    def names(self) -> list[str]:
        """Stations within reach."""
        return [self.graph.stations[row] for row in self.nodes]

    @property
    def neighbours(self) -> np.ndarray:
        """Places in `nodes` of the stations whose messages reach the picked one directly."""
        source, target = self.edge_index.numpy()
        return np.unique(source[target == self.focus])

    def says(self, copies: Tensor, edges: Tensor | None = None, attr: Tensor | None = None) -> GraphSays:
        """What the network says of copies of the window (copy, node, 3, sample); without a way back."""
        found = []
        at_once = max(1, _STATIONS_AT_ONCE // copies.shape[1])
        edge_index = self.edge_index if edges is None else edges
        edge_attr = self.edge_attr if attr is None else attr
        with torch.inference_mode():
            for part in copies.split(at_once):
                flat, index, batch = _side_by_side(part, edge_index)
                amplitude = log_amplitude(flat) if self.physical else None
                found.append(self.network.says(flat, index, edge_attr.repeat(len(part), 1), batch, amplitude))
        joined = [torch.cat(parts) for parts in zip(*found, strict=True)]
        return GraphSays(*joined)

    def curve_of(self, says: GraphSays) -> np.ndarray:
        """Probability of the phase at the picked station, (copy, sample)."""
        probability = says.logits.softmax(dim=1)[:, self.channel]
        return np.asarray(probability.reshape(-1, len(self.nodes), probability.shape[-1])[:, self.focus])

    def pick_in(self, curves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sample (to a tenth) and probability of the highest value within a second of the pick, for each curve."""
        reach = round(_SEARCH_S * RATE_HZ)
        first = max(self.at - reach, 0)
        near = curves[:, first : self.at + reach + 1]
        best = near.argmax(axis=1)
        return first + best + _between(near, best), near.max(axis=1)

    def scores(self, standardised: Tensor, there: Tensor, edge_index: Tensor, edge_attr: Tensor) -> Tensor:
        """Log-odds of the phase around the pick, (copy,), with a way back to all four.

        Parameters
        ----------
        standardised
            (copy, node, 3, sample), as the network's own normalisation makes them.
        """
        flat, index, batch = _side_by_side(standardised, edge_index)
        says = self.network.says_standardised(
            flat, there.repeat(len(standardised), 1), index, edge_attr.repeat(len(standardised), 1), batch
        )
        odds = says.logits.log_softmax(dim=1)[:, self.channel].unflatten(0, (len(standardised), -1))[:, self.focus]
        others = torch.log1p(-odds.exp().clamp_max(1 - 1e-6))
        first = max(self.at - HALF_WIDTH, 0)
        return (odds - others)[:, first : self.at + HALF_WIDTH + 1].mean(dim=-1)

    @property
    def standardised(self) -> tuple[Tensor, Tensor]:
        """The window as the network reads it (node, 3, sample), and which steps hold samples."""
        return standardise(self.samples), self.network.steps_there(self.samples)


def open_graph_case(
    recording: xr.Dataset,
    picker: str | StationGraphPicker,
    weights: str = "",
    *,
    station: str,
    phase: str,
    time: pd.Timestamp,
) -> GraphCase:
    """The window in which a pick was made, and the stations within reach of it.

    Raises
    ------
    PickerError
        If the picker looks at one station at a time, has no such phase, or the recording has nothing there.
    UnknownNameError
        If there is no such station.
    """  # fmt: skip
    opened = open_picker(picker, weights) if isinstance(picker, str) else picker
    if not isinstance(opened, StationGraphPicker):
        raise PickerError(
            f"{opened.card.title} looks at one station at a time: no neighbour moves its picks. Choose station_graph."
        )
    if phase not in opened.card.phases:
        raise PickerError(f"{opened.card.title} has no {phase}; it gives {', '.join(opened.card.phases)}.")
    recording = check_recording(recording)
    row = list(map(str, recording["station"].values)).index(require_station(recording, station))
    moment = pd.Timestamp(time)
    around = pd.Timedelta(_AROUND_S, "s")
    near = recording.sel(time=slice(moment - around, moment + around))
    window, at = _window_of(opened, near, moment)
    graph = opened.graph(recording)
    network = copy.deepcopy(opened.module)
    network.chunk_edges = 0
    network.requires_grad_(False)
    nodes, index, _, kept = k_hop_subgraph(
        row, network.n_rounds, torch.from_numpy(graph.edge_index), relabel_nodes=True,
        num_nodes=len(graph.stations), flow="source_to_target",
    )  # fmt: skip
    return GraphCase(
        network=network,
        graph=graph,
        nodes=nodes.numpy(),
        edges=np.flatnonzero(kept.numpy()),
        edge_index=index,
        edge_attr=torch.from_numpy(graph.edge_attr)[kept],
        window=window,
        samples=torch.from_numpy(window.samples)[nodes],
        focus=int(np.flatnonzero(nodes.numpy() == row)[0]),
        phase=phase,
        channel=opened.card.phases.index(phase),
        at=at,
        physical=str(recording.attrs["units"]).lower() in ("m/s", "m s-1", "m/sec"),
    )


def _window_of(picker: StationGraphPicker, near: xr.Dataset, time: pd.Timestamp) -> tuple[StationWindows, int]:
    """The window in whose middle part a time lies, and the sample; the nearest one at the ends of a recording."""
    best: tuple[float, StationWindows, int] | None = None
    if near.sizes["time"] > 1:
        for window in picker.windows(near):
            at = (time - window.start).total_seconds() * RATE_HZ
            away = abs(at - window.samples.shape[-1] / 2)
            if 0 <= at < window.samples.shape[-1] and (best is None or away < best[0]):
                best = (away, window, min(round(at), window.samples.shape[-1] - 1))
    if best is None:
        raise PickerError(f"There are no samples at {time}: nothing was picked there.")
    return best[1], best[2]


def _side_by_side(copies: Tensor, edge_index: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Copies of one graph as one large graph: windows, edges, and which copy each station belongs to."""
    count, n_nodes = copies.shape[:2]
    steps = torch.arange(count).repeat_interleave(edge_index.shape[1]) * n_nodes
    return copies.flatten(0, 1), edge_index.repeat(1, count) + steps, torch.arange(count).repeat_interleave(n_nodes)


def _between(near: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Where the top of a parabola through a highest value and its neighbours lies, in samples from it."""
    rows = np.arange(len(near))
    inner = (best > 0) & (best < near.shape[1] - 1)
    left = near[rows, np.maximum(best - 1, 0)]
    right = near[rows, np.minimum(best + 1, near.shape[1] - 1)]
    bend = left - 2 * near[rows, best] + right
    safe = inner & (bend < -1e-9)
    return np.where(safe, 0.5 * (left - right) / np.where(safe, bend, 1.0), 0.0)


def without(samples: Tensor, nodes: Sequence[int]) -> Tensor:
    """Copies of a window (copy, node, 3, sample), in each of which one station has no samples."""
    copies = samples.expand(len(nodes), *samples.shape).clone()
    for number, node in enumerate(nodes):
        copies[number, node] = torch.nan
    return copies
