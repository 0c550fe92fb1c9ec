"""Attention between stations: each step of a station's time looks at its neighbours' steps that a wave could link."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_geometric.nn import MessagePassing
from torch_geometric.utils import scatter

__all__ = ["StationAttention", "StepMixing", "scaled_edges"]

_N_EDGE = 6
_S_MOVEOUT = 5
_SLACK_STEPS = 2
"""Steps beyond the largest S moveout that are still looked at: a step is coarse, and so is a pick."""

_LAG_WAVES = 4
"""Sines and cosines that tell a lag; the finest turns once in about four steps."""

_NEVER = -1e4


def scaled_edges(edge_attr: Tensor) -> Tensor:
    """Edge attributes of :mod:`workbench.networks.station_graph` brought to about one: moveouts in units of 10 s."""
    scale = torch.tensor([1.0, 1.0, 1.0, 1.0, 0.1, 0.1], dtype=edge_attr.dtype, device=edge_attr.device)
    return edge_attr * scale


class StationAttention(MessagePassing):
    """One round of messages between stations; what a station has itself is left to others.

    A step of the target attends to all steps of all its neighbours at once, or to none of them: the score of none is
    zero. What an edge says of the way, and the lag between two steps, enter the score, and steps farther apart than the
    largest S moveout of the edge are out of reach. Steps without samples are not looked at.

    :class:`torch_geometric.nn.MessagePassing` makes it open to PyG's explainers: ``edge_update`` gives the weights (an
    edge update hook sees them), ``alpha`` is their sum over time, and an edge mask scales the messages.

    Parameters
    ----------
    channels
        Of the features that come in and go out.
    heads
        Of attention, over `channels` / `heads` channels each.
    step_s
        Of the time axis.

    Shapes
    ------
    features : (station, channel, step)
    edge_index : (2, edge), source to target
    edge_attr : (edge, 6), scaled by :func:`scaled_edges`
    there : (station, step), whether samples lie in a step
    output : (station, channel, step), zero for a station that nobody is joined with
    """

    def __init__(self, channels: int, heads: int = 4, step_s: float = 0.64) -> None:
        super().__init__(aggr="add", node_dim=0)
        self.heads, self.depth, self.step_s = heads, channels // heads, step_s
        self.query = nn.Conv1d(channels, channels, 1)
        self.key = nn.Conv1d(channels, channels, 1, bias=False)
        self.value = nn.Conv1d(channels, channels, 1)
        n_lag = 2 * _LAG_WAVES + 1
        self.lag_score = nn.Sequential(nn.Linear(_N_EDGE + n_lag, 24), nn.ReLU(), nn.Linear(24, heads))
        self.read = nn.Sequential(nn.Linear(self.depth + n_lag + _N_EDGE, self.depth * 2), nn.ReLU())
        self.join = nn.Linear(self.depth * 2, self.depth)
        self.output = nn.Conv1d(channels, channels, 1, bias=False)

    def forward(self, features: Tensor, edge_index: Tensor, edge_attr: Tensor, there: Tensor) -> Tensor:
        """What neighbours say, for every station and step."""
        query, key, value = (self._split(part(features)) for part in (self.query, self.key, self.value))
        weights = self.edge_updater(edge_index, query=query, key=key, edge_attr=edge_attr, there=there)
        alpha = weights.sum(dim=-1).mean(dim=-1)
        size = (features.shape[0], features.shape[0])
        said = self.propagate(edge_index, value=value, weights=weights, edge_attr=edge_attr, alpha=alpha, size=size)
        joined: Tensor = self.output(said.transpose(-1, -2).reshape(features.shape))
        return joined

    def _split(self, features: Tensor) -> Tensor:
        """Shape (station, channel, step) to (station, head, step, depth)."""
        return features.unflatten(1, (self.heads, self.depth)).transpose(-1, -2)

    def edge_update(
        self, query_i: Tensor, key_j: Tensor, edge_attr: Tensor, there_j: Tensor, index: Tensor, size_i: int
    ) -> Tensor:
        """Weights (edge, head, target step, source step); those that reach one step add up to one at most."""
        n_steps = query_i.shape[-2]
        scores = query_i @ key_j.transpose(-1, -2) / self.depth**0.5 + self._lag_scores(edge_attr, n_steps)
        scores = scores.masked_fill(~there_j[:, None, None, :], _NEVER)
        highest = scatter(scores.detach().amax(dim=-1), index, dim=0, dim_size=size_i, reduce="max").clamp_min(0.0)
        powers = (scores - highest[index, ..., None]).exp()
        total = scatter(powers.sum(dim=-1), index, dim=0, dim_size=size_i, reduce="sum") + (-highest).exp()
        return powers / total[index, ..., None]

    def _lag_scores(self, edge_attr: Tensor, n_steps: int) -> Tensor:
        """What distance, direction and lag add to a score, shape (edge, head, step, step); never where out of reach."""
        lags, waves = self._lags(n_steps, edge_attr)
        each = torch.cat([edge_attr[:, None].expand(-1, len(lags), -1), waves.expand(len(edge_attr), -1, -1)], dim=-1)
        reach = edge_attr[:, _S_MOVEOUT, None] * (10.0 / self.step_s) + _SLACK_STEPS
        scores = self.lag_score(each).masked_fill((lags.abs()[None] > reach)[..., None], _NEVER)
        return scores.transpose(1, 2)[..., _lag_numbers(n_steps, edge_attr.device)]

    def _lags(self, n_steps: int, like: Tensor) -> tuple[Tensor, Tensor]:
        """Lags in steps, from the most negative, and what tells them, shape (lag, 9)."""
        lags = torch.arange(1 - n_steps, n_steps, device=like.device, dtype=like.dtype)
        turns = lags[:, None] * (torch.pi / 2.0 ** torch.arange(1, _LAG_WAVES + 1, device=like.device))
        return lags, torch.cat([lags[:, None] * (self.step_s / 10.0), turns.sin(), turns.cos()], dim=-1)

    def message(self, value_j: Tensor, weights: Tensor, edge_attr: Tensor, alpha: Tensor) -> Tensor:  # noqa: ARG002
        """What a neighbour says (edge, head, step, depth): its values, how long before or after, and over which way.

        ``alpha`` (edge, head) is not used: PyG's ``AttentionExplainer`` looks for it among what a message is given.
        """
        n_steps = weights.shape[-1]
        _, waves = self._lags(n_steps, edge_attr)
        told = waves[_lag_numbers(n_steps, weights.device)]
        when = torch.einsum("ehts,tsk->ehtk", weights, told)
        share = weights.sum(dim=-1, keepdim=True)
        way = share * edge_attr[:, None, None, :]
        # Divided and multiplied again: what is read is the mean over what was looked at, and counts by how much was.
        mean = torch.cat([weights @ value_j, when, way], dim=-1) / share.clamp_min(1e-6)
        spoken: Tensor = self.join(self.read(mean)) * share
        return spoken


def _lag_numbers(n_steps: int, device: torch.device) -> Tensor:
    """Which lag lies between target step and source step: negative where the neighbour is later."""
    steps = torch.arange(n_steps, device=device)
    return steps[:, None] - steps[None, :] + n_steps - 1


class StepMixing(nn.Module):
    """What the neighbours said and what a station has itself, mixed over a few steps of time, and added.

    Shapes
    ------
    input : (station, channel, step); output the same
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, channels)
        self.wide = nn.Conv1d(channels, channels, 5, padding=2)
        self.back = nn.Conv1d(channels, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Features with what lies beside them in time."""
        mixed: Tensor = features + self.back(functional.gelu(self.wide(self.norm(features))))
        return mixed
