"""Butterworth filters for looking and picking; gaps stay gaps, and nothing is filtered above the Nyquist frequency."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy import signal

from workbench.errors import SchemaError, UnknownNameError
from workbench.processing.large_arrays import nan_array
from workbench.processing.resampling import continuous_runs
from workbench.schema import add_history

__all__ = ["FILTERS", "Filter", "apply_filter"]

# A corner this near to the Nyquist frequency makes the filter unstable; it is left out.
_HIGHEST_CORNER = 0.98


@dataclass(frozen=True)
class Filter:
    """A band of frequencies that is kept.

    Parameters
    ----------
    low_hz, high_hz
        Corners (-3 dB); 0 and infinity stand for none.
    order
        Of the Butterworth filter; a filter that is applied twice (zero phase) is twice as steep.

    Examples
    --------
    >>> Filter(2.0, 8.0).name, Filter(1.0).name, Filter(high_hz=5.0).name, Filter().name
    ('2–8 Hz', '>1 Hz', '<5 Hz', 'none')
    """

    low_hz: float = 0.0
    high_hz: float = math.inf
    order: int = 4

    def __post_init__(self) -> None:
        if not 0 <= self.low_hz < self.high_hz or self.order < 1:
            raise SchemaError(
                f"A filter's lower corner is at least 0 and below the upper one, its order at least 1; "
                f"these are {self.low_hz:g} and {self.high_hz:g} Hz, order {self.order}."
            )

    @property
    def name(self) -> str:
        """How it is called in lists and in a recording's history."""
        if self.low_hz and math.isfinite(self.high_hz):
            return f"{self.low_hz:g}–{self.high_hz:g} Hz"
        if self.low_hz:
            return f">{self.low_hz:g} Hz"
        return f"<{self.high_hz:g} Hz" if math.isfinite(self.high_hz) else "none"

    def sections(self, rate_hz: float) -> np.ndarray | None:
        """Second-order sections at a sampling rate; None if the whole band lies above Nyquist, or nothing is cut."""
        limit = _HIGHEST_CORNER * rate_hz / 2.0
        high = self.high_hz if self.high_hz < limit else None
        if self.low_hz >= limit or (not self.low_hz and high is None):
            return None
        if self.low_hz and high is not None:
            return signal.butter(self.order, (self.low_hz, high), "bandpass", fs=rate_hz, output="sos")
        if self.low_hz:
            return signal.butter(self.order, self.low_hz, "highpass", fs=rate_hz, output="sos")
        return signal.butter(self.order, high, "lowpass", fs=rate_hz, output="sos")


FILTERS: Mapping[str, Filter] = {
    each.name: each
    for each in (
        Filter(),
        Filter(1.0, 20.0),
        Filter(2.0, 8.0),
        Filter(0.5, 5.0),
        Filter(4.0, 12.0),
        Filter(5.0, 25.0),
        Filter(0.02, 0.1),
        Filter(1.0),
        Filter(5.0),
        Filter(high_hz=1.0),
    )
}
"""What a list offers; any other :class:`Filter` can be applied too."""


def apply_filter(recording: xr.Dataset, filter_or_name: Filter | str, *, zero_phase: bool = False) -> xr.Dataset:
    """The recording filtered; the one given is not changed.

    Each run of samples between gaps is freed of its mean and filtered by itself. A corner above the Nyquist frequency
    is left out, and a band that lies above it altogether is not applied; both are said in ``notices``.

    Parameters
    ----------
    zero_phase
        Forward and backward, which delays nothing but smears an onset to earlier times. The default is causal.

    Raises
    ------
    UnknownNameError
        If there is no filter of that name.
    """
    chosen = _found(filter_or_name) if isinstance(filter_or_name, str) else filter_or_name
    rate_hz = float(recording.attrs["sampling_rate_hz"])
    sections = chosen.sections(rate_hz)
    notice = _about_nyquist(chosen, rate_hz)
    if sections is None:
        return _noticed(recording, notice)
    waveform = recording["waveform"].values
    filtered = nan_array(waveform.shape)
    for station in range(waveform.shape[0]):
        _filter_rows(waveform[station], filtered[station], sections, zero_phase)
    changed = recording.assign(waveform=(recording["waveform"].dims, filtered))
    how = "zero phase" if zero_phase else "causal"
    return _noticed(add_history(changed, f"filtered {chosen.name} (Butterworth, order {chosen.order}, {how})"), notice)


def _found(name: str) -> Filter:
    if name not in FILTERS:
        raise UnknownNameError("filter", name, FILTERS)
    return FILTERS[name]


def _about_nyquist(chosen: Filter, rate_hz: float) -> str:
    limit = _HIGHEST_CORNER * rate_hz / 2.0
    if chosen.low_hz >= limit:
        return f"The filter {chosen.name} lies above half the sampling rate ({rate_hz / 2:g} Hz); it is not applied."
    if limit <= chosen.high_hz < math.inf:
        reached = f"reaches half the sampling rate ({rate_hz / 2:g} Hz)"
        return f"The upper corner of the filter {chosen.name} {reached}; it is left out."
    return ""


def _noticed(recording: xr.Dataset, notice: str) -> xr.Dataset:
    if not notice:
        return recording
    lines = [line for line in (recording.attrs["notices"], notice) if line]
    return recording.assign_attrs(notices="\n".join(lines))


def _filter_rows(rows: np.ndarray, out: np.ndarray, sections: np.ndarray, zero_phase: bool) -> None:
    """Filter the rows of one station into `out`: those without gaps together, the others run by run."""
    whole = np.isfinite(rows).all(axis=-1)
    if whole.all():
        out[:] = _filtered(rows, sections, zero_phase)
        return
    if whole.any():
        out[whole] = _filtered(rows[whole], sections, zero_phase)
    for index in np.flatnonzero(~whole):
        for begin, end in continuous_runs(rows[index]):
            out[index, begin:end] = _filtered(rows[index, begin:end], sections, zero_phase)


def _filtered(samples: np.ndarray, sections: np.ndarray, zero_phase: bool) -> np.ndarray:
    demeaned = samples - samples.mean(axis=-1, keepdims=True, dtype=np.float64)
    if zero_phase:
        pad = min(demeaned.shape[-1] - 1, 3 * (2 * len(sections) + 1) * 10)
        return signal.sosfiltfilt(sections, demeaned, axis=-1, padlen=pad)
    # In the state as if the first sample had always been there, so that the filter does not ring at the start.
    rest = signal.sosfilt_zi(sections)
    shape = (len(sections), *[1] * (samples.ndim - 1), 2)
    state = rest.reshape(shape) * demeaned[..., :1][np.newaxis]
    return signal.sosfilt(sections, demeaned, axis=-1, zi=state)[0]
