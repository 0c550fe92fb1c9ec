"""What is wrong with the samples of a trace: standing still, clipped, no clearer than the noise, a copy of another."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import SourceError
from workbench.schema import Report, silent
from workbench.sources.base import Source
from workbench.sources.catalogued import read_part

__all__ = ["QUALITY_COLUMNS", "clipped_samples", "flat_share", "measure_traces", "onset_snr_db"]

QUALITY_COLUMNS = {
    "flat": "float64",
    "clipped": "float64",
    "measured_snr_db": "float64",
    "digest": "str",
    "refusal": "str",
}
"""Of the worst component: share that is missing or stands still, and clipped samples; ratio of signal to noise at the
onset (NaN without one); 16 digits that stand for the samples (empty if they are constant); why it cannot be read."""

_LONG_S = 600.0
_BEFORE_S = 20.0
_AFTER_S = 60.0
_STILL_S = 1.0
_COARSEST_STEPS = 20.0
_WINDOW_S = 5.0
_LEAST_NOISE_S = 1.0
_BEFORE_P_S = 0.2


def measure_traces(source: Source, traces: pd.DataFrame, report: Report = silent) -> pd.DataFrame:
    """One row per trace with :data:`QUALITY_COLUMNS`; waveforms are read one recording at a time.

    Of a recording longer than ten minutes, only what lies around the event's onsets is looked at.
    """
    rows: list[dict[str, object]] = [{} for _ in range(len(traces))]
    readable = traces.reset_index(drop=True)
    readable = readable[readable["has_waveform"]]
    for done, (_, part) in enumerate(readable.groupby(["recording_id", "event_id"], sort=False)):
        if done % 20 == 0:
            report(int(part.index[0]) / len(traces), f"waveform {int(part.index[0]) + 1:,} of {len(traces):,}")
        try:
            recording = _read(source, part)
        except SourceError as error:
            for row in part.index:
                rows[row] = {"refusal": " ".join(str(error).split())}
            continue
        late_s = (pd.Timestamp(recording["time"].values[0]) - part["start"].iloc[0]).total_seconds()
        # Where a start is not known, the source counts from 1970.
        late = 0.0 if np.isnan(late_s) else late_s * float(recording.attrs["sampling_rate_hz"])
        there = set(map(str, recording["station"].values))
        for row, station, p_sample, s_sample in part[["station", "p_sample", "s_sample"]].itertuples():
            if station in there:
                rows[row] = _measured(recording, station, p_sample - late, s_sample - late)
            else:
                rows[row] = {"flat": 1.0}
    blank = {"flat": np.nan, "clipped": np.nan, "measured_snr_db": np.nan, "digest": "", "refusal": ""}
    return pd.DataFrame([blank | row for row in rows], columns=list(QUALITY_COLUMNS)).astype(QUALITY_COLUMNS)


def _read(source: Source, part: pd.DataFrame) -> xr.Dataset:
    """The recording of some traces, or where it is long, what of it lies around their onsets."""
    first = part.iloc[0]
    rate = first["sampling_rate_hz"]
    onsets = part[["p_sample", "s_sample"]].to_numpy()
    onsets = onsets[np.isfinite(onsets)]
    if not onsets.size or not first["n_samples"] > _LONG_S * rate:
        return source.read(first["recording_id"])
    begin, end = onsets.min() / rate - _BEFORE_S, onsets.max() / rate + _AFTER_S
    times = [first["start"] + pd.Timedelta(seconds, "s") for seconds in (begin, end)]
    return read_part(source, first["recording_id"], *times)


def _measured(recording: xr.Dataset, station: str, p_sample: float, s_sample: float) -> dict[str, object]:
    rate = float(recording.attrs["sampling_rate_hz"])
    there = recording.sel(station=station)
    samples, channels = there["waveform"].values, there["channel"].values
    # A component that the station does not have is not dead; one with a code, and without a sample, is.
    has = np.isfinite(samples).any(axis=-1) | (channels != "")
    own = samples[has] if has.any() else samples
    moving = [trace for trace in own if not _is_constant(trace)]
    return {
        "flat": max(flat_share(trace, rate) for trace in own),
        "clipped": float(max((clipped_samples(trace) for trace in moving), default=0)),
        "measured_snr_db": onset_snr_db(np.stack(moving), p_sample, s_sample, rate) if moving else np.nan,
        "digest": hashlib.blake2b(own.tobytes(), digest_size=8).hexdigest() if moving else "",
    }


def _is_constant(trace: np.ndarray) -> bool:
    known = trace[np.isfinite(trace)]
    return known.size == 0 or bool((known == known[0]).all())


def flat_share(trace: np.ndarray, rate_hz: float) -> float:
    """Share of a trace that is missing, or has the same value for a second or more (padding, a dead sensor).

    >>> flat_share(np.r_[np.zeros(300), np.arange(100.0)], 100.0)
    0.7525
    """
    trace = np.where(np.isfinite(trace), trace, np.nan)
    same = (trace[1:] == trace[:-1]) | (np.isnan(trace[1:]) & np.isnan(trace[:-1]))
    edges = np.flatnonzero(np.diff(np.r_[False, same, False].astype(np.int8)))
    lengths = edges[1::2] - edges[::2] + 1
    still = int(lengths[lengths >= _STILL_S * rate_hz].sum())
    values = trace[edges[::2]] if len(edges) else trace[:0]
    # Missing samples count however short their gap is.
    counted = int(lengths[(lengths >= _STILL_S * rate_hz) & np.isnan(values)].sum())
    missing = int(np.isnan(trace).sum())
    return (still + missing - counted) / max(trace.size, 1)


def clipped_samples(trace: np.ndarray) -> int:
    """Samples that stand at the highest or the lowest value of a trace, two or more in a row.

    Where the trace moves in steps of more than a twentieth of its half range it is quantised so coarsely that flat tops
    mean nothing: the answer is 0. A clipped trace that was filtered afterwards has no flat tops left, and is not found.
    """
    known = trace[np.isfinite(trace)].astype(np.float64)
    if known.size < 2:
        return 0
    highest, lowest = known.max(), known.min()
    steps = np.abs(np.diff(known))
    steps = steps[steps > 0]
    if not steps.size or (highest - lowest) / 2 < _COARSEST_STEPS * steps.min():
        return 0
    tolerance = 1e-6 * max(abs(highest), abs(lowest))
    count = 0
    for extreme in (highest, lowest):
        there = np.abs(known - extreme) <= tolerance
        beside = np.r_[False, there[:-1]] | np.r_[there[1:], False]
        count += int((there & beside).sum())
    return count


def onset_snr_db(samples: np.ndarray, p_sample: float, s_sample: float, rate_hz: float) -> float:
    """Signal over noise in decibels, averaged over the components; NaN where either cannot be measured.

    As in STEAD (Mousavi et al., 2019): 95th percentiles of amplitudes in five seconds, after S (or P, where S is not
    known) and before P.

    Parameters
    ----------
    samples
        Shape (component, sample).
    """
    length = samples.shape[-1]
    onsets = [sample for sample in (p_sample, s_sample) if 0 <= sample < length]
    if not onsets:
        return float("nan")
    noise_end = int(max(min(onsets) - _BEFORE_P_S * rate_hz, 0))
    noise = samples[:, max(noise_end - int(_WINDOW_S * rate_hz), 0) : noise_end]
    begin = int(max(onsets))
    signal = samples[:, begin : begin + int(_WINDOW_S * rate_hz)]
    ratios = []
    for before, after in zip(noise, signal, strict=True):
        before, after = before[np.isfinite(before)], after[np.isfinite(after)]
        if before.size >= _LEAST_NOISE_S * rate_hz and after.size >= _LEAST_NOISE_S * rate_hz:
            level = before.mean()
            loud, quiet = (np.percentile(np.abs(part - level), 95) for part in (after, before))
            if loud > 0 and quiet > 0:
                ratios.append(20 * np.log10(loud / quiet))
    return float(np.mean(ratios)) if ratios else float("nan")
