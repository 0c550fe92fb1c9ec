"""``Annotations``: what one picker says of one recording, as probability curves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import SchemaError
from workbench.schema.recording import time_axis

__all__ = ["check_annotations", "make_annotations"]

_DIMS = ("station", "phase", "time")
_ATTRS = ("picker", "weights", "weights_hash", "sampling_rate_hz", "recording_id", "overlap", "stacking", "versions")


def make_annotations(
    probability: np.ndarray,
    *,
    stations: Sequence[str],
    phases: Sequence[str],
    start: np.datetime64 | pd.Timestamp | str,
    sampling_rate_hz: float,
    recording_id: str,
    picker: str,
    weights: str = "",
    weights_hash: str = "",
    overlap: float = 0.0,
    stacking: str = "",
    versions: Mapping[str, str] | None = None,
    axis_of: xr.Dataset | None = None,
    **attrs: Any,
) -> xr.Dataset:
    """Checked annotations.

    Parameters
    ----------
    probability
        Shape (station, phase, time), 0 to 1; NaN where the picker says nothing (blinded edges, gaps). Noise is no phase
        here; an event detection curve is named ``"Detection"``.
    start
        Time of the first value, UTC.
    sampling_rate_hz
        Rate of the curve, which may be lower than that of the recording.
    weights, weights_hash
        Empty for a picker without weights.
    overlap
        Of successive windows, in samples of the picker.
    stacking
        How overlapping windows are joined: ``"avg"``, ``"max"``, or empty.
    versions
        Library name to version.
    axis_of
        A recording whose time axis is shared, not made anew, if the curves turn out to have the same.
    """
    probability = np.asarray(probability, dtype=np.float32)
    if probability.ndim != 3:
        raise SchemaError(f"Annotations have dims {_DIMS}; these have shape {probability.shape}.")
    annotations = xr.Dataset(
        {"probability": (_DIMS, probability)},
        coords={
            "station": np.asarray(list(stations), dtype=str),
            "phase": np.asarray(list(phases), dtype=str),
            "time": _axis(start, probability.shape[-1], sampling_rate_hz, axis_of),
        },
        attrs={
            "picker": picker,
            "weights": weights,
            "weights_hash": weights_hash,
            "sampling_rate_hz": float(sampling_rate_hz),
            "recording_id": recording_id,
            "overlap": float(overlap),
            "stacking": stacking,
            "versions": json.dumps(dict(versions or {}), sort_keys=True),
            **attrs,
        },
    )
    return check_annotations(annotations)


def _axis(
    start: np.datetime64 | pd.Timestamp | str, n_samples: int, sampling_rate_hz: float, other: xr.Dataset | None
) -> Any:
    # For a day, an axis is as large as a curve.
    if (
        other is not None
        and other.sizes["time"] == n_samples
        and other.attrs["sampling_rate_hz"] == sampling_rate_hz
        and pd.Timestamp(other["time"].values[0]) == pd.Timestamp(start)
    ):
        return other["time"].variable
    return time_axis(start, n_samples, sampling_rate_hz)


def check_annotations(annotations: xr.Dataset) -> xr.Dataset:
    """The same annotations, if they are of the agreed form.

    Raises
    ------
    SchemaError
        Names the first thing that is not as agreed.
    """
    if "probability" not in annotations or annotations["probability"].dims != _DIMS:
        raise SchemaError(f"Annotations have a variable 'probability' with dims {_DIMS}.")
    missing = [name for name in _ATTRS if name not in annotations.attrs]
    if missing:
        raise SchemaError(f"The annotations lack the attributes {missing}.")
    probability = annotations["probability"].values
    # Interpolation and half precision overshoot by rounding only; anything larger is a picker without a softmax.
    lowest, highest = probability.min(initial=0), probability.max(initial=0)
    if np.isnan(lowest):
        lowest, highest = np.nanmin(probability, initial=0), np.nanmax(probability, initial=0)
    if lowest < -1e-3 or highest > 1 + 1e-3:
        raise SchemaError(f"Probabilities lie between 0 and 1; these go from {lowest:.3g} to {highest:.3g}.")
    return annotations
