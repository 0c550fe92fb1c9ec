"""What all data sets of networks have in common: graphs made on demand, the same for the same seed, epoch and index."""

from __future__ import annotations

import numpy as np
from torch_geometric.data import Data, Dataset

from workbench.errors import SchemaError
from workbench.training.network_data import NetworkWindow, network_data

__all__ = ["RATE_HZ", "WINDOW_SAMPLES", "NetworkDataset"]

RATE_HZ = 100.0
WINDOW_SAMPLES = 3000


class NetworkDataset(Dataset):
    """Base of data sets whose items are graphs of stations, as :func:`~workbench.training.network_data.network_data`.

    Nothing is kept in memory between items. A copy in a worker process opens its own files.

    Parameters
    ----------
    n_samples
        Of a window, at 100 Hz.
    training
        Windows drawn anew in each epoch; otherwise an item is always the same.
    seed
        Of all that is drawn.
    neighbours, radius_km
        Of the graph; see :func:`workbench.networks.station_graph.station_graph`.
    """

    def __init__(
        self,
        *,
        n_samples: int = WINDOW_SAMPLES,
        training: bool = False,
        seed: int = 0,
        neighbours: int = 8,
        radius_km: float = 120.0,
    ) -> None:
        super().__init__()
        if n_samples < 1:
            raise SchemaError(f"A window has at least one sample, not {n_samples}.")
        self.n_samples, self.training, self.seed = n_samples, training, seed
        self.neighbours, self.radius_km = neighbours, radius_km
        self.epoch = 0
        """Set it before an epoch begins; workers that live on from one epoch to the next do not hear of it."""

    def get(self, idx: int) -> Data:
        """The graph of one window."""
        rng = np.random.default_rng((self.seed, self.epoch if self.training else 0, idx))
        return network_data(self.window(idx, rng), neighbours=self.neighbours, radius_km=self.radius_km)

    def window(self, idx: int, rng: np.random.Generator) -> NetworkWindow:
        """The window that an item is made of."""
        raise NotImplementedError
