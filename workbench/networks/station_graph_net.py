"""A picking network that sees all stations at once: a XiaoNet for each, and attention between them on a coarse time."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_geometric.utils import scatter, softmax

from workbench.networks.station_attention import StationAttention, StepMixing, scaled_edges
from workbench.networks.xiaonet import SAMPLING_RATE_HZ, SIZES, XiaoNet, standardise

__all__ = ["EventHead", "GraphSays", "StationGraphNet", "StationReading", "log_amplitude"]

STEP_SAMPLES = 64
"""Of the time axis on which stations talk: 0.64 s."""

_FINE_SAMPLES = 32
"""Of the level of XiaoNet that they talk about."""

_MAGNITUDE_MIDDLE, _MAGNITUDE_SCALE = 2.0, 1.5
"""A head that says zero means this magnitude; its outputs then stay near one."""


class GraphSays(NamedTuple):
    """What the network says of one or more networks of stations.

    Parameters
    ----------
    logits
        P, S and noise before the softmax, (station, 3, sample).
    detection
        Logit of an event in the window, (graph,).
    magnitude
        Of the largest event, (graph,); NaN where no station tells its amplitude.
    station_weight
        How much each station counted for the magnitude, (station,); adds up to one within a graph.
    alone
        Logits of the XiaoNet within, which hears of no other station, (station, 3, sample).
    """

    logits: Tensor
    detection: Tensor
    magnitude: Tensor
    station_weight: Tensor
    alone: Tensor


def log_amplitude(windows: Tensor) -> Tensor:
    """Decimal logarithm of the scale that normalisation takes away from each window, in its own unit; NaN if silent.

    Shapes
    ------
    windows : (station, component, sample), NaN where missing
    result : (station,)
    """
    there = windows == windows
    counts = there.sum(dim=-1, keepdim=True)
    mean = torch.where(there, windows, 0.0).sum(dim=-1, keepdim=True) / counts.clamp_min(1)
    power = torch.where(there, windows - mean, 0.0).square().sum(dim=(-2, -1)) / counts.sum(dim=(-2, -1)).clamp_min(1)
    return torch.where(power > 1e-30, power.clamp_min(1e-30).log10() / 2, torch.nan)


class StationReading(NamedTuple):
    """What stations tell by themselves.

    Parameters
    ----------
    tokens
        What they talk about, (station, channel, step).
    level, beside
        Features of the XiaoNet that curves are made from again.
    curves
        Logits that the XiaoNet makes of them by itself, (station, 3, sample), a little longer than the window.
    """

    tokens: Tensor
    level: Tensor
    beside: list[Tensor]
    curves: Tensor


class StationGraphNet(nn.Module):
    """P, S and noise at every station with what its neighbours see, whether there was an event, and its magnitude.

    The XiaoNet within reads each station by itself and is kept as it was; stations then exchange, in a few rounds of
    :class:`~workbench.networks.station_attention.StationAttention`, what it found. What comes of it is added to the
    XiaoNet's own features before they are turned into curves again: where nobody is joined, a station is read alone.

    Parameters
    ----------
    size
        Of the XiaoNet.
    channels
        In which stations talk.
    rounds
        Of messages: a station hears of those so many edges away.
    chunk_edges
        About so many edges are in memory at once where no way back is wanted; 0 for all. It changes no result, but
        hooks on the attention then see a part of the edges at a time.

    Shapes
    ------
    x : (station, 3, sample), components Z, N, E in any unit, NaN where missing
    edge_index : (2, edge), int64, source to target
    edge_attr : (edge, 6), as :mod:`workbench.networks.station_graph` makes them
    batch : (station,), int64, graph that a station belongs to; all to one where it is not given
    log_amplitude : (station,), decimal logarithm of the scale in m/s, NaN where not known; see :func:`log_amplitude`
    output of forward : (station, 3, sample), P, S and noise, which add up to one
    """

    def __init__(self, size: str = "100k", channels: int = 64, rounds: int = 2, chunk_edges: int = 1024) -> None:
        super().__init__()
        self.size, self.channels, self.n_rounds = size, channels, rounds
        self.alone = XiaoNet(size)
        n_level = SIZES[size].channels[-2]
        self.enter = nn.Conv1d(2 * n_level + 8, channels, 1)
        self.attention = nn.ModuleList(
            StationAttention(channels, step_s=STEP_SAMPLES / SAMPLING_RATE_HZ) for _ in range(rounds)
        )
        self.mixing = nn.ModuleList(StepMixing(channels) for _ in range(rounds + 1))
        self.leave = nn.ConvTranspose1d(channels, n_level, 2, 2)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]
        own = XiaoNet(size)
        self.up, self.head = own.up[1:], own.head
        self.event = EventHead(channels)
        self.chunk_edges = chunk_edges
        self.fall_back: tuple[float, float] | None = None
        """What is added to the XiaoNet's own logits of P and S where a station hears of no other; None to read such a
        station as all others. It is chosen so that one threshold suits both."""

    def start_from(self, alone: XiaoNet) -> StationGraphNet:
        """The same network, with a trained XiaoNet within: until it is trained further, it says what that says."""
        self.alone.load_state_dict(alone.state_dict())
        self.up.load_state_dict(alone.up[1:].state_dict())
        self.head.load_state_dict(alone.head.state_dict())
        return self

    def train(self, mode: bool = True) -> StationGraphNet:
        """Train, or not; what comes from XiaoNet keeps its statistics, which many more recordings went into."""
        super().train(mode)
        self.alone.eval()
        self.up.eval()
        return self

    def forward(
        self,
        x: Tensor,
        edge_index: Tensor,
        edge_attr: Tensor,
        batch: Tensor | None = None,
        log_amplitude: Tensor | None = None,
    ) -> Tensor:
        """Probabilities of each sample of each station."""
        return self.says(x, edge_index, edge_attr, batch, log_amplitude).logits.softmax(dim=1)

    def says(
        self,
        x: Tensor,
        edge_index: Tensor,
        edge_attr: Tensor,
        batch: Tensor | None = None,
        log_amplitude: Tensor | None = None,
    ) -> GraphSays:
        """All that the network says, with a way back to it."""
        there = _samples_there(x)
        return self.says_standardised(standardise(x), there, edge_index, edge_attr, batch, log_amplitude)

    def says_standardised(
        self,
        x: Tensor,
        there: Tensor,
        edge_index: Tensor,
        edge_attr: Tensor,
        batch: Tensor | None = None,
        log_amplitude: Tensor | None = None,
    ) -> GraphSays:
        """As :meth:`says`, for windows that are standardised already.

        Parameters
        ----------
        there
            Which steps hold samples, (station, step); see :meth:`steps_there`.
        """
        batch = x.new_zeros(len(x), dtype=torch.long) if batch is None else batch
        reading = self.read(x)
        features = self.talk(reading.tokens, there, edge_index, edge_attr)
        logits = self.curves(reading, features, x.shape[-1])
        logits = self.alone_where_lonely(logits, reading, edge_index, there)
        detection, magnitude, weight = self.event(features, logits, x, there, batch, log_amplitude)
        return GraphSays(logits, detection, magnitude, weight, reading.curves[..., : x.shape[-1]])

    def read(self, x: Tensor) -> StationReading:
        """What each station tells by itself, from windows that are standardised already."""
        padded = functional.pad(x, (0, -x.shape[-1] % (2 * STEP_SAMPLES)))
        level, beside, curves = self._read_alone(padded)
        return StationReading(self._tokens(padded, level, curves), level, beside, curves)

    def talk(self, tokens: Tensor, there: Tensor, edge_index: Tensor, edge_attr: Tensor) -> Tensor:
        """Features of each station and step after all rounds of messages, (station, channel, step)."""
        return self.talk_by_round(tokens, there, edge_index, edge_attr)[-1]

    def talk_by_round(self, tokens: Tensor, there: Tensor, edge_index: Tensor, edge_attr: Tensor) -> list[Tensor]:
        """As :meth:`talk`, before the first round of messages and after each."""
        edge_attr = scaled_edges(edge_attr)
        features = [self.mixing[0](tokens)]
        for attention, mixing in zip(self.attention, self.mixing[1:], strict=True):
            heard = self._hear(attention, features[-1], edge_index, edge_attr, there)
            features.append(mixing(features[-1] + heard))
        return features

    def curves(self, reading: StationReading, features: Tensor, n_samples: int) -> Tensor:
        """Logits of P, S and noise, (station, 3, sample), of stations with what came of their talk."""
        fine = reading.level + self.leave(features)
        for up, other in zip(self.up, reversed(reading.beside), strict=True):
            fine = up(fine, other)
        logits: Tensor = self.head(fine)[..., :n_samples]
        return logits

    def alone_where_lonely(self, logits: Tensor, reading: StationReading, edge_index: Tensor, there: Tensor) -> Tensor:
        """Logits in which stations without a living neighbour have those of the XiaoNet, if that is wanted."""
        if self.fall_back is None:
            return logits
        target = edge_index[1, there.any(dim=1)[edge_index[0]]]
        lonely = torch.bincount(target, minlength=len(there)) == 0
        shift = logits.new_tensor([*self.fall_back, 0.0])[:, None]
        alone = reading.curves[..., : logits.shape[-1]] + shift
        return torch.where(lonely[:, None, None], alone, logits)

    @staticmethod
    def steps_there(x: Tensor) -> Tensor:
        """Which steps of windows hold samples, (station, step): a silent station has none, and is not listened to."""
        return _samples_there(x)

    def _read_alone(self, x: Tensor) -> tuple[Tensor, list[Tensor], Tensor]:
        """The level that stations talk about, those above it, and the curves that a XiaoNet gives by itself."""
        level = self.alone.stem(x)
        beside = []
        for down in self.alone.down:
            beside.append(level)
            level = down(level)
        level = self.alone.up[0](self.alone.context(level), beside.pop())
        fine = level
        for up, other in zip(self.alone.up[1:], reversed(beside), strict=True):
            fine = up(fine, other)
        return level, beside, self.alone.head(fine)

    def _tokens(self, x: Tensor, level: Tensor, curves: Tensor) -> Tensor:
        """What is known of each step of a station: features, the surest P and S and where in the step, loudness."""
        logits = curves.log_softmax(dim=1)[:, :2].unflatten(-1, (-1, STEP_SAMPLES))
        surest, at = logits.max(dim=-1)
        loud = x.square().mean(dim=1).unflatten(-1, (-1, STEP_SAMPLES)).mean(dim=-1).clamp_min(1e-6).log10()
        mean_odds = logits.exp().sum(dim=-1).clamp_max(STEP_SAMPLES) / STEP_SAMPLES
        known = [
            surest.clamp_min(-10.0) / 5.0,
            surest.exp(),
            at / STEP_SAMPLES - 0.5,
            mean_odds[:, :1],
            loud[:, None] / 2.0,
        ]
        folded = level.unflatten(-1, (-1, STEP_SAMPLES // _FINE_SAMPLES)).transpose(2, 3).flatten(1, 2)
        entered: Tensor = self.enter(torch.cat([folded, *known], dim=1))
        return entered

    def _hear(
        self, attention: nn.Module, features: Tensor, edge_index: Tensor, edge_attr: Tensor, there: Tensor
    ) -> Tensor:
        if torch.is_grad_enabled() or not 0 < self.chunk_edges < edge_index.shape[1]:
            heard: Tensor = attention(features, edge_index, edge_attr, there)
            return heard
        # All edges into a station stay together, for they share one sum of weights.
        counts = torch.bincount(edge_index[1], minlength=len(features))
        chunk = (counts.cumsum(0) - 1).clamp_min(0) // self.chunk_edges
        heard = torch.zeros_like(features)
        for number in range(math.ceil(edge_index.shape[1] / self.chunk_edges)):
            mine = chunk[edge_index[1]] == number
            heard = heard + attention(features, edge_index[:, mine], edge_attr[mine], there)
        return heard


def _samples_there(x: Tensor) -> Tensor:
    n_samples = x.shape[-1]
    filled = torch.where(x == x, x, -torch.inf)
    lowest = torch.where(x == x, x, torch.inf)
    alive = (filled.amax(dim=-1) > lowest.amin(dim=-1)).any(dim=1)
    there = functional.pad((x == x).any(dim=1), (0, -n_samples % (2 * STEP_SAMPLES)))
    return there.unflatten(-1, (-1, STEP_SAMPLES)).any(dim=-1) & alive[:, None]


class EventHead(nn.Module):
    """Whether there was an event, and its magnitude, from all stations by attention pooling.

    Shapes
    ------
    features : (station, channel, step)
    logits : (station, 3, sample)
    x : (station, 3, sample), standardised
    there : (station, step)
    batch : (station,)
    log_amplitude : (station,) or None
    output : detection (graph,), magnitude (graph,), weight (station,)
    """

    _N_KNOWN = 9

    def __init__(self, channels: int, hidden: int = 48) -> None:
        super().__init__()
        self.look = nn.Conv1d(channels, 2, 1)
        self.station = nn.Sequential(
            nn.Linear(2 * channels + self._N_KNOWN, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU()
        )
        self.magnitude = nn.Linear(hidden, 2)
        self.detection = nn.Linear(hidden, 2)

    def forward(
        self, features: Tensor, logits: Tensor, x: Tensor, there: Tensor, batch: Tensor, log_amplitude: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What all stations of each graph say together."""
        n_graphs = int(batch.max()) + 1 if len(batch) else 0
        looked = self.look(features).masked_fill(~there[:, None], -1e4).softmax(dim=-1)
        seen = torch.einsum("nkt,nct->nkc", looked, features).flatten(1)
        known = _measured(logits, x, log_amplitude)
        told = self.station(torch.cat([seen, known], dim=1))
        alive = there.any(dim=1)
        sure, detected = self.detection(told).unbind(-1)
        share = softmax(sure.masked_fill(~alive, -1e4), batch, num_nodes=n_graphs)
        detection = scatter(share * detected, batch, dim_size=n_graphs, reduce="sum")
        if log_amplitude is None:
            log_amplitude = torch.full_like(sure, torch.nan)
        tells = alive & torch.isfinite(log_amplitude)
        weight, magnitude = self.magnitude(told).unbind(-1)
        weight = softmax(weight.masked_fill(~tells, -1e4), batch, num_nodes=n_graphs)
        # One magnitude more is ten times the amplitude: what is left to learn is distance, source and noise.
        physical = torch.nan_to_num(log_amplitude) + _AMPLITUDE_OF_ZERO
        pooled = scatter(weight * (magnitude + physical / _MAGNITUDE_SCALE), batch, dim_size=n_graphs, reduce="sum")
        said = scatter(tells.to(pooled.dtype), batch, dim_size=n_graphs, reduce="max") > 0
        magnitude = torch.where(said, _MAGNITUDE_MIDDLE + _MAGNITUDE_SCALE * pooled, torch.nan)
        return detection, magnitude, weight


_AMPLITUDE_OF_ZERO = 6.0
"""A root mean square of 1 um/s, about that of a small earthquake nearby, counts as zero."""


def _measured(logits: Tensor, x: Tensor, log_amplitude: Tensor | None) -> Tensor:
    """What can be told of each station in numbers, shape (station, 9): onsets, their delay, loudness, amplitude."""
    n_samples = logits.shape[-1]
    odds = logits.log_softmax(dim=1)[:, :2]
    surest = odds.amax(dim=-1)
    seconds = torch.arange(n_samples, device=x.device, dtype=x.dtype) / SAMPLING_RATE_HZ
    # Sharpened, so that the place is that of the surest onset and yet has a way back.
    at = ((odds * 2.0).softmax(dim=-1) * seconds).sum(dim=-1)
    later = at[:, 1] - at[:, 0]
    power = functional.avg_pool1d(x.square().sum(dim=1, keepdim=True), STEP_SAMPLES)[:, 0].clamp_min(1e-8).log10()
    loudest, quiet = power.amax(dim=-1), power.median(dim=-1).values
    amplitude = torch.zeros_like(later) if log_amplitude is None else torch.nan_to_num(log_amplitude) + 6.0
    columns = [
        *surest.exp().unbind(1),
        *(surest.clamp_min(-10.0) / 5.0).unbind(1),
        later / 10.0,
        later.clamp_min(0.2).log10(),
        loudest,
        quiet,
        amplitude / 2.0,
    ]
    return torch.stack(columns, dim=1)
