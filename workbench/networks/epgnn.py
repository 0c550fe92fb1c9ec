"""EPGNN as its text describes it: a convolution over time at each station, then over the graph of the stations."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_geometric.nn import GCNConv
from torch_geometric.utils import scatter, softmax

from workbench.networks.xiaonet import standardise

__all__ = ["Epgnn"]

_LEVELS = (16, 24, 32, 48)
_STRIDE = 4
_FADES_OVER_KM = 50.0
_MICRO = 6.0
"""A root mean square of 1 um/s counts as zero."""


class Epgnn(nn.Module):
    """Whether an event is in a window, and its magnitude, from the traces of all stations.

    A 1-D CNN sums up each station; two graph convolutions (Kipf and Welling, 2017), whose edges weigh less the longer
    they are, spread that over the network; an attention-weighted mean over the stations feeds both heads.
    The amplitude, which normalisation takes from the traces, comes in apart.

    Parameters
    ----------
    channels
        Of a station's summary.

    Shapes
    ------
    x : (station, 3, sample), NaN where missing
    edge_index : (2, edge)
    edge_attr : (edge, 6), as :mod:`workbench.networks.station_graph` makes them
    batch : (station,), graph of each station; all of one if not given
    log_amplitude : (station,), decimal logarithm of the scale in m/s; NaN where not known
    output : detection logit (graph,), magnitude (graph,), NaN where no station tells its amplitude
    """

    def __init__(self, channels: int = 64) -> None:
        super().__init__()
        self.channels = channels
        sizes = (3, *_LEVELS)
        self.levels = nn.ModuleList(
            nn.Sequential(nn.Conv1d(above, below, 7, _STRIDE, padding=3), nn.GroupNorm(4, below), nn.GELU())
            for above, below in pairwise(sizes)
        )
        self.station = nn.Linear(2 * _LEVELS[-1] + 2, channels)
        self.over_stations = nn.ModuleList(GCNConv(channels, channels) for _ in range(2))
        self.counts = nn.Linear(channels, 2)
        self.detection = nn.Linear(channels, 1)
        self.magnitude = nn.Sequential(nn.Linear(channels, channels), nn.GELU(), nn.Linear(channels, 1))

    def forward(
        self,
        x: Tensor,
        edge_index: Tensor,
        edge_attr: Tensor,
        batch: Tensor | None = None,
        log_amplitude: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Detection and magnitude of each graph."""
        batch = x.new_zeros(len(x), dtype=torch.long) if batch is None else batch
        n_graphs = int(batch.max()) + 1
        standard = standardise(x)
        alive = standard.abs().amax(dim=(1, 2)) > 0
        amplitude = torch.full_like(standard[:, 0, 0], torch.nan) if log_amplitude is None else log_amplitude
        told = alive & torch.isfinite(amplitude)
        amplitude = torch.where(told, amplitude + _MICRO, 0.0)
        # A silent station neither speaks nor passes on what others say.
        heard = alive[edge_index].all(dim=0)
        weight = torch.exp(-(10.0 ** edge_attr[:, 0]) / _FADES_OVER_KM) * heard
        features = self._summed_up(standard, amplitude, told)
        for convolution in self.over_stations:
            features = features + functional.gelu(convolution(features, edge_index, weight))
        for_detection, for_magnitude = self.counts(features).unbind(-1)
        detection = self._pooled(self.detection(features)[:, 0], for_detection, alive, batch, n_graphs)
        magnitude = self._pooled(self.magnitude(features)[:, 0] + amplitude, for_magnitude, told, batch, n_graphs)
        known = scatter(told.to(magnitude.dtype), batch, dim_size=n_graphs, reduce="max") > 0
        return detection, torch.where(known, magnitude + 2.0, torch.nan)

    def _summed_up(self, standard: Tensor, amplitude: Tensor, told: Tensor) -> Tensor:
        level = standard
        for convolution in self.levels:
            level = convolution(level)
        seen = torch.cat([level.mean(dim=-1), level.amax(dim=-1), amplitude[:, None], told[:, None].float()], dim=1)
        summary: Tensor = functional.gelu(self.station(seen))
        return summary

    @staticmethod
    def _pooled(values: Tensor, score: Tensor, counts: Tensor, batch: Tensor, n_graphs: int) -> Tensor:
        share = softmax(score.masked_fill(~counts, -1e4), batch, num_nodes=n_graphs)
        return scatter(share * values, batch, dim_size=n_graphs, reduce="sum")
