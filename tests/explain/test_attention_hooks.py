"""Attention is caught on every kind of layer, changes nothing, and leaves nothing behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from workbench.explain.attention_hooks import Captured, attention_layers, capture_attention, capturing

Run = Callable[[nn.Module], Any]


def seisbench_network(name: str) -> tuple[nn.Module, Run]:
    import seisbench.models

    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = getattr(seisbench.models, name)().eval()
        shape = (1, 6, 3, module.in_samples) if name == "PhaseTEAM" else (1, 3, module.in_samples)
        windows = torch.randn(shape)
    return module, lambda network: network(module.annotate_batch_pre(windows.clone(), {}))


class Stations(nn.Module):
    def __init__(self, make: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.conv = make()

    def forward(self, nodes: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
        return self.conv(nodes, edges).relu()


EDGES = torch.tensor([[0, 1, 2, 3, 4, 0, 2], [1, 2, 3, 4, 0, 2, 0]])


def graph_network(name: str) -> tuple[nn.Module, Run]:
    pyg = pytest.importorskip("torch_geometric.nn")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = Stations(lambda: getattr(pyg, name)(8, 4, heads=2)).eval()
        nodes = torch.randn(5, 8)
    return module, lambda network: network(nodes, EDGES)


def torch_network(name: str) -> tuple[nn.Module, Run]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = nn.MultiheadAttention(16, 4, batch_first=True).eval()
        steps = torch.randn(2, 30, 16)
        if name == "TransformerEncoder":
            layer = nn.TransformerEncoderLayer(16, 4, batch_first=True)
            module = nn.TransformerEncoder(layer, 2).eval()
            return module, lambda network: network(steps)
    return module, lambda network: network(steps, steps, steps, need_weights=False)


def network(name: str) -> tuple[nn.Module, Run]:
    if name.endswith("Conv"):
        return graph_network(name)
    return torch_network(name) if hasattr(nn, name) else seisbench_network(name)


EXPECTED = {
    "EQTransformer": (4, (1, 1, 47, 47)),
    "OBSTransformer": (4, (1, 1, 47, 47)),
    "EQTP": (6, (1, 1, 375, 375)),
    "EQCCTP": (4, (1, 4, 150, 150)),
    "EQCCTS": (4, (1, 4, 150, 150)),
    "PhaseTEAM": (2, (1, 4, 10, 10)),
    "MultiheadAttention": (1, (2, 4, 30, 30)),
    "TransformerEncoder": (2, (2, 4, 30, 30)),
    "GATConv": (1, (1, 2, 5, 5)),
    "GATv2Conv": (1, (1, 2, 5, 5)),
    "TransformerConv": (1, (1, 2, 5, 5)),
}


def outputs(given: Any) -> list[torch.Tensor]:
    return [part for part in (given if isinstance(given, tuple) else (given,)) if part is not None]


def n_hooks(module: nn.Module) -> int:
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_propagate_forward_hooks")
    return sum(len(getattr(layer, kind, ())) for layer in module.modules() for kind in kinds)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_kind_is_caught_with_rows_that_sum_to_one(name: str) -> None:
    module, run = network(name)
    caught = capture_attention(module, run)
    n_layers, shape = EXPECTED[name]
    assert [call.weights.shape for call in caught] == [shape] * n_layers
    assert [call.layer for call in caught] == attention_layers(module)
    for call in caught:
        assert call.weights.min() >= 0
        np.testing.assert_allclose(call.weights.sum(axis=-1), 1.0, atol=2e-3)


@pytest.mark.parametrize("name", EXPECTED)
def test_what_the_network_gives_is_unchanged(name: str) -> None:
    module, run = network(name)
    with torch.no_grad():
        before = outputs(run(module))
        with capturing(module) as caught:
            during = outputs(run(module))
        after = outputs(run(module))
    assert caught
    for was, is_, stays in zip(before, during, after, strict=True):
        # Torch's fast path for a whole encoder layer rounds otherwise; it has no weights to give.
        atol = 1e-6 if name in ("TransformerEncoder", "PhaseTEAM") else 0.0
        torch.testing.assert_close(is_, was, rtol=0, atol=atol)
        assert torch.equal(stays, was)


@pytest.mark.parametrize("name", EXPECTED)
def test_no_hook_stays_even_after_an_error(name: str) -> None:
    module, run = network(name)

    def fails(network: nn.Module) -> None:
        run(network)
        raise RuntimeError("out of memory")

    def fails_hooked() -> None:
        with capturing(module):
            assert n_hooks(module) > 0
            fails(module)

    with pytest.raises(RuntimeError, match="out of memory"):
        fails_hooked()
    assert n_hooks(module) == 0
    with pytest.raises(RuntimeError, match="out of memory"):
        capture_attention(module, fails)
    assert n_hooks(module) == 0


def test_networks_without_attention_give_none() -> None:
    module, run = seisbench_network("PhaseNet")
    assert attention_layers(module) == []
    assert capture_attention(module, run) == []


def test_another_thread_with_the_same_module_is_not_caught() -> None:
    module, run = seisbench_network("EQTransformer")
    undisturbed = capture_attention(module, run)
    inside, done = threading.Event(), threading.Event()

    def other() -> None:
        inside.wait(60)
        with torch.no_grad():
            module(torch.ones(1, 3, 6000))
        done.set()

    thread = threading.Thread(target=other)
    thread.start()

    def slowly(network: nn.Module) -> None:
        inside.set()
        assert done.wait(60)
        run(network)

    caught = capture_attention(module, slowly)
    thread.join()
    assert len(caught) == len(undisturbed)
    for one, two in zip(caught, undisturbed, strict=True):
        np.testing.assert_array_equal(one.weights, two.weights)


def test_a_caller_that_wants_mean_weights_still_gets_them() -> None:
    class Reads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, steps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return self.attention(steps, steps, steps)

    module = Reads().eval()
    steps = torch.randn(1, 7, 8)
    with torch.no_grad():
        values, weights = module(steps)
        with capturing(module) as caught:
            same_values, same_weights = module(steps)
    assert weights.shape == same_weights.shape == (1, 7, 7)
    assert torch.equal(values, same_values)
    assert torch.equal(weights, same_weights)
    np.testing.assert_allclose(caught[0].weights.mean(axis=1), weights.numpy(), atol=1e-6)


def looks_back(n_behind: int) -> nn.MultiheadAttention:
    """Every step reads the one so many before it: positions stand in the features, one to one."""
    n_steps = 20
    module = nn.MultiheadAttention(n_steps, 1, batch_first=True).eval()
    with torch.no_grad():
        module.in_proj_weight.zero_()
        module.in_proj_weight[:n_steps] = 30.0 * torch.roll(torch.eye(n_steps), -n_behind, dims=0)
        module.in_proj_weight[n_steps : 2 * n_steps] = 30.0 * torch.eye(n_steps)
        module.in_proj_bias.zero_()
    return module


def test_a_planted_pattern_is_found_in_torch_s_attention() -> None:
    module = looks_back(3)
    steps = torch.eye(20)[None]
    (caught,) = capture_attention(module, lambda network: network(steps, steps, steps))
    for query in range(3, 20):
        assert caught.weights[0, 0, query].argmax() == query - 3
        assert caught.weights[0, 0, query].max() > 0.99


def test_a_planted_pattern_is_found_in_seisbench_s_attention() -> None:
    from seisbench.models.eqtransformer import SeqSelfAttention

    layer = SeqSelfAttention(4, units=4).eval()
    with torch.no_grad():
        # The emission of a key grows with its first feature, whatever the query.
        for parameter in layer.parameters():
            parameter.zero_()
        layer.Wx[0, 0] = 5.0
        layer.Wa[0, 0] = 12.0
    steps = torch.zeros(1, 4, 47)
    steps[0, 0, 31] = 1.0
    (caught,) = capture_attention(layer, lambda network: network(steps))
    assert (caught.weights[0, 0].argmax(axis=-1) == 31).all()
    assert caught.weights[0, 0, :, 31].min() > 0.99


def test_a_planted_edge_is_found_in_a_graph() -> None:
    pyg = pytest.importorskip("torch_geometric.nn")
    layer = pyg.TransformerConv(2, 2, heads=1).eval()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.zero_()
        layer.lin_query.bias.fill_(1.0)
        layer.lin_key.weight[:] = torch.tensor([[20.0, 0.0], [20.0, 0.0]])
    nodes = torch.zeros(5, 2)
    nodes[2, 0] = 1.0
    caught: list[Captured] = capture_attention(layer, lambda network: network(nodes, EDGES))
    # Nodes 0 and 2 both tell others: 3 hears only 2, 0 hears 4 and 2.
    weights = caught[0].weights[0, 0]
    assert weights[0, 2] > 0.99
    assert weights[3, 2] == pytest.approx(1.0)
    assert weights[0, 4] < 0.01
    assert caught[0].is_graph


def test_a_node_that_nobody_tells_has_a_row_of_zeros() -> None:
    pyg = pytest.importorskip("torch_geometric.nn")
    layer = pyg.TransformerConv(2, 2).eval()
    edges = torch.tensor([[0, 0], [1, 2]])
    (caught,) = capture_attention(layer, lambda network: network(torch.ones(3, 2), edges))
    np.testing.assert_allclose(caught.weights[0, 0].sum(axis=-1), [0.0, 1.0, 1.0], atol=1e-6)


def test_padded_stations_are_read_by_nobody() -> None:
    module, run = seisbench_network("PhaseTEAM")
    for call in capture_attention(module, run):
        assert call.weights[..., 6:].max() == 0.0
