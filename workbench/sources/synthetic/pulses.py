"""What one wave looks like at a station: Brune's source, damped on the path and under the station, seen by a sensor."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import fft

__all__ = ["QUARTERS", "pulses", "sensor_response"]

QUARTERS = 4
"""Pulses are made at four times the sampling rate, so that an onset can lie between samples."""

_LENGTH_S = 10.24
_VISIBLE = 0.01


def pulses(
    corner_hz: np.ndarray,
    travel_over_q_s: np.ndarray,
    kappa_s: np.ndarray,
    sensor_hz: np.ndarray,
    quarters: np.ndarray,
    *,
    sampling_rate_hz: float,
    q_exponent: float,
) -> np.ndarray:
    """Ground velocity of waves whose displacement has a spectrum of height 1 at low frequencies, shape (wave, sample).

    The spectrum is that of Brune (1970) times exp(-pi f (t / Q + kappa)), where Q grows as f to the power
    `q_exponent`; the damping has the least delay that causality allows. A pulse starts where it first reaches 1 % of
    its peak: that is the onset, and nothing is before it.

    Parameters
    ----------
    corner_hz, travel_over_q_s, kappa_s
        Of each wave: corner frequency, travel time over Q at 1 Hz, and damping under the station.
    sensor_hz
        Corner of the sensor; 0 stands for one that sees all.
    quarters
        By how many quarters of a sample the onset lies after the first sample, 0 to 4.
    """
    n_fine = fft.next_fast_len(int(_LENGTH_S * sampling_rate_hz) * QUARTERS, real=True)
    rate = sampling_rate_hz * QUARTERS
    frequency = fft.rfftfreq(n_fine, 1 / rate)
    damping = travel_over_q_s[:, None] * _damping(n_fine, rate, q_exponent)
    damping = damping + kappa_s[:, None] * _damping(n_fine, rate, 0.0)
    spectrum = 2j * np.pi * frequency * np.exp(damping) / (1 + 1j * frequency / corner_hz[:, None]) ** 2
    fine = fft.irfft(spectrum * sensor_response(frequency, sensor_hz[:, None]), n=n_fine, axis=-1) * rate
    magnitude = np.abs(fine)
    onset = np.argmax(magnitude > _VISIBLE * magnitude.max(axis=-1, keepdims=True), axis=-1)
    # The last quarter of the window may hold what wrapped around; the pulse has died before it.
    wanted = QUARTERS * np.arange(3 * n_fine // QUARTERS // 4) - quarters[:, None]
    taken = np.take_along_axis(fine, np.minimum(onset[:, None] + np.maximum(wanted, 0), n_fine - 1), axis=-1)
    return np.where(wanted < 0, 0.0, taken)


def sensor_response(frequency_hz: np.ndarray, corner_hz: np.ndarray) -> np.ndarray:
    """Of a seismometer damped at 0.707, to velocity; 1 where its corner is 0."""
    ratio = np.asarray(corner_hz) / np.maximum(frequency_hz, 1e-9)
    return np.where(np.asarray(corner_hz) > 0, 1 / (1 - ratio**2 - 1.414j * ratio), 1.0)


@lru_cache(maxsize=16)
def _damping(n_samples: int, rate_hz: float, q_exponent: float) -> np.ndarray:
    """Logarithm of the damping for a time over Q of 1 s: -pi f^(1 - exponent), with the phase of least delay.

    The phase follows from the amplitude by folding the cepstrum (Oppenheim and Schafer, 1989, chapter 12).
    """
    frequency = fft.rfftfreq(n_samples, 1 / rate_hz)
    cepstrum = fft.irfft(-np.pi * frequency ** (1 - q_exponent), n=n_samples)
    cepstrum[1 : (n_samples + 1) // 2] *= 2
    cepstrum[n_samples // 2 + 1 :] = 0
    return np.asarray(fft.rfft(cepstrum))
