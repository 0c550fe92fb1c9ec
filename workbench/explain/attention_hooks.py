"""Attention weights of any torch module, caught by hooks on a copy of it while it runs.

A copy, for a picker's module may be running in another thread at the same time, and must not notice. What the copy
gives is what the module gives: weights that a layer does not hand out are computed beside it, and nothing is put in
their place.

To add a kind of layer, write a function that registers a hook and one line in the table at the end.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

__all__ = ["Captured", "attention_layers", "capture_attention", "capturing"]

Keep = Callable[[torch.Tensor], None]
"""Takes the weights of one call of a layer: (batch, query, key) or (batch, head, query, key)."""


@dataclass(frozen=True)
class Captured:
    """What one layer read in one call.

    Parameters
    ----------
    layer
        Name of the module in the network.
    weights
        Shape (batch, head, query, key), 0 to 1; rows sum to one. In a graph, a row is the node that is told and a
        column the one that tells, and a node that nobody tells anything has a row of zeros.
    width
        Steps that a layer sees of its neighbourhood; 0 for all.
    is_graph
        Whether steps are nodes of a graph, and not times.
    """

    layer: str
    weights: np.ndarray
    width: int = 0
    is_graph: bool = False


def attention_layers(module: nn.Module) -> list[str]:
    """Names of the layers whose attention can be caught, in the order of the network; empty where it has none."""
    return [name for name, layer in module.named_modules() if _way_of(layer) is not None]


def capture_attention(module: nn.Module, run: Callable[[nn.Module], Any]) -> list[Captured]:
    """What every attention layer read, in the order of the layers and then of the calls.

    Parameters
    ----------
    module
        Left as it is; in eval mode.
    run
        Called with a copy of it, and runs that on what is to be looked at.
    """
    own = copy.deepcopy(module)
    with torch.no_grad(), capturing(own) as caught:
        run(own)
    return caught


@contextmanager
def capturing(module: nn.Module) -> Iterator[list[Captured]]:
    """A list that fills with what the layers of this very module read; no hook is left behind, whatever happens."""
    caught: dict[str, list[Captured]] = {}
    handles: list[Any] = []
    found: list[Captured] = []
    try:
        for name, layer in module.named_modules():
            way = _way_of(layer)
            if way is not None:
                handles.append(way(layer, _keeper(name, layer, caught.setdefault(name, []))))
        yield found
    finally:
        for handle in handles:
            handle.remove()
        found.extend(call for calls in caught.values() for call in calls)


def _keeper(name: str, layer: nn.Module, calls: list[Captured]) -> Keep:
    width = int(getattr(layer, "attention_width", None) or 0)
    is_graph = _is_a(layer, *_GRAPH_LAYERS)

    def keep(weights: torch.Tensor) -> None:
        whole = weights if weights.ndim == 4 else weights[:, None]
        calls.append(Captured(name, whole.detach().float().cpu().numpy(), width, is_graph))

    return keep


def _second_output(layer: nn.Module, keep: Keep) -> Any:
    """For a layer that gives values and weights: SeisBench's, and any layer of one's own that does the same."""

    def hook(_: nn.Module, __: Any, output: Any) -> None:
        if isinstance(output, tuple) and len(output) > 1 and _is_attention(output[1]):
            keep(output[1])

    return layer.register_forward_hook(hook)


def _is_attention(weights: Any) -> bool:
    if not isinstance(weights, torch.Tensor) or weights.ndim not in (3, 4) or not weights.is_floating_point():
        return False
    sums = weights.detach().sum(dim=-1)
    return bool((weights.detach() >= 0).all() and (sums <= 1.001).all())


def _multihead(layer: nn.Module, keep: Keep) -> Any:
    """For torch's own: it is asked once more, this time for its weights, head by head."""
    signature = inspect.signature(type(layer).forward)

    def hook(module: nn.Module, given: tuple[Any, ...], named: dict[str, Any], _: Any) -> None:
        asked = signature.bind(module, *given, **named).arguments
        asked.pop("self")
        with torch.no_grad():
            _, weights = module.forward(**asked | {"need_weights": True, "average_attn_weights": False})
        keep(weights if weights.ndim == 4 else weights[None])

    return layer.register_forward_hook(hook, with_kwargs=True)


def _query_key(layer: nn.Module, keep: Keep) -> Any:
    """For EQCCT's, whose weights never leave it."""

    def hook(module: Any, given: tuple[Any, ...], _: Any) -> None:
        with torch.no_grad():
            query, key = (module._split(project(given[0])) for project in (module.q, module.k))
            keep(torch.softmax(query @ key.transpose(-2, -1) * module.scale, dim=-1))

    return layer.register_forward_hook(hook)


def _edges(layer: Any, keep: Keep) -> Any:
    """For PyG's: one weight for each edge and head, self loops included, spread over a matrix of nodes."""

    def hook(module: Any, given: tuple[Any, ...], output: torch.Tensor) -> None:
        edges, _, named = given
        weights = named.get("alpha")
        weights = module._alpha if weights is None else weights
        if weights is None or not isinstance(edges, torch.Tensor) or edges.layout != torch.strided:
            return
        weights = weights.detach().float().reshape(edges.shape[1], -1)
        told, telling = (edges[1], edges[0]) if module.flow == "source_to_target" else (edges[0], edges[1])
        matrix = weights.new_zeros((output.shape[0], _n_telling(named, output), weights.shape[1]))
        matrix.index_put_((told, telling), weights, accumulate=True)
        keep(matrix.permute(2, 0, 1)[None])

    return layer.register_propagate_forward_hook(hook)


def _n_telling(named: dict[str, Any], output: torch.Tensor) -> int:
    """Nodes that tell: as many as are told, but in a graph of two kinds of nodes."""
    for telling in (named.get("key"), named.get("x")):
        telling = telling[0] if isinstance(telling, tuple) else telling
        if isinstance(telling, torch.Tensor):
            return int(telling.shape[0])
    return int(output.shape[0])


_GRAPH_LAYERS = ("GATConv", "GATv2Conv", "TransformerConv")

# By name, for importing SeisBench or PyG to compare classes would cost seconds, and PyG need not be installed.
_WAYS: dict[str, Callable[[Any, Keep], Any]] = {
    "MultiheadAttention": _multihead,
    "KerasMHA": _query_key,
    **dict.fromkeys(_GRAPH_LAYERS, _edges),
}


def _way_of(layer: nn.Module) -> Callable[[Any, Keep], Any] | None:
    for kind, way in _WAYS.items():
        if _is_a(layer, kind):
            return way
    if not type(layer).__name__.lower().endswith("attention"):
        return None
    # A block around an attention hands its weights on: only the inner one counts.
    return None if any(_way_of(child) for child in layer.modules() if child is not layer) else _second_output


def _is_a(layer: nn.Module, *kinds: str) -> bool:
    return any(base.__name__ in kinds for base in type(layer).__mro__)
