"""``Baseline``: what a window is compared with: silence, the noise before the event, or itself without its details."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from workbench.errors import UnknownNameError
from workbench.explain.target import Question
from workbench.explain.window import Window

__all__ = ["BASELINES", "Baseline", "noise_span"]

BASELINES = ("zero", "noise", "blurred")
"""Silence; noise with the spectrum of the window's own before the event; the window blurred over half a second."""

_BLUR_S = 0.5
_GUARD_S = 0.5
_SHORTEST_NOISE_S = 2.0
_RISES_ABOVE = 0.05


@dataclass(frozen=True)
class Baseline:
    """What windows are compared with; samples that the recording does not hold stay as they are.

    Parameters
    ----------
    name
        One of :data:`BASELINES`.
    seed
        Of the draws of noise.
    """

    name: str = "zero"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.name not in BASELINES:
            raise UnknownNameError("baseline", self.name, BASELINES)

    def draw(self, question: Question, number: int = 0) -> torch.Tensor:
        """Baselines of all targets, shape (target, channel, sample); another `number` gives other noise."""
        made = [self._of(question, row, number) for row in range(len(question))]
        return torch.where(question.there, torch.stack(made), question.inputs)

    def _of(self, question: Question, row: int, number: int) -> torch.Tensor:
        inputs, window = question.inputs[row], question.windows[row]
        if self.name == "zero":
            return torch.zeros_like(inputs)
        if self.name == "blurred":
            return _blurred(inputs, window.rate_hz)
        first, stop = noise_span(window, question.times[row])
        # One window has one noise, whatever else is asked of it and with it.
        return _noise_like(inputs[:, first:stop], inputs.shape[-1], np.random.default_rng([self.seed, number]))


def _blurred(inputs: torch.Tensor, rate_hz: float) -> torch.Tensor:
    """Each channel under a Gaussian of :data:`_BLUR_S` standard deviation."""
    sigma = _BLUR_S * rate_hz
    reach = min(round(3 * sigma), inputs.shape[-1] - 1)
    at = torch.arange(-reach, reach + 1)
    kernel = torch.exp(-0.5 * (at / sigma) ** 2)
    padded = functional.pad(inputs[:, None], (reach, reach), mode="reflect")
    return functional.conv1d(padded, (kernel / kernel.sum())[None, None])[:, 0]


def noise_span(window: Window, time: object) -> tuple[int, int]:
    """First sample of a window's pre-event noise, and the one after the last.

    It ends half a second before the first output that rises for any phase, or before the time if that is earlier. Where
    less than two seconds are left, the two quietest of the window are taken.
    """
    there = window.there.any(dim=0).numpy().nonzero()[0]
    shortest = min(round(_SHORTEST_NOISE_S * window.rate_hz), window.inputs.shape[-1])
    first, last = (int(there[0]), int(there[-1]) + 1) if there.size else (0, window.inputs.shape[-1])
    stop = window.seconds_in(time)  # type: ignore[arg-type]
    columns = [at for at, label in enumerate(window.reading.labels) if label in window.card.phases]
    for column in columns if window.outputs.shape[0] > 1 else ():
        risen = (window.outputs[:, column].nan_to_num() > _RISES_ABOVE).nonzero().flatten()
        if risen.numel():
            begins_s = window.reading.output_s.get(window.reading.labels[column], 0.0)
            stop = min(stop, begins_s + int(risen[0]) / window.output_rate_hz)
    end = min(last, int((stop - _GUARD_S) * window.rate_hz))
    if end - first >= shortest:
        return first, end
    power = window.inputs[0, :, first:last].square().sum(dim=0)
    if len(power) <= shortest:
        return first, last
    sums = torch.cat([torch.zeros(1), power.cumsum(0)])
    quietest = first + int((sums[shortest:] - sums[:-shortest]).argmin())
    return quietest, quietest + shortest


def _noise_like(noise: torch.Tensor, n_samples: int, rng: np.random.Generator) -> torch.Tensor:
    """Noise of another length with the spectrum and the power of the noise given, channel by channel."""
    samples = noise.numpy().astype(np.float64)
    samples = samples - samples.mean(axis=-1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.shape[-1]), axis=-1))
    given, wanted = np.fft.rfftfreq(samples.shape[-1]), np.fft.rfftfreq(n_samples)
    white = np.fft.rfft(rng.normal(size=(samples.shape[0], n_samples)), axis=-1)
    shaped = np.fft.irfft(white * np.stack([np.interp(wanted, given, row) for row in spectrum]), n_samples, axis=-1)
    power = np.sqrt((shaped**2).mean(axis=-1, keepdims=True))
    scale = np.divide(samples.std(axis=-1, keepdims=True), power, out=np.zeros_like(power), where=power > 0)
    return torch.from_numpy((shaped * scale).astype(np.float32))
