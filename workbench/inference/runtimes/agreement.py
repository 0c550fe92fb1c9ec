"""Whether a runtime says the same as torch: compared on windows that look like recordings, before it is used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from workbench.pickers.base import TorchPicker
from workbench.pickers.execution import Eager, Execution

__all__ = ["EXACT_TOLERANCE", "FAST_TOLERANCE", "Agreement", "agreement", "made_windows"]

EXACT_TOLERANCE = 2e-5
"""Of a probability, for a runtime that does the same arithmetic in single precision."""

FAST_TOLERANCE = 0.1


@dataclass(frozen=True)
class Agreement:
    """How far a runtime's curves are from torch's.

    Parameters
    ----------
    largest
        Difference of a probability; infinite where one of both has none.
    tolerance
        That it may reach.
    """

    largest: float
    tolerance: float

    @property
    def holds(self) -> bool:
        """Whether the runtime may be used."""
        return self.largest <= self.tolerance


def made_windows(shape: tuple[int, int], n_windows: int = 8, seed: int = 0) -> torch.Tensor:
    """Windows like those of recordings: coloured noise in counts, with an offset, and in most of them P, S and a coda.

    Shapes
    ------
    shape : (component, sample); result (window, component, sample), float32
    """
    chance = np.random.default_rng(seed)
    n_components, n_samples = shape
    noise = chance.standard_normal((n_windows, n_components, n_samples + 50))
    kernel = np.hanning(12) / np.hanning(12).sum()
    noise = np.apply_along_axis(np.convolve, -1, noise, kernel, mode="same")[..., :n_samples]
    offsets = chance.normal(0, 200, (n_windows, n_components, 1))
    waveform = noise * 10 ** chance.uniform(0, 3, (n_windows, 1, 1)) + offsets
    time = np.arange(n_samples)
    for window in waveform[: max(1, 3 * n_windows // 4)]:
        strength = window.std() * 10 ** chance.uniform(0.5, 2)
        onset, delay = chance.integers(0, n_samples * 3 // 4), chance.integers(50, max(51, n_samples // 5))
        for at, share in ((onset, (1.0, 0.4, 0.4)), (onset + delay, (0.7, 2.0, 2.0))):
            since = np.maximum(0, time - at)
            burst = (time >= at) * np.exp(-since / 250) * np.sin(since * chance.uniform(0.2, 0.8))
            window += strength * np.resize(share, n_components)[:, np.newaxis] * burst
    return torch.from_numpy(waveform.astype(np.float32))


def agreement(picker: TorchPicker, execution: Execution, windows: torch.Tensor, tolerance: float) -> Agreement:
    """How far an execution is from torch on windows, run in batches of two sizes."""
    reference = _outputs(picker, Eager(picker.module, len(windows)), [windows])
    sizes = [windows[:1], windows[1:]] if len(windows) > 1 else [windows]
    return Agreement(_largest(reference, _outputs(picker, execution, sizes)), tolerance)


def _outputs(picker: TorchPicker, execution: Execution, batches: list[torch.Tensor]) -> np.ndarray:
    return np.concatenate(list(execution.run([batch.clone() for batch in batches], picker.step)))


def _largest(reference: np.ndarray, outputs: np.ndarray) -> float:
    if reference.shape != outputs.shape or (np.isfinite(reference) != np.isfinite(outputs)).any():
        return float("inf")
    differences = np.abs(reference - outputs)
    return float(np.nanmax(differences)) if np.isfinite(differences).any() else float("inf")
