"""A network that begins before its module does, so that an explanation can go back to the trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

__all__ = ["BehindLayer"]


class BehindLayer(nn.Module):
    """A module behind a step without weights (a spectrogram).

    Parameters
    ----------
    layer
        The step.
    network
        What takes its output.

    Shapes
    ------
    input : whatever `layer` takes
    output : whatever `network` gives
    """

    def __init__(self, layer: Callable[[Tensor], Tensor], network: nn.Module) -> None:
        super().__init__()
        self.layer = layer
        self.network = network
        self.eval()

    def forward(self, windows: Tensor) -> Any:
        """What the network gives for what the step makes of windows."""
        return self.network(self.layer(windows))
