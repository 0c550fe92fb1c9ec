"""Seismogram-like arrays of the sizes that are measured, the same on the page of the workbench and on its peer's."""

from __future__ import annotations

import numpy as np

RATE_HZ = 100.0
SHAPES = {"one": (1, 3, 6000), "network": (30, 3, 6000), "day": (1, 3, 8_640_000)}
RECORDINGS = {"one": 6, "network": 4, "day": 1}


def waveforms(case: str, number: int) -> np.ndarray:
    """Noise and a decaying wave train that arrives a little later at each station; shape (station, component, time)."""
    n_stations, n_components, n = SHAPES[case]
    rng = np.random.default_rng(number)
    samples = rng.standard_normal((n_stations, n_components, n), dtype=np.float32)
    length = min(4000, n // 2)
    t = np.arange(length, dtype=np.float32) / RATE_HZ
    wave = 40 * np.exp(-t / 6) * np.sin(2 * np.pi * 4 * t)
    for station in range(n_stations):
        first = n // 4 + 30 * station + 50 * number
        samples[station, :, first : first + length] += wave[: n - first]
    return samples
