"""The columns of STEAD's metadata, from a trace, its onsets and its event."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from workbench.processing.distances import distances, station_table
from workbench.schema import Event

__all__ = ["NOT_KNOWN", "Trace", "about_event", "about_onset", "about_station", "trace_name"]

NOT_KNOWN = "None"
"""Stands in STEAD's CSV file where a figure is not known."""

_KM_PER_DEG = 111.195
_WEIGHTS = (1.0, 0.75, 0.5, 0.25, 0.0)


@dataclass(frozen=True, eq=False)
class Trace:
    """A minute of one station.

    Parameters
    ----------
    recording
        Of this station alone, at 100 Hz.
    first
        The sample of the recording at which the trace begins.
    waveform
        Shape (6000, 3), components E, N, Z, zero where there is no sample.
    n_filled
        How many of its samples are not recorded.
    onsets
        ``"P"``, ``"S"`` or both, to a label with its ``sample`` in the trace.
    """

    recording: xr.Dataset
    first: int
    waveform: np.ndarray
    n_filled: int
    onsets: Mapping[str, Any]

    @property
    def start(self) -> pd.Timestamp:
        """Of the first sample."""
        return pd.Timestamp(self.recording["time"].values[self.first])

    @property
    def codes(self) -> tuple[str, str]:
        """Network and station."""
        station = str(self.recording["station"].values[0])
        network, code = station.split(".")[:2] if "." in station else ("", station)
        return network, code


def trace_name(trace: Trace) -> str:
    """As STEAD names its traces: ``"109C.TA_20060723155859_EV"``."""
    network, code = trace.codes
    return f"{code}.{network}_{trace.start:%Y%m%d%H%M%S}_EV"


def about_station(trace: Trace) -> dict[str, Any]:
    """Columns about the receiver and the trace."""
    network, code = trace.codes
    bands = {str(channel)[:2] for channel in trace.recording["channel"].values.ravel() if str(channel)}
    return {
        "network_code": network or None,
        "receiver_code": code,
        "receiver_type": min(bands) if bands else None,
        "receiver_latitude": _known(trace.recording["latitude_deg"].values[0]),
        "receiver_longitude": _known(trace.recording["longitude_deg"].values[0]),
        "receiver_elevation_m": _known(trace.recording["elevation_m"].values[0]),
        "trace_start_time": _stamp(trace.start),
        "trace_category": "earthquake_local",
    }


def about_onset(key: str, sample: float, weight_class: int | None) -> dict[str, Any]:
    """Columns about an onset; `key` is ``"p"`` or ``"s"``."""
    weight = None if weight_class is None else _WEIGHTS[weight_class]
    return {f"{key}_arrival_sample": sample, f"{key}_status": "manual", f"{key}_weight": weight}


def about_event(trace: Trace, event: Event | None) -> dict[str, Any]:
    """Columns about the source, and the way from it to the receiver; none where no event is known."""
    if event is None:
        return {}
    way = distances(event, station_table(trace.recording)).iloc[0]
    about = {
        "source_id": event.event_id,
        "source_latitude": _known(event.latitude_deg),
        "source_longitude": _known(event.longitude_deg),
        "source_depth_km": _known(event.depth_km),
        "source_magnitude": _known(event.magnitude),
        "source_magnitude_type": event.magnitude_type or None,
        "source_distance_km": _known(way["distance_km"], 2),
        "source_distance_deg": _known(way["distance_km"] / _KM_PER_DEG, 4),
        "back_azimuth_deg": _known(way["back_azimuth_deg"], 1),
    }
    if pd.notna(event.time):
        about["source_origin_time"] = _stamp(event.time)
        if "P" in trace.onsets:
            about["p_travel_sec"] = round((trace.onsets["P"].time - event.time).total_seconds(), 6)
    return about


def _known(value: float, digits: int | None = None) -> float | None:
    if math.isnan(value):
        return None
    return float(value) if digits is None else round(float(value), digits)


def _stamp(time: pd.Timestamp) -> str:
    return f"{time.round('us'):%Y-%m-%d %H:%M:%S.%f}"
