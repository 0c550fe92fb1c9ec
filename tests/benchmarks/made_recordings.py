"""Seismogram-like arrays of the sizes that are measured, the same on the page of the workbench and on its peer's."""

from __future__ import annotations

from pathlib import Path

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
    wave = 40 * _wave_train(length)
    for station in range(n_stations):
        first = n // 4 + 30 * station + 50 * number
        samples[station, :, first : first + length] += wave[: n - first]
    return samples


def write_day(folder: Path, n_stations: int) -> Path:
    """The folder, with a day of stations of three components in it: noise and 200 wave trains, an SDS archive."""
    import obspy

    n = SHAPES["day"][-1]
    rng, wave = np.random.default_rng(1), _wave_train(4000)
    for station in range(n_stations):
        for component in "ZNE":
            samples = 80 * rng.standard_normal(n, dtype=np.float32)
            for first in rng.integers(0, n - wave.size, 200):
                samples[first : first + wave.size] += np.float32(2000 * rng.random()) * wave
            code, channel = f"S{station:02d}", f"HH{component}"
            header = {"network": "XX", "station": code, "channel": channel, "sampling_rate": RATE_HZ}
            header["starttime"] = obspy.UTCDateTime(2024, 1, 1)
            place = folder / "2024" / "XX" / code / f"{channel}.D"
            place.mkdir(parents=True)
            trace = obspy.Trace(samples.astype(np.int32), header)
            trace.write(str(place / f"XX.{code}..{channel}.D.2024.001"), format="MSEED", encoding="STEIM2")
    return folder


def _wave_train(n_samples: int) -> np.ndarray:
    t = np.arange(n_samples, dtype=np.float32) / RATE_HZ
    return np.exp(-t / 6) * np.sin(2 * np.pi * 4 * t)
