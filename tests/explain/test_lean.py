"""Networks with less to do: the same values and gradients, the same weights, and nothing seen by the original."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from workbench.explain.lean import lean

NETWORKS = [
    ("EQTransformer", {"original_compatible": "conservative"}),
    ("EQTransformer", {"original_compatible": "non-conservative"}),
    ("EQTransformer", {}),
    ("OBSTransformer", {}),
    ("EQTP", {}),
    ("EQCCTP", {}),
    ("PhaseNet", {}),
    ("PhaseNetLight", {}),
    ("CRED", {}),
]


def made(name: str, arguments: dict[str, Any]) -> torch.nn.Module:
    import seisbench.models

    with torch.random.fork_rng():
        torch.manual_seed(1)
        return getattr(seisbench.models, name)(**arguments).eval()


def example(network: torch.nn.Module) -> torch.Tensor:
    shape = (2, 3, 76, 41) if type(network).__name__ == "CRED" else (1, 3, int(network.in_samples))
    return torch.randn(shape, generator=torch.Generator().manual_seed(2))


def asked(network: torch.nn.Module, inputs: torch.Tensor, label: int) -> tuple[torch.Tensor, torch.Tensor]:
    inputs = inputs.clone().requires_grad_(True)
    outputs = network(inputs)
    curve = outputs[label] if isinstance(outputs, tuple) else outputs[:, label]
    total = curve.flatten(1)[:, :1000].logit().sum()
    return curve.detach(), torch.autograd.grad(total, inputs)[0]


@pytest.mark.parametrize(("name", "arguments"), NETWORKS)
def test_asked_output_is_the_same_and_so_is_the_way_back(name: str, arguments: dict[str, Any]) -> None:
    network = made(name, arguments)
    inputs = example(network)
    with torch.no_grad():
        outputs = network(inputs)
    n_labels = len(outputs) if isinstance(outputs, tuple) else outputs.shape[1]
    for label in {0, n_labels - 1}:
        value, slope = asked(network, inputs, label)
        lean_value, lean_slope = asked(lean(network, [label], n_labels), inputs, label)
        torch.testing.assert_close(lean_value, value, rtol=1e-4, atol=1e-6)
        scale = float(slope.abs().max())
        assert scale > 0
        torch.testing.assert_close(lean_slope, slope, rtol=0, atol=1e-4 * scale)


def test_weights_are_shared_and_hooks_are_not() -> None:
    network = made("EQTransformer", {"original_compatible": "conservative"})
    inputs = example(network)
    leaner = lean(network, [1], 3)
    before = asked(leaner, inputs, 1)[0]
    seen = []
    network.encoder.register_forward_hook(lambda *_: seen.append(1))
    with torch.no_grad():
        network.pick_lstms[0].cell_f.weight_ih.mul_(-1.0)
    after = asked(leaner, inputs, 1)[0]
    torch.testing.assert_close(after, asked(network, inputs, 1)[0])
    assert not torch.allclose(after, before)
    assert len(seen) == 1
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert not any(parameter.requires_grad for parameter in leaner.parameters())
    assert type(network.pick_lstms[0]).__name__ == "CustomLSTM"
