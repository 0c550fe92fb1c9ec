"""``GraphCase``: one pick of a picker that sees all stations, its window, and what changes of either do to the pick."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import torch
import xarray as xr
from torch import Tensor
from torch_geometric.utils import k_hop_subgraph

from workbench.errors import PickerError
from workbench.explain.graph.focused import Focused, side_by_side
from workbench.explain.graph.silenced import Silenced
from workbench.explain.window import require_station
from workbench.networks.station_graph import StationGraph
from workbench.networks.station_graph_net import GraphSays, StationGraphNet, StationReading, log_amplitude
from workbench.networks.xiaonet import standardise
from workbench.pickers import open_picker
from workbench.pickers.own_weights import RATE_HZ
from workbench.pickers.station_graph import StationGraphPicker, StationWindows, per_metre_a_second
from workbench.schema import PickerCard, check_recording

__all__ = ["GraphCase", "open_graph_case", "row_of"]

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
        A copy of the picker's, which may be hooked.
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
    per_m_s
        So many of the samples' unit make 1 m/s; NaN where not known: then there is no magnitude.
    asked
        Who was asked about which pick: attributes of whatever is found of it.
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
    per_m_s: float
    asked: Mapping[str, Any]

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
                count, n_nodes = part.shape[:2]
                flat, index = part.flatten(0, 1), side_by_side(edge_index, count, n_nodes)
                batch = torch.arange(count).repeat_interleave(n_nodes)
                amplitude = log_amplitude(flat) - np.log10(self.per_m_s)
                found.append(self.network.says(flat, index, edge_attr.repeat(count, 1), batch, amplitude))
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

    def scores(self, standardised: Tensor, there: Tensor) -> Tensor:
        """Log-odds of the phase around the pick, (copy,), with a way back to the windows.

        Parameters
        ----------
        standardised
            (copy, node, 3, sample), as the network's own normalisation makes them.
        there
            (node, step).
        """
        count, n_nodes = standardised.shape[:2]
        reading = self.network.read(standardised.flatten(0, 1))
        tokens = reading.tokens.unflatten(0, (count, n_nodes))
        own = row_of(reading, slice(self.focus, None, n_nodes))
        return self.odds(self.focused(self.edge_index, self.edge_attr).logits(tokens, own, there))

    def focused(self, edge_index: Tensor, edge_attr: Tensor) -> Focused:
        """What the picked station hears over edges between `nodes`."""
        return Focused(self.network, edge_index, edge_attr, self.focus, self.samples.shape[-1])

    def odds(self, logits: Tensor) -> Tensor:
        """Mean log-odds of the phase around the pick, (copy,), of curves (copy, 3, sample) before the softmax."""
        odds = logits.log_softmax(dim=1)[:, self.channel]
        others = torch.log1p(-odds.exp().clamp_max(1 - 1e-6))
        first = max(self.at - HALF_WIDTH, 0)
        return (odds - others)[:, first : self.at + HALF_WIDTH + 1].mean(dim=-1)

    @cached_property
    def reading(self) -> StationReading:
        """What each station of `nodes` tells by itself."""
        with torch.inference_mode(False), torch.no_grad():
            return self.network.read(standardise(self.samples).clone())

    @cached_property
    def silenced(self) -> Silenced:
        """The window of all stations of the recording, out of which stations can be left."""
        graph = torch.from_numpy(self.graph.edge_index), torch.from_numpy(self.graph.edge_attr)
        return Silenced(self.network, torch.from_numpy(self.window.samples), *graph, self.per_m_s)

    def curve_over(self, edge_index: Tensor, edge_attr: Tensor, heard: bool = True) -> np.ndarray:
        """Probability of the phase at the picked station, (1, sample), where those edges lie between `nodes`.

        Parameters
        ----------
        heard
            Whether anything is said over them. Where not, the same network answers without a word from anybody; a
            station without edges may be answered for by the XiaoNet that the picker falls back on.
        """
        with torch.inference_mode(False), torch.no_grad():
            there, own = self.network.steps_there(self.samples), row_of(self.reading, slice(self.focus, self.focus + 1))
            shares = None if heard else torch.zeros(1, edge_index.shape[1])
            logits = self.focused(edge_index, edge_attr).logits(self.reading.tokens[None], own, there, shares)
        return np.asarray(logits.softmax(dim=1)[:, self.channel])

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
    _require_samples(window, row, at, station, moment)
    graph = opened.graph(recording)
    network = copy.deepcopy(opened.module)
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
        per_m_s=per_metre_a_second(recording),
        asked=_asked(opened.card, recording, station, phase, moment, window),
    )


def _asked(
    card: PickerCard, recording: xr.Dataset, station: str, phase: str, time: pd.Timestamp, window: StationWindows
) -> dict[str, Any]:
    return {
        "recording_id": recording.attrs["recording_id"],
        "picker": card.name,
        "weights": card.weights,
        "weights_hash": card.weights_hash,
        "station": station,
        "phase": phase,
        "target_time": time.isoformat(),
        "window_start": window.start.isoformat(),
        "window_s": window.samples.shape[-1] / RATE_HZ,
    }


def _require_samples(window: StationWindows, row: int, at: int, station: str, time: pd.Timestamp) -> None:
    """Refuse a time at which a station has nothing that could have been picked."""
    own = window.samples[row]
    there = np.isfinite(own).any(axis=0)
    if not there[at]:
        ends = np.flatnonzero(there)
        has = "none within 30 s of it" if not len(ends) else " to ".join(
            f"{window.start + pd.Timedelta(end / RATE_HZ, 's'):%H:%M:%S}" for end in (ends[0], ends[-1])
        )  # fmt: skip
        raise PickerError(f"{time} lies in a gap of {station}; its samples: {has}. Choose a time at which it has some.")
    if not (np.nanmax(own, axis=-1, initial=-np.inf) > np.nanmin(own, axis=-1, initial=np.inf)).any():
        raise PickerError(f"{station} is dead around {time}: its trace does not move, and nothing can be picked there.")


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


def row_of(reading: StationReading, rows: slice) -> StationReading:
    """What some of the stations tell."""
    beside = [level[rows] for level in reading.beside]
    return StationReading(reading.tokens[rows], reading.level[rows], beside, reading.curves[rows])


def _between(near: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Where the top of a parabola through a highest value and its neighbours lies, in samples from it."""
    rows = np.arange(len(near))
    inner = (best > 0) & (best < near.shape[1] - 1)
    left = near[rows, np.maximum(best - 1, 0)]
    right = near[rows, np.minimum(best + 1, near.shape[1] - 1)]
    bend = left - 2 * near[rows, best] + right
    safe = inner & (bend < -1e-9)
    return np.where(safe, 0.5 * (left - right) / np.where(safe, bend, 1.0), 0.0)
