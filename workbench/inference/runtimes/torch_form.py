"""A network's module in a form that exports well: the same arithmetic, in operations that other runtimes have whole."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["exportable"]


def exportable(module: nn.Module) -> nn.Module:
    """A copy to export: its outputs as a tensor or a tuple of tensors, its hand-written LSTMs as one operation each.

    SeisBench writes the LSTM of EQTransformer's original weights as a loop in Python, which an export unrolls into
    20,000 operations that take a runtime minutes to load.
    """
    module = copy.deepcopy(module).eval()
    for name, part in list(module.named_modules()):
        if type(part).__name__ == "CustomLSTM":
            owner, _, attribute = name.rpartition(".")
            setattr(module.get_submodule(owner), attribute, _Lstm(part))
    return module


class _Lstm(nn.Module):
    """A ``CustomLSTM`` of SeisBench as one ONNX operation; gives right values only once it is exported.

    Shapes
    ------
    input : (time, batch, feature)
    output : (time, batch, direction * hidden), and None
    """

    def __init__(self, custom: Any) -> None:
        super().__init__()
        cells = [custom.cell_f, *([custom.cell_b] if custom.bidirectional else [])]
        self.register_buffer("weights", torch.stack([_gates(cell.weight_ih) for cell in cells]))
        self.register_buffer("recurrent", torch.stack([_gates(cell.weight_hh) for cell in cells]))
        biases = [torch.cat([_gates(cell.bias_ih), _gates(cell.bias_hh)]) for cell in cells]
        self.register_buffer("biases", torch.stack(biases))
        # SeisBench knows two: Keras' hard sigmoid, clip(0.2 x + 0.5, 0, 1), and the ordinary one.
        self.is_hard = cells[0].gate_activation is not torch.sigmoid

    def forward(self, samples: Tensor) -> tuple[Tensor, None]:
        """Hidden states of all directions side by side."""
        hidden = _LstmOperation.apply(samples, self.weights, self.recurrent, self.biases, self.is_hard)
        return hidden.permute(0, 2, 1, 3).flatten(2), None


def _gates(parameter: Tensor) -> Tensor:
    """From torch's order of gates (input, forget, cell, output) to that of ONNX (input, output, forget, cell)."""
    i, f, c, o = parameter.detach().chunk(4, 0)
    return torch.cat([i, o, f, c], 0)


class _LstmOperation(torch.autograd.Function):
    """Stands in the trace for ONNX's ``LSTM``; shape (time, direction, batch, hidden)."""

    @staticmethod
    def forward(*given: Any) -> Tensor:
        """Values of the right shape; only the trace counts."""
        _, samples, weights, recurrent, *_ = given
        return samples.new_zeros(samples.shape[0], weights.shape[0], samples.shape[1], recurrent.shape[2])

    @staticmethod
    def symbolic(graph: Any, samples: Any, weights: Any, recurrent: Any, biases: Any, is_hard: bool) -> Any:
        """The operation in the export."""
        n_directions, _, n_hidden = recurrent.type().sizes()
        gates = "HardSigmoid" if is_hard else "Sigmoid"
        # One alpha and beta for each activation that takes them, in order.
        hardness = {"activation_alpha_f": [0.2] * n_directions, "activation_beta_f": [0.5] * n_directions}
        return graph.op(
            "LSTM",
            samples,
            weights,
            recurrent,
            biases,
            hidden_size_i=n_hidden,
            direction_s="bidirectional" if n_directions == 2 else "forward",
            activations_s=[gates, "Tanh", "Tanh"] * n_directions,
            **(hardness if is_hard else {}),
        )
