"""Stretches of a trace without gaps, band-passed, for pickers that work on one trace."""

from __future__ import annotations

from functools import cache

import numpy as np
import xarray as xr
from scipy.signal import butter, sosfilt, sosfilt_zi

__all__ = [
    "band_pass",
    "finite_runs",
    "holds_samples",
    "is_dead",
    "library_versions",
    "trace_of",
    "vertical_trace",
    "what_is_finite",
]


_SETTLING_PERIODS = 3

_LOOK_SAMPLES = 4096
"""At the start of a trace: nearly always enough to see that it is alive, and a day of it is long."""


def finite_runs(finite: np.ndarray) -> list[tuple[int, int]]:
    """First index and the index after the last of each stretch of True.

    >>> finite_runs(np.array([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    if finite.all():
        return [(0, finite.size)] if finite.size else []
    edges = (np.flatnonzero(finite[1:] != finite[:-1]) + 1).tolist()
    if finite[0]:
        edges.insert(0, 0)
    if finite[-1]:
        edges.append(finite.size)
    return list(zip(edges[::2], edges[1::2], strict=True))


def what_is_finite(samples: np.ndarray) -> np.ndarray:
    """Whether each sample is there, not to be written to; of a trace without gaps it takes no memory."""
    with np.errstate(over="ignore", invalid="ignore"):
        is_whole = np.isfinite(samples.sum())
    return np.broadcast_to(np.True_, samples.shape) if is_whole else np.isfinite(samples)


def is_dead(samples: np.ndarray) -> bool:
    """Whether a trace holds nothing but gaps, or one value throughout."""
    for part in (samples[:_LOOK_SAMPLES], samples):
        finite = part[np.isfinite(part)]
        if finite.size and finite.min() != finite.max():
            return False
    return True


def holds_samples(samples: np.ndarray) -> bool:
    """Whether a trace holds anything but gaps."""
    return bool(np.isfinite(samples[:_LOOK_SAMPLES]).any() or np.isfinite(samples).any())


def trace_of(recording: xr.Dataset, station: str, component: str) -> np.ndarray | None:
    """Samples of one component of a station; None if there is no such component, or it is dead.

    Components 1 and 2 stand in for N and E, as everywhere in the workbench.
    """
    stand_in = {"N": "1", "E": "2", "1": "N", "2": "E"}
    present = [str(letter) for letter in recording["component"].values]
    for letter in (component, stand_in.get(component, "")):
        if letter in present:
            samples = recording["waveform"].sel(station=station, component=letter).values
            if not is_dead(samples):
                return np.asarray(samples)
    return None


def band_pass(samples: np.ndarray, rate_hz: float, low_hz: float, high_hz: float, order: int = 4) -> np.ndarray:
    """The samples, demeaned and causally band-passed, as float64; no start-up transient, no NaN allowed.

    Causal, because a zero-phase filter smears energy ahead of the onset that is to be picked. Where `high_hz` lies
    above 0.9 of the Nyquist frequency, only the high-pass is applied.
    """
    nyquist_hz = rate_hz / 2
    samples = np.asarray(samples, dtype=np.float64)
    if high_hz < 0.9 * nyquist_hz:
        sections = butter(order, [low_hz, high_hz], "bandpass", fs=rate_hz, output="sos")
    else:
        sections = butter(order, min(low_hz, 0.5 * nyquist_hz), "highpass", fs=rate_hz, output="sos")
    # Turned about its first sample and set before it, the start lets the filter settle on the trace's own slope.
    lead = 2 * samples[0] - samples[1 : 1 + round(_SETTLING_PERIODS * rate_hz / low_hz)][::-1]
    extended = np.concatenate([lead, samples])
    filtered, _ = sosfilt(sections, extended, zi=sosfilt_zi(sections) * extended[0])
    return np.asarray(filtered[lead.size :])


def library_versions(*names: str) -> dict[str, str]:
    """Library name to version, of the workbench, numpy and those named."""
    import workbench

    return {"workbench": workbench.__version__, **{name: _version(name) for name in ("numpy", *names)}}


@cache
def _version(name: str) -> str:
    # Kept: reading it takes as long as an hour of data through a small network.
    from importlib.metadata import version

    return version(name)


def vertical_trace(recording: xr.Dataset, station: str) -> tuple[np.ndarray | None, list[str]]:
    """The vertical trace, or the first other one that is alive, and a sentence if it is not the vertical."""
    for component in ("Z", *(str(letter) for letter in recording["component"].values if letter != "Z")):
        samples = trace_of(recording, station, component)
        if samples is not None:
            return samples, [] if component == "Z" else [f"no vertical component, {component} used instead."]
    return None, ["no trace to work on: all components are empty or constant."]
