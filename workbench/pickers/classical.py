"""What the classical pickers share: they look at one station at a time, and their curve is a ratio."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import xarray as xr

from workbench.errors import PickerError
from workbench.pickers.segments import library_versions, vertical_trace
from workbench.processing.large_arrays import nan_array
from workbench.schema import PickerCard, Report, make_annotations

__all__ = ["MIN_RATE_HZ", "annotate_stations", "annotate_verticals", "bump", "ratio_to_probability"]

MIN_RATE_HZ = 10.0
"""Below it the band of a local event's onset is not recorded."""

StationCurves = Callable[[str], tuple[Mapping[str, np.ndarray], Sequence[str]]]
"""Station to curves by phase (0 to 1, on the recording's time axis) and sentences on what was done or wrong."""


def ratio_to_probability(ratio: np.ndarray) -> np.ndarray:
    """A ratio (0 and up) on the 0-to-1 scale of annotations: r / (1 + r)."""
    ratio = np.maximum(ratio, 0.0)
    return ratio / (1.0 + ratio)


def bump(curve: np.ndarray, index: int, height: float, rate_hz: float, width_s: float = 0.1) -> None:
    """Draw a pick into a curve, in place: a Gaussian of that height and standard deviation, where it is the higher."""
    reach = int(5 * width_s * rate_hz)
    near = np.arange(max(0, index - reach), min(curve.size, index + reach + 1))
    shape = height * np.exp(-0.5 * ((near - index) / (width_s * rate_hz)) ** 2)
    curve[near] = np.maximum(curve[near], shape)


def annotate_stations(
    recording: xr.Dataset, card: PickerCard, curves_of: StationCurves, report: Report, *, pick_at: str
) -> xr.Dataset:
    """Annotations of a picker that looks at one station at a time.

    Raises
    ------
    PickerError
        If the sampling rate is too low for any local event.
    """
    rate_hz = float(recording.attrs["sampling_rate_hz"])
    if rate_hz < MIN_RATE_HZ:
        raise PickerError(
            f"{card.title} looks for onsets of local events, above 1 Hz; at {rate_hz:g} Hz they are not recorded. "
            f"Open data of {MIN_RATE_HZ:g} Hz or more."
        )
    stations = [str(station) for station in recording["station"].values]
    probability = nan_array((len(stations), len(card.phases), recording.sizes["time"]))
    notices: list[str] = []
    for row, station in enumerate(stations):
        report(row / len(stations), f"station {row + 1} of {len(stations)}")
        curves, sentences = curves_of(station)
        for column, phase in enumerate(card.phases):
            if phase in curves:
                probability[row, column] = curves[phase]
        notices += [f"{station}: {sentence}" for sentence in sentences]
    if not np.isfinite(probability).any():
        raise PickerError(f"{card.title} found no trace to work on. {' '.join(notices[:3])}")
    return make_annotations(
        probability,
        stations=stations,
        phases=card.phases,
        start=recording["time"].values[0],
        sampling_rate_hz=rate_hz,
        recording_id=recording.attrs["recording_id"],
        picker=card.name,
        versions=library_versions("obspy", "scipy"),
        notices="\n".join(notices),
        pick_at=pick_at,
    )


def annotate_verticals(
    recording: xr.Dataset,
    card: PickerCard,
    curve_of: Callable[[np.ndarray, float], np.ndarray],
    report: Report,
    *,
    pick_at: str,
) -> xr.Dataset:
    """Annotations of a picker that gives one curve for P from the vertical trace and its rate in Hz."""
    rate_hz = float(recording.attrs["sampling_rate_hz"])

    def curves_of(station: str) -> tuple[Mapping[str, np.ndarray], Sequence[str]]:
        samples, notices = vertical_trace(recording, station)
        return ({} if samples is None else {"P": curve_of(samples, rate_hz)}), notices

    return annotate_stations(recording, card, curves_of, report, pick_at=pick_at)
