"""What goes wrong at real stations: gaps, glitches, dead channels, clipping; each is told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Fault", "spoil"]

_COMPONENTS = "ZNE"


@dataclass(frozen=True)
class Fault:
    """Something that went wrong.

    Parameters
    ----------
    kind
        ``"gap"``, ``"glitch"``, ``"dead"`` or ``"clipped"``.
    station
        Its number.
    component
        Z, N or E; ``"ZNE"`` where all three are hit.
    first_sample, last_sample
        From where to where, both included.
    """

    kind: str
    station: int
    component: str
    first_sample: int
    last_sample: int


def spoil(
    rng: np.random.Generator,
    waveform: np.ndarray,
    *,
    gap: float,
    glitch: float,
    dead: float,
    full_scale: float,
    rate_hz: float,
) -> list[Fault]:
    """Change a waveform (station, 3, sample) in place, and say how.

    Parameters
    ----------
    gap, glitch, dead
        Chance of each at one station. A gap is NaN on all components; a glitch is a step that decays, on one; one dead
        station in three is dead on all components, the others on one, and holds a constant.
    full_scale
        Largest sample that the digitiser writes.
    """
    faults = []
    n_stations, _, n_samples = waveform.shape
    for station in range(n_stations):
        if rng.random() < glitch:
            faults.append(_glitch(rng, waveform, station, rate_hz))
        clipped = np.abs(waveform[station]) > full_scale
        if clipped.any():
            np.clip(waveform[station], -full_scale, full_scale, out=waveform[station])
            hit = "".join(_COMPONENTS[row] for row in np.flatnonzero(clipped.any(axis=-1)))
            when = np.flatnonzero(clipped.any(axis=0))
            faults.append(Fault("clipped", station, hit, int(when[0]), int(when[-1])))
        if rng.random() < dead:
            hit = "ZNE" if rng.random() < 1 / 3 else _COMPONENTS[int(rng.integers(3))]
            waveform[station, [_COMPONENTS.index(letter) for letter in hit]] = float(rng.integers(-50, 50))
            faults.append(Fault("dead", station, hit, 0, n_samples - 1))
        if rng.random() < gap:
            length = max(1, min(int(rng.uniform(0.2, 6.0) * rate_hz), n_samples // 2))
            first = int(rng.integers(n_samples - length + 1))
            waveform[station, :, first : first + length] = np.nan
            faults.append(Fault("gap", station, "ZNE", first, first + length - 1))
    return faults


def _glitch(rng: np.random.Generator, waveform: np.ndarray, station: int, rate_hz: float) -> Fault:
    n_samples = waveform.shape[-1]
    component = int(rng.integers(3))
    first = int(rng.integers(n_samples))
    height = rng.uniform(10, 60) * waveform[station, component].std() * rng.choice([-1.0, 1.0])
    decay = np.exp(-np.arange(n_samples - first) / (rate_hz * np.exp(rng.uniform(-5, 0.5))))
    waveform[station, component, first:] += (height * decay).astype(np.float32)
    last = first + int(np.count_nonzero(decay > 0.05)) - 1
    return Fault("glitch", station, _COMPONENTS[component], first, last)
