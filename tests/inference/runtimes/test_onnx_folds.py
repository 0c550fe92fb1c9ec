"""Narrow series are folded where that helps, with every stride, padding and length, and the values stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import conv1d, pad

from tests.inference.runtimes.small_exports import export, largest_difference
from workbench.inference.runtimes import onnx_folds
from workbench.inference.runtimes.onnx_folds import folded_weights
from workbench.inference.runtimes.onnx_form import faster_form


def folded(series: np.ndarray, by: int) -> np.ndarray:
    """(channel, sample) with `by` samples side by side; zeros where the last ones are lacking."""
    n_channels, n_samples = series.shape
    whole = np.pad(series, ((0, 0), (0, -n_samples % by)))
    return whole.reshape(n_channels, -1, by).transpose(2, 0, 1).reshape(by * n_channels, -1)


def convolved(series: np.ndarray, weights: np.ndarray, stride: int, before: int, after: int) -> np.ndarray:
    inputs, kernel = torch.from_numpy(series.copy()), torch.from_numpy(weights.copy())
    return np.asarray(conv1d(pad(inputs, (before, after))[np.newaxis], kernel, stride=stride)[0].numpy())


@given(
    fold_in=st.sampled_from([1, 2]),
    fold_out=st.sampled_from([1, 2, 4]),
    stride=st.integers(1, 5),
    length=st.integers(1, 11),
    before=st.integers(0, 6),
    n_samples=st.integers(40, 75),
)
def test_folded_weights_give_what_the_plain_ones_give(fold_in, fold_out, stride, length, before, n_samples):
    if stride * fold_out % fold_in:
        stride *= 2
    random = np.random.default_rng(5)
    series, weights = random.standard_normal((3, n_samples)), random.standard_normal((4, 3, length))
    plain = convolved(series, weights, stride, before, length)
    kernel, step, front = folded_weights(weights, stride, before, fold_in=fold_in, fold_out=fold_out)
    found = convolved(folded(series, fold_in), kernel, step, front, 2 * length + 8)
    # Nothing is compared where the last samples that came together are not all there.
    n_whole = plain.shape[1] // fold_out
    np.testing.assert_allclose(found[:, :n_whole], folded(plain[:, : n_whole * fold_out], fold_out), atol=1e-12)


class UNet(nn.Module):
    """Narrow at the full rate, wide below, and joined again, as pickers are."""

    def __init__(self, narrow: int = 8, padding: Any = 3, stride: int = 4) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(3, narrow, 7, padding="same"), nn.Conv1d(narrow, narrow, 7, padding="same")
        self.down = nn.Conv1d(narrow, 16, 7, stride=stride, padding=padding)
        self.up = nn.ConvTranspose1d(16, narrow, 7, stride=stride)
        self.join, self.last = nn.Conv1d(2 * narrow, narrow, 7, padding="same"), nn.Conv1d(narrow, 3, 1)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        first = torch.relu(self.second(torch.relu(self.first(windows))))
        below = torch.relu(self.up(torch.relu(self.down(first))))[..., : windows.shape[-1]]
        below = pad(below, (0, windows.shape[-1] - below.shape[-1]))
        return torch.softmax(self.last(torch.relu(self.join(torch.cat([first, below], dim=1)))), dim=1)


def n_folded(model: Any) -> int:
    return sum("folded" in node.output[0] for node in model.graph.node)


@pytest.fixture
def channels_at_once(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes a processor of this one that computes so many."""
    return lambda number: monkeypatch.setattr(onnx_folds, "at_once", lambda: number)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("n_samples", [300, 301, 302, 303, 400, 401])
@pytest.mark.parametrize(("padding", "stride"), [(3, 4), (0, 4), (2, 2), (3, 6)])
def test_the_narrow_part_of_a_network_is_folded(channels_at_once, n_samples, padding, stride, tmp_path):
    channels_at_once(16)
    torch.manual_seed(4)
    module = UNet(padding=padding, stride=stride)
    model = faster_form(export(module, (3, n_samples), tmp_path))
    assert n_folded(model) > 6
    assert largest_difference(module, model, (3, n_samples)) < 1e-6


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("at_once", "narrow", "stride", "n_samples"),
    [(8, 8, 4, 301), (16, 12, 4, 301), (16, 8, 4, 200)],
    ids=["a processor of eight at once", "wide ones", "short ones"],
)
def test_what_would_not_gain_is_not_folded(channels_at_once, at_once, narrow, stride, n_samples, tmp_path):
    channels_at_once(at_once)
    module = UNet(narrow, stride=stride)
    assert n_folded(faster_form(export(module, (3, n_samples), tmp_path))) == 0


class Mixed(nn.Module):
    """What only a series as it was can be read by: a pool, an odd stride, another order, and the answer itself."""

    def __init__(self, which: str) -> None:
        super().__init__()
        self.which = which
        self.first, self.odd = nn.Conv1d(3, 8, 5, padding=2), nn.Conv1d(8, 16, 5, stride=3)
        self.even, self.few = nn.Conv1d(8, 16, 5, stride=2, padding=2), nn.Conv1d(8, 3, 3, padding=1)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        first = torch.relu(self.first(windows))
        if self.which == "pool":
            return nn.functional.max_pool1d(first, 2) + self.even(first)[:, :8, :200]
        if self.which == "odd":
            return self.odd(first)
        if self.which == "flip":
            return self.few(first) + self.few(first).flip(-1)
        if self.which == "no rectifier":
            return self.even(self.first(windows))
        return first


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("n_samples", [400, 401])
@pytest.mark.parametrize("which", ["pool", "odd", "flip", "no rectifier", "answer"])
def test_whoever_reads_a_series_otherwise_gets_it_as_it_was(channels_at_once, which, n_samples, tmp_path):
    channels_at_once(16)
    torch.manual_seed(4)
    module = Mixed(which)
    model = faster_form(export(module, (3, n_samples), tmp_path))
    assert (n_folded(model) > 0) == (which == "flip" or (which == "no rectifier" and n_samples % 2 == 0))
    assert largest_difference(module, model, (3, n_samples)) < 1e-5


class Then(nn.Module):
    """A narrow series, rectified, and what comes after it."""

    def __init__(self, *after: nn.Module, before: str = "") -> None:
        super().__init__()
        self.first, self.after, self.before = nn.Conv1d(3, 8, 7, padding=3), nn.Sequential(*after), before

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        if self.before == "components apart":
            # Three times as many series as windows.
            windows = windows.reshape(-1, 1, windows.shape[-1]).expand(-1, 3, windows.shape[-1])
        series = self.first(windows)
        return self.after(series if self.before == "bare" else torch.relu(series))


AFTER = {
    "short kernel": [nn.Conv1d(8, 16, 2, stride=2)],
    "shorter than its stride": [nn.Conv1d(8, 16, 2, stride=6)],
    "even kernel": [nn.Conv1d(8, 16, 8, stride=4)],
    "padded before only": [nn.ConstantPad1d((3, 0), 0.0), nn.Conv1d(8, 16, 7, stride=2)],
    "one sample, padded": [nn.ConstantPad1d((0, 3), 0.0), nn.Conv1d(8, 8, 1), nn.ReLU(), nn.Conv1d(8, 3, 1)],
    "a residual": [nn.Conv1d(8, 8, 5, padding=2), nn.ReLU(), nn.Conv1d(8, 3, 3, padding=1)],
    "taller": [nn.Unflatten(1, (8, 1)), nn.Conv2d(8, 16, (1, 5), stride=(1, 2), padding=(1, 2))],
    "wider apart": [nn.Conv1d(8, 16, 5, stride=2, dilation=2)],
    "in groups": [nn.Conv1d(8, 16, 5, stride=2, groups=2)],
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("n_samples", [300, 301, 303, 307])
@pytest.mark.parametrize("before", ["", "bare", "components apart"])
@pytest.mark.parametrize("after", list(AFTER))
def test_nothing_is_read_past_an_end_and_nothing_more_is_made(channels_at_once, after, before, n_samples, tmp_path):
    channels_at_once(16)
    torch.manual_seed(4)
    module = Then(*AFTER[after], before=before)
    model = faster_form(export(module, (3, n_samples), tmp_path))
    assert largest_difference(module, model, (3, n_samples)) < 1e-5


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("n_samples", [300, 301])
def test_what_is_no_number_stays_where_it_is(channels_at_once, n_samples, tmp_path):
    channels_at_once(16)
    module = Then(*AFTER["a residual"])
    model = faster_form(export(module, (3, n_samples), tmp_path))
    assert n_folded(model) > 3
    windows = np.random.default_rng(1).standard_normal((2, 3, n_samples)).astype(np.float32)
    windows[0, 0, 0] = np.nan
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"windows": windows})
    assert np.isnan(found[0, :, :8]).all()
    assert np.isfinite(found[0, :, 10:]).all()
    assert np.isfinite(found[1]).all()
