"""One trace of a dataset in SeisBench's format: its samples, components, rate and onsets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np

from workbench.errors import SourceError
from workbench.sources.hdf5 import find_object, read_samples
from workbench.sources.samples import time_after
from workbench.sources.seisbench_index import ARRIVAL, letters_of

__all__ = [
    "channel_codes",
    "component_names",
    "number",
    "onsets",
    "parse_location",
    "read_trace",
    "trace_rate",
    "unit_of",
    "word",
]

_UNITS = {"counts": "counts", "mps": "m/s", "mps2": "m/s^2", "mpss": "m/s^2"}

_POLARITIES = {
    **dict.fromkeys(("positive", "up", "u", "c", "+"), "positive"),
    **dict.fromkeys(("negative", "down", "d", "-"), "negative"),
    **dict.fromkeys(("undecidable", "unknown", "x"), "undecidable"),
}


def read_trace(file: h5py.File, trace_name: str, dimension_order: str) -> np.ndarray:
    """Samples of one trace, shape (component, time), as stored.

    Parameters
    ----------
    trace_name
        Name of a dataset, or of a part of one: ``"bucket0$3,:3,:6000"``.
    dimension_order
        ``"CW"`` (component, time) or ``"WC"``; empty where the file does not say: the shorter are the components.
    """
    # "NCW" is what SeisBench gives out; N numbers the traces of a block.
    dimension_order = dimension_order.removeprefix("N")
    if dimension_order and sorted(dimension_order) != ["C", "W"]:
        raise SourceError(f"{file.filename} has the dimension order {dimension_order!r}; expected 'CW' or 'WC'.")
    block, _, location = trace_name.partition("$")
    dataset = find_object(file, f"data/{block}") if block else None
    if dataset is None:
        raise SourceError(f"{file.filename} holds no trace {block!r}, though its metadata list {trace_name!r}.")
    if not isinstance(dataset, h5py.Dataset):
        raise SourceError(f"{block!r} in {file.filename} is a group, not a dataset of samples.")
    selection = parse_location(location, trace_name) if location else ()
    n_dimensions = dataset.ndim - sum(isinstance(part, int) for part in selection)
    if n_dimensions != 2 or len(selection) > dataset.ndim:
        raise SourceError(
            f"The trace {trace_name!r} in {file.filename} has shape {dataset.shape}; expected two dimensions, "
            f"components and samples."
        )
    samples = read_samples(dataset, selection)
    is_turned = samples.shape[0] > samples.shape[1] if not dimension_order else dimension_order == "WC"
    samples = samples.T if is_turned else samples
    if 0 in samples.shape:
        raise SourceError(f"The trace {trace_name!r} in {file.filename} is empty: its shape is {samples.shape}.")
    return samples


def parse_location(location: str, trace_name: str = "") -> tuple[int | slice, ...]:
    """The part of a block that a trace is, as numpy takes it.

    >>> parse_location("3,:3,:6000")
    (3, slice(None, 3, None), slice(None, 6000, None))
    """
    parts: list[int | slice] = []
    try:
        for part in location.replace(" ", "").split(","):
            ends = [int(end) if end else None for end in part.split(":")]
            if len(ends) == 1 and ends[0] is not None:
                parts.append(ends[0])
            elif 2 <= len(ends) <= 3:
                parts.append(slice(*ends))
            else:
                raise ValueError(part)
    except ValueError as error:
        raise SourceError(
            f"The trace name {trace_name!r} has the location {location!r}; expected one like '3,:3,:6000'."
        ) from error
    return tuple(parts)


def component_names(row: Mapping[str, Any], form: Mapping[str, Any], n_components: int) -> tuple[str, list[str]]:
    """Letters of the stored components, from the metadata or else the file; and what had to be assumed, in words."""
    stored = letters_of(word(row.get("trace_component_order"))) or str(form.get("component_order", ""))
    notices = []
    if not stored and n_components in (1, 3):
        stored = "Z" if n_components == 1 else "ZNE"
        notices.append(f"The dataset does not name its components; {stored} is assumed.")
    if len(stored) != n_components or len(set(stored)) != n_components:
        raise SourceError(
            f"The trace {row['trace_name']!r} has {n_components} components; the dataset names them {stored!r}."
        )
    return stored, notices


def trace_rate(row: Mapping[str, Any]) -> float:
    """Sampling rate in Hz.

    Raises
    ------
    SourceError
        If neither the metadata nor the file gives one.
    """
    rate = number(row["sampling_rate_hz"])
    if not (np.isfinite(rate) and rate > 0):
        raise SourceError(
            f"The sampling rate of {row['trace_name']!r} is not known; expected the column trace_sampling_rate_hz or "
            "trace_dt_s, or sampling_rate in the group data_format of the HDF5 file."
        )
    return rate


def onsets(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Onsets of all phases, as :func:`workbench.schema.make_picks` takes them.

    Of two spellings of one phase, p and P, the capital one counts where it says anything.
    """
    rate = trace_rate(row)
    rows = []
    seen: set[str] = set()
    # Capitals come before small letters.
    for column, value in sorted(row.items()):
        match = ARRIVAL.fullmatch(column)
        time = time_after(row.get("trace_start_time"), number(value) / rate) if match else None
        if match is None or time is None or _phase_name(match["phase"]) in seen:
            continue
        seen.add(_phase_name(match["phase"]))
        stem = f"trace_{match['phase']}"
        uncertainties = [number(row.get(f"{stem}_{name}")) for name in ("arrival_uncertainty_s", "uncertainty_s")]
        rows.append(
            {
                "station": row["stations"],
                "phase": _phase_name(match["phase"]),
                "time": time,
                "uncertainty_s": next(filter(np.isfinite, uncertainties), np.nan),
                "polarity": _POLARITIES.get(word(row.get(f"{stem}_polarity")).lower(), ""),
            }
        )
    return rows


def _phase_name(name: str) -> str:
    # SeisBench writes p and s in some datasets, P, Pn, pP in others; a depth phase keeps its small letter.
    return name[0].upper() + name[1:] if name.islower() else name


def unit_of(form: Mapping[str, Any]) -> str:
    """Unit of the samples."""
    unit = str(form.get("unit", ""))
    return _UNITS.get(unit, unit) or "counts"


def channel_codes(band: str, components: list[str]) -> list[str]:
    """SEED codes of the components ("HHZ"), from a channel's band and instrument ("HH"); empty where not known."""
    return [band[:2] + component if len(band) >= 2 else "" for component in components]


def word(value: Any) -> str:
    """Text; a whole number without its decimal point, an empty string where not known."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def number(value: Any) -> float:
    """A number, NaN where not known or none."""
    return float(value) if isinstance(value, (int, float)) else float("nan")
