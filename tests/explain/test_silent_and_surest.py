"""Questions whose answer is plain: of a network that never speaks, and of one that is louder in one window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from torch import nn

from workbench.errors import PickerError
from workbench.explain import EXPLAINERS
from workbench.explain.run import explain
from workbench.pickers.windows import Reading

from .known_networks import N_SAMPLES, START, KnownPicker, at, bursts


class Silent(nn.Module):
    """Zero wherever it looks, by a rectifier that never opens, or whatever it is shown."""

    def __init__(self, looks: bool) -> None:
        super().__init__()
        self.conv = nn.Conv1d(3, 4, 5, padding=2)
        self.looks = looks

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        seen = torch.relu(self.conv(windows) - 1e6).sum(dim=1)
        return seen if self.looks else torch.zeros(len(windows), windows.shape[-1])


@pytest.mark.parametrize("looks", [True, False], ids=["rectified", "constant"])
@pytest.mark.parametrize("method", list(EXPLAINERS))
def test_target_that_is_zero_throughout_is_said(method: str, looks: bool) -> None:
    with pytest.raises(PickerError, match=r"nothing to explain|no layer"):
        explain(bursts(40.0), KnownPicker(Silent(looks)), phase="P", time=at(40.0), method=method)


class LouderLate(nn.Module):
    """Says more of a time the later in the window it stands."""

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        place = torch.linspace(0.1, 0.9, windows.shape[-1])
        return place * (0.5 + 0.01 * windows.sum(dim=1).clamp(-1, 1))


class Surest(KnownPicker):
    """Its curve is the highest of what overlapping windows say."""

    def reading(self, recording: xr.Dataset, station: str) -> Reading:
        read = super().reading(recording, station)
        return replace(read, plan=replace(read.plan, stacking="max"))


@pytest.mark.parametrize(("make", "start_s"), [(KnownPicker, 20.0), (Surest, 10.0)], ids=["avg", "max"])
def test_window_is_the_one_that_the_curve_shows(make: type[KnownPicker], start_s: float) -> None:
    # At 35 s the windows from 10, 20 and 30 s on speak; the first has it latest, the second in its middle.
    found = explain(bursts(35.0), make(LouderLate()), phase="P", time=at(35.0), method="saliency")
    assert pd.Timestamp(found.attrs["window_start"]) == START + pd.Timedelta(start_s, "s")
    assert np.isfinite(found["attribution"].values).sum() == 3 * N_SAMPLES


@pytest.mark.parametrize("method", ["smooth_grad", "gradient_shap"])
def test_seed_changes_what_is_drawn_by_chance(method: str) -> None:
    class Bent(nn.Module):
        def forward(self, windows: torch.Tensor) -> torch.Tensor:
            return windows.square().sum(dim=1) / 100.0

    given, picker = bursts(35.0), KnownPicker(Bent())
    one, same, other = (
        explain(given, picker, phase="P", time=at(35.0), method=method, seed=seed)["attribution"].values
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same, equal_nan=True)
    assert not np.array_equal(one, other, equal_nan=True)
