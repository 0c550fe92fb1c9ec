"""What a picker makes of a changed copy of the input, and of a window that begins earlier or later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import PickerError
from workbench.explain.changes import Changes, Interval, Mute, changed
from workbench.explain.memory import memory_in_words
from workbench.explain.window import Window, open_window, require_station
from workbench.pickers import Picker, open_picker
from workbench.schema import Report, check_recording, make_annotations, one_station, silent

__all__ = ["OFFSETS_S", "Changes", "Interval", "Mute", "Tried", "changed", "shift_strip", "what_if"]

OFFSETS_S = tuple(round(-2.0 + 0.1 * number, 1) for number in range(41))
"""Of the stability strip: two seconds to both sides."""

_SIGNAL_S = 2.0
"""After the time that is asked about: its loudness is what noise is measured by, where nothing else is said."""

_PICK_WITHIN_S = 2.0
"""A peak farther from the time is another onset's."""

_SETTLE_S = 20.0
"""Before and after what the picker reads, so that a filter has settled."""

_ONE_THING = (
    "{title} says one thing for a whole window: its curve already is what it says wherever its window begins, and "
    "there is nothing to shift."
)


@dataclass(frozen=True)
class Tried:
    """What came of changes.

    Parameters
    ----------
    recording
        The changed samples of the station, over the window.
    annotations
        The picker's curves of them, over the window.
    pick_time, probability
        Where the phase's curve is highest within two seconds of the time that was asked about, and how high; NaT and
        NaN where it says nothing.
    window_start
        Of the window, if it was shifted; None where it is the picker's own.
    """

    recording: xr.Dataset
    annotations: xr.Dataset
    pick_time: pd.Timestamp
    probability: float
    window_start: pd.Timestamp | None = None


@memory_in_words("try these changes")
def what_if(
    recording: xr.Dataset,
    picker: str | Picker,
    weights: str = "",
    changes: Changes = Changes(),  # noqa: B008 - frozen
    *,
    station: str = "",
    phase: str,
    time: pd.Timestamp | str,
    window_start: pd.Timestamp | None = None,
    report: Report = silent,
) -> Tried:
    """What a picker says of a changed copy of the window around a time; the recording is not changed.

    Without changes, the curves are those of the whole recording. What the picker reads of its neighbourhood is changed
    as well.

    Parameters
    ----------
    picker, weights, station, phase, time, window_start
        As for :func:`workbench.explain.run.explain`, which takes the same window.
    changes
        Of which noise, if its signal is not given, is measured by the two seconds after the time. Of a window that is
        shifted, the curves are what is said of it alone, not the mean with those that overlap it.

    Raises
    ------
    PickerError
        If the picker says nothing at that time of the recording as it is.
    """
    report(0.0, "opening the picker")
    opened = open_picker(picker, weights) if isinstance(picker, str) else picker
    recording, time = check_recording(recording), pd.Timestamp(time)
    name = require_station(recording, station)
    window = open_window(recording, opened, name, time, phase, window_start)
    if changes.signal is None:
        changes = replace(changes, signal=(time, time + pd.Timedelta(_SIGNAL_S, "s")))
    one = one_station(recording, name)
    span = _span(one, window)
    made = changed(_cut(one, _widened(span, _SETTLE_S)), changes)
    if changes.shift_s:
        return _shifted(made, opened, phase, time, window.start + pd.Timedelta(round(changes.shift_s * 1e9), "ns"))
    curves = opened.annotate(_cut(made, span), report)
    inside = (window.start, window.start + pd.Timedelta(window.seconds, "s"))
    curves = curves.sel(time=slice(*inside))
    at, probability = _peak(curves, phase, time)
    return Tried(_cut(made, inside), curves, at, probability)


def _shifted(made: xr.Dataset, opened: Picker, phase: str, time: pd.Timestamp, start: pd.Timestamp) -> Tried:
    """What is said of one window that begins at a given time."""
    station = str(made["station"].values[0])
    window = open_window(made, opened, station, time, phase, start)
    if window.outputs.shape[0] == 1:
        raise PickerError(_ONE_THING.format(title=opened.card.title))
    curves = _window_curves(window, opened, made)
    at, probability = _peak(curves, phase, time)
    inside = (window.start, window.start + pd.Timedelta(window.seconds, "s"))
    return Tried(_cut(made, inside), curves, at, probability, window.start)


def _window_curves(window: Window, opened: Picker, made: xr.Dataset) -> xr.Dataset:
    """Annotations of one window: each phase's outputs at their times."""
    phases, labels = opened.card.phases, window.reading.labels
    rows = [window.outputs[:, labels.index(phase)].numpy() for phase in phases]
    after_s = window.reading.output_s.get(phases[0], 0.0)
    return make_annotations(
        np.asarray(rows, np.float32)[np.newaxis],
        stations=[window.station],
        phases=phases,
        start=window.start + pd.Timedelta(round(after_s * 1e9), "ns"),
        sampling_rate_hz=window.output_rate_hz,
        recording_id=str(made.attrs["recording_id"]),
        picker=opened.card.name,
        weights=opened.card.weights,
        weights_hash=opened.card.weights_hash,
    )


def _span(one: xr.Dataset, window: Window) -> Interval:
    """What a picker must read for its curve over a window to be that of the whole recording.

    It begins and ends where the picker's own windows do, so that these fall where they fell.
    """
    plan, rate_hz = window.reading.plan, window.rate_hz
    origin = pd.Timestamp(one["time"].values[0])
    at = round((window.start - origin).total_seconds() * rate_hz)
    begin, end = at - plan.window_samples, at + 2 * plan.window_samples
    for piece in window.reading.pieces:
        stop = piece.start + piece.samples.shape[-1]
        if piece.start < at + plan.window_samples and at < stop:
            starts = piece.start + plan.offsets(piece)
            before, after = starts[starts <= begin], starts[starts + plan.window_samples >= end]
            begin = int(before[-1]) if before.size else min(begin, piece.start)
            end = int(after[0]) + plan.window_samples if after.size else max(end, stop)
            break
    first, last = (origin + pd.Timedelta(round(index * 1e9 / rate_hz), "ns") for index in (begin, end))
    return first, last


def _widened(span: Interval, seconds: float) -> Interval:
    around = pd.Timedelta(seconds, "s")
    return span[0] - around, span[1] + around


def _cut(recording: xr.Dataset, span: Interval) -> xr.Dataset:
    """Samples between two times, to the nearest, the second left out."""
    origin, rate_hz = pd.Timestamp(recording["time"].values[0]), float(recording.attrs["sampling_rate_hz"])
    first, stop = (round((at - origin).total_seconds() * rate_hz) for at in span)
    return recording.isel(time=slice(max(0, first), max(1, stop)))


def _peak(curves: xr.Dataset, phase: str, time: pd.Timestamp) -> tuple[pd.Timestamp, float]:
    within = pd.Timedelta(_PICK_WITHIN_S, "s")
    curve = curves["probability"].isel(station=0).sel(phase=phase, time=slice(time - within, time + within))
    if not curve.size or not np.isfinite(curve.values).any():
        return pd.NaT, float("nan")  # type: ignore[return-value]
    at = int(np.nanargmax(curve.values))
    return pd.Timestamp(curve["time"].values[at]), float(curve.values[at])


@memory_in_words("shift the window")
def shift_strip(
    recording: xr.Dataset,
    picker: str | Picker,
    weights: str = "",
    *,
    station: str = "",
    phase: str,
    time: pd.Timestamp | str,
    window_start: pd.Timestamp | None = None,
    offsets_s: Sequence[float] = OFFSETS_S,
    changes: Changes = Changes(),  # noqa: B008 - frozen
    report: Report = silent,
) -> xr.Dataset:
    """Pick and its probability when the window begins earlier or later: how much the picker owes to where it was cut.

    Returns
    -------
    xr.Dataset
        By ``offset_s``: ``pick_time``, where the phase's curve is highest within two seconds of the time, NaT where it
        says nothing; ``probability`` there; and ``outside_s``, how much of the window lies beyond the samples (its
        first or last sample stands there).

    Raises
    ------
    PickerError
        If the picker says nothing at that time in any of the windows.
    """
    report(0.0, "opening the picker")
    opened = open_picker(picker, weights) if isinstance(picker, str) else picker
    recording, time = check_recording(recording), pd.Timestamp(time)
    name = require_station(recording, station)
    given = one_station(recording, name)
    start = open_window(given, opened, name, time, phase, window_start).start
    if changes.signal is None:
        changes = replace(changes, signal=(time, time + pd.Timedelta(_SIGNAL_S, "s")))
    given = changed(given, changes)
    rows = []
    for number, offset_s in enumerate(offsets_s):
        report(number / len(offsets_s), f"window {number + 1} of {len(offsets_s)}")
        shifted = start + pd.Timedelta(round(offset_s * 1e9), "ns")
        rows.append(_picked(given, opened, name, phase, time, shifted))
    at, probability, outside_s = zip(*rows, strict=True)
    if not np.isfinite(probability).any():
        raise PickerError(f"{opened.card.title} says nothing of {phase} near {time}, wherever its window begins.")
    return xr.Dataset(
        {
            "pick_time": (
                "offset_s",
                np.asarray([pd.Timestamp(each).to_datetime64() for each in at], "datetime64[ns]"),
            ),
            "probability": ("offset_s", np.asarray(probability, float)),
            "outside_s": ("offset_s", np.asarray(outside_s, float)),
        },
        coords={"offset_s": np.asarray(offsets_s, float)},
        attrs={"station": name, "phase": phase, "time": time.isoformat(), "window_start": start.isoformat()},
    )


def _picked(
    recording: xr.Dataset, picker: Picker, station: str, phase: str, time: pd.Timestamp, start: pd.Timestamp
) -> tuple[pd.Timestamp, float, float]:
    """Highest place of the curve near a time, its height, and the seconds of the window beyond the samples."""
    nothing = (pd.NaT, float("nan"), float("nan"))
    try:
        window = open_window(recording, picker, station, time, phase, start)
    except PickerError:
        return nothing  # type: ignore[return-value]
    curve = window.outputs[:, window.reading.labels.index(phase)].numpy()
    if len(curve) == 1:
        raise PickerError(_ONE_THING.format(title=picker.card.title))
    reach = round(_PICK_WITHIN_S * window.output_rate_hz)
    first = max(0, window.output_at(time, phase) - reach)
    near = curve[first : window.output_at(time, phase) + reach + 1]
    at = first + int(np.nanargmax(near))
    after_s = at / window.output_rate_hz + window.reading.output_s.get(phase, 0.0)
    outside_s = float((~window.there.any(dim=0)).sum()) / window.rate_hz
    return window.start + pd.Timedelta(round(after_s * 1e9), "ns"), float(curve[at]), outside_s
