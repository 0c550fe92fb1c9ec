"""What a network is trained towards: curves that peak at the onsets, and where those curves can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench.errors import SchemaError

__all__ = ["LABELS", "TARGET_SHAPES", "Targets"]

LABELS = "PSN"

TARGET_SHAPES = ("gaussian", "triangle", "box")


class Targets:
    """Target curves of P, S and noise, made by SeisBench's labeller, which add up to one.

    Parameters
    ----------
    shape
        In :data:`TARGET_SHAPES`.
    sigma_samples
        Standard deviation of a Gaussian, or half the base of a triangle or box.
    n_onsets
        Of each phase that the metadata can hold at most.

    Examples
    --------
    >>> targets = Targets("triangle", sigma_samples=2, n_onsets=1)
    >>> targets.curves(6, {"P": [3.0], "S": []})[0].round(2).tolist()
    [0.0, 0.0, 0.5, 1.0, 0.5, 0.0]
    """

    def __init__(self, shape: str = "gaussian", sigma_samples: int = 10, n_onsets: int = 8) -> None:
        from seisbench.generate import ProbabilisticLabeller

        if shape not in TARGET_SHAPES:
            raise SchemaError(f"A target is one of {list(TARGET_SHAPES)}; not {shape!r}.")
        self.n_onsets = n_onsets
        columns = {_column(phase, number): phase for phase in "PS" for number in range(n_onsets)}
        self._label = ProbabilisticLabeller(
            label_columns=columns, model_labels=LABELS, shape=shape, sigma=sigma_samples, dim=0
        )

    def curves(self, n_samples: int, onsets: Mapping[str, Any]) -> np.ndarray:
        """Curves of shape (3, sample) for onsets by phase, in samples; those that are NaN do not count."""
        metadata = {
            _column(phase, number): float(sample)
            for phase in "PS"
            for number, sample in enumerate(_known(onsets.get(phase, []))[: self.n_onsets])
        }
        state: dict[str, Any] = {"X": (np.zeros((3, n_samples), np.float32), metadata)}
        self._label(state)
        return np.asarray(state["y"][0], np.float32)


def _known(samples: Any) -> np.ndarray:
    array = np.asarray(samples, float)
    return array[np.isfinite(array)]


def _column(phase: str, number: int) -> str:
    return f"trace_{phase.lower()}{number}_arrival_sample"
