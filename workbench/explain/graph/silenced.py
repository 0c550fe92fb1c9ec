"""``Silenced``: what a whole network of stations says without one of them; only what that changes is made anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from workbench.networks.station_attention import scaled_edges
from workbench.networks.station_graph_net import StationGraphNet, StationReading, log_amplitude
from workbench.networks.xiaonet import standardise

__all__ = ["Heard", "Silenced"]

_STATIONS_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class Heard:
    """What is said with all stations, or without one.

    Parameters
    ----------
    logits
        Of all stations, (station, 3, sample).
    detection
        Probability of an event in the window.
    magnitude
        NaN where no station tells its amplitude.
    """

    logits: Tensor
    detection: float
    magnitude: float


class Silenced:
    """A window of a network, read once.

    Parameters
    ----------
    samples
        float32 (station, 3, sample), NaN where missing.
    per_m_s
        So many of their unit make 1 m/s; NaN if not known.
    """

    def __init__(
        self, network: StationGraphNet, samples: Tensor, edge_index: Tensor, edge_attr: Tensor, per_m_s: float
    ) -> None:
        self._network, self._edges = network, (edge_index, scaled_edges(edge_attr))
        with torch.inference_mode():
            self._x, self._there = standardise(samples), network.steps_there(samples)
            self._amplitude = log_amplitude(samples) - np.log10(per_m_s)
            self._reading = _read(network, self._x)
            self._rounds = network.talk_by_round(self._reading.tokens, self._there, edge_index, edge_attr)
            logits = [
                network.curves(_rows(self._reading, rows), self._rounds[-1][rows], samples.shape[-1])
                for rows in torch.arange(len(samples)).split(_STATIONS_AT_ONCE)
            ]
            self.whole = self._heard(torch.cat(logits), self._rounds[-1], self._there)

    def without(self, station: int) -> Heard:
        """The same window, in which the station of that row has no samples.

        A silent station is not listened to, and does not count for detection and magnitude: so it is enough to make
        anew what those say that heard of it, and what those say that heard of them. Its own curve stays as it was.
        """
        source, target = self._edges[0]
        with torch.inference_mode():
            there = self._there.clone()
            there[station] = False
            features, changed = self._rounds[0], torch.tensor([station])
            for number, (attention, mixing) in enumerate(
                zip(self._network.attention, self._network.mixing[1:], strict=True)
            ):
                told = target[torch.isin(source, changed)]
                changed = torch.unique(torch.cat([changed, told]))
                kept = torch.isin(target, changed)
                heard = attention(features, self._edges[0][:, kept], self._edges[1][kept], there)
                mixed = mixing((features + heard)[changed])
                features = self._rounds[number + 1].clone()
                features[changed] = mixed
            logits = self.whole.logits.clone()
            logits[changed] = self._network.curves(_rows(self._reading, changed), features[changed], logits.shape[-1])
            return self._heard(logits, features, there)

    def _heard(self, logits: Tensor, features: Tensor, there: Tensor) -> Heard:
        logits = self._network.alone_where_lonely(logits, self._reading, self._edges[0], there)
        batch = torch.zeros(len(logits), dtype=torch.long)
        detection, magnitude, _ = self._network.event(features, logits, self._x, there, batch, self._amplitude)
        return Heard(logits, float(detection.sigmoid()), float(magnitude))


def _read(network: StationGraphNet, x: Tensor) -> StationReading:
    parts = [network.read(part) for part in x.split(_STATIONS_AT_ONCE)]
    beside = [torch.cat(levels) for levels in zip(*(part.beside for part in parts), strict=True)]
    tokens, level, curves = (
        torch.cat([getattr(part, name) for part in parts]) for name in ("tokens", "level", "curves")
    )
    return StationReading(tokens, level, beside, curves)


def _rows(reading: StationReading, rows: Tensor) -> StationReading:
    beside = [level[rows] for level in reading.beside]
    return StationReading(reading.tokens[rows], reading.level[rows], beside, reading.curves[rows])
