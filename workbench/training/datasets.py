"""Windows for a network, read one by one from a file of lessons, cropped and augmented anew in every epoch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from workbench.errors import SourceError
from workbench.training.augmentations import DropComponents, FlipPolarity, Gaps, RotateHorizontals, ScaleAmplitude, Step
from workbench.training.targets import Targets

__all__ = ["EpochOrder", "Freshness", "LessonWindows"]

_HINT_SAMPLES = 64
"""Samples for one step of the teacher's hint, in PhaseNet's third level."""


@dataclass(frozen=True)
class Freshness:
    """Probabilities of what is done to a window each time it is read, whatever the teacher said of it before.

    A teacher's opinion is that on the whole window: the student learns to say the same with less.
    """

    dropped: float = 0.12
    gaps: float = 0.25
    longest_gap: float = 0.6
    rotated: float = 0.5
    flipped: float = 0.5
    gain_db: float = 1.5


class LessonWindows(Dataset[dict[str, torch.Tensor]]):
    """Windows of a file of lessons; no more than one lesson's samples are in memory at a time.

    Parameters
    ----------
    path
        Written by :func:`workbench.training.lessons.make_lessons`.
    n_samples
        Of a window.
    targets
        Makes curves of onsets.
    freshness
        None for windows as they are, cropped at the same place each time: for validation.

    Raises
    ------
    SourceError
        If the file cannot be read.
    """

    def __init__(
        self, path: Path, n_samples: int, targets: Targets, *, seed: int = 0, freshness: Freshness | None = None
    ) -> None:
        self.path, self.n_samples, self.targets = path, n_samples, targets
        self.seed, self.freshness = seed, freshness
        self.epoch = 0
        self._arrays: dict[str, h5py.Dataset] = {}
        try:
            with h5py.File(path) as file:
                self._length = len(file["samples"])
                self._lesson_samples = file["samples"].shape[-1]
                # A few numbers a lesson: asking the file for them would take as long as for the waveform.
                self._onsets, self._labelled = file["onsets"][:], file["labelled"][:]
                self.hint_channels = file["hint"].shape[1] if "hint" in file else 0
        except (OSError, KeyError) as error:
            raise SourceError(f"{path} is no readable file of lessons: {error}.") from error

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        if not self._arrays:  # not in __init__: an open file does not travel to a worker process
            self._arrays = dict(h5py.File(self.path).items())
        epoch = self.epoch if self.freshness else 0
        rng = np.random.default_rng((self.seed, epoch, index))
        first = int(rng.integers(0, self._lesson_samples - self.n_samples + 1))
        window = slice(first, first + self.n_samples)
        samples = self._arrays["samples"][index, :, window].astype(np.float32)
        if self.freshness:
            samples = _freshened(samples, rng, self.freshness)
        teacher = self._arrays["teacher"][index, :, window].astype(np.float32)
        there = np.isfinite(samples).any(axis=0)
        return self._tensors(index, first, samples, teacher, there)

    def _tensors(
        self, index: int, first: int, samples: np.ndarray, teacher: np.ndarray, there: np.ndarray
    ) -> dict[str, torch.Tensor]:
        onsets, bounds = self._onsets[index] - first, self._labelled[index] - first
        at = np.arange(self.n_samples)
        labelled = there & (at >= bounds[0]) & (at < bounds[1]) if np.isfinite(bounds).all() else np.zeros_like(there)
        heard = there & np.isfinite(teacher).all(axis=0)
        arrays = {
            "samples": samples,
            "target": self.targets.curves(self.n_samples, {"P": onsets[0], "S": onsets[1]}),
            "labelled": labelled.astype(np.float32),
            "teacher": np.nan_to_num(teacher, nan=1 / 3),
            "heard": heard.astype(np.float32),
        }
        if self.hint_channels:
            step = first // _HINT_SAMPLES
            hint = self._arrays["hint"][index, :, step : step + self.n_samples // _HINT_SAMPLES]
            arrays["hint"] = hint.astype(np.float32)
        return {name: torch.from_numpy(array) for name, array in arrays.items()}


def _freshened(samples: np.ndarray, rng: np.random.Generator, freshness: Freshness) -> np.ndarray:
    steps: list[Step] = [
        RotateHorizontals(rng, freshness.rotated),
        FlipPolarity(rng, freshness.flipped),
        ScaleAmplitude(rng, 1.0, freshness.gain_db),
        DropComponents(rng, freshness.dropped),
        Gaps(rng, freshness.gaps, freshness.longest_gap),
    ]
    state: Any = {"X": (samples, {})}
    for step in steps:
        step(state)
    return np.asarray(state["X"][0])


class EpochOrder(Sampler[int]):
    """Indices in an order that seed and epoch fix, so that a resumed run sees what an unbroken one would have."""

    def __init__(self, length: int, seed: int) -> None:
        self.length, self.seed = length, seed
        self.epoch = 0

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[int]:
        order = np.random.default_rng((self.seed, self.epoch)).permutation(self.length)
        return iter(order.tolist())
