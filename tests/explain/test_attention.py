"""Attention lies on the true time grid of the network, for the window that an explanation takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

from tests.explain.known_networks import START, KnownPicker, ReadsTheLoudest, at, bursts
from workbench.explain.attention import attention_between, attention_of, attention_received, step_samples
from workbench.explain.attention_hooks import capture_attention
from workbench.explain.run import explain
from workbench.schema import make_recording

Save = Callable[..., Path]


def recording(n_samples: int = 15000, rate_hz: float = 100.0) -> xr.Dataset:
    waveform = np.random.default_rng(3).normal(0, 10, (1, 3, n_samples))
    return make_recording(
        waveform.astype(np.float32),
        stations=["XX.A."],
        components=list("ZNE"),
        start=START,
        sampling_rate_hz=rate_hz,
        recording_id="r",
        source="test",
    )


@pytest.mark.parametrize(
    ("picker", "class_name", "n_steps", "step_s", "titles"),
    [
        ("eqtransformer", "EQTransformer", 47, 1.28, ["global, layer 1", "global, layer 2", "local, P", "local, S"]),
        ("eqtp", "EQTP", 375, 0.32, None),
        ("eqcctp", "EQCCTP", 150, 0.4, [f"global, layer {number}" for number in (1, 2, 3, 4)]),
    ],
)
def test_steps_lie_on_the_network_s_own_grid(
    picker: str, class_name: str, n_steps: int, step_s: float, titles: list[str] | None,
    tmp_path: Path, save_random: Save,
) -> None:  # fmt: skip
    weights = str(save_random(tmp_path, class_name, "r"))
    found = attention_of(recording(), picker, weights, time=at(60))
    start = pd.Timestamp(found[0].attrs["window_start"])
    for attention in found:
        assert attention.sizes["query"] == attention.sizes["key"] == n_steps
        assert attention.attrs["step_s"] == pytest.approx(step_s)
        np.testing.assert_allclose(attention["attention"].sum("key"), 1.0, atol=1e-5)
        seconds = (attention["key"].values - start.to_datetime64()) / np.timedelta64(1, "s")
        np.testing.assert_allclose(seconds, (np.arange(n_steps) + 0.5) * step_s, atol=1e-6)
    if titles is not None:
        assert [attention.attrs["title"] for attention in found] == titles


@pytest.mark.parametrize("class_name", ["EQTransformer", "EQTP"])
def test_a_step_reads_the_samples_that_it_stands_for(class_name: str) -> None:
    import seisbench.models

    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = getattr(seisbench.models, class_name)().eval()
    n_samples = network.in_samples
    windows = torch.randn(1, 3, n_samples, requires_grad=True)
    steps = network.encoder(windows)
    length = step_samples(n_samples, steps.shape[-1])
    for step in (3, steps.shape[-1] // 2, steps.shape[-1] - 4):
        (slope,) = torch.autograd.grad(steps[0, :, step].square().sum(), windows, retain_graph=True)
        weight = slope.abs().sum(dim=(0, 1)).double()
        middle = float((weight * (torch.arange(n_samples) + 0.5)).sum() / weight.sum())
        assert middle / length == pytest.approx(step + 0.5, abs=0.5)


def test_the_window_is_that_of_an_explanation(tmp_path: Path, save_random: Save) -> None:
    weights = str(save_random(tmp_path, "EQTransformer", "r"))
    asked = {"station": "XX.A.", "time": at(71.2)}
    explained = explain(recording(), "eqtransformer", weights, phase="S", method="saliency", **asked)
    (first, *_) = attention_of(recording(), "eqtransformer", weights, phase="S", **asked)
    assert first.attrs["window_start"] == explained.attrs["window_start"]
    (first, *_) = attention_of(recording(), "eqtransformer", weights, window_start=at(30.5), **asked)
    assert pd.Timestamp(first.attrs["window_start"]) == at(30.5)


def test_a_recording_of_another_rate_keeps_the_steps_in_seconds(tmp_path: Path, save_random: Save) -> None:
    weights = str(save_random(tmp_path, "EQTransformer", "r"))
    (first, *_) = attention_of(recording(15000, 50.0), "eqtransformer", weights, time=at(60))
    assert first.attrs["step_s"] == pytest.approx(1.28)


@pytest.mark.parametrize(("picker", "class_name"), [("phasenet", "PhaseNet"), ("gpd", "GPD")])
def test_networks_without_attention_give_an_empty_list(
    picker: str, class_name: str, tmp_path: Path, save_random: Save
) -> None:
    assert attention_of(recording(), picker, str(save_random(tmp_path, class_name, "r")), time=at(60)) == []


def test_pickers_without_a_network_give_an_empty_list() -> None:
    assert attention_of(recording(), "sta_lta", time=at(60)) == []
    assert attention_of(recording(), "xiaonet", time=at(60)) == []


def test_received_is_a_share_of_all_that_was_read(tmp_path: Path, save_random: Save) -> None:
    found = attention_of(recording(), "eqcctp", str(save_random(tmp_path, "EQCCTP", "r")), time=at(60))
    received = attention_received(found[0])
    assert received.dims == ("key",)
    assert float(received.sum()) == pytest.approx(1.0, abs=1e-5)
    by_head = [attention_received(found[0], head) for head in (1, 2, 3, 4)]
    np.testing.assert_allclose(sum(by_head) / 4, received, atol=1e-6)


def test_a_planted_pattern_is_found_on_the_recording() -> None:
    found = attention_of(bursts(44.2), KnownPicker(ReadsTheLoudest()), time=at(40))
    assert len(found) == 1
    assert found[0].attrs["step_s"] == 1.0
    received = attention_received(found[0])
    assert float(received.max()) > 0.99
    assert pd.Timestamp(received["key"].values[received.values.argmax()]) == at(44.5)


def test_stations_hear_one_another_by_name() -> None:
    import seisbench.models

    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = seisbench.models.PhaseTEAM().eval()
        windows = network.annotate_batch_pre(torch.randn(1, 4, 3, 3001), {})
    caught = capture_attention(network, lambda own: own(windows))
    found = attention_between(caught[1], ["A", "B", "C", "D"], "stations, layer 2")
    assert found["attention"].dims == ("head", "query", "key")
    assert list(found["key"].values) == ["A", "B", "C", "D"]
    np.testing.assert_allclose(found["attention"].sum("key"), 1.0, atol=1e-5)
