"""Where a curve is the mean of overlapping windows, what the one that is explained says is told beside it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from workbench.explain.run import explain

from .known_networks import KnownPicker, at, bursts


class ByPlace(nn.Module):
    """Says more of a time the later in the window it stands, by so much from its begin to its end."""

    def __init__(self, rise: float) -> None:
        super().__init__()
        self.rise = rise

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        place = self.rise * torch.linspace(0, 1, windows.shape[-1]).square()
        return 0.2 + place + 1e-5 * windows.sum(dim=1)


@pytest.mark.parametrize("target", ["probability", "logit"])
def test_both_values_are_said_where_they_differ(target: str) -> None:
    found = explain(bursts(35.0), KnownPicker(ByPlace(0.6)), phase="P", time=at(35.0), method="saliency", target=target)
    # 5, 15 and 25 s into the windows of 30 s from 30, 20 and 10 s on.
    said = 0.2 + 0.6 * (np.array([5, 15, 25]) / 30) ** 2
    sentence = f"mean of 3 overlapping windows and shows {said.mean():.2f} here"
    assert sentence in found.attrs["notices"]
    assert f"explained says {said[1]:.2f}." in found.attrs["notices"]


def test_nothing_is_said_where_they_are_the_same() -> None:
    found = explain(bursts(35.0), KnownPicker(ByPlace(0.001)), phase="P", time=at(35.0), method="saliency")
    assert found.attrs["notices"] == ""
