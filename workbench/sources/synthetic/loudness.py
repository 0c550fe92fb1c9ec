"""How far signals stand out of the noise, from 1 to 20 Hz."""

from __future__ import annotations

import numpy as np

from workbench.sources.synthetic.noise import band_limited

__all__ = ["decibels", "louder", "noise_power", "signal_power"]

_AFTER_S_S, _AFTER_P_S = 5.0, 2.0


def signal_power(velocity: np.ndarray, onset_sample: np.ndarray, rate_hz: float) -> np.ndarray:
    """Mean square of all components after P (2 s, or until S) and after S (5 s), shape (station, 2); NaN where none.

    Parameters
    ----------
    velocity
        Without noise, shape (station, 3, sample).
    onset_sample
        Of P and S, shape (station, 2).
    """
    n_samples = velocity.shape[-1]
    sums = np.zeros((velocity.shape[0], n_samples + 1))
    np.cumsum((band_limited(velocity, rate_hz).astype(float) ** 2).mean(axis=1), axis=-1, out=sums[:, 1:])
    seen = (onset_sample >= 0) & (onset_sample < n_samples)
    first = np.where(seen, onset_sample, 0).astype(int)
    last = np.minimum(first + np.round(np.array([_AFTER_P_S, _AFTER_S_S]) * rate_hz).astype(int), n_samples)
    last[:, 0] = np.where(seen[:, 1], np.minimum(last[:, 0], first[:, 1]), last[:, 0])
    last = np.maximum(last, first + 1)
    rows = np.arange(len(sums))[:, None]
    return np.where(seen, (sums[rows, last] - sums[rows, first]) / (last - first), np.nan)


def noise_power(noise: np.ndarray, rate_hz: float) -> np.ndarray:
    """Mean square of all components, by station."""
    return np.asarray((band_limited(noise, rate_hz).astype(float) ** 2).mean(axis=(1, 2)))


def decibels(signal: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Of a ratio of powers; infinite without noise, minus infinite without signal."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.isnan(signal), np.nan, 10 * np.log10(signal / noise))


def louder(signal: np.ndarray, noise: np.ndarray, wanted_db: float) -> float:
    """Factor on the noise's amplitude with which the median station has the wanted ratio; 1 if none sees a signal."""
    ratio = decibels(signal, noise)
    ratio = ratio[np.isfinite(ratio)]
    return float(10 ** ((np.median(ratio) - wanted_db) / 20)) if ratio.size else 1.0
