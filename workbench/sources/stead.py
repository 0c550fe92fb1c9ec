"""STEAD, the STanford EArthquake Dataset (Mousavi et al., 2019), in its native layout of HDF5 and CSV files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import xarray as xr

from workbench.errors import SourceError
from workbench.schema import CATALOG, Event, Report, make_picks, make_recording, silent
from workbench.settings import load_settings
from workbench.sources.hdf5 import Hdf5Files, attributes_of, read_samples
from workbench.sources.metadata_index import MetadataIndex
from workbench.sources.samples import component_ranks, time_after, usable_samples
from workbench.sources.stead_files import find_pairs, looks_like_stead
from workbench.sources.stead_index import (
    N_SAMPLES,
    NUMBERS,
    SAMPLING_RATE_HZ,
    STEAD_COLUMNS,
    TIMES,
    SteadPair,
    attribute_text,
    find_trace,
    stead_rows,
)
from workbench.sources.text_columns import is_known, to_numbers, to_times

__all__ = ["SteadSource"]

_STORED_ORDER = "ENZ"


class SteadSource:
    """Traces of one minute, each of one station, with P and S onsets: a pair of files, several chunks, or a folder.

    The metadata are indexed once into the cache folder; afterwards 1.27 million rows open at once. Where
    there is no CSV file, the metadata are the attributes of each trace in the HDF5 file.

    Parameters
    ----------
    path
        An HDF5 file or a CSV file, or a folder of them. Files of the same name belong together. A merged pair is taken
        alone, without the chunks beside it.
    roots
        Folders that files may lie in; None is no limit.
    cache
        Folder for the index; the user's cache folder if empty.
    """

    kind = "stead"

    def __init__(self, path: str | Path, *, roots: Sequence[Path] | None = None, cache: str | Path = "") -> None:
        self._path = Path(path).expanduser()
        self._roots = roots
        self._cache = Path(cache) if cache else load_settings().cache_folder
        self._files = Hdf5Files(roots=roots)
        self._pairs: list[SteadPair] = []
        self._left_out: list[str] = []
        self._index: MetadataIndex | None = None
        self.title = self._path.stem if self._path.suffix else self._path.name
        self.location = str(self._path)

    @staticmethod
    def recognises(path: Path) -> bool:
        """Whether a file or folder is in STEAD's native layout, by names and first bytes."""
        return looks_like_stead(path)

    def scan(self, report: Report = silent) -> pd.DataFrame:
        """One row per trace with all 35 columns of STEAD, typed; the first call makes the index."""
        index = self._ready(report)
        duration_s = N_SAMPLES / SAMPLING_RATE_HZ
        table = index.recordings(n_stations=1, duration_s=duration_s, sampling_rate_hz=SAMPLING_RATE_HZ)
        if "trace_name" not in table:
            table["trace_name"] = table["recording_id"]
        table.attrs["notices"] = [*self._left_out, *index.notices]
        return table

    def read(self, recording_id: str) -> xr.Dataset:
        """One trace, components Z, N, E, in counts."""
        row, pair = self._row(recording_id)
        name = row["trace_name"]
        if pair.hdf5 is None:
            raise SourceError(
                f"The waveform of {name!r} cannot be read: {pair.title}.hdf5 is not beside {pair.csv}. Put it there."
            )
        with self._files.open(pair.hdf5) as file:
            dataset = self._dataset(file, pair, name)
            samples = read_samples(dataset)
            attributes = attributes_of(dataset)
        filled, notices = _merged(row, attributes)
        if samples.shape[0] != N_SAMPLES:
            notices.append(f"The trace has {samples.shape[0]} samples; in STEAD it is {N_SAMPLES}.")
        ranks = component_ranks(_STORED_ORDER)
        components = [_STORED_ORDER[rank] for rank in ranks]
        waveform, odd = usable_samples(samples.T[ranks], components)
        start = filled["trace_start_time"]
        if start is None:
            notices.append("The start time is not known; the time axis begins in 1970.")
        band = filled["receiver_type"] or ""
        return make_recording(
            waveform[np.newaxis],
            stations=[_station(filled)],
            components=components,
            start=np.datetime64(pd.Timestamp(start) if start is not None else pd.Timestamp(0), "ns"),
            sampling_rate_hz=SAMPLING_RATE_HZ,
            recording_id=recording_id,
            source=self.location,
            event_id=filled["source_id"] or "",
            latitude_deg=[_number(filled["receiver_latitude"])],
            longitude_deg=[_number(filled["receiver_longitude"])],
            elevation_m=[_number(filled["receiver_elevation_m"])],
            channels=np.array([[band + component if band else "" for component in components]]),
            history=[f"read {name} from {pair.hdf5.name}, components {_STORED_ORDER} put in order ZNE"],
            notices=[*notices, *odd],
        )

    def reference_picks(self, recording_id: str) -> pd.DataFrame:
        """The P and S onsets of the metadata, for noise none."""
        row, pair = self._row(recording_id)
        row = self._with_attributes(row, pair)
        rows = []
        for phase in ("P", "S"):
            sample = row[f"{phase.lower()}_arrival_sample"]
            time = time_after(row["trace_start_time"], _number(sample) / SAMPLING_RATE_HZ)
            if time is not None and sample >= 0:
                rows.append({"station": _station(row), "phase": phase, "time": time})
        return make_picks(rows, recording_id=recording_id, picker=CATALOG)

    def event(self, recording_id: str) -> Event | None:
        """The earthquake of the metadata; None for noise and where its origin time is not known."""
        row, pair = self._row(recording_id)
        row = self._with_attributes(row, pair)
        if row["source_origin_time"] is None:
            return None
        time = pd.Timestamp(row["source_origin_time"])
        return Event(
            event_id=row["source_id"] or time.isoformat(),
            time=time,
            latitude_deg=_number(row["source_latitude"]),
            longitude_deg=_number(row["source_longitude"]),
            depth_km=_number(row["source_depth_km"]),
            magnitude=_number(row["source_magnitude"]),
            magnitude_type=row["source_magnitude_type"] or "",
        )

    def _ready(self, report: Report = silent) -> MetadataIndex:
        if self._index is None:
            self._pairs, self._left_out = find_pairs(self._path, self._roots)
            inputs = [file for pair in self._pairs for file in (pair.csv, pair.hdf5) if file is not None]
            self._index = MetadataIndex(inputs, self._rows, kind=self.kind, folder=self._cache)
        self._index.refresh(report)
        return self._index

    def _rows(self, report: Report, notices: list[str]) -> Any:
        return stead_rows(self._pairs, report, notices)

    def _row(self, recording_id: str) -> tuple[dict[str, Any], SteadPair]:
        index = self._index or self._ready()
        row = index.row(recording_id)
        row.setdefault("trace_name", recording_id)
        return row, self._pairs[row["pair"]]

    def _dataset(self, file: h5py.File, pair: SteadPair, name: str) -> h5py.Dataset:
        dataset = find_trace(file, name)
        if dataset is None:
            raise SourceError(f"{file.filename} holds no trace {name!r}, though {pair.title} lists it.")
        where = f"The trace {name!r} in {file.filename}"
        if not isinstance(dataset, h5py.Dataset):
            raise SourceError(f"{where} is a group, not a dataset of samples.")
        if dataset.ndim != 2 or dataset.shape[1] != len(_STORED_ORDER):
            raise SourceError(
                f"{where} has shape {dataset.shape}; expected ({N_SAMPLES}, 3): samples by the components E, N, Z."
            )
        if dataset.shape[0] == 0:
            raise SourceError(f"{where} is empty.")
        return dataset

    def _with_attributes(self, row: dict[str, Any], pair: SteadPair) -> dict[str, Any]:
        if pair.hdf5 is None or not row["has_waveform"]:
            return row
        with self._files.open(pair.hdf5) as file:
            dataset = find_trace(file, row["trace_name"])
            return _merged(row, attributes_of(dataset) if dataset is not None else {})[0]


def _merged(row: dict[str, Any], attributes: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Metadata with what is not known filled from HDF5 attributes, and where the two disagree on an onset, in words."""
    filled, notices = dict(row), []
    for name in STEAD_COLUMNS:
        known = row[name] not in (None, "") and (name not in NUMBERS or np.isfinite(row[name]))
        onset = name in ("p_arrival_sample", "s_arrival_sample")
        if (known and not onset) or (value := _typed(name, attributes.get(name))) is None:
            continue
        if not known:
            filled[name] = value
        elif abs(row[name] - value) > 1:
            notices.append(
                f"The CSV file has {name[0].upper()} at sample {row[name]:g}, the HDF5 file at {value:g}; "
                "the CSV file counts."
            )
    return filled, notices


def _typed(name: str, attribute: Any) -> Any:
    """An attribute with the type of its column; None where not known."""
    text = attribute_text(attribute)
    if not is_known(name, text):
        return None
    column = pa.array([text])
    if name in TIMES:
        return to_times(column)[0].as_py()
    return to_numbers(column)[0].as_py() if name in NUMBERS else text


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _station(row: dict[str, Any]) -> str:
    return f"{row['network_code'] or ''}.{row['receiver_code'] or ''}."
