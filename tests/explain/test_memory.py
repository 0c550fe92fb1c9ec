"""Where memory ends, an explanation goes on with less at once, or says so in words: with real errors of allocation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tests.explain.known_networks import KnownPicker, at, bursts
from workbench.compute.functions import takes_report
from workbench.errors import PickerError
from workbench.explain.checks import CHECKS, check_one
from workbench.explain.run import explain

ABSURD = 10**15
"""Numbers: four petabytes, which no computer gives."""


class Hungry(nn.Module):
    """Sums its input; for more windows at once than `most` it asks torch, or numpy, for petabytes."""

    def __init__(self, most: int, by: str = "torch") -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.linspace(0.1, 1.0, 3)[None, :, None])
        self.most, self.by, self.asked = most, by, []

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        self.asked.append(len(windows))
        if len(windows) > self.most:
            _ = torch.empty(ABSURD) if self.by == "torch" else np.ones(ABSURD)
        return torch.sigmoid((windows * self.weight).sum(dim=1))


def explained(network: Hungry, method: str):
    return explain(bursts(30.0, 45.0), KnownPicker(network), phase="P", time=at(30.5), method=method)


@pytest.mark.parametrize("by", ["torch", "numpy"])
@pytest.mark.parametrize("method", ["saliency", "integrated_gradients", "occlusion"])
def test_memory_for_no_window_at_all_is_said_in_words(method: str, by: str) -> None:
    with pytest.raises(PickerError, match=r"Memory does not suffice to explain this\..*Close other programs"):
        explained(Hungry(0, by), method)


@pytest.mark.parametrize("by", ["torch", "numpy"])
def test_batches_shrink_until_they_fit_and_the_answer_stays(by: str) -> None:
    hungry = Hungry(3, by)
    whole, narrow = explained(Hungry(10**9), "occlusion"), explained(hungry, "occlusion")
    assert max(hungry.asked) > 3
    assert "Memory did not suffice for" in narrow.attrs["notices"]
    np.testing.assert_allclose(narrow["attribution"], whole["attribution"], atol=1e-6)


def test_a_check_says_so_too() -> None:
    recording, picker = bursts(30.0, 45.0), KnownPicker(Hungry(10**9))
    found = explain(recording, picker, phase="P", time=at(30.5), method="saliency")
    with pytest.raises(PickerError, match="Memory does not suffice to make this check"):
        check_one(recording, found, KnownPicker(Hungry(0)), name=CHECKS[-1])


def test_what_is_no_lack_of_memory_stays_as_it_is() -> None:
    class Broken(Hungry):
        def forward(self, windows: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes do not match"):
        explained(Broken(0), "saliency")


def test_functions_that_are_told_of_progress_still_say_so() -> None:
    assert takes_report(check_one)
