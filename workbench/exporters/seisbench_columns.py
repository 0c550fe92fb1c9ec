"""Columns of a SeisBench dataset's ``metadata.csv``, from a recording, its event and labels."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from typing import Any

import pandas as pd
import xarray as xr

from workbench.exporters.label_table import iso_utc
from workbench.schema import Event

__all__ = ["SPLITS", "phase_columns", "phase_key", "source_columns", "split_of", "station_columns"]

SPLITS = (("train", 0.70), ("dev", 0.80), ("test", 1.00))
"""Name of a split and the upper end of its part of the events: 70 % train, 10 % dev, 20 % test."""


def split_of(group: str) -> str:
    """Train, dev or test: the same for all traces of an event, and in every export.

    >>> split_of("event 2024-01-01 Udine")
    'train'
    """
    number = int.from_bytes(hashlib.blake2b(group.encode("utf-8", "replace"), digest_size=8).digest(), "big")
    return next(name for name, end in SPLITS if number < end * 2**64)


def phase_key(phase: str) -> str:
    """How SeisBench writes a phase in the name of a column: P and S small, any other as it is."""
    return {"P": "p", "S": "s"}.get(phase, phase)


def source_columns(event: Event | None) -> dict[str, Any]:
    """Columns about the event, without those that are not known."""
    if event is None:
        return {}
    values = {
        "source_id": event.event_id,
        "source_origin_time": "" if pd.isna(event.time) else iso_utc(event.time),
        "source_latitude_deg": event.latitude_deg,
        "source_longitude_deg": event.longitude_deg,
        "source_depth_km": event.depth_km,
        "source_magnitude": event.magnitude,
        "source_magnitude_type": event.magnitude_type,
    }
    return {name: value for name, value in values.items() if _is_known(value)}


def station_columns(recording: xr.Dataset, row: int) -> dict[str, Any]:
    """Columns about the station in a row of the recording; its native rate differs where it was resampled."""
    station = str(recording["station"].values[row])
    network, code, location = ((*station.split("."), "", "")[:3]) if "." in station else ("", station, "")
    channels = {str(channel)[:2] for channel in recording["channel"].values[row] if str(channel)}
    values = {
        "station_network_code": network,
        "station_code": code,
        "station_location_code": location.replace("--", ""),
        "station_latitude_deg": float(recording["latitude_deg"].values[row]),
        "station_longitude_deg": float(recording["longitude_deg"].values[row]),
        "station_elevation_m": float(recording["elevation_m"].values[row]),
        "trace_channel": ",".join(sorted(channels)),
        "trace_native_sampling_rate_hz": float(recording["native_sampling_rate_hz"].values[row]),
    }
    return {name: value for name, value in values.items() if _is_known(value)}


def phase_columns(labels: Iterable[Any], samples: Iterable[int]) -> dict[str, Any]:
    """Columns about the onsets; `samples` are theirs within the trace.

    ``_uncertainty_s`` is the mean of both sides, ``_weight_class`` the class 0 to 4 of Hypo71.
    """
    columns: dict[str, Any] = {}
    for label, sample in zip(labels, samples, strict=True):
        sides = [side for side in (label.uncertainty_minus_s, label.uncertainty_plus_s) if not math.isnan(side)]
        values = {
            "arrival_sample": sample,
            "status": "manual",
            "uncertainty_s": sum(sides) / len(sides) if sides else math.nan,
            "uncertainty_minus_s": label.uncertainty_minus_s,
            "uncertainty_plus_s": label.uncertainty_plus_s,
            "polarity": label.polarity,
            "onset": label.onset_quality,
            "weight_class": label.weight,
            "analyst": label.analyst,
        }
        key = phase_key(label.phase)
        columns |= {f"trace_{key}_{name}": value for name, value in values.items() if _is_known(value)}
    return columns


def _is_known(value: Any) -> bool:
    return not (value == "" or (isinstance(value, float) and math.isnan(value)))
