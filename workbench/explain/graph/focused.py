"""``Focused``: the part of a station graph's network that one station's curve hangs on; the same numbers for less work.

Of the last round of messages only those to the station count, of the round before those to whom it hears, and so on;
and of all curves only its own. On twenty stations that is a quarter of the messages and a twentieth of the curves.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbench.networks.station_attention import StationAttention, scaled_edges
from workbench.networks.station_graph_net import StationGraphNet, StationReading

__all__ = ["Focused", "side_by_side"]


@dataclass(frozen=True, eq=False)
class Focused:
    """One station of a graph, and the messages that reach it.

    Parameters
    ----------
    network
        Must not be used elsewhere while messages are scaled.
    edge_index, edge_attr
        Of the whole graph.
    focus
        Row of the station.
    n_samples
        Of a window.
    """

    network: StationGraphNet
    edge_index: Tensor
    edge_attr: Tensor
    focus: int
    n_samples: int

    def rounds(self) -> list[np.ndarray]:
        """Columns of the edges that count in each round, the first round first."""
        source, target = self.edge_index.numpy()
        wanted, found = np.array([self.focus]), []
        for _ in range(self.network.n_rounds):
            kept = np.flatnonzero(np.isin(target, wanted))
            wanted = np.union1d(wanted, source[kept])
            found.append(kept)
        return found[::-1]

    def logits(self, tokens: Tensor, own: StationReading, there: Tensor, shares: Tensor | None = None) -> Tensor:
        """P, S and noise of the station before the softmax, (copy, 3, sample), with a way back.

        Parameters
        ----------
        tokens
            Of copies of the graph, (copy, node, channel, step).
        own
            What the station itself tells, of each copy or of all.
        there
            Which steps hold samples, (node, step).
        shares
            Of each copy and edge, (copy, edge): what share of its message goes over it.
        """
        count, n_nodes = tokens.shape[:2]
        network, repeated = self.network, there.repeat(count, 1)
        features = network.mixing[0](tokens.flatten(0, 1))
        for attention, mixing, kept in zip(network.attention, network.mixing[1:], self.rounds(), strict=True):
            index = side_by_side(self.edge_index[:, kept], count, n_nodes)
            attr = scaled_edges(self.edge_attr[kept]).repeat(count, 1)
            with _scaled(attention, None if shares is None else shares[:, kept].flatten()):
                heard = attention(features, index, attr, repeated)
            features = mixing(features + heard)
        mine = features.unflatten(0, (count, n_nodes))[:, self.focus]
        level, beside, curves = (_of_each(part, count) for part in (own.level, own.beside, own.curves))
        logits = network.curves(StationReading(own.tokens, level, beside, curves), mine, self.n_samples)
        if network.fall_back is None or self._hears(there):
            return logits
        shift = logits.new_tensor([*network.fall_back, 0.0])[:, None]
        alone: Tensor = curves[..., : self.n_samples] + shift
        return alone

    def _hears(self, there: Tensor) -> bool:
        source, target = self.edge_index
        return bool(there.any(dim=1)[source[target == self.focus]].any())


def side_by_side(edge_index: Tensor, count: int, n_nodes: int) -> Tensor:
    """Edges of so many copies of a graph as those of one large graph."""
    steps = torch.arange(count).repeat_interleave(edge_index.shape[1]) * n_nodes
    return edge_index.repeat(1, count) + steps


def _of_each(part: Any, count: int) -> Any:
    if isinstance(part, list):
        return [_of_each(each, count) for each in part]
    return part if len(part) == count else part.expand(count, *part.shape[1:])


@contextmanager
def _scaled(attention: torch.nn.Module, shares: Tensor | None) -> Iterator[None]:
    """While open, each message counts by its share; PyG lets a message be changed on its way by a hook."""
    if shares is None:
        yield
        return
    assert isinstance(attention, StationAttention)
    handle = attention.register_message_forward_hook(partial(_scale, shares))
    try:
        yield
    finally:
        handle.remove()


def _scale(shares: Tensor, module: torch.nn.Module, inputs: object, output: Tensor) -> Tensor:  # noqa: ARG001
    return output * shares[:, None, None, None]
