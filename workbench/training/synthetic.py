"""Three-component seismograms of one station with onsets that are known exactly, for tests and for mixing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

__all__ = ["SyntheticEvent", "coloured_noise", "restless_noise", "synthetic_event", "tilt_spectrum"]


@dataclass(frozen=True)
class SyntheticEvent:
    """An event at one station.

    Parameters
    ----------
    samples
        Shape (3, sample), components Z, N, E, without noise; zero before the P onset. Largest value 1.
    p_sample, s_sample
        Onsets.
    """

    samples: np.ndarray
    p_sample: int
    s_sample: int


def synthetic_event(
    rng: np.random.Generator, *, n_samples: int = 6000, p_sample: int | None = None, rate_hz: float = 100.0
) -> SyntheticEvent:
    """An event with random distance, size, back-azimuth and coda.

    Each phase is a burst with a corner frequency and a path damping, under an envelope that rises within a few samples
    and decays as a coda; P moves along the ray, S across it. This is a caricature of the physics: it gives exact onsets
    and a plausible look, no amplitudes.

    Parameters
    ----------
    p_sample
        P onset; drawn from the first third if None.
    """
    p_onset = int(rng.integers(n_samples // 20, n_samples // 3)) if p_sample is None else p_sample
    travel_p_s = float(np.exp(rng.uniform(np.log(0.8), np.log(20.0))))
    s_onset = p_onset + max(int(0.73 * travel_p_s * rate_hz), 20)
    azimuth_rad, incidence_rad = rng.uniform(0, 2 * np.pi), np.deg2rad(rng.uniform(5, 60))
    ray = _direction(azimuth_rad, incidence_rad)
    across = np.cross(ray, rng.standard_normal(3))
    corner_hz = float(np.exp(rng.uniform(np.log(1.5), np.log(20.0))))
    samples = np.zeros((3, n_samples))
    for onset, axis, corner, strength, rise_s in (
        (p_onset, ray, corner_hz, rng.uniform(0.1, 0.8), 0.02),
        (s_onset, across / np.linalg.norm(across), corner_hz / 1.5, 1.0, 0.05),
    ):
        length = n_samples - onset
        if length > 0:
            decay_s = (0.5 + 0.3 * travel_p_s) * rng.uniform(0.5, 2.0)
            burst = _burst(rng, length, corner, travel_p_s, rise_s, decay_s, rate_hz)
            samples[:, onset:] += strength * axis[:, None] * burst
            # Scattering turns part of every phase into motion on all three components.
            scattered = np.stack([_burst(rng, length, corner, travel_p_s, 0.3, decay_s, rate_hz) for _ in range(3)])
            samples[:, onset:] += 0.35 * strength * scattered
    return SyntheticEvent((samples / np.abs(samples).max()).astype(np.float32), p_onset, s_onset)


def coloured_noise(rng: np.random.Generator, shape: tuple[int, ...], *, exponent: float | None = None) -> np.ndarray:
    """Noise whose amplitude spectrum falls as frequency to the power `-exponent`; standard deviation 1.

    Parameters
    ----------
    exponent
        0 is white; drawn between 0 and 1.5 if None.
    """
    power = rng.uniform(0, 1.5) if exponent is None else exponent
    spectrum = np.fft.rfft(rng.standard_normal(shape), axis=-1)
    frequency = np.arange(spectrum.shape[-1], dtype=float)
    frequency[0] = np.inf
    # Below 20 cycles a window the slope ends, for microseism would otherwise drown all else.
    noise = np.fft.irfft(spectrum * np.maximum(frequency, 20.0) ** -power, n=shape[-1], axis=-1)
    return (noise / noise.std(axis=-1, keepdims=True)).astype(np.float32)


def restless_noise(rng: np.random.Generator, shape: tuple[int, int], *, rate_hz: float = 100.0) -> np.ndarray:
    """Noise that is anything but stationary: swelling, humming, with bursts and spikes; standard deviation about 1.

    Two quiet stations do not show a network what else may be no earthquake: machines, footsteps, wind, ocean-bottom
    currents, digitiser glitches. Whether a burst looks like an arrival is for the teachers to say.
    """
    n_components, n_samples = shape
    time_s = np.arange(n_samples) / rate_hz
    noise = np.stack([coloured_noise(rng, (n_samples,)) for _ in range(n_components)]).astype(float)
    noise += rng.uniform(0, 1) * coloured_noise(rng, (n_samples,))
    if rng.random() < 0.35:
        # Currents and air pressure tilt a station: one horizontal motion, far above the vertical.
        azimuth_rad, tilt = rng.uniform(0, 2 * np.pi), coloured_noise(rng, (n_samples,))
        noise[1:] += 10 ** (rng.uniform(0, 25) / 20) * np.outer((np.cos(azimuth_rad), np.sin(azimuth_rad)), tilt)
    swell = coloured_noise(rng, (n_samples,), exponent=2.0)
    noise *= np.exp(rng.uniform(0, 0.8) * swell)
    gains = 10 ** (rng.normal(0, 6, (n_components, 1)) / 20)
    for _ in range(rng.poisson(0.5)):
        hum = np.sin(2 * np.pi * rng.uniform(1, 45) * time_s + rng.uniform(0, 2 * np.pi))
        noise += rng.uniform(0.2, 3) * rng.uniform(0, 1, (n_components, 1)) * hum
    for _ in range(rng.poisson(2.0)):
        since_s = (time_s - rng.uniform(0, time_s[-1])) / np.exp(rng.uniform(-3, 1.5))
        burst = tilt_spectrum(rng.standard_normal(shape), rng.uniform(-1, 1.5))
        if rng.random() < 0.5:
            envelope = np.exp(-0.5 * since_s**2)
        else:
            # A knock, or an animal at the sensor: a sharp onset and a decay like an arrival's, but one alone.
            envelope = np.where(since_s >= 0, np.exp(-np.maximum(since_s, 0)), 0.0)
            burst *= np.sin(2 * np.pi * rng.uniform(2, 30) * time_s) if rng.random() < 0.5 else 1.0
        noise += rng.uniform(1, 8) * rng.uniform(0, 1, (n_components, 1)) * burst / burst.std() * envelope
    for _ in range(rng.poisson(0.3)):
        noise[rng.integers(n_components), rng.integers(n_samples)] += rng.uniform(-30, 30)
    noise = gains * noise
    return (noise / noise.std()).astype(np.float32)


def tilt_spectrum(samples: np.ndarray, exponent: float) -> np.ndarray:
    """The samples, their amplitude spectrum times frequency to the power `-exponent`: another site's noise."""
    spectrum = np.fft.rfft(samples, axis=-1)
    frequency = np.maximum(np.arange(spectrum.shape[-1], dtype=float), 20.0)
    spectrum[..., 0] = 0
    return np.fft.irfft(spectrum * (frequency / 200.0) ** -exponent, n=samples.shape[-1], axis=-1).astype(np.float32)


def _direction(azimuth_rad: float, incidence_rad: float) -> np.ndarray:
    """Unit vector (Z, N, E) of a ray that comes up from that azimuth."""
    horizontal = np.sin(incidence_rad)
    return np.array(
        [np.cos(incidence_rad), -horizontal * np.cos(azimuth_rad), -horizontal * np.sin(azimuth_rad)], dtype=float
    )


def _burst(
    rng: np.random.Generator, length: int, corner_hz: float, travel_s: float, rise_s: float, decay_s: float, rate: float
) -> np.ndarray:
    """Filtered noise under a coda envelope, causal: nothing before the first sample."""
    time_s = np.arange(length) / rate
    envelope = (1 - np.exp(-time_s / rise_s)) * np.exp(-time_s / decay_s)
    # Two causal one-pole filters: the corner of the source, and the t* of the path (Q of 300) above it.
    path_hz = 300.0 / (np.pi * travel_s)
    burst = rng.standard_normal(length) * envelope
    for pole_hz in (corner_hz, min(path_hz, 0.45 * rate)):
        pole = np.exp(-2 * np.pi * pole_hz / rate)
        burst = lfilter([1 - pole], [1, -pole], burst)
    burst = lfilter([1, -1], [1, -np.exp(-2 * np.pi * 0.5 / rate)], burst)
    scale = np.abs(burst).max()
    return np.asarray(burst / scale if scale > 0 else burst)
