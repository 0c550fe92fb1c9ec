"""Every explainer: lies on the recording, leaves the picker alone, can be stopped, and refuses with a reason."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

from workbench.errors import JobCancelledError, PickerError
from workbench.explain import EXPLAINERS
from workbench.explain.base import Explainer
from workbench.explain.run import explain, explain_many
from workbench.pickers import open_picker
from workbench.schema import check_attribution, make_recording, waveform_hash

Save = Callable[..., Path]
START = pd.Timestamp("2024-01-01T00:00:00.12")
FEW: dict[str, dict[str, Any]] = {"integrated_gradients": {"steps": 12}, "gradient_shap": {"samples": 6}}
"""Settings with which a method is quick."""


def at(seconds: float) -> pd.Timestamp:
    return START + pd.Timedelta(seconds, "s")


def recording(components: str = "ZNE", n_samples: int = 4500) -> xr.Dataset:
    rng = np.random.default_rng(5)
    waveform = rng.normal(0, 10, (2, len(components), n_samples))
    after_s = np.arange(n_samples - 2000) / 100
    waveform[:, :, 2000:] += 400 * np.exp(-after_s / 2) * np.sin(2 * np.pi * 6 * after_s)
    return make_recording(
        waveform.astype(np.float32),
        stations=["XX.A.", "XX.B."],
        components=list(components),
        start=START,
        sampling_rate_hz=100.0,
        recording_id="r",
        source="test",
    )


@pytest.fixture(params=sorted(EXPLAINERS))
def method(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory, save_random: Save) -> str:
    return str(save_random(tmp_path_factory.mktemp("weights"), "PhaseNet", "r"))


def explained(method: str, weights: str, **arguments: Any) -> xr.Dataset:
    given = {"station": "XX.A.", "phase": "P", "time": at(21)} | FEW.get(method, {}) | arguments
    return explain(given.pop("recording", recording()), "phasenet", weights, method=method, **given)


def test_says_what_it_is(method: str) -> None:
    explainer = EXPLAINERS.create(method)
    assert isinstance(explainer, Explainer)
    assert explainer.title
    assert type(explainer).__doc__
    assert type(explainer).attribute.__doc__
    assert all(setting.default is not None for setting in EXPLAINERS.settings(method))


@pytest.mark.parametrize("target", ["probability", "logit"])
def test_names_the_unit_of_its_numbers(method: str, target: str, weights: str) -> None:
    found = explained(method, weights, target=target)
    units = found.attrs["units"]
    assert found["attribution"].attrs["units"] == units
    if EXPLAINERS[method].adds_up:
        assert units == target
    elif method in ("saliency", "smooth_grad"):
        # A gradient grows as its input shrinks: it is no part of the target.
        assert units == f"{target} per unit of the normalised input"
    else:
        assert units.startswith(target)


def test_lies_on_the_recording_and_leaves_it_alone(method: str, weights: str) -> None:
    given = recording()
    before = waveform_hash(given)
    found = check_attribution(explained(method, weights, recording=given))
    assert waveform_hash(given) == before
    assert found["attribution"].dims == given["waveform"].dims
    for name in ("station", "component", "time"):
        assert found[name].equals(given[name])
    assert np.isfinite(found["attribution"].values[0]).any(axis=-1).all()
    assert np.isnan(found["attribution"].values[1]).all()
    assert found.attrs["method"] == method
    assert {"workbench", "torch", "captum"} <= set(json.loads(found.attrs["versions"]))
    assert found.attrs["window_s"] == pytest.approx(30.01)
    assert bool(found.attrs["baseline"]) == EXPLAINERS[method].has_baseline


def test_same_twice(method: str, weights: str) -> None:
    first, second = (explained(method, weights, baseline="noise") for _ in range(2))
    np.testing.assert_array_equal(first["attribution"], second["attribution"])


@pytest.mark.parametrize("baseline", ["zero", "noise", "blurred"])
def test_adds_up_where_it_says_so(method: str, weights: str, baseline: str) -> None:
    if not EXPLAINERS[method].adds_up:
        assert np.isnan(explained(method, weights, baseline=baseline).attrs["convergence_delta"])
        return
    settings = {"integrated_gradients": {"steps": 200}, "gradient_shap": {"samples": 200}}.get(method, {})
    found = explained(method, weights, baseline=baseline, **settings)
    change = found.attrs["value"] - found.attrs["baseline_value"]
    # With noise of its own at each point, gradient SHAP adds up in the mean only.
    share = 0.3 if (method, baseline) == ("gradient_shap", "noise") else 0.02
    assert abs(found.attrs["convergence_delta"]) < share * abs(change) + 1e-5
    total = float(np.nansum(found["attribution"].values.astype(float)))
    assert total - change == pytest.approx(found.attrs["convergence_delta"], abs=1e-5)


@pytest.mark.parametrize("target", ["probability", "logit"])
def test_several_picks_at_once_are_those_one_by_one(method: str, weights: str, target: str) -> None:
    picks = [("XX.A.", "P", at(21)), ("XX.B.", "S", at(12))]
    few = FEW.get(method, {})
    together = explain_many(recording(), "phasenet", weights, picks=picks, method=method, target=target, **few)
    for (station, phase, time), one in zip(picks, together, strict=True):
        arguments = {"station": station, "phase": phase, "time": time, "target": target} | few
        alone = explained(method, weights, **arguments)
        scale = np.nanmax(np.abs(alone["attribution"].values))
        np.testing.assert_allclose(one["attribution"], alone["attribution"], atol=1e-3 * scale)


def test_leaves_the_picker_as_it_was_and_another_thread_undisturbed(method: str, weights: str) -> None:
    picker = open_picker("phasenet", weights)
    before = {name: tensor.clone() for name, tensor in picker.module.state_dict().items()}
    expected = picker.annotate(recording())["probability"].values
    curves, stop = [], threading.Event()

    def run_on() -> None:
        while not stop.is_set():
            curves.append(picker.annotate(recording())["probability"].values)

    other = threading.Thread(target=run_on)
    other.start()
    try:
        found = explained(method, weights)
    finally:
        stop.set()
        other.join()
    np.testing.assert_allclose(found["attribution"], explained(method, weights)["attribution"], atol=1e-6)
    assert curves
    assert all(np.array_equal(curve, expected, equal_nan=True) for curve in curves)
    assert not picker.module.training
    assert all(parameter.grad is None and parameter.requires_grad for parameter in picker.module.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in picker.module.state_dict().items())
    assert not any(module._forward_hooks or module._backward_hooks for module in picker.module.modules())


def test_stops_when_told(method: str, weights: str) -> None:
    told = []

    def stop(fraction: float, step: str) -> None:
        told.append((fraction, step))
        if len(told) > 1:
            raise JobCancelledError("stopped")

    with pytest.raises(JobCancelledError):
        explained(method, weights, report=stop)
    assert all(step for _, step in told)


def test_goes_on_in_smaller_batches_where_memory_ends(
    method: str, weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = explained(method, weights)
    if "at once" in whole.attrs["notices"]:
        raise AssertionError("memory ended where nobody limited it")
    from workbench.explain import target

    ask = target.Question.ask

    def narrow(self: Any, inputs: torch.Tensor, *rest: Any) -> torch.Tensor:
        if len(inputs) > 3:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate")
        return ask(self, inputs, *rest)

    monkeypatch.setattr(target.Question, "ask", narrow)
    found = explained(method, weights)
    scale = np.nanmax(np.abs(whole["attribution"].values))
    np.testing.assert_allclose(found["attribution"], whole["attribution"], atol=1e-3 * scale)
    if method not in ("saliency", "input_x_gradient", "grad_cam"):
        assert "Memory did not suffice for" in found.attrs["notices"]


def test_memory_for_not_even_one_window_is_said(method: str, weights: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.explain import target

    def full(self: Any, inputs: torch.Tensor, *rest: Any) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(target.Question, "ask", full)
    with pytest.raises(PickerError, match="Memory does not suffice to explain one window of PhaseNet"):
        explained(method, weights)


def test_a_classical_picker_is_only_asked(method: str) -> None:
    def run() -> xr.Dataset:
        return explain(recording(), "sta_lta", station="XX.A.", phase="P", time=at(20.5), method=method)

    if EXPLAINERS[method].needs_gradients:
        with pytest.raises(PickerError, match=r"STA/LTA .* is no network.*occlusion"):
            run()
        return
    values = run()["attribution"].values[0]
    assert np.isfinite(values[0]).any()
    assert np.isnan(values[1:]).all()
    given = recording()
    given["waveform"].values[:, :, 3800:3900] = np.nan
    with pytest.raises(PickerError, match=r"lies in a gap of XX\.A\., which has samples from"):
        explain(given, "sta_lta", station="XX.A.", phase="P", time=at(38.5), method=method)


def test_target_of_constant_zero_is_refused(method: str, tmp_path: Path, save_random: Save) -> None:
    path = save_random(tmp_path, "PhaseNet", "dead")
    tensors = torch.load(path.with_suffix(".pt"), weights_only=True)
    # So far below the others that their softmax leaves nothing of it.
    tensors["out.weight"][1] = 0
    tensors["out.bias"][1] = -200.0
    torch.save(tensors, path.with_suffix(".pt"))
    with pytest.raises(PickerError, match="no sample of the window changes it: there is nothing to explain"):
        explained(method, str(path))


def test_recording_without_horizontals_and_with_a_gap(method: str, weights: str) -> None:
    given = recording()
    given["waveform"].values[:, 1:] = np.nan
    given["waveform"].values[:, :, 3800:3900] = np.nan
    found = explained(method, weights, recording=given, baseline="noise")
    values = found["attribution"].values[0]
    assert np.isnan(values[1:]).all()
    assert np.isfinite(values[0, 1500:3000]).all()
    assert np.isnan(values[0, 3800:3900]).all()
    assert "missing" in found.attrs["notices"]
    with pytest.raises(PickerError, match=r"lies in a gap of XX\.A\., which has samples from"):
        explained(method, weights, recording=given, time=at(38.5))
