"""A XiaoNet as an ONNX file, in float or int8, for stations that have no torch."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.errors import RequirementError
from workbench.processing.grid import Grid

__all__ = ["calibration_windows", "export_onnx", "quantise"]

_OPSET = 17
_REMEDY = "Install it with: pip install 'seismic-workbench[edge]'"


def export_onnx(weights: str, path: Path) -> Path:
    """The path of an ONNX file of a XiaoNet, with its labels, rate and thresholds in the file's metadata.

    Input ``windows`` (window, 3, 3000), NaN where missing; output ``probability`` (window, 3, 3000), P, S and noise.

    Raises
    ------
    RequirementError
        If the package onnx, or the weights, are not on this computer.
    """
    onnx = _onnx()
    import torch

    from workbench.networks.bundled import thresholds_of, weights_hash
    from workbench.networks.weights_file import load_xiaonet

    network, file = load_xiaonet(weights)
    path.parent.mkdir(parents=True, exist_ok=True)
    example = torch.zeros(1, 3, Grid().window_samples)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's remarks on its own future
        torch.onnx.export(
            network, (example,), str(path), dynamo=False, opset_version=_OPSET, input_names=["windows"],
            output_names=["probability"], dynamic_axes={"windows": {0: "window"}, "probability": {0: "window"}},
        )  # fmt: skip
    model = onnx.load(str(path))
    notes = {
        "network": "xiaonet",
        "size": network.size,
        "weights_hash": weights_hash(file),
        "thresholds": json.dumps(thresholds_of(file)),
    }
    onnx.helper.set_model_props(model, notes)
    onnx.save(model, str(path))
    return path


def quantise(path: Path, into: Path, windows: np.ndarray) -> Path:
    """The path of an int8 copy of an ONNX file, its scales fitted to real windows of shape (window, 3, 3000).

    Convolutions become int8; the normalisation before them and the softmax after them stay in float.

    Raises
    ------
    RequirementError
        If the packages onnx and onnxruntime are not on this computer.
    """
    onnx = _onnx()
    try:
        from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
        from onnxruntime.quantization.shape_inference import quant_pre_process
    except ImportError as error:
        raise RequirementError(f"Quantising needs the package 'onnxruntime'. {_REMEDY}") from error
    into.parent.mkdir(parents=True, exist_ok=True)
    # Folds constants, without which biases stay in float.
    prepared = into.with_suffix(".prepared.onnx")
    quant_pre_process(str(path), str(prepared), skip_symbolic_shape=True)
    quantize_static(
        str(prepared),
        str(into),
        _Reader(windows),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv"],
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
        calibrate_method=CalibrationMethod.MinMax,
    )
    prepared.unlink()
    kept = {entry.key: entry.value for entry in onnx.load(str(path)).metadata_props}
    model = onnx.load(str(into))
    onnx.helper.set_model_props(model, kept)
    onnx.save(model, str(into))
    return into


class _Reader:
    """Gives windows to the calibration, one by one."""

    def __init__(self, windows: np.ndarray) -> None:
        self._windows: Iterator[np.ndarray] = iter(windows.astype(np.float32))

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next window, or None after the last."""
        window = next(self._windows, None)
        return None if window is None else {"windows": window[np.newaxis]}


def calibration_windows(recordings: Sequence[Any], count: int, rng: np.random.Generator) -> np.ndarray:
    """Windows cut at random from recordings at 100 Hz with three components, shape (window, 3, 3000)."""
    length = Grid().window_samples
    windows: list[np.ndarray] = []
    while len(windows) < count:
        recording = recordings[int(rng.integers(len(recordings)))]
        samples = recording["waveform"].sel(component=list("ZNE")).values
        first = int(rng.integers(0, max(1, samples.shape[-1] - length + 1)))
        window = np.full((3, length), np.nan, np.float32)
        part = samples[int(rng.integers(samples.shape[0])), :, first : first + length]
        window[:, : part.shape[-1]] = part
        windows.append(window)
    return np.stack(windows)


def _onnx() -> Any:
    try:
        import onnx
    except ImportError as error:
        raise RequirementError(f"ONNX files need the package 'onnx'. {_REMEDY}") from error
    return onnx
