"""``Recording``: waveforms of one or more stations over one interval, as a plain :class:`xarray.Dataset`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from workbench.errors import SchemaError, UnknownNameError

__all__ = ["add_history", "check_recording", "make_recording", "one_station", "time_axis", "waveform_hash"]

_DIMS = ("station", "component", "time")
_STATION_COORDS = ("latitude_deg", "longitude_deg", "elevation_m", "native_sampling_rate_hz")
_ATTRS = ("sampling_rate_hz", "units", "source", "recording_id", "event_id", "history", "notices")


def time_axis(start: np.datetime64 | pd.Timestamp | str, n_samples: int, sampling_rate_hz: float) -> np.ndarray:
    """Sample times as ``datetime64[ns]``, without the drift of adding a rounded step."""
    steps_ns = np.round(np.arange(n_samples) * (1e9 / sampling_rate_hz)).astype("timedelta64[ns]")
    times: np.ndarray = pd.Timestamp(start).as_unit("ns").to_datetime64() + steps_ns
    return times


def make_recording(
    waveform: np.ndarray,
    *,
    stations: Sequence[str],
    components: Sequence[str],
    start: np.datetime64 | pd.Timestamp | str,
    sampling_rate_hz: float,
    recording_id: str,
    source: str,
    units: str = "counts",
    event_id: str = "",
    latitude_deg: Sequence[float] | None = None,
    longitude_deg: Sequence[float] | None = None,
    elevation_m: Sequence[float] | None = None,
    native_sampling_rate_hz: Sequence[float] | None = None,
    channels: np.ndarray | None = None,
    history: Sequence[str] = (),
    notices: Sequence[str] = (),
) -> xr.Dataset:
    """A checked recording.

    Parameters
    ----------
    waveform
        Shape (station, component, time); NaN where there is a gap or no such channel. Infinite samples are not allowed.
    stations
        ``"NET.STA.LOC"``, unique; LOC may be empty (``"BW.RJOB."``).
    components
        One letter each, unique: Z, N, E, or 1, 2 where the orientation is not north and east.
    start
        Time of the first sample, UTC.
    latitude_deg, longitude_deg, elevation_m
        By station, NaN where not known; None stands for not known anywhere.
    native_sampling_rate_hz
        By station, the rate before any resampling; None stands for `sampling_rate_hz`.
    channels
        SEED channel codes, shape (station, component), empty string where there is no such channel.
    history
        What was done to the samples, one line a step.
    notices
        What a reader found wrong or had to decide (a gap, an overlap, a dead component), one sentence each.

    Raises
    ------
    SchemaError
        If shapes, names or values are not of this form.
    """
    waveform = np.asarray(waveform, dtype=np.float32)
    if waveform.ndim != 3:
        raise SchemaError(f"A waveform has dims (station, component, time); this one has shape {waveform.shape}.")
    n_stations, n_components, n_samples = waveform.shape
    if (n_stations, n_components) != (len(stations), len(components)):
        raise SchemaError(
            f"{len(stations)} stations and {len(components)} components do not fit the shape {waveform.shape}."
        )
    unknown = np.full(n_stations, np.nan)
    if channels is None:
        channels = np.full((n_stations, n_components), "", dtype="<U3")
    native = sampling_rate_hz if native_sampling_rate_hz is None else native_sampling_rate_hz
    recording = xr.Dataset(
        {"waveform": (_DIMS, waveform)},
        coords={
            "station": np.asarray(list(stations), dtype=str),
            "component": np.asarray(list(components), dtype=str),
            "time": time_axis(start, n_samples, sampling_rate_hz),
            "latitude_deg": ("station", unknown if latitude_deg is None else np.asarray(latitude_deg, dtype=float)),
            "longitude_deg": ("station", unknown if longitude_deg is None else np.asarray(longitude_deg, dtype=float)),
            "elevation_m": ("station", unknown if elevation_m is None else np.asarray(elevation_m, dtype=float)),
            "native_sampling_rate_hz": ("station", np.broadcast_to(np.asarray(native, dtype=float), n_stations).copy()),
            "channel": (("station", "component"), np.asarray(channels, dtype=str)),
        },
        attrs={
            "sampling_rate_hz": float(sampling_rate_hz),
            "units": units,
            "source": source,
            "recording_id": recording_id,
            "event_id": event_id,
            "history": "\n".join(history),
            "notices": "\n".join(notices),
        },
    )
    return check_recording(recording)


def check_recording(recording: xr.Dataset) -> xr.Dataset:
    """The same recording, if it is of the agreed form.

    Raises
    ------
    SchemaError
        Names the first thing that is not as agreed.
    """
    _check_structure(recording)
    rate = recording.attrs["sampling_rate_hz"]
    if not (np.isfinite(rate) and rate > 0):
        raise SchemaError(f"A sampling rate is a positive number of Hz; this one is {rate!r}.")
    for name in ("station", "component"):
        values = recording[name].values
        if len(set(values)) != len(values):
            raise SchemaError(f"Each {name} stands once in a recording; these are {list(values)}.")
    if any(_holds_infinite(samples) for samples in recording["waveform"].values):
        raise SchemaError("The waveform holds infinite samples; mark samples that are not to be used as NaN.")
    return recording


def _holds_infinite(samples: np.ndarray) -> bool:
    # One station at a time, for of many and a day an array of what is finite is large too; and mostly their sum tells.
    with np.errstate(over="ignore", invalid="ignore"):
        total = samples.sum()
    return not np.isfinite(total) and bool(np.isinf(samples).any())


def _check_structure(recording: xr.Dataset) -> None:
    if "waveform" not in recording:
        raise SchemaError(
            f"A recording has a variable 'waveform'; this one has {sorted(map(str, recording.data_vars))}."
        )
    waveform = recording["waveform"]
    if waveform.dims != _DIMS:
        raise SchemaError(f"A waveform has dims {_DIMS}; this one has {waveform.dims}.")
    if waveform.dtype != np.float32:
        raise SchemaError(f"A waveform is float32; this one is {waveform.dtype}.")
    if 0 in waveform.shape:
        raise SchemaError(f"A recording holds at least one sample of one station; this one has shape {waveform.shape}.")
    missing = [name for name in _ATTRS if name not in recording.attrs]
    if missing:
        raise SchemaError(f"The recording lacks the attributes {missing}.")
    missing = [name for name in (*_DIMS, *_STATION_COORDS, "channel") if name not in recording.coords]
    if missing:
        raise SchemaError(f"The recording lacks the coordinates {missing}.")
    if recording["time"].dtype != np.dtype("datetime64[ns]"):
        raise SchemaError(f"Sample times are datetime64[ns]; these are {recording['time'].dtype}.")


def add_history(recording: xr.Dataset, step: str, changes: Mapping[str, Any] | None = None) -> xr.Dataset:
    """The recording with one more line in its history, and other attributes changed if given."""
    lines = [line for line in (recording.attrs["history"], step) if line]
    return recording.assign_attrs({"history": "\n".join(lines), **(changes or {})})


def one_station(recording: xr.Dataset, station: str) -> xr.Dataset:
    """The recording of one of its stations, whose samples are not copied.

    Raises
    ------
    UnknownNameError
        If it has no such station.
    """
    names = [str(name) for name in recording["station"].values]
    if station not in names:
        raise UnknownNameError("station", station, names)
    row = names.index(station)
    return recording if len(names) == 1 else recording.isel(station=slice(row, row + 1))


def waveform_hash(recording: xr.Dataset) -> str:
    """Sixteen hexadecimal digits that stand for the samples, their stations, start and rate (BLAKE2b)."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(",".join((*recording["station"].values, *recording["component"].values)).encode())
    digest.update(f"{recording['time'].values[0]}/{recording.attrs['sampling_rate_hz']}".encode())
    for samples in recording["waveform"].values:
        digest.update(np.ascontiguousarray(samples).data)
    return digest.hexdigest()
