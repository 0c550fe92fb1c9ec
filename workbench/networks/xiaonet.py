"""XiaoNet: a light U-Net that tells P, S and noise apart, small enough for an edge station."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["SIZES", "StandardisedXiaoNet", "XiaoNet", "XiaoNetSize", "standardise"]

LABELS = "PSN"
"""Classes, in the order of the network's output channels."""

COMPONENT_ORDER = "ZNE"
"""Components, in the order of its input channels."""

SAMPLING_RATE_HZ = 100.0

WINDOW_SAMPLES = 3000
"""Samples that it is trained on and that a picker cuts; the network itself takes any length."""

_STEM_STRIDE = 2
_STRIDE = 4
_CONTEXT_STEPS = (3, 6)
"""Dilations at the coarsest level, whose step is 1.28 s: with both, an S is seen together with a P 15 s before it."""


@dataclass(frozen=True)
class XiaoNetSize:
    """Widths of a XiaoNet.

    Parameters
    ----------
    channels
        Of each level; the first has half the samples of the window, and each a quarter of the one above.
    kernel
        Samples of every convolution within a level.
    """

    channels: tuple[int, ...]
    kernel: int = 7


SIZES: Mapping[str, XiaoNetSize] = {
    "5k": XiaoNetSize((6, 6, 8, 8)),
    "25k": XiaoNetSize((8, 12, 16, 24)),
    "100k": XiaoNetSize((16, 24, 34, 44)),
}
"""Sizes by name, which is about the number of parameters."""


def standardise(windows: Tensor) -> Tensor:
    """Each window without the mean of each component, over the standard deviation of all three together.

    Only samples of the window itself are used, so that a window has the same output in a file and in a stream. One
    scale for all components keeps their ratios, which carry the polarisation. NaN marks a missing sample or component:
    it does not count, and becomes zero.

    Shapes
    ------
    windows : (window, component, sample); result the same, without NaN
    """
    there = windows == windows  # only NaN differs from itself; unlike isnan, every runtime has a comparison
    counts = there.to(windows.dtype).sum(dim=-1, keepdim=True)
    filled = torch.where(there, windows, torch.zeros_like(windows))
    mean = filled.sum(dim=-1, keepdim=True) / counts.clamp_min(1.0)
    centred = torch.where(there, windows - mean, torch.zeros_like(windows))
    power = centred.square().sum(dim=(-2, -1), keepdim=True) / counts.sum(dim=-2, keepdim=True).clamp_min(1.0)
    # Counts go up to 1e9, velocities down to 1e-10 m/s: the floor lies below any real signal's scale.
    return centred / power.sqrt().clamp_min(1e-15)


def _convolution(n_in: int, n_out: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv1d(n_in, n_out, kernel, stride, padding=kernel // 2, bias=False), nn.BatchNorm1d(n_out), nn.ReLU()
    )


class _Context(nn.Module):
    """What lies many steps away, added to a level."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.reach = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(channels, channels, 3, padding=steps, dilation=steps, bias=False), nn.BatchNorm1d(channels)
            )
            for steps in _CONTEXT_STEPS
        )

    def forward(self, level: Tensor) -> Tensor:
        for reach in self.reach:
            level = functional.relu(level + reach(level))
        return level


class _Up(nn.Module):
    """Four times the samples, added to what the way down had at that rate, and one convolution."""

    def __init__(self, n_in: int, n_out: int, kernel: int) -> None:
        super().__init__()
        self.spread = nn.ConvTranspose1d(n_in, n_out, _STRIDE * 2, _STRIDE, padding=_STRIDE // 2, bias=False)
        self.norm = nn.BatchNorm1d(n_out)
        self.mix = _convolution(n_out, n_out, kernel)

    def forward(self, below: Tensor, beside: Tensor) -> Tensor:
        return self.mix(functional.relu(self.norm(self.spread(below))) + beside)


class XiaoNet(nn.Module):
    """Probabilities of P, S and noise at every sample of three components.

    Normalisation is the first layer, so that nobody can feed it otherwise than it was trained.

    Parameters
    ----------
    size
        In :data:`SIZES`.

    Shapes
    ------
    input : (window, 3, sample), components Z, N, E in any unit, NaN where missing
    output : (window, 3, sample), P, S and noise, which add up to one
    """

    def __init__(self, size: str = "25k") -> None:
        super().__init__()
        self.size = size
        channels, kernel = SIZES[size].channels, SIZES[size].kernel
        self.stem = _convolution(len(COMPONENT_ORDER), channels[0], kernel, _STEM_STRIDE)
        self.down = nn.ModuleList(
            nn.Sequential(_convolution(above, below, kernel, _STRIDE), _convolution(below, below, kernel))
            for above, below in pairwise(channels)
        )
        self.context = _Context(channels[-1])
        self.up = nn.ModuleList(
            _Up(below, above, kernel) for above, below in zip(channels[-2::-1], channels[:0:-1], strict=True)
        )
        self.head = nn.ConvTranspose1d(channels[0], len(LABELS), kernel - 1, _STEM_STRIDE, padding=kernel // 2 - 1)

    @property
    def n_features(self) -> int:
        """Channels of the coarsest level."""
        return SIZES[self.size].channels[-1]

    def forward(self, windows: Tensor) -> Tensor:
        """Probabilities of each sample."""
        return self.logits(windows)[0].softmax(dim=1)

    def logits(self, windows: Tensor) -> tuple[Tensor, Tensor]:
        """Values before the softmax, and the features of the coarsest level, one for every 128 samples."""
        return self.standardised_logits(standardise(windows))

    def standardised_logits(self, windows: Tensor) -> tuple[Tensor, Tensor]:
        """As :meth:`logits`, for windows that are standardised already."""
        n_samples = windows.shape[-1]
        step = _STEM_STRIDE * _STRIDE ** len(self.down)
        level = self.stem(functional.pad(windows, (0, -n_samples % step)))
        beside = []
        for down in self.down:
            beside.append(level)
            level = down(level)
        features = level = self.context(level)
        for up in self.up:
            level = up(level, beside.pop())
        return self.head(level)[..., :n_samples], features


class StandardisedXiaoNet(nn.Module):
    """A XiaoNet without its first layer: for explanations, which ask what happens on the way from silence to a window.

    With the layer, a window half as loud is the same window, and nothing happens on that way.

    Shapes
    ------
    input : (window, 3, sample), standardised, without NaN
    output : (window, 3, sample), P, S and noise
    """

    def __init__(self, network: XiaoNet) -> None:
        super().__init__()
        self.network = network
        self.eval()

    def forward(self, windows: Tensor) -> Tensor:
        """Probabilities of each sample."""
        return self.network.standardised_logits(windows)[0].softmax(dim=1)
