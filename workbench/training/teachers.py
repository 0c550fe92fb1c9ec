"""Pickers that teach: their curves as classes that add up to one, and features of one of their layers as a hint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import xarray as xr

from workbench.errors import PickerError
from workbench.pickers import TorchPicker, open_picker
from workbench.schema import make_recording

__all__ = ["Teachers", "class_curves"]

_RATE_HZ = 100.0


def class_curves(annotations: xr.Dataset) -> np.ndarray:
    """P, S and noise of every station, adding up to one; NaN where the picker says nothing.

    A picker with one sigmoid per phase (EQTransformer) may give P and S together more than one; they then share it.

    Shapes
    ------
    result : (station, 3, sample)
    """
    phases = np.stack([annotations["probability"].sel(phase=phase).values for phase in "PS"], axis=1)
    total = phases.sum(axis=1, keepdims=True)
    phases = phases / np.maximum(total, 1.0)
    return np.concatenate([phases, 1.0 - phases.sum(axis=1, keepdims=True)], axis=1).astype(np.float32)


class Teachers:
    """One or several pickers, whose curves are averaged.

    Parameters
    ----------
    names
        Of pickers and their weights: ``("phasenet", "original")``.
    hint_layer
        Path of a module within the first teacher (``"down_branch.3.1"``), whose output is the hint; empty for none.
    """

    def __init__(self, names: Sequence[tuple[str, str]], hint_layer: str = "") -> None:
        self.pickers = [open_picker(name, weights) for name, weights in names]
        self._hint_module = self._find_layer(hint_layer) if hint_layer else None

    def _find_layer(self, path: str) -> Any:
        first = self.pickers[0]
        if not isinstance(first, TorchPicker):
            raise PickerError(f"{first.card.name} has no layers, so it can give no hint.")
        try:
            return first.module.get_submodule(path)
        except AttributeError as error:
            raise PickerError(f"{first.card.title} has no layer {path!r}: {error}.") from error

    def curves(self, windows: np.ndarray) -> np.ndarray:
        """Mean over the teachers of P, S and noise; NaN where none of them says anything.

        Shapes
        ------
        windows : (window, 3, sample), components Z, N, E at 100 Hz; result the same, with P, S and noise
        """
        recording = _as_recording(windows)
        total = np.zeros(windows.shape, np.float32)
        voices = np.zeros(windows.shape, np.float32)
        for picker in self.pickers:
            curves = class_curves(picker.annotate(recording))
            there = np.isfinite(curves)
            total += np.where(there, curves, 0.0)
            voices += there
        with np.errstate(invalid="ignore"):
            return total / voices

    def hints(self, windows: np.ndarray) -> np.ndarray | None:
        """Features of the hint layer along each window; None without such a layer.

        The first teacher's own windows are laid side by side; what they leave at the end is covered by one that ends
        with the window, of which only the new part is kept.
        """
        if self._hint_module is None:
            return None
        picker: Any = self.pickers[0]
        recording = _as_recording(windows)
        starts = recording["time"].values
        length = round(picker.card.window_s * _RATE_HZ) + 1
        offsets = [0, windows.shape[-1] - length]
        stations = [str(station) for station in recording["station"].values]
        inputs = [picker.window_tensor(recording, name, starts[offset]) for offset in offsets for name in stations]
        kept: list[torch.Tensor] = []
        hook = self._hint_module.register_forward_hook(lambda _module, _inputs, output: kept.append(output.clone()))
        try:
            with torch.no_grad():
                picker.module(torch.cat(inputs))
        finally:
            hook.remove()
        features = kept[0].numpy().reshape(len(offsets), len(stations), *kept[0].shape[1:])
        return np.concatenate(list(features), axis=-1)


def _as_recording(windows: np.ndarray) -> xr.Dataset:
    """The windows as stations of one recording, so that pickers run them in their own batches."""
    return make_recording(
        windows,
        stations=[f"XX.{number:05d}." for number in range(len(windows))],
        components=list("ZNE"),
        start="2000-01-01",
        sampling_rate_hz=_RATE_HZ,
        recording_id="lessons",
        source="training",
    )
