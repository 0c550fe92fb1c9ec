"""Explanations of real networks with random weights: where they lie, what they leave alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from workbench.errors import PickerError, UnknownNameError
from workbench.explain.run import explain, explain_many
from workbench.pickers import open_picker
from workbench.schema import make_recording

Save = Callable[..., Path]
START = pd.Timestamp("2024-01-01T00:00:00.12")


def recording(n_samples: int = 9000, rate_hz: float = 100.0, components: str = "ZNE") -> xr.Dataset:
    rng = np.random.default_rng(3)
    waveform = rng.normal(0, 10, (2, len(components), n_samples))
    onset = round(40 * rate_hz)
    at = np.arange(n_samples - onset) / rate_hz
    waveform[:, :, onset:] += 300 * np.exp(-at / 2) * np.sin(2 * np.pi * 5 * at)
    return make_recording(
        waveform.astype(np.float32),
        stations=["XX.A.", "XX.B."],
        components=list(components),
        start=START,
        sampling_rate_hz=rate_hz,
        recording_id="r",
        source="test",
    )


def at(seconds: float) -> pd.Timestamp:
    return START + pd.Timedelta(seconds, "s")


def test_lies_on_the_recording_in_the_window_where_the_time_is_in_the_middle() -> None:
    given = recording()
    found = explain(given, "xiaonet", "25k", station="XX.B.", phase="P", time=at(41), method="input_x_gradient")
    assert found["attribution"].dims == given["waveform"].dims
    assert found["time"].equals(given["time"])
    values = found["attribution"].values
    assert np.isnan(values[0]).all()
    start_s = (pd.Timestamp(found.attrs["window_start"]) - START).total_seconds()
    assert 15 <= 41 - start_s < 25
    held = np.flatnonzero(np.isfinite(values[1, 0]))
    assert held[0] == round(start_s * 100)
    assert held.size == 3000


def test_blinded_time_is_refused_with_what_can_be_chosen(tmp_path: Path, save_random: Save) -> None:
    weights = str(save_random(tmp_path, "EQTransformer", "r"))
    with pytest.raises(PickerError, match=r"says nothing at .*first 5\.00 s and the last 5\.00 s.*Choose a time"):
        explain(recording(), "eqtransformer", weights, station="XX.A.", phase="P", time=at(3), method="saliency")


def test_time_outside_and_in_a_gap_are_refused() -> None:
    given = recording()
    with pytest.raises(PickerError, match="lies outside the recording, which runs from"):
        explain(given, "xiaonet", station="XX.A.", phase="P", time=at(3000), method="saliency")
    with pytest.raises(UnknownNameError, match="no station"):
        explain(given, "xiaonet", station="XX.Q.", phase="P", time=at(30), method="saliency")


def test_time_may_name_its_zone_and_must_be_one() -> None:
    given = {"station": "XX.A.", "phase": "P", "method": "saliency"}
    plain = explain(recording(), "xiaonet", **given, time=at(41))
    for time in (
        at(41).tz_localize("UTC"),
        f"{at(41).isoformat()}Z",
        at(41).tz_localize("UTC").tz_convert("Asia/Tokyo"),
    ):
        found = explain(recording(), "xiaonet", **given, time=time)
        assert found.attrs["target_time"] == plain.attrs["target_time"]
        np.testing.assert_array_equal(found["attribution"], plain["attribution"])
    for time in ("noon", "", pd.NaT):
        with pytest.raises(PickerError, match="give one"):
            explain(recording(), "xiaonet", **given, time=time)
    assert explain_many(recording(), "xiaonet", picks=[]) == []


def test_onnx_file_is_refused_with_what_to_name_instead() -> None:
    with pytest.raises(PickerError, match="runs forward only and has no gradients"):
        explain(recording(), "xiaonet", "station.onnx", station="XX.A.", phase="P", time=at(41))


def test_several_picks_in_one_batch_are_those_one_by_one(tmp_path: Path, save_random: Save) -> None:
    weights = str(save_random(tmp_path, "PhaseNet", "r"))
    picks = [("XX.A.", "P", at(41)), ("XX.A.", "S", at(44)), ("XX.B.", "P", at(20))]
    together = explain_many(recording(), "phasenet", weights, picks=picks, method="input_x_gradient")
    for pick, one in zip(picks, together, strict=True):
        station, phase, time = pick
        alone = explain(
            recording(), "phasenet", weights, station=station, phase=phase, time=time, method="input_x_gradient"
        )
        np.testing.assert_allclose(one["attribution"], alone["attribution"], atol=1e-6)
        assert one.attrs["phase"] == phase


def test_several_picks_of_a_classical_picker_are_those_one_by_one() -> None:
    picks = [("XX.A.", "P", at(40.3)), ("XX.B.", "P", at(40.4))]
    together = explain_many(recording(), "sta_lta", picks=picks, method="shapley")
    for (station, phase, time), one in zip(picks, together, strict=True):
        alone = explain(recording(), "sta_lta", station=station, phase=phase, time=time, method="shapley")
        np.testing.assert_array_equal(one["attribution"], alone["attribution"])
    assert not np.array_equal(together[0]["attribution"][0], together[1]["attribution"][1])


def test_the_picker_comes_out_as_it_went_in(tmp_path: Path, save_random: Save) -> None:
    picker = open_picker("phasenet", str(save_random(tmp_path, "PhaseNet", "r")))
    before = {name: tensor.clone() for name, tensor in picker.module.state_dict().items()}
    explain(recording(), picker, station="XX.A.", phase="P", time=at(41), method="saliency")
    assert not picker.module.training
    assert all(parameter.grad is None for parameter in picker.module.parameters())
    assert all(parameter.requires_grad for parameter in picker.module.parameters())
    assert all(np.array_equal(tensor, before[name]) for name, tensor in picker.module.state_dict().items())


def test_another_rate_keeps_the_sum() -> None:
    fast = recording(n_samples=18_000, rate_hz=200.0)
    found = explain(fast, "xiaonet", "25k", station="XX.A.", phase="P", time=at(41), method="input_x_gradient")
    from workbench.explain.run import open_question

    question = open_question(fast, open_picker("xiaonet", "25k"), [("XX.A.", "P", at(41))])
    expected = float((question.inputs * question.gradient).sum())
    assert np.nansum(found["attribution"].values) == pytest.approx(expected, abs=1e-5)
    assert found.sizes["time"] == 18_000
