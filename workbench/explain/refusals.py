"""Why a picker says nothing of a time: a gap, the edges that it leaves out, or nothing to read at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
import xarray as xr

from workbench.errors import PickerError
from workbench.pickers.segments import finite_runs
from workbench.schema import PickerCard

if TYPE_CHECKING:
    from workbench.explain.window import Window
    from workbench.pickers.windows import Reading

__all__ = ["refuse_onnx", "require_samples", "why_not"]

_SPANS_TOLD = 3
"""Of the stretches with samples, those nearest to what was asked: a day may have hundreds."""


def refuse_onnx(weights: str) -> None:
    """Refuse a file that only runs forward.

    Raises
    ------
    PickerError
        If the weights are an ONNX file; says which to name instead.
    """
    if weights.lower().endswith(".onnx"):
        raise PickerError(
            f"{weights} is an ONNX file: it runs forward only and has no gradients to explain. Name the weights that "
            "it was made from: one of XiaoNet's own, or the .safetensors file of a training run."
        )


def require_samples(recording: xr.Dataset, station: str, time: pd.Timestamp, origin: pd.Timestamp) -> None:
    """Refuse a time in a gap: some pickers read across one, and none says anything in it.

    Parameters
    ----------
    origin
        Time of the recording's first sample.

    Raises
    ------
    PickerError
        If the station has no sample at that time; says where it has some.
    """
    row = [str(name) for name in recording["station"].values].index(station)
    nearest = round((time - origin).total_seconds() * float(recording.attrs["sampling_rate_hz"]))
    if not np.isfinite(recording["waveform"].values[row, :, nearest]).any() and (spans := _sampled(recording, row)):
        raise PickerError(_in_gap(station, time, spans))


def why_not(
    recording: xr.Dataset,
    card: PickerCard,
    reading: Reading,
    station: str,
    time: pd.Timestamp,
    phase: str,
    window: Window | None,
) -> str:
    """Why a picker says nothing of a time, in words, with what can be explained instead."""
    if not reading.pieces:
        return f"{card.title} finds nothing to read at {station}. {' '.join(reading.notices[:3])}"
    row = [str(name) for name in recording["station"].values].index(station)
    spans = _sampled(recording, row)
    around = next((span for span in spans if span[0] <= time <= span[1]), None)
    if around is None:
        return _in_gap(station, time, spans)
    lead_s, tail_s = _left_out(reading, phase, window)
    return (
        f"{card.title} says nothing at {_day_and_clock(time)}: it leaves out the first {lead_s:.2f} s and the last "
        f"{tail_s:.2f} s of what it reads, here {_clock(around[0])} to {_clock(around[1])}. Choose a time between."
    )


def _sampled(recording: xr.Dataset, row: int) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """First and last time of each stretch in which a station has samples on any component."""
    there = np.isfinite(recording["waveform"].values[row]).any(axis=0)
    times = recording["time"].values
    return [(pd.Timestamp(times[first]), pd.Timestamp(times[stop - 1])) for first, stop in finite_runs(there)]


def _in_gap(station: str, time: pd.Timestamp, spans: Sequence[tuple[pd.Timestamp, pd.Timestamp]]) -> str:
    nearest = sorted(spans, key=lambda span: max(span[0] - time, time - span[1]))[:_SPANS_TOLD]
    has = ", ".join(f"{_clock(first)} to {_clock(stop)}" for first, stop in sorted(nearest))
    more = f", and in {len(spans) - len(nearest)} more" if len(spans) > len(nearest) else ""
    return (
        f"{_day_and_clock(time)} lies in a gap of {station}, which has samples from {has}{more}; "
        "choose a time in one of these."
    )


def _day_and_clock(time: pd.Timestamp) -> str:
    return f"{time:%Y-%m-%d} {_clock(time)}"


def _clock(time: pd.Timestamp) -> str:
    """To the millisecond."""
    return f"{time:%H:%M:%S.%f}"[:-3]


def _left_out(reading: Reading, phase: str, window: Window | None) -> tuple[float, float]:
    """Seconds at the start and the end of a stretch of samples for which a picker says nothing."""
    length_s = reading.plan.window_samples / reading.rate_hz
    if not reading.plan.stacking:
        lead_s = reading.output_s.get(phase, 0.0)
        return lead_s, length_s - lead_s
    if reading.used is not None:
        return reading.used[0] / reading.rate_hz, length_s - reading.used[1] / reading.rate_hz
    if window is None:
        return 0.0, 0.0
    finite = torch.isfinite(window.outputs).any(dim=-1).nonzero().flatten()
    lead, tail = (int(finite[0]), len(window.outputs) - 1 - int(finite[-1])) if finite.numel() else (0, 0)
    return lead / window.output_rate_hz, tail / window.output_rate_hz
