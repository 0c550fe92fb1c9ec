"""``Attribution``: how much each sample of a recording spoke for, or against, one answer of a picker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import SchemaError

__all__ = ["ATTRIBUTION_TARGETS", "check_attribution", "make_attribution"]

ATTRIBUTION_TARGETS = ("probability", "logit")
"""What is explained: the mean of the curve around the time, or of its log-odds."""

_ATTRS = (
    "recording_id", "station", "picker", "weights", "weights_hash", "phase", "target", "target_time",
    "target_half_width_s", "method", "baseline", "value", "baseline_value", "convergence_delta", "window_start",
    "window_s", "sampling_rate_hz", "settings", "versions", "seconds",
)  # fmt: skip


def make_attribution(
    attribution: np.ndarray,
    recording: xr.Dataset,
    *,
    station: str,
    picker: str,
    weights: str,
    weights_hash: str,
    phase: str,
    target: str,
    target_time: pd.Timestamp,
    target_half_width_s: float,
    method: str,
    baseline: str,
    value: float,
    baseline_value: float,
    convergence_delta: float,
    window_start: pd.Timestamp,
    window_s: float,
    settings: Mapping[str, Any],
    versions: Mapping[str, str],
    seconds: float,
    units: str = "",
    **attrs: Any,
) -> xr.Dataset:
    """A checked attribution, with the dimensions and coordinates of the recording's waveform.

    Parameters
    ----------
    attribution
        Shape (component, time) of one station on the recording's axes: positive speaks for the answer, negative
        against it, in the unit that `units` names; NaN where the network does not look.
    station, phase, target_time
        What is explained: a phase, or ``"Detection"``, at a station and a time (UTC).
    target, target_half_width_s
        One of :data:`ATTRIBUTION_TARGETS`, and over how many seconds before and after the time it is averaged.
    method, baseline, settings
        Names of the explainer and of what it compares with (``""`` for none), and its keyword arguments.
    value, baseline_value
        The target for the window as it is and for the baseline; NaN for a method without one.
    convergence_delta
        Sum of the attribution minus (value - baseline_value); NaN for a method that does not promise to add up.
    window_start, window_s
        The window of the network that was explained.
    versions
        Library name to version.
    seconds
        That it took.
    units
        Of the numbers, in words; the target's own if not given. A gradient is per unit of the input.
    """
    names = [str(name) for name in recording["station"].values]
    if station not in names:
        raise SchemaError(f"The recording has no station {station!r}; it has {names[:5]}.")
    # Of one station, as it is: a recording may be long.
    whole = np.asarray(attribution, np.float32)[np.newaxis]
    if len(names) > 1:
        whole = np.full(recording["waveform"].shape, np.nan, np.float32)
        whole[names.index(station)] = attribution
    coords = {name: recording.coords[name] for name in ("station", "component", "time")}
    explained = xr.Dataset(
        {"attribution": (("station", "component", "time"), whole)},
        coords=coords,
        attrs={
            "recording_id": str(recording.attrs["recording_id"]),
            "station": station,
            "picker": picker,
            "weights": weights,
            "weights_hash": weights_hash,
            "phase": phase,
            "target": target,
            "target_time": pd.Timestamp(target_time).isoformat(),
            "target_half_width_s": float(target_half_width_s),
            "method": method,
            "baseline": baseline,
            "value": float(value),
            "baseline_value": float(baseline_value),
            "convergence_delta": float(convergence_delta),
            "window_start": pd.Timestamp(window_start).isoformat(),
            "window_s": float(window_s),
            "sampling_rate_hz": float(recording.attrs["sampling_rate_hz"]),
            "settings": json.dumps(dict(settings), sort_keys=True),
            "versions": json.dumps(dict(versions), sort_keys=True),
            "seconds": float(seconds),
            "units": units or target,
            **attrs,
        },
    )
    explained["attribution"].attrs["units"] = units or target
    return check_attribution(explained)


def check_attribution(explained: xr.Dataset) -> xr.Dataset:
    """The same attribution, if it is of the agreed form.

    Raises
    ------
    SchemaError
        Names the first thing that is not as agreed.
    """
    dims = ("station", "component", "time")
    if "attribution" not in explained or explained["attribution"].dims != dims:
        raise SchemaError(f"An attribution has a variable 'attribution' with dims {dims}.")
    missing = [name for name in _ATTRS if name not in explained.attrs]
    if missing:
        raise SchemaError(f"The attribution lacks the attributes {missing}.")
    if explained.attrs["target"] not in ATTRIBUTION_TARGETS:
        raise SchemaError(f"The target is one of {ATTRIBUTION_TARGETS}; this is {explained.attrs['target']!r}.")
    values = explained["attribution"].values
    if np.isinf(values).any() or not np.isfinite(values).any():
        raise SchemaError(
            "An attribution holds finite numbers, NaN where the network does not look; this one does not."
        )
    return explained
