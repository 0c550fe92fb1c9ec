"""A network with less to do for the same answer: no way back to its weights, no heads that nobody asks, whole LSTMs.

It shares the weights of the network that it stands for, so what is changed there is changed here, and nothing that is
done with it is seen there.
"""

from __future__ import annotations

import copy
from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["lean"]


def lean(network: nn.Module, labels: Collection[int], n_labels: int) -> nn.Module:
    """A network that gives the same values for some of its outputs, and anything for the others.

    Parameters
    ----------
    labels, n_labels
        Indices of the outputs that are asked for, and how many there are.
    """
    leaner = _shared(network)
    heads = _heads(network)
    if len(heads) == n_labels:
        # SeisBench's EQTransformer and its kin: one decoder for each output.
        n_samples = int(getattr(network, "in_samples", 0))
        for number, (lstm, attention, decoder, convolution) in enumerate(heads):
            if number not in labels:
                for name, stub in ((lstm, _Pair()), (attention, _Pair()), (decoder, nn.Identity())):
                    if name:
                        leaner.set_submodule(name, stub)
                leaner.set_submodule(convolution, _Nothing(n_samples))
    for name, part in list(leaner.named_modules()):
        if name and type(part).__name__ == "CustomLSTM":
            leaner.set_submodule(name, _WholeLstm(part))
    return leaner.eval()


def _shared(module: nn.Module) -> nn.Module:
    """The same modules and weights, without hooks and without a way back to the weights."""
    shared = copy.copy(module)
    own: dict[str, Any] = shared.__dict__
    own["_modules"] = {name: None if part is None else _shared(part) for name, part in module._modules.items()}
    if not isinstance(module, nn.RNNBase):
        # Those keep a list of their weights beside, which must stay what it is.
        own["_parameters"] = {
            name: None if weight is None else _without_way_back(weight) for name, weight in module._parameters.items()
        }
    own["_buffers"] = dict(module._buffers)
    for hooks in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"):
        own[hooks] = type(own[hooks])()
    return shared


def _without_way_back(weight: Tensor) -> Tensor:
    # What was made in inference mode may not take part in a way back at all.
    return weight.clone() if weight.is_inference() else weight.detach()


def _heads(network: nn.Module) -> list[tuple[str, str, str, str]]:
    """Names of LSTM, attention, decoder and last convolution of each output, in order."""
    heads = []
    if hasattr(network, "decoder_d") and hasattr(network, "conv_d") and not hasattr(network, "pol_lstms"):
        heads.append(("", "", "decoder_d", "conv_d"))
    for kind in ("pol", "pick"):
        names = [f"{kind}_{part}" for part in ("lstms", "attentions", "decoders", "convs")]
        if all(isinstance(getattr(network, name, None), nn.ModuleList) for name in names):
            for number in range(len(getattr(network, names[0]))):
                lstm, attention, decoder, convolution = (f"{name}.{number}" for name in names)
                heads.append((lstm, attention, decoder, convolution))
    return heads


class _Pair(nn.Module):
    """What it is given, and nothing beside."""

    def forward(self, values: Tensor) -> tuple[Tensor, None]:
        return values, None


class _Nothing(nn.Module):
    """One channel of zeros."""

    def __init__(self, n_samples: int) -> None:
        super().__init__()
        self.n_samples = n_samples

    def forward(self, values: Tensor) -> Tensor:
        return values.new_zeros(values.shape[0], 1, self.n_samples)


class _WholeLstm(nn.Module):
    """SeisBench's hand-written LSTM, both directions side by side and its three gates as one.

    Shapes
    ------
    input : (time, batch, feature)
    output : (time, batch, direction * hidden), and None
    """

    def __init__(self, custom: Any) -> None:
        super().__init__()
        self.cells = nn.ModuleList([custom.cell_f, *([custom.cell_b] if custom.bidirectional else [])])
        # SeisBench knows two: Keras' hard sigmoid, clip(0.2 x + 0.5, 0, 1), and the ordinary one.
        self.is_hard = custom.cell_f.gate_activation is not torch.sigmoid

    def forward(self, samples: Tensor) -> tuple[Tensor, None]:
        """Hidden states of all directions side by side."""
        gates = [self._gates(cell) for cell in self.cells]
        n_hidden = gates[0][1].shape[0]
        given = [samples, samples.flip(0)][: len(self.cells)]
        # Of all times at once: (direction, time, batch, gate); then (time, direction, batch, gate).
        fed = torch.stack([x @ weight + bias for x, (weight, _, bias) in zip(given, gates, strict=True)]).transpose(
            0, 1
        )
        back = torch.stack([weight for _, weight, _ in gates])
        hidden = samples.new_zeros(len(gates), samples.shape[1], n_hidden)
        cell, states = hidden, []
        for step in fed.unbind(0):
            found = torch.baddbmm(step, hidden, back)
            opened = self._open(found[..., : 3 * n_hidden])
            taken, kept, shown = opened.split(n_hidden, dim=-1)
            cell = kept * cell + taken * torch.tanh(found[..., 3 * n_hidden :])
            hidden = shown * torch.tanh(cell)
            states.append(hidden)
        forth = torch.stack(states)
        directions = [forth[:, 0], *([forth[:, 1].flip(0)] if len(gates) > 1 else [])]
        return torch.cat(directions, dim=-1), None

    def _gates(self, cell: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Weights for the samples and for the state, and biases, in the order input, forget, output, cell."""
        own, back, bias = (_reordered(part) for part in (cell.weight_ih, cell.weight_hh, cell.bias_ih + cell.bias_hh))
        return own.t(), back.t(), bias

    def _open(self, values: Tensor) -> Tensor:
        # Torch's own hard sigmoid rises by a sixth, Keras' by a fifth.
        return functional.hardsigmoid(1.2 * values) if self.is_hard else torch.sigmoid(values)


def _reordered(parameter: Tensor) -> Tensor:
    taken, kept, new, shown = parameter.detach().chunk(4, 0)
    return torch.cat([taken, kept, shown, new])
