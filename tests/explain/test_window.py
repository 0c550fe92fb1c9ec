"""Windows and baselines: which window is opened, what is known of it, and how attributions come back from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

from tests.explain.known_networks import KnownPicker, bursts
from tests.explain.test_run import START, at, recording
from workbench.errors import PickerError
from workbench.explain.baselines import BASELINES, Baseline, noise_span
from workbench.explain.mapping import onto_recording
from workbench.explain.run import open_question
from workbench.explain.window import open_window
from workbench.pickers import open_picker
from workbench.pickers.windows import Reading
from workbench.schema import Report

Save = Callable[..., Path]


def first_s(window) -> float:
    return (window.start - START).total_seconds()


def test_time_lies_as_far_from_the_edges_as_the_grid_allows(tmp_path: Path, save_random: Save) -> None:
    picker = open_picker("phasenet", str(save_random(tmp_path, "PhaseNet", "r")))
    # Windows of 30.01 s begin every 15.01 s, and one at the end of 90 s.
    starts = np.array([0, 15.01, 30.02, 45.03, 59.99])
    for time_s in (1.0, 20.0, 33.3, 61.0, 89.5):
        margins = np.minimum(time_s - starts, starts + 30 - time_s)
        window = open_window(recording(), picker, "XX.A.", at(time_s), "P")
        assert first_s(window) == pytest.approx(starts[np.argmax(margins)], abs=0.011)


def test_outputs_are_those_of_the_picker(tmp_path: Path, save_random: Save) -> None:
    picker = open_picker("eqtransformer", str(save_random(tmp_path, "EQTransformer", "r")))
    given = recording(n_samples=6000)
    curves = picker.annotate(given)["probability"].sel(station="XX.A.").values
    window = open_window(given, picker, "XX.A.", at(30), "P")
    np.testing.assert_allclose(window.outputs.numpy().T, curves, atol=1e-6)


def test_start_can_be_given_and_may_overhang_a_little(tmp_path: Path, save_random: Save) -> None:
    picker = open_picker("eqtransformer", str(save_random(tmp_path, "EQTransformer", "r")))
    given = recording(n_samples=6000)
    window = open_window(given, picker, "XX.A.", at(30), "P", at(0.05))
    assert first_s(window) == pytest.approx(0.05)
    assert window.there.sum().item() == 3 * 5995
    assert bool((window.raw[0, :, -5:] == window.raw[0, :, -6:-5]).all())
    with pytest.raises(PickerError, match=r"10 s of the window from .* lie outside the samples of XX\.A\. around"):
        open_window(given, picker, "XX.A.", at(30), "P", at(10))
    with pytest.raises(PickerError, match="does not hold"):
        open_window(given, picker, "XX.A.", at(3), "P", at(5))
    with pytest.raises(PickerError, match="says nothing at"):
        open_window(given, picker, "XX.A.", at(4), "P", at(0.05))


def test_short_stretch_is_padded_and_padding_gets_nothing(tmp_path: Path, save_random: Save) -> None:
    picker = open_picker("phasenet", str(save_random(tmp_path, "PhaseNet", "r")))
    given = recording(n_samples=2000)
    window = open_window(given, picker, "XX.A.", at(10), "P")
    assert window.there.sum(dim=-1).tolist() == [2000, 2000, 2000]
    mapped = onto_recording(torch.ones_like(window.inputs[0]), window, given)
    assert mapped.shape == (3, 2000)
    assert np.isfinite(mapped).all()


def test_window_that_is_known_is_not_run_again(tmp_path: Path, save_random: Save) -> None:
    picker = open_picker("phasenet", str(save_random(tmp_path, "PhaseNet", "r")))
    first = open_window(recording(), picker, "XX.A.", at(41), "P")
    assert open_window(recording(), picker, "XX.A.", at(41), "S").outputs is first.outputs
    assert open_window(recording(), picker, "XX.B.", at(41), "P").outputs is not first.outputs
    with torch.no_grad():
        picker.module.out.bias.add_(1.0)
    assert open_window(recording(), picker, "XX.A.", at(41), "P").outputs is not first.outputs


@pytest.mark.parametrize("rate_hz", [40.0, 100.0, 125.0, 200.0, 250.0])
def test_sum_is_kept_at_any_rate(rate_hz: float) -> None:
    given = recording(n_samples=round(90 * rate_hz), rate_hz=rate_hz)
    window = open_window(given, open_picker("xiaonet", "25k"), "XX.A.", at(41), "P")
    attribution = torch.randn(window.inputs[0].shape, generator=torch.Generator().manual_seed(0))
    mapped = onto_recording(attribution, window, given)
    assert np.nansum(mapped.astype(float), axis=-1) == pytest.approx(attribution.sum(dim=-1).numpy(), abs=1e-3)
    held_s = np.isfinite(mapped).sum(axis=-1) / rate_hz
    assert held_s == pytest.approx([30.0] * 3, abs=2 / rate_hz + 0.02)


def test_sample_comes_back_to_its_time_at_another_rate() -> None:
    given = recording(n_samples=18_000, rate_hz=200.0)
    window = open_window(given, open_picker("xiaonet", "25k"), "XX.A.", at(41), "P")
    attribution = torch.zeros_like(window.inputs[0])
    attribution[1, 1234] = 1.0
    mapped = onto_recording(attribution, window, given)[1]
    expected = window.start + pd.Timedelta(12.34, "s")
    centre = np.nansum(mapped * np.arange(mapped.size))
    assert (START + pd.Timedelta(centre / 200, "s") - expected).total_seconds() == pytest.approx(0, abs=0.003)


def test_baselines_are_what_they_say() -> None:
    given = recording()
    question = open_question(given, open_picker("xiaonet", "25k"), [("XX.A.", "P", at(41))])
    assert not Baseline("zero").draw(question).any()
    first, stop = noise_span(question.windows[0], at(41))
    assert stop <= question.windows[0].seconds_in(at(40)) * 100
    noise = Baseline("noise").draw(question)
    quiet = question.inputs[0, :, first:stop]
    assert noise.std(dim=-1)[0].numpy() == pytest.approx(quiet.std(dim=-1).numpy(), rel=0.1)
    assert float(noise.abs().max()) < 0.2 * float(question.inputs.abs().max())
    assert torch.equal(noise, Baseline("noise").draw(question))
    assert not torch.equal(noise, Baseline("noise", seed=1).draw(question))
    assert not torch.equal(noise, Baseline("noise").draw(question, 1))
    blurred = Baseline("blurred").draw(question)
    spectrum = torch.fft.rfft(blurred[0, 0]).abs()
    assert float(spectrum[round(2.0 * 30) :].max()) < 0.01 * float(torch.fft.rfft(question.inputs[0, 0]).abs().max())


def test_noise_ends_before_the_first_rise_where_outputs_begin_later_than_the_window() -> None:
    class Rises(KnownPicker):
        def reading(self, recording: xr.Dataset, station: str) -> Reading:
            # Its first output is of a time 4 s into the window.
            return replace(super().reading(recording, station), output_s={"P": 4.0})

    class Late(torch.nn.Module):
        def forward(self, windows: torch.Tensor) -> torch.Tensor:
            return (torch.arange(windows.shape[-1]) > 1000).float().expand(len(windows), -1) * 0.5

    given = bursts(35.0)
    question = open_question(given, Rises(Late()), [("XX.A.", "P", at(35.0))])
    assert noise_span(question.windows[0], at(35.0)) == (0, 1001 + 400 - 50)


@pytest.mark.parametrize("name", BASELINES)
def test_missing_samples_are_the_same_in_every_baseline(name: str) -> None:
    given = recording()
    given["waveform"].values[0, 2] = np.nan
    question = open_question(given, open_picker("xiaonet", "25k"), [("XX.A.", "P", at(41))])
    start = Baseline(name).draw(question)
    assert torch.equal(start[~question.there], question.inputs[~question.there])


def test_progress_is_told_between_batches() -> None:
    told: list[tuple[float, str]] = []
    report: Report = lambda fraction, step: told.append((fraction, step))  # noqa: E731
    picker = open_picker("xiaonet", "25k")
    question = open_question(recording(), picker, [("XX.A.", "P", at(41))], report=report)
    question.batch_size = 4
    question.values(question.inputs.expand(10, -1, -1), torch.zeros(10, dtype=torch.long))
    assert [step for _, step in told] == ["window 1 of 10", "window 5 of 10", "window 9 of 10"]
