"""How far a network looks: where an answer depends on a part of the window alone, that part is all that need be run.

Found by going back from the answer for windows of noise, in which no unit stays silent for long; and believed only if
the network says the same of the part as of the whole.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from weakref import WeakKeyDictionary

import torch

__all__ = ["Cut", "find_cut"]

Cut = tuple[int, int]
"""First sample of a window that is run, and the one after the last."""

_TRIES = 3
_MARGIN = 64
_STEPS = (256, 1024)
"""Of the coarsest level of networks with four and with five: a part begins on one, and is as much longer than some."""

_WORTH = 0.7
"""Share of the window beyond which a cut gains too little."""

_SAME = 2e-6

_known: WeakKeyDictionary[torch.nn.Module, dict[tuple[int, int, int], Cut | None]] = WeakKeyDictionary()
_lock = threading.Lock()


def find_cut(
    network: torch.nn.Module,
    outputs_of: Callable[[torch.Tensor], torch.Tensor],
    inputs: torch.Tensor,
    first: int,
    stop: int,
) -> Cut | None:
    """The part of a window on which some of its outputs depend; None for the whole, or most of it.

    Parameters
    ----------
    network
        That is asked; what is found is kept for it.
    outputs_of
        Inputs (B, channel, sample) to outputs (B, output, label), one output for each sample.
    inputs
        Windows that the network must say the same of, shape (B, channel, sample).
    first, stop
        First output that is asked for, and the one after the last.
    """
    # Weights that were changed in place look as far as others, but are to be asked themselves.
    key = (first, stop, sum(weights._version for weights in network.parameters()))
    with _lock:
        known = _known.setdefault(network, {})
        if key in known:
            return known[key]
    with torch.inference_mode(False):
        cut = _find(outputs_of, inputs, first, stop)
    with _lock:
        known[key] = cut
    return cut


def _find(
    outputs_of: Callable[[torch.Tensor], torch.Tensor], inputs: torch.Tensor, first: int, stop: int
) -> Cut | None:
    n_samples = inputs.shape[-1]
    step = next((step for step in _STEPS if _takes_parts(outputs_of, inputs, step)), None)
    if step is None:
        return None
    chance = torch.Generator().manual_seed(0)
    noise = torch.randn(_TRIES, *inputs.shape[1:], generator=chance)
    lowest, highest = first, stop
    for window in noise:
        window = window[None].requires_grad_(True)
        with torch.enable_grad():
            found = outputs_of(window)[:, first:stop].sum(dim=1).square().sum()
            if not found.requires_grad:
                return None
            (slope,) = torch.autograd.grad(found, window)
        reached = slope.abs().sum(dim=(0, 1)).nonzero().flatten()
        if not len(reached):
            # A network that is silent for noise does not show how far it looks.
            return None
        lowest, highest = min(lowest, int(reached[0])), max(highest, int(reached[-1]) + 1)
        cut = _aligned(lowest, highest, n_samples, step)
        if cut[1] - cut[0] > _WORTH * n_samples:
            return None
    with torch.no_grad():
        for windows in (inputs, 0.1 * inputs, noise):
            whole = outputs_of(windows)[:, first:stop]
            part = outputs_of(windows[..., cut[0] : cut[1]])[:, first - cut[0] : stop - cut[0]]
            if whole.shape != part.shape or not bool((whole - part).abs().max() <= _SAME):
                return None
    return cut


def _takes_parts(outputs_of: Callable[[torch.Tensor], torch.Tensor], inputs: torch.Tensor, step: int) -> bool:
    """Whether the network takes windows that are some steps shorter, and gives an output for each sample of them."""
    length = inputs.shape[-1] - step * (inputs.shape[-1] // (2 * step))
    try:
        with torch.no_grad():
            return outputs_of(inputs[:1, :, :length]).shape[1] == length < inputs.shape[-1]
    except (AssertionError, RuntimeError, ValueError, IndexError):
        return False


def _aligned(first: int, stop: int, n_samples: int, step: int) -> Cut:
    """A part that holds another, with a margin, begins on a step, and ends as far from one as the window does."""
    begin = max(0, first - _MARGIN) // step * step
    spare = max(0, n_samples - stop - _MARGIN) // step * step
    return begin, n_samples - spare
