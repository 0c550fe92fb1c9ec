"""Noise of made stations: coloured as between the quietest and the loudest places on Earth, or cut from recordings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import fft

from workbench.sources.synthetic.pulses import sensor_response

__all__ = ["BAND_HZ", "band_limited", "made_noise", "recorded_noise"]

BAND_HZ = (1.0, 20.0)
"""Where the signal-to-noise ratio is taken."""

# Peterson (1993): power of ground acceleration, dB relative to 1 (m/s^2)^2/Hz, at periods in seconds.
_QUIET_PERIOD_S = (0.02, 0.1, 0.17, 0.4, 0.8, 1.24, 2.4, 4.3, 5, 6, 10, 12, 15.6, 21.9, 31.6, 1000)
_QUIET_DB = (
    *(-168, -168, -166.7, -166.7, -169, -163.7, -148.6, -141.1),
    *(-141.1, -149, -163.8, -166.2, -162.1, -177.5, -185, -185),
)
_LOUD_PERIOD_S = (0.02, 0.1, 0.22, 0.32, 0.8, 3.8, 4.6, 6.3, 7.9, 15.4, 20, 1000)
_LOUD_DB = (-91.5, -91.5, -97.4, -110.5, -120, -98, -96.5, -101, -113.5, -120, -138.5, -126)


def made_noise(
    rng: np.random.Generator, level: np.ndarray, sensor_hz: np.ndarray, n_samples: int, rate_hz: float, bursts: float
) -> np.ndarray:
    """Ground velocity in m/s, shape (station, 3, sample): steady coloured noise, swelling a little, with bursts.

    Parameters
    ----------
    level
        By station: 0 is Peterson's low-noise model, 1 his high-noise model, in between by decibels.
    bursts
        How many knocks, steps or cars a station records in the window, on average: each on one station alone.
    """
    n_fast = fft.next_fast_len(n_samples, real=True)
    frequency = fft.rfftfreq(n_fast, 1 / rate_hz)
    density = _velocity_power(frequency, level) * np.abs(sensor_response(frequency, sensor_hz[:, None])) ** 2
    shape = (level.size, 3, frequency.size)
    random = rng.standard_normal((2, *shape), dtype=np.float32)
    spectrum = np.sqrt(density * rate_hz * n_fast / 4).astype(np.float32)[:, None] * (random[0] + 1j * random[1])
    noise = fft.irfft(spectrum, n=n_fast, axis=-1)[..., :n_samples]
    noise[:, 1:] *= rng.uniform(1.0, 2.0, (level.size, 1, 1)).astype(np.float32)
    time = np.arange(n_samples) / n_samples
    swell = 0.25 * np.sin(2 * np.pi * (rng.uniform(0.3, 3, (level.size, 1)) * time + rng.random((level.size, 1))))
    noise *= np.exp(swell).astype(np.float32)[:, None]
    loudness = band_limited(noise, rate_hz).std(axis=(1, 2))
    for _ in range(rng.poisson(bursts * level.size)):
        station = int(rng.integers(level.size))
        noise[station] += loudness[station] * _burst(rng, n_samples, rate_hz)
    return np.asarray(noise)


def recorded_noise(
    rng: np.random.Generator,
    recordings: Sequence[np.ndarray],
    level: np.ndarray,
    sensor_hz: np.ndarray,
    n_samples: int,
    rate_hz: float,
) -> np.ndarray:
    """As :func:`made_noise`, but cut at random from recordings, each of shape (3, sample); scaled to the level."""
    frequency = fft.rfftfreq(n_samples, 1 / rate_hz)
    density = _velocity_power(frequency, level) * np.abs(sensor_response(frequency, sensor_hz[:, None])) ** 2
    within = (frequency >= BAND_HZ[0]) & (frequency <= BAND_HZ[1])
    wanted = np.sqrt(density[:, within].sum(axis=-1) * rate_hz / n_samples)
    pieces = []
    for _ in level:
        recording = recordings[int(rng.integers(len(recordings)))]
        first = int(rng.integers(recording.shape[-1] - n_samples + 1))
        piece = recording[:, first : first + n_samples].astype(np.float64)
        pieces.append((piece - piece.mean(axis=-1, keepdims=True)) * rng.choice([-1.0, 1.0]))
    noise = np.stack(pieces)
    loudness = band_limited(noise, rate_hz).std(axis=(1, 2))
    scale = np.divide(wanted, loudness, out=np.zeros_like(wanted), where=loudness > 0)
    return np.asarray((noise * scale[:, None, None]).astype(np.float32))


def band_limited(samples: np.ndarray, rate_hz: float) -> np.ndarray:
    """What lies in `BAND_HZ`, last dimension time, cut in the spectrum."""
    n_fast = fft.next_fast_len(samples.shape[-1], real=True)
    spectrum = fft.rfft(samples, n=n_fast, axis=-1)
    frequency = fft.rfftfreq(n_fast, 1 / rate_hz)
    spectrum[..., (frequency < BAND_HZ[0]) | (frequency > BAND_HZ[1])] = 0
    return np.asarray(fft.irfft(spectrum, n=n_fast, axis=-1)[..., : samples.shape[-1]])


def _velocity_power(frequency_hz: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Power of ground velocity in (m/s)^2/Hz, shape (station, frequency)."""
    usable = np.maximum(frequency_hz, 0.03)
    quiet = np.interp(-np.log(usable), np.log(_QUIET_PERIOD_S), _QUIET_DB)
    loud = np.interp(-np.log(usable), np.log(_LOUD_PERIOD_S), _LOUD_DB)
    decibels = quiet + level[:, None] * (loud - quiet)
    power = 10 ** (decibels / 10) / (2 * np.pi * usable) ** 2
    return np.where(frequency_hz > 0, power, 0.0)


def _burst(rng: np.random.Generator, n_samples: int, rate_hz: float) -> np.ndarray:
    """Shape (3, sample), in units of the noise: rings at one frequency, begins sharply or swells."""
    since_s = (np.arange(n_samples) / rate_hz - rng.uniform(0, n_samples / rate_hz)) / np.exp(rng.uniform(-2, 1))
    sharp = rng.random() < 0.5
    envelope = np.where(since_s >= 0, np.exp(-np.maximum(since_s, 0)), 0.0) if sharp else np.exp(-0.5 * since_s**2)
    carrier = np.sin(2 * np.pi * rng.uniform(2, 0.35 * rate_hz) * np.arange(n_samples) / rate_hz)
    random = rng.standard_normal((3, n_samples)) * 0.5 + carrier * rng.uniform(0.3, 1, (3, 1))
    return np.asarray(rng.uniform(2, 12) * envelope * random, dtype=np.float32)
