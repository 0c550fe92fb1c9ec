"""Every runtime: says whether it can be used, and, where it can, gives the same curves and picks as torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import obspy
import pytest
import torch
from torch import nn

from workbench.errors import PickerError
from workbench.inference.picking import picks_from
from workbench.inference.runtimes import RUNTIMES, onnx_folds
from workbench.inference.runtimes.agreement import EXACT_TOLERANCE, FAST_TOLERANCE, agreement, made_windows
from workbench.pickers import TorchPicker, open_picker
from workbench.pickers.seisbench_cards import SEISBENCH_CLASSES
from workbench.schema import make_recording

REAL_WEIGHTS = [
    ("phasenet", "original"),
    ("eqtransformer", "original"),
    ("eqtransformer", "pnw"),
    ("phasenetlight", "ethz"),
    ("xiaonet", "25k"),
]
REFUSED = {("openvino", "eqtransformer"), ("openvino_bf16", "eqtransformer")}
"""OpenVINO has no LSTM with the hard sigmoid of Keras."""

RANDOM = {"openvino": ("phasenet", "eqtransformer", "gpd")}
"""For others than these, all: OpenVINO reads the same exports as ONNX Runtime, and takes long to compile some."""


@pytest.fixture(
    params=[pytest.param(name, marks=[pytest.mark.gpu] if "cuda" in name else []) for name in sorted(RUNTIMES)]
)
def runtime(request: pytest.FixtureRequest) -> Any:
    found = RUNTIMES.availability(request.param)
    if not found.ok:
        assert found.reason
        assert found.remedy
        pytest.skip(f"{request.param}: {found.reason}")
    return RUNTIMES.create(request.param)


def opened(runtime: Any, picker: TorchPicker) -> Any:
    try:
        return runtime.open(picker, made_windows(picker.window_shape))
    except PickerError:
        if (runtime.name, picker.card.name) in REFUSED:
            pytest.skip(f"{runtime.title} lacks an operation of {picker.card.title}, which falls back to torch")
        raise


def shake_norms(module: nn.Module) -> None:
    """Norms as after a training, with values of their own: fresh ones do nothing, and share what they hold."""
    random = torch.Generator().manual_seed(2)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d):
            lowest = ((part.weight, 0.5), (part.bias, -0.2), (part.running_mean, -0.2), (part.running_var, 0.5))
            for values, least in lowest:
                values.data = least + 0.4 * torch.rand(values.shape, generator=random)


@pytest.mark.parametrize("name", sorted({*SEISBENCH_CLASSES, "dpp"}))
def test_random_networks_say_the_same_as_in_torch(
    runtime: Any, name: str, save_random: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is done for the widest processors is right on all.
    monkeypatch.setattr(onnx_folds, "at_once", lambda: 16)
    if name not in RANDOM.get(runtime.name, (name,)):
        pytest.skip("run with the real weights only")
    arguments = {"phases": "PSN"} if name == "gpd" else {}
    picker = open_picker(name, str(save_random(tmp_path, SEISBENCH_CLASSES.get(name, "DPPDetector"), "r", **arguments)))
    shake_norms(picker.module)
    windows = made_windows(picker.window_shape, 2)
    found = agreement(picker, opened(runtime, picker), windows, EXACT_TOLERANCE if runtime.exact else FAST_TOLERANCE)
    assert found.holds, f"{found.largest} apart"


@pytest.mark.parametrize(("name", "weights"), REAL_WEIGHTS)
@pytest.mark.usefixtures("seisbench_cache")
def test_picks_of_real_weights_are_those_of_torch(runtime: Any, name: str, weights: str, shared_data: Path) -> None:
    picker = open_picker(name, weights)
    execution = opened(runtime, picker)
    n_found = 0
    for station in ("SKA10", "MEI05"):
        stream = obspy.Stream()
        for file in sorted((shared_data / "hengill").glob(f"2C.{station}*.mseed")):
            stream += obspy.read(file)
        stream.sort(["channel"])
        recording = make_recording(
            np.stack([trace.data for trace in stream])[np.newaxis, :, :18_000].astype(np.float32),
            stations=[f"2C.{station}."],
            components=[trace.stats.channel[-1] for trace in stream],
            start=np.datetime64(stream[0].stats.starttime.datetime, "ns"),
            sampling_rate_hz=stream[0].stats.sampling_rate,
            recording_id="r",
            source="test",
        )
        theirs = picks_from(picker.annotate(recording), picker.card)
        ours = picks_from(picker.annotate(recording, execution=execution), picker.card)
        if runtime.exact:
            assert list(zip(ours["phase"], ours["time"], strict=True)) == list(
                zip(theirs["phase"], theirs["time"], strict=True)
            )
            np.testing.assert_allclose(ours["probability"], theirs["probability"], atol=EXACT_TOLERANCE)
        n_found += len(ours)
    assert n_found > 0


def test_what_a_runtime_gives_can_be_written_to(runtime: Any, save_random: Callable[..., Path], tmp_path: Path) -> None:
    # Blinding writes NaN into it; a runtime that reuses its memory would show it in the next batch.
    picker = open_picker("eqtransformer", str(save_random(tmp_path, "EQTransformer", "r")))
    execution = opened(runtime, picker)
    windows = made_windows(picker.window_shape, 2)
    first, second = execution.run([windows.clone(), windows.clone()], picker.step)
    np.testing.assert_array_equal(first, second)
    with torch.inference_mode():
        assert np.isfinite(first[:, 500:-500]).all()
