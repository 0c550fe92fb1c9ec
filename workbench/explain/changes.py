"""``Changes``: what is done to a copy of a recording to see what a picker makes of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import SchemaError
from workbench.processing.filtering import Filter, apply_filter
from workbench.schema import add_history

__all__ = ["Changes", "Interval", "Mute", "changed"]

Interval: TypeAlias = tuple[pd.Timestamp, pd.Timestamp]
"""First and last time, UTC."""

_MUTE_TAPER_S = 0.05
"""At both ends of what is muted: a step would look like an onset of its own."""


@dataclass(frozen=True)
class Mute:
    """A part of the traces that is made silent.

    Parameters
    ----------
    start, end
        Times, UTC.
    components
        Letters of the components; empty for all.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    components: str = ""


@dataclass(frozen=True)
class Changes:
    """What is changed, in this order, which is that of nature: ground, instrument, telemetry, analyst.

    Parameters
    ----------
    swap
        Two letters of components that are exchanged, or empty.
    flip
        Letters of components whose polarity is turned.
    snr_db
        Ratio of the signal to white noise that is added; infinite for none.
    signal
        Interval whose root mean square is the signal; None for the whole recording.
    clip
        Share of each trace's largest amplitude, above 0 and at most 1, beyond which it is cut off.
    gaps
        Intervals without samples.
    filter
        As for :func:`~workbench.processing.filtering.apply_filter`.
    mute
        Parts that are made silent.
    drop
        Letters of components that are missing.
    shift_s
        Seconds by which the picker's window begins later: no sample changes, only where they are cut.
    seed
        Of the noise: the same seed and recording give the same noise, louder or quieter.

    Examples
    --------
    >>> Changes().nothing, Changes(flip="Z").nothing
    (True, False)
    """

    swap: str = ""
    flip: str = ""
    snr_db: float = math.inf
    signal: Interval | None = None
    clip: float = 1.0
    gaps: tuple[Interval, ...] = ()
    filter: Filter | str = "none"
    mute: tuple[Mute, ...] = ()
    drop: str = ""
    shift_s: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.swap) not in (0, 2) or len(set(self.swap)) != len(self.swap):
            raise SchemaError(f"Two different components can be swapped; these are {self.swap!r}.")
        if not 0 < self.clip <= 1:
            raise SchemaError(f"Traces are clipped at a share above 0 and up to 1; this is {self.clip:g}.")
        if not math.isfinite(self.shift_s):
            raise SchemaError(f"A window is shifted by a number of seconds; this is {self.shift_s:g}.")
        if math.isnan(self.snr_db):
            raise SchemaError("The ratio of signal to noise is a number of dB, or infinite; this is NaN.")
        for start, end in (*self.gaps, *((part.start, part.end) for part in self.mute)):
            if not pd.Timestamp(start) < pd.Timestamp(end):
                raise SchemaError(f"A gap or a muted part ends after it begins; this runs from {start} to {end}.")

    @property
    def nothing(self) -> bool:
        """Whether all stays as it is."""
        return replace(self, seed=0, signal=None) == Changes()


def changed(recording: xr.Dataset, changes: Changes) -> xr.Dataset:
    """The recording with the changes, each with a line in its history; the one given is not changed.

    Raises
    ------
    SchemaError
        If it has no such component.
    """
    letters = [str(letter) for letter in recording["component"].values]
    named = changes.swap + changes.flip + changes.drop + "".join(part.components for part in changes.mute)
    strange = sorted(set(named) - set(letters))
    if strange:
        raise SchemaError(f"The recording has no component {strange[0]!r}; it has {', '.join(letters)}.")
    if changes.nothing:
        return recording
    waveform = recording["waveform"].values.copy()
    steps = _at_the_instrument(waveform, letters, recording["time"].values, changes)
    made = recording.assign(waveform=(recording["waveform"].dims, waveform))
    for step in steps:
        made = add_history(made, step)
    if changes.filter != "none":
        made = apply_filter(made, changes.filter)
    return _by_the_analyst(made, letters, changes)


def _at_the_instrument(waveform: np.ndarray, letters: list[str], times: np.ndarray, changes: Changes) -> list[str]:
    """Change the samples (station, component, time) in place; says what was done."""
    steps = []
    if changes.swap:
        one, two = (letters.index(letter) for letter in changes.swap)
        waveform[:, [one, two]] = waveform[:, [two, one]]
        steps.append(f"what if: {changes.swap[0]} and {changes.swap[1]} swapped")
    if changes.flip:
        waveform[:, [letters.index(letter) for letter in changes.flip]] *= -1
        steps.append(f"what if: {', '.join(changes.flip)} flipped")
    if math.isfinite(changes.snr_db):
        _add_noise(waveform, times, changes)
        steps.append(f"what if: white noise added, signal to noise {changes.snr_db:g} dB")
    if changes.clip < 1:
        middle, largest = _middle_and_largest(waveform)
        np.clip(waveform, middle - changes.clip * largest, middle + changes.clip * largest, out=waveform)
        steps.append(f"what if: clipped at {changes.clip:.0%} of the largest amplitude")
    for start, end in changes.gaps:
        waveform[..., _within(times, start, end)] = np.nan
        steps.append(f"what if: gap from {pd.Timestamp(start)} to {pd.Timestamp(end)}")
    return steps


def _add_noise(waveform: np.ndarray, times: np.ndarray, changes: Changes) -> None:
    """As loud on every component of a station, as instruments' noise is."""
    of_signal = slice(None) if changes.signal is None else _within(times, *changes.signal)
    signal = waveform[..., of_signal]
    if signal.shape[-1] == 0 or not np.isfinite(signal).any():
        raise SchemaError("No sample lies in the interval whose signal the noise is to be measured by.")
    power = _mean(np.square(signal - _mean(waveform)))
    n_alive = np.isfinite(signal).any(axis=-1, keepdims=True).sum(axis=1, keepdims=True)
    level = np.sqrt(power.sum(axis=1, keepdims=True) / np.maximum(1, n_alive))
    noise = np.random.default_rng(changes.seed).standard_normal(waveform.shape, dtype=np.float32)
    waveform += (level * 10 ** (-changes.snr_db / 20) * noise).astype(np.float32)


def _mean(waveform: np.ndarray) -> np.ndarray:
    """Of each trace, over what is there, shape (station, component, 1); 0 where nothing is."""
    there = np.isfinite(waveform)
    total = np.where(there, waveform, 0.0).sum(axis=-1, keepdims=True, dtype=np.float64)
    return total / np.maximum(1, there.sum(axis=-1, keepdims=True))


def _middle_and_largest(waveform: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle = _mean(waveform)
    largest = np.nan_to_num(np.abs(waveform - middle)).max(axis=-1, keepdims=True)
    return middle.astype(np.float32), largest.astype(np.float32)


def _within(times: np.ndarray, start: pd.Timestamp, end: pd.Timestamp) -> slice:
    first = np.searchsorted(times, pd.Timestamp(start).to_datetime64(), side="left")
    stop = np.searchsorted(times, pd.Timestamp(end).to_datetime64(), side="right")
    return slice(int(first), int(stop))


def _by_the_analyst(recording: xr.Dataset, letters: Sequence[str], changes: Changes) -> xr.Dataset:
    if not changes.mute and not changes.drop:
        return recording
    waveform = recording["waveform"].values.copy()
    rate_hz = float(recording.attrs["sampling_rate_hz"])
    steps = []
    for part in changes.mute:
        rows = [letters.index(letter) for letter in part.components] or list(range(len(letters)))
        where = _within(recording["time"].values, part.start, part.end)
        _silence(waveform, rows, where, rate_hz)
        steps.append(f"what if: {part.components or 'all'} muted from {part.start} to {part.end}")
    if changes.drop:
        waveform[:, [letters.index(letter) for letter in changes.drop]] = np.nan
        steps.append(f"what if: {', '.join(changes.drop)} missing")
    made = recording.assign(waveform=(recording["waveform"].dims, waveform))
    for step in steps:
        made = add_history(made, step)
    return made


def _silence(waveform: np.ndarray, rows: list[int], where: slice, rate_hz: float) -> None:
    """Bring a part to the mean of its trace, by a short slope at both ends."""
    n_samples = where.stop - where.start
    if n_samples < 1:
        return
    n_slope = min(round(_MUTE_TAPER_S * rate_hz), n_samples // 4)
    kept = np.zeros(n_samples)
    kept[:n_slope] = 0.5 * (1 + np.cos(np.pi * (np.arange(n_slope) + 0.5) / max(1, n_slope)))
    kept[n_samples - n_slope :] = kept[:n_slope][::-1]
    middle = _mean(waveform)[:, rows]
    waveform[:, rows, where] = middle + (waveform[:, rows, where] - middle) * kept
