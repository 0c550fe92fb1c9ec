"""Power over time and frequency."""

from __future__ import annotations

import numpy as np
from scipy import signal

__all__ = ["spectrogram"]

_FAINTEST = 1e-20
# Windows at a time, so that a day takes little memory.
_CHUNK = 8192


def spectrogram(
    samples: np.ndarray, rate_hz: float, *, window_s: float = 1.0, overlap: float = 0.8, most_columns: int = 2000
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times of columns (s from the first sample), frequencies (Hz) and power in dB, shape (frequency, time), float32.

    Power is the spectral density in decibels relative to one unit of the trace squared per Hz. Columns that touch a gap
    are NaN.

    Parameters
    ----------
    samples
        Of one trace; NaN where there is a gap.
    window_s
        Length of a column's Hann window; shortened for a trace that is shorter.
    overlap
        Part of a window that it shares with the next one, 0 to below 1.
    most_columns
        What a screen can show. Where there would be more, windows do not overlap, and the power of neighbouring ones is
        averaged.
    """
    samples = np.asarray(samples, dtype=np.float32)
    missing = ~np.isfinite(samples)
    n_window = int(min(samples.size, max(8, round(window_s * rate_hz))))
    step = max(1, round(n_window * (1.0 - overlap)))
    if samples.size / step > most_columns:
        step = n_window
    starts = np.arange(0, samples.size - n_window + 1, step)
    windows = np.lib.stride_tricks.sliding_window_view(np.where(missing, np.float32(0.0), samples), n_window)
    power = np.concatenate(
        [_power(windows[part], rate_hz) for part in np.array_split(starts, 1 + len(starts) // _CHUNK)]
    )
    touched = np.concatenate(([0], np.cumsum(missing)))
    power[touched[starts + n_window] > touched[starts]] = np.nan
    times_s = (starts + (n_window - 1) / 2.0) / rate_hz
    together = -(-len(starts) // most_columns)
    if together > 1:
        times_s, power = _averaged(times_s, together), _averaged(power, together)
    level = 10.0 * np.log10(np.maximum(power, _FAINTEST)).T
    return times_s, np.fft.rfftfreq(n_window, 1.0 / rate_hz), level.astype(np.float32)


def _power(windows: np.ndarray, rate_hz: float) -> np.ndarray:
    return signal.periodogram(windows, fs=rate_hz, window="hann", detrend="constant", axis=-1)[1]


def _averaged(rows: np.ndarray, together: int) -> np.ndarray:
    """Means of so many neighbouring rows; the last few may be fewer."""
    edges = np.arange(0, len(rows), together)
    counts = np.diff(np.append(edges, len(rows)))
    return (np.add.reduceat(rows, edges, axis=0).T / counts).T
