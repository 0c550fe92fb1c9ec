"""What is done to a batch of graphs before it is trained with: other edges, stations left alone, amplitudes hidden."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import torch

__all__ = ["edges_for", "hide_amplitudes"]


def edges_for(batch: Any, edges: str, rng: np.random.Generator, alone: float) -> Any:
    """The batch with other edges.

    Parameters
    ----------
    batch
        Of PyG's ``DataLoader``; it is changed.
    edges
        One of :data:`~workbench.training.graph_config.EDGES`. Shuffled ones join stations of the same graph, in the
        same number and with the same attributes, but each tells of the way between two others.
    alone
        Share of the graphs that lose all edges, and of the stations in the others that lose theirs.
    """
    index, count = batch.edge_index, batch.num_nodes
    if edges == "none":
        keep = torch.zeros(index.shape[1], dtype=torch.bool)
    else:
        if edges == "shuffled":
            index = torch.from_numpy(_shuffled(batch.ptr.numpy(), rng))[index]
        lonely = (rng.random(batch.num_graphs) < alone)[batch.batch.numpy()] | (rng.random(count) < alone)
        keep = torch.from_numpy(~lonely)[index].all(dim=0)
    batch.edge_index, batch.edge_attr = index[:, keep], batch.edge_attr[keep]
    return batch


def hide_amplitudes(batch: Any, rng: np.random.Generator, share: float) -> Any:
    """The batch with that share of its graphs as they are where samples are in counts: no amplitude is known."""
    if share > 0:
        hidden = torch.from_numpy(rng.random(batch.num_graphs) < share)[batch.batch]
        batch.log_amplitude = batch.log_amplitude.masked_fill(hidden, torch.nan)
    return batch


def _shuffled(starts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Another station of the same graph for each."""
    parts = [first + rng.permutation(stop - first) for first, stop in pairwise(starts)]
    return np.concatenate(parts)
