"""What is done to a training clip so that no two lessons are alike, as steps of a SeisBench generator.

Each step changes ``state["X"] = (samples, metadata)`` of :class:`seisbench.generate.GenericGenerator`: samples of shape
(component, sample), metadata with keys that end in ``_sample``, which move with the waveform. Unlike SeisBench's own
steps, these take their random numbers from a generator that is given to them, so that a seed repeats a run.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.signal import resample_poly

__all__ = [
    "AddNoise",
    "DropComponents",
    "FlipPolarity",
    "Gaps",
    "Place",
    "RotateHorizontals",
    "ScaleAmplitude",
    "Stretch",
    "SuperposeEvent",
    "onsets_in",
    "shift_samples",
]

State = MutableMapping[str, tuple[np.ndarray, dict[str, Any]]]
Clip = tuple[np.ndarray, dict[str, Any]]


def shift_samples(metadata: dict[str, Any], shift: float, factor: float = 1.0) -> dict[str, Any]:
    """Metadata with every ``..._sample`` multiplied by `factor`, then moved by `shift`."""
    return {
        key: value * factor + shift if key.endswith("_sample") and isinstance(value, (int, float, np.number)) else value
        for key, value in metadata.items()
    }


def onsets_in(metadata: dict[str, Any]) -> list[float]:
    """Samples of all onsets that are known, or that a teacher found in a clip without labels."""
    return [
        float(value)
        for key, value in metadata.items()
        if (key.endswith("_arrival_sample") or key == "found_sample") and np.isfinite(value)
    ]


class Step:
    """Base of all steps: does its work with a probability, and leaves the clip as it is otherwise.

    Parameters
    ----------
    rng
        Where random numbers come from.
    probability
        Of doing anything at all.
    """

    def __init__(self, rng: np.random.Generator, probability: float = 1.0) -> None:
        self.rng = rng
        self.probability = probability

    def __call__(self, state: State) -> None:
        if self.rng.random() < self.probability:
            samples, metadata = state["X"]
            state["X"] = self.change(samples, dict(metadata))

    def change(self, samples: np.ndarray, metadata: dict[str, Any]) -> Clip:
        """The clip, changed; here it stays as it is."""
        return samples, metadata


class Stretch(Step):
    """The clip played slower or faster: other S-P times, other corner frequencies, from the same few events."""

    def __init__(self, rng: np.random.Generator, probability: float, factors: tuple[float, float]) -> None:
        super().__init__(rng, probability)
        self.factors = factors

    def change(self, samples: np.ndarray, metadata: dict[str, Any]) -> Clip:
        """The clip resampled without aliasing, its onsets moved along."""
        ratio = Fraction(self.rng.uniform(*self.factors)).limit_denominator(12)
        stretched = resample_poly(samples, ratio.numerator, ratio.denominator, axis=-1, padtype="line")
        return stretched.astype(np.float32), shift_samples(metadata, 0.0, float(ratio))


class Place(Step):
    """A window of a fixed length in which the clip lies somewhere; its ends are tapered where they show.

    Parameters
    ----------
    n_samples
        Of the window.
    """

    def __init__(self, rng: np.random.Generator, n_samples: int) -> None:
        super().__init__(rng)
        self.n_samples = n_samples

    def change(self, samples: np.ndarray, metadata: dict[str, Any]) -> Clip:
        """The window; ``valid_from_sample`` and ``valid_to_sample`` say where the clip is in it."""
        onsets = onsets_in(metadata)
        n_clip = samples.shape[-1]
        if onsets:
            anchor, target = float(self.rng.choice(onsets)), self.rng.uniform(0.04, 0.9) * self.n_samples
            shift = round(target - anchor)
        else:
            shift = int(self.rng.integers(min(0, self.n_samples - n_clip), max(0, self.n_samples - n_clip) + 1))
        placed = np.zeros((samples.shape[0], self.n_samples), np.float32)
        first, stop = max(0, shift), min(self.n_samples, shift + n_clip)
        centred = samples - samples.mean(axis=-1, keepdims=True)
        placed[:, first:stop] = centred[:, first - shift : stop - shift]
        length = min(100, (stop - first) // 4)
        ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(length, 1))
        if first > 0:
            placed[:, first : first + length] *= ramp
        if stop < self.n_samples:
            placed[:, stop - length : stop] *= ramp[::-1]
        moved = shift_samples(metadata, shift)
        return placed, moved | {"valid_from_sample": float(first), "valid_to_sample": float(stop)}


class SuperposeEvent(Step):
    """A second event added, with its onsets in the metadata under numbered names.

    Parameters
    ----------
    draw
        Gives another clip of the same length, already placed.
    ratio_db
        Range of the second event's peak over the first one's.
    """

    def __init__(
        self, rng: np.random.Generator, probability: float, draw: Callable[[], Clip], ratio_db: tuple[float, float]
    ) -> None:
        super().__init__(rng, probability)
        self.draw = draw
        self.ratio_db = ratio_db

    def change(self, samples: np.ndarray, metadata: dict[str, Any]) -> Clip:
        """The sum; labels hold only where both clips are completely labelled."""
        other, others = self.draw()
        peak, other_peak = np.abs(samples).max(), np.abs(other).max()
        if peak == 0 or other_peak == 0:
            return samples, metadata
        ratio = 10 ** (self.rng.uniform(*self.ratio_db) / 20)
        added = {
            key.replace("_arrival_sample", "2_arrival_sample"): value
            for key, value in others.items()
            if key.endswith("_arrival_sample") and "2_" not in key
        }
        # NaN, for a clip of which nothing is known, makes the sum unknown too.
        begin = np.maximum(metadata["labelled_from_sample"], others["labelled_from_sample"])
        end = np.minimum(metadata["labelled_to_sample"], others["labelled_to_sample"])
        bounds = {"labelled_from_sample": begin, "labelled_to_sample": end}
        return (samples + other * (ratio * peak / other_peak)).astype(np.float32), metadata | added | bounds


class AddNoise(Step):
    """Recorded or made noise added at a signal-to-noise ratio.

    Parameters
    ----------
    draw
        Gives noise of the clip's shape.
    snr_db
        Range of the ratio of the standard deviation of the five seconds after the first onset to that of the noise.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        probability: float,
        draw: Callable[[tuple[int, ...]], np.ndarray],
        snr_db: tuple[float, float],
    ) -> None:
        super().__init__(rng, probability)
        self.draw = draw
        self.snr_db = snr_db

    def change(self, samples: np.ndarray, metadata: dict[str, Any]) -> Clip:
        """The clip with noise; a clip that does not fill its window always gets some."""
        noise = self.draw(samples.shape)
        signal, background = _strength(samples, metadata), float(noise.std())
        if signal == 0 or background == 0:
            return (samples + noise).astype(np.float32), metadata
        scale = signal / background * 10 ** (-self.rng.uniform(*self.snr_db) / 20)
        return (samples + noise * scale).astype(np.float32), metadata


def _strength(samples: np.ndarray, metadata: dict[str, Any]) -> float:
    inside = [int(onset) for onset in onsets_in(metadata) if 0 <= onset < samples.shape[-1] - 10]
    if not inside:
        return float(samples.std())
    return float(samples[:, min(inside) : min(inside) + 500].std())


class RotateHorizontals(Step):
    """North and east turned by a random angle, as if the station had been set up otherwise."""

    def change(self, samples: np.ndarray, metadata: dict[str, Any]) -> Clip:
        """The clip with components Z, N, E turned about the vertical."""
        angle = self.rng.uniform(0, 2 * np.pi)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        return np.concatenate([samples[:1], turn @ samples[1:]]).astype(np.float32), metadata


class FlipPolarity(Step):
    """All components times -1: the same event on the other side of the nodal plane."""

    def change(self, samples: np.ndarray, metadata: dict[str, Any]) -> Clip:
        """The clip upside down."""
        return -samples, metadata


class ScaleAmplitude(Step):
    """Every component times its own factor, within what badly known gains give."""

    def __init__(self, rng: np.random.Generator, probability: float, spread_db: float) -> None:
        super().__init__(rng, probability)
        self.spread_db = spread_db

    def change(self, samples: np.ndarray, metadata: dict[str, Any]) -> Clip:
        """The clip with other gains."""
        gains = np.power(10.0, self.rng.normal(0, self.spread_db, samples.shape[0]) / 20)
        return (samples * gains[:, None]).astype(np.float32), metadata


class DropComponents(Step):
    """One or two components gone, as NaN: a vertical-only station, a dead channel."""

    def change(self, samples: np.ndarray, metadata: dict[str, Any]) -> Clip:
        """The clip with NaN in place of some components; at least one stays."""
        samples = samples.copy()
        if self.rng.random() < 0.5:
            samples[1:] = np.nan
        else:
            samples[self.rng.integers(samples.shape[0])] = np.nan
        return samples, metadata


class Gaps(Step):
    """A stretch of all components gone, as NaN; at the edges as often as within, as at the ends of a recording.

    Parameters
    ----------
    longest
        Fraction of the window.
    """

    def __init__(self, rng: np.random.Generator, probability: float, longest: float) -> None:
        super().__init__(rng, probability)
        self.longest = longest

    def change(self, samples: np.ndarray, metadata: dict[str, Any]) -> Clip:
        """The clip with a gap."""
        n_samples = samples.shape[-1]
        length = int(self.rng.uniform(0, self.longest) * n_samples)
        first = int(self.rng.choice([0, n_samples - length, self.rng.integers(0, n_samples - length + 1)]))
        samples = samples.copy()
        samples[:, first : first + length] = np.nan
        return samples, metadata
