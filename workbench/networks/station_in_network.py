"""One station of a network, asked while the others say what they said: for explanations of a single trace."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from workbench.networks.station_graph_net import StationGraphNet
from workbench.networks.xiaonet import standardise

__all__ = ["StationInNetwork"]


class StationInNetwork(nn.Module):
    """A station graph's network as one of a single station; its neighbours' traces are those of one window.

    Parameters
    ----------
    network
        That sees all stations.
    windows
        Of all stations in that window, (station, 3, sample), raw, NaN where missing.
    edge_index, edge_attr
        Their graph.
    station
        Row of the one that is asked.

    Shapes
    ------
    input : (window, 3, sample), standardised, without NaN
    output : (window, 3, sample), P, S and noise
    """

    others: Tensor
    there: Tensor
    edge_index: Tensor
    edge_attr: Tensor

    def __init__(
        self, network: StationGraphNet, windows: Tensor, edge_index: Tensor, edge_attr: Tensor, station: int
    ) -> None:
        super().__init__()
        self.network, self.station = network, station
        with torch.inference_mode(False), torch.no_grad():
            self.register_buffer("others", network.read(standardise(windows)).tokens.clone(), persistent=False)
            self.register_buffer("there", network.steps_there(windows), persistent=False)
        self.register_buffer("edge_index", edge_index, persistent=False)
        self.register_buffer("edge_attr", edge_attr, persistent=False)
        self.eval()

    def forward(self, windows: Tensor) -> Tensor:
        """Probabilities of each sample of the station."""
        count, n_stations = len(windows), len(self.others)
        reading = self.network.read(windows)
        mine = (torch.arange(n_stations, device=windows.device) == self.station)[None, :, None, None]
        tokens = torch.where(mine, reading.tokens[:, None], self.others[None]).flatten(0, 1)
        steps = torch.arange(count, device=windows.device).repeat_interleave(self.edge_index.shape[1]) * n_stations
        features = self.network.talk(
            tokens,
            self.there.repeat(count, 1),
            self.edge_index.repeat(1, count) + steps,
            self.edge_attr.repeat(count, 1),
        )
        own = features.unflatten(0, (count, n_stations))[:, self.station]
        logits = self.network.curves(reading, own, windows.shape[-1])
        if self.network.fall_back is not None and not self._hears():
            shift = logits.new_tensor([*self.network.fall_back, 0.0])[:, None]
            logits = reading.curves[..., : logits.shape[-1]] + shift
        return logits.softmax(dim=1)

    def _hears(self) -> bool:
        source, target = self.edge_index
        return bool(self.there.any(dim=1)[source[target == self.station]].any())
