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
from workbench.schema import CATALOG, RECORDING_COLUMNS, Event, Report, make_picks, make_recording, silent
from workbench.settings import load_settings
from workbench.sources.files import files_in, require_file
from workbench.sources.hdf5 import SIGNATURE, Hdf5Files, attributes_of, read_samples
from workbench.sources.metadata_index import MetadataIndex
from workbench.sources.samples import component_ranks, usable_samples
from workbench.sources.stead_index import (
    N_SAMPLES,
    NUMBERS,
    SAMPLING_RATE_HZ,
    STEAD_COLUMNS,
    SteadPair,
    find_trace,
    stead_rows,
    typed_rows,
)
from workbench.sources.text_columns import csv_header

__all__ = ["SteadSource"]

_HDF5 = (".hdf5", ".h5")
_STORED_ORDER = "ENZ"
_SAME = {
    "start": "trace_start_time",
    "category": "trace_category",
    "magnitude": "source_magnitude",
    "distance_km": "source_distance_km",
}


_READ = frozenset(
    """recording_id trace_name pair has_waveform network_code receiver_code receiver_type receiver_latitude
    receiver_longitude receiver_elevation_m p_arrival_sample s_arrival_sample source_id source_origin_time source_latitude
    source_longitude source_depth_km source_magnitude source_magnitude_type trace_start_time""".split()
)
"""What reading one recording, its picks and its event takes."""


class SteadSource:
    """Traces of one minute, each of one station, with P and S onsets: a pair of files, several chunks, or a folder.

    The metadata are indexed once into the cache folder; afterwards 1.27 million rows open in about a second. Where there
    is no CSV file, the metadata are the attributes of each trace in the HDF5 file.

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
        if path.is_dir():
            return any(SteadSource.recognises(file) for file in _candidates(path))
        if not path.is_file() or _is_seisbench(path):
            return False
        if path.suffix.lower() in _HDF5:
            with path.open("rb") as file:
                return file.read(len(SIGNATURE)) == SIGNATURE
        if path.suffix.lower() != ".csv":
            return False
        try:
            return len(set(csv_header(path)) & set(STEAD_COLUMNS)) >= 3
        except SourceError:
            return False

    def scan(self, report: Report = silent) -> pd.DataFrame:
        """One row per trace with all 35 columns of STEAD, typed; the first call makes the index."""
        index = self._ready(report)
        rows = index.table().to_pandas(split_blocks=True)
        if "trace_name" not in rows:
            rows["trace_name"] = rows["recording_id"]
        table = _recordings(rows)
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
        start = row["trace_start_time"]
        rows = []
        for phase in ("P", "S"):
            sample = row[f"{phase.lower()}_arrival_sample"]
            if sample is not None and np.isfinite(sample) and sample >= 0:
                offset = pd.Timedelta(round(sample / SAMPLING_RATE_HZ * 1e9), "ns")
                rows.append({"station": _station(row), "phase": phase, "time": pd.Timestamp(start or 0) + offset})
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
            self._index = MetadataIndex(inputs, self._rows, kind=self.kind, folder=self._cache, row_columns=_READ.__contains__)
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


def find_pairs(path: Path, roots: Sequence[Path] | None = None) -> tuple[list[SteadPair], list[str]]:
    """Pairs of CSV and HDF5 files that a path stands for, and what was left out, one sentence each.

    Raises
    ------
    SourceError
        If there is nothing of the kind, or it cannot be read.
    """
    if not path.is_dir():
        require_file(path, roots)
        beside = [file for file in files_in(path.parent, (*_HDF5, ".csv")) if file.stem == path.stem]
        chosen = [path, *(file for file in beside if (file.suffix.lower() == ".csv") != (path.suffix.lower() == ".csv"))]
        pairs = _paired(chosen[:2])
    else:
        pairs = _paired(_candidates(path))
    if not pairs:
        raise SourceError(f"{path} holds no STEAD files; looked for *.hdf5 and *.csv of the same name.")
    left_out: list[str] = []
    whole = [pair for pair in pairs if pair.csv and pair.hdf5]
    alone = [pair for pair in pairs if pair.csv is None or pair.hdf5 is None]
    if len(pairs) == 2 and len(alone) == 2 and {bool(pair.csv) for pair in alone} == {True, False}:
        pairs = [SteadPair(*(next(file for file in files if file) for files in _columns(alone)))]
    elif whole and alone:
        left_out = [f"{pair.csv.name} has no HDF5 file of the same name; left out." for pair in alone if pair.csv]
        pairs = [pair for pair in pairs if pair.hdf5]
    merged = [pair for pair in pairs if pair.title.lower().startswith("merge")]
    if merged and len(merged) < len(pairs):
        left_out.append(f"{merged[0].title} is taken alone; the {len(pairs) - len(merged)} chunks beside it are left out.")
        pairs = merged
    for pair in pairs:
        for file in (pair.csv, pair.hdf5):
            if file is not None:
                require_file(file, roots)
    return pairs, left_out


def _columns(pairs: list[SteadPair]) -> tuple[list[Path | None], list[Path | None]]:
    return [pair.csv for pair in pairs], [pair.hdf5 for pair in pairs]


def _paired(files: Sequence[Path]) -> list[SteadPair]:
    tables = {file.with_suffix(""): file for file in files if file.suffix.lower() == ".csv"}
    waveforms = {file.with_suffix(""): file for file in files if file.suffix.lower() in _HDF5}
    return [SteadPair(tables.get(stem), waveforms.get(stem)) for stem in sorted({*tables, *waveforms}, key=_natural)]


def _natural(stem: Path) -> tuple[int, str]:
    # chunk2 before chunk10.
    return len(stem.name), stem.name


def _candidates(folder: Path) -> list[Path]:
    """STEAD's files in a folder or, if there are none, in the folders right below it."""
    files = [file for file in files_in(folder, (*_HDF5, ".csv")) if _wanted(file)]
    if files:
        return files
    below = [entry for entry in files_in(folder, ("",)) if entry.is_dir()]
    return [file for entry in below for file in files_in(entry, (*_HDF5, ".csv")) if _wanted(file)]


def _wanted(file: Path) -> bool:
    if _is_seisbench(file):
        return False
    if file.suffix.lower() in _HDF5:
        return True
    try:
        header = set(csv_header(file))
    except SourceError:
        return True
    return len(header & set(STEAD_COLUMNS)) >= 3 or any(file.with_suffix(suffix).exists() for suffix in _HDF5)


def _is_seisbench(file: Path) -> bool:
    """Whether a file is half of a pair ``metadata*.csv`` and ``waveforms*.hdf5``."""
    if file.name.startswith("metadata") and file.suffix == ".csv":
        return file.with_name(f"waveforms{file.stem.removeprefix('metadata')}.hdf5").exists()
    if file.name.startswith("waveforms") and file.suffix == ".hdf5":
        return file.with_name(f"metadata{file.stem.removeprefix('waveforms')}.csv").exists()
    return False


def _recordings(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the index as a table of recordings; columns of the same content share their memory."""
    constant = {
        "duration_s": np.full(len(rows), N_SAMPLES / SAMPLING_RATE_HZ),
        "n_stations": np.ones(len(rows), dtype=np.int64),
        "sampling_rate_hz": np.full(len(rows), SAMPLING_RATE_HZ),
    }
    first = {name: constant[name] if name in constant else rows[_SAME.get(name, name)] for name in RECORDING_COLUMNS}
    more = {name: rows[name] for name in rows.columns if name not in first and name != "pair"}
    return pd.DataFrame({**first, **more}, copy=False)


def _merged(row: dict[str, Any], attributes: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Metadata with what is not known filled from HDF5 attributes, and where the two disagree on an onset, in words."""
    text = {name: pa.array([str(value)]) for name, value in attributes.items() if name in STEAD_COLUMNS}
    known = {name: [None] if str(value) in ("", "None", "nan") else [str(value)] for name, value in attributes.items()}
    table = pa.table({name: pa.array(known[name], type=pa.string()) for name in text} or {"trace_name": [row["trace_name"]]})
    stored = {name: column[0].as_py() for name, column in typed_rows(table).items()}
    notices = []
    for phase in ("P", "S"):
        name = f"{phase.lower()}_arrival_sample"
        ours, theirs = _number(row[name]), _number(stored[name])
        if abs(ours - theirs) > 1:
            notices.append(f"The CSV file has {phase} at sample {ours:g}, the HDF5 file at {theirs:g}; the CSV file counts.")
    filled = dict(row)
    for name, value in stored.items():
        if name in filled and (filled[name] in (None, "") or (name in NUMBERS and not np.isfinite(filled[name]))):
            filled[name] = value
    return filled, notices


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _station(row: dict[str, Any]) -> str:
    return f"{row['network_code'] or ''}.{row['receiver_code'] or ''}."
