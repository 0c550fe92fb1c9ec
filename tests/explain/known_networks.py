"""Pickers around networks whose right answer is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
import xarray as xr
from torch import nn

from workbench.pickers.windows import Piece, Plan, Reading
from workbench.schema import PickerCard, make_recording

__all__ = ["START", "IgnoresWeights", "KnownPicker", "Linear", "ReadsTheLoudest", "at", "bursts"]

START = pd.Timestamp("2024-01-01")
N_SAMPLES = 3000


def at(seconds: float) -> pd.Timestamp:
    return START + pd.Timedelta(seconds, "s")


def bursts(*seconds: float, n_samples: int = 9000) -> xr.Dataset:
    """Noise of one station with a short loud burst at each time, 100 Hz."""
    rng = np.random.default_rng(5)
    waveform = rng.normal(0, 1, (1, 3, n_samples)).astype(np.float32)
    for second in seconds:
        first = round(second * 100)
        waveform[0, :, first : first + 60] += rng.normal(0, 8, (3, 60))
    return make_recording(
        waveform,
        stations=["XX.A."],
        components=list("ZNE"),
        start=START,
        sampling_rate_hz=100.0,
        recording_id="r",
        source="test",
    )


class KnownPicker:
    """A network that says one curve, ``"P"``, of windows of 30 s as they are cut, a new one every 10 s."""

    def __init__(self, network: nn.Module) -> None:
        self.module = network.eval()
        self.batch_size = 16
        self.window_shape = (3, N_SAMPLES)
        self.card = PickerCard(
            name="known",
            title="Known",
            weights="known",
            weights_hash="0",
            phases=("P",),
            component_order="ZNE",
            sampling_rate_hz=100.0,
            thresholds={"P": 0.3},
        )

    def step(self, windows: torch.Tensor, forward: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        return forward(windows)[..., None]

    def window_tensor(self, recording: xr.Dataset, station: str, start: pd.Timestamp) -> torch.Tensor:
        raise NotImplementedError

    def annotate(self, recording: xr.Dataset, *_: object) -> xr.Dataset:
        raise NotImplementedError

    def reading(self, recording: xr.Dataset, station: str) -> Reading:
        samples = recording["waveform"].sel(station=station).values
        return Reading(
            Plan(N_SAMPLES, 1000, 1.0, "avg", (0,)),
            [Piece(0, samples, 0)],
            100.0,
            lambda windows: windows,
            self.module,
            lambda outputs: outputs[..., None],
            ("P",),
        )


class Linear(nn.Module):
    """What it says at a sample is the sum of weights times the samples around it: the answer is weight x input."""

    def __init__(self, n_taps: int = 101) -> None:
        super().__init__()
        self.conv = nn.Conv1d(3, 1, n_taps, padding=n_taps // 2)
        with torch.no_grad():
            self.conv.weight[:] = torch.from_numpy(np.random.default_rng(1).normal(0, 0.02, (1, 3, n_taps)))
            self.conv.bias.fill_(0.1)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        return self.conv(windows)[:, 0]


class IgnoresWeights(nn.Module):
    """As :class:`Linear`, but what it says rests on a fixed kernel, and its one weight only scales that."""

    def __init__(self) -> None:
        super().__init__()
        kernel = torch.from_numpy(np.random.default_rng(1).normal(0, 0.02, (1, 3, 101))).float()
        self.register_buffer("kernel", kernel)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        return self.scale * nn.functional.conv1d(windows, self.kernel, padding=50)[:, 0]


class ReadsTheLoudest(nn.Module):
    """Steps of one second, each of which reads the loudest of all: a planted attention pattern."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(1, 1, batch_first=True)
        with torch.no_grad():
            self.attention.in_proj_weight[:, 0] = torch.tensor([0.0, 50.0, 1.0])
            self.attention.in_proj_bias[:] = torch.tensor([1.0, 0.0, 0.0])
            self.attention.out_proj.weight.fill_(1.0)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        loudness = windows.square().sum(dim=1).reshape(len(windows), 30, 100).mean(dim=-1, keepdim=True)
        read, _ = self.attention(loudness, loudness, loudness, need_weights=False)
        return (read[..., 0] / 100.0).repeat_interleave(100, dim=-1)
