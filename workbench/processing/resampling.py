"""Another sampling rate, without aliasing, without filling gaps and with exact sample times."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import xarray as xr
from scipy import signal

from workbench.errors import SchemaError
from workbench.processing.large_arrays import nan_array
from workbench.schema import add_history, make_recording

__all__ = ["continuous_runs", "resample", "resample_run"]

_LANCZOS_WIDTH_SAMPLES = 20
_LARGEST_FACTOR = 1000
# Below this, in samples, a shift is rounding of the start time in a header.
_ON_GRID_SAMPLES = 0.01


def resample(recording: xr.Dataset, rate_hz: float) -> xr.Dataset:
    """The recording at another sampling rate; its first sample keeps its time, gaps stay gaps.

    Each run of samples between gaps is low-pass filtered below the lower Nyquist frequency (linear phase) and then
    resampled by itself.

    Parameters
    ----------
    rate_hz
        The rate wanted, above 0.

    Raises
    ------
    SchemaError
        If the rate is not a positive number.
    """
    if not (np.isfinite(rate_hz) and rate_hz > 0):
        raise SchemaError(f"A sampling rate is a positive number of Hz; this one is {rate_hz!r}.")
    rate_in_hz = float(recording.attrs["sampling_rate_hz"])
    if rate_in_hz == rate_hz:
        return recording
    waveform = recording["waveform"].values
    n_samples = max(1, int(np.floor((waveform.shape[-1] - 1) * rate_hz / rate_in_hz + 1e-6)) + 1)
    resampled = nan_array((*waveform.shape[:2], n_samples))
    for station, component in np.ndindex(*waveform.shape[:2]):
        for begin, end in continuous_runs(waveform[station, component]):
            run = waveform[station, component, begin:end]
            first = int(np.ceil(begin / rate_in_hz * rate_hz - 1e-6))
            samples = resample_run(run, rate_in_hz, rate_hz, first / rate_hz - begin / rate_in_hz)
            stop = min(n_samples, first + samples.size)
            resampled[station, component, first:stop] = samples[: stop - first]
    coords, attrs = recording.coords, recording.attrs
    made = make_recording(
        resampled,
        stations=list(coords["station"].values),
        components=list(coords["component"].values),
        start=coords["time"].values[0],
        sampling_rate_hz=rate_hz,
        recording_id=attrs["recording_id"],
        source=attrs["source"],
        latitude_deg=list(coords["latitude_deg"].values),
        longitude_deg=list(coords["longitude_deg"].values),
        elevation_m=list(coords["elevation_m"].values),
        native_sampling_rate_hz=list(coords["native_sampling_rate_hz"].values),
        channels=coords["channel"].values,
    ).assign_attrs({**attrs, "sampling_rate_hz": float(rate_hz)})
    return add_history(made, f"resampled from {rate_in_hz:g} to {rate_hz:g} Hz")


def continuous_runs(samples: np.ndarray) -> Iterator[tuple[int, int]]:
    """Begin and end (exclusive) of each run of samples without NaN.

    >>> list(continuous_runs(np.array([1.0, 2.0, np.nan, 3.0])))
    [(0, 2), (3, 4)]
    """
    valid = np.isfinite(samples)
    if valid.all():
        return iter([(0, samples.size)] if samples.size else [])
    edges = np.flatnonzero(np.diff(valid.astype(np.int8), prepend=0, append=0))
    return iter([(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)])


def resample_run(samples: np.ndarray, rate_in_hz: float, rate_hz: float, offset_s: float = 0.0) -> np.ndarray:
    """Samples without gaps at another rate, float32, the first one `offset_s` after the first one given.

    A rational ratio of rates goes through a polyphase filter; what remains, a shift by part of a sample or an odd
    ratio, through Lanczos interpolation (width 20 samples).

    Parameters
    ----------
    offset_s
        0 or more. Ends are extended by their first and last value, so that nothing rings there.
    """
    samples = np.asarray(samples, dtype=np.float32)
    if samples.size < 2:
        return samples if offset_s < 0.5 / rate_hz else samples[:0]
    n_out = int(np.floor(((samples.size - 1) / rate_in_hz - offset_s) * rate_hz + _ON_GRID_SAMPLES)) + 1
    if n_out < 1:
        return samples[:0]
    ratio = Fraction(rate_hz / rate_in_hz).limit_denominator(_LARGEST_FACTOR)
    drift = abs(float(ratio) * rate_in_hz / rate_hz - 1.0) * samples.size if ratio else np.inf
    if ratio != 1 and drift < _ON_GRID_SAMPLES and ratio.numerator <= _LARGEST_FACTOR:
        window = _interpolator(ratio.numerator) if ratio > 1 else ("kaiser", 5.0)
        up, down = ratio.numerator, ratio.denominator
        samples = signal.resample_poly(samples, up, down, window=window, padtype="line").astype(np.float32)
        rate_in_hz = rate_hz
    elif drift >= _ON_GRID_SAMPLES and rate_hz < 0.999 * rate_in_hz:
        samples = _low_passed(samples, rate_in_hz, 0.4 * rate_hz)
    return _interpolated(samples, rate_in_hz, rate_hz, offset_s, n_out)


def _interpolator(up: int) -> np.ndarray:
    """Scipy's filter for so many values in the place of one, but the given samples come through as they are.

    Scipy gives each of them a gain of its own near 1, which turns an offset into a tone at the former rate.
    """
    taps = signal.firwin(20 * up + 1, 1.0 / up, window=("kaiser", 5.0))
    for phase in range(up):
        taps[phase::up] /= up * taps[phase::up].sum()
    return np.asarray(taps)


def _low_passed(samples: np.ndarray, rate_in_hz: float, corner_hz: float) -> np.ndarray:
    sos = signal.cheby2(8, 60.0, min(corner_hz * 1.2, 0.499 * rate_in_hz), output="sos", fs=rate_in_hz)
    return signal.sosfiltfilt(sos, samples, padlen=min(samples.size - 1, 200)).astype(np.float32)


def _interpolated(samples: np.ndarray, rate_in_hz: float, rate_hz: float, offset_s: float, n_out: int) -> np.ndarray:
    shift = offset_s * rate_in_hz
    whole = round(shift)
    drift = abs(rate_in_hz / rate_hz - 1.0) * n_out
    if abs(shift - whole) <= _ON_GRID_SAMPLES and drift <= _ON_GRID_SAMPLES:
        return samples[whole : whole + n_out]
    pad = _LANCZOS_WIDTH_SAMPLES + 1
    padded = np.pad(samples, (pad, pad), mode="edge")
    if drift <= _ON_GRID_SAMPLES:
        begin = int(np.floor(shift))
        first = begin + pad + 1 - _LANCZOS_WIDTH_SAMPLES
        shifted = np.convolve(padded, _lanczos_shift(shift - begin), mode="valid")
        return shifted[first : first + n_out].astype(np.float32)
    from obspy.signal.interpolation import lanczos_interpolation

    found = lanczos_interpolation(
        padded.astype(np.float64),
        0.0,
        1.0,
        pad + shift,
        rate_in_hz / rate_hz,
        n_out,
        a=_LANCZOS_WIDTH_SAMPLES,
        window="lanczos",
    )
    return np.asarray(found, dtype=np.float32)


def _lanczos_shift(fraction: float) -> np.ndarray:
    """Filter that gives the values a fraction of a sample later; 2 x width taps, reversed for convolution."""
    taps = np.arange(1 - _LANCZOS_WIDTH_SAMPLES, _LANCZOS_WIDTH_SAMPLES + 1) - fraction
    kernel = np.sinc(taps) * np.sinc(taps / _LANCZOS_WIDTH_SAMPLES)
    # Divided by its sum so that an offset passes unchanged.
    return (kernel / kernel.sum())[::-1].astype(np.float32)
