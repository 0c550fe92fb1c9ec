"""The 35 columns of STEAD with their types, read from CSV files, or from HDF5 attributes where there is no CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workbench.errors import SourceError
from workbench.schema import Report
from workbench.sources.files import require_file
from workbench.sources.hdf5 import attributes_of, find_object, names_in, open_hdf5
from workbench.sources.metadata_index import unique_names
from workbench.sources.text_columns import csv_header, csv_tables, is_known, to_number_lists, typed_columns

__all__ = [
    "NEEDED",
    "NUMBERS",
    "N_SAMPLES",
    "SAMPLING_RATE_HZ",
    "STEAD_COLUMNS",
    "TIMES",
    "TRACE_FOLDERS",
    "SteadPair",
    "attribute_text",
    "find_trace",
    "stead_rows",
    "trace_attributes",
    "typed_rows",
]

STEAD_COLUMNS = tuple(
    [
        "network_code",
        "receiver_code",
        "receiver_type",
        "receiver_latitude",
        "receiver_longitude",
        "receiver_elevation_m",
        "p_arrival_sample",
        "p_status",
        "p_weight",
        "p_travel_sec",
        "s_arrival_sample",
        "s_status",
        "s_weight",
        "source_id",
        "source_origin_time",
        "source_origin_uncertainty_sec",
        "source_latitude",
        "source_longitude",
        "source_error_sec",
        "source_gap_deg",
        "source_horizontal_uncertainty_km",
        "source_depth_km",
        "source_depth_uncertainty_km",
        "source_magnitude",
        "source_magnitude_type",
        "source_magnitude_author",
        "source_mechanism_strike_dip_rake",
        "source_distance_deg",
        "source_distance_km",
        "back_azimuth_deg",
        "snr_db",
        "coda_end_sample",
        "trace_start_time",
        "trace_category",
        "trace_name",
    ]
)
"""As Mousavi et al. (2019) name them."""

NEEDED = ("trace_name", "trace_start_time", "network_code", "receiver_code", "p_arrival_sample", "s_arrival_sample")
"""Without these a CSV file is not taken."""

TIMES = frozenset({"source_origin_time", "trace_start_time"})
_LISTS = frozenset({"snr_db", "coda_end_sample"})
_TEXT = frozenset(
    [
        "network_code",
        "receiver_code",
        "receiver_type",
        "p_status",
        "s_status",
        "source_id",
        "source_magnitude_type",
        "source_magnitude_author",
        "source_mechanism_strike_dip_rake",
        "trace_category",
        "trace_name",
    ]
)
NUMBERS = frozenset(STEAD_COLUMNS) - TIMES - _TEXT
"""Of type float64, NaN where not known; the signal-to-noise ratio is the mean of its three components."""

SAMPLING_RATE_HZ = 100.0
N_SAMPLES = 6000

TRACE_FOLDERS = ("data", "earthquake/local", "non_earthquake/noise")
"""Groups of an HDF5 file that hold traces, in the layouts that STEAD has been published in."""

_ATTRIBUTE_ROWS = 2000


@dataclass(frozen=True)
class SteadPair:
    """A CSV file and the HDF5 file with its waveforms; either may be absent, not both."""

    csv: Path | None
    hdf5: Path | None

    @property
    def title(self) -> str:
        """Name of the pair without suffix."""
        path = self.csv or self.hdf5
        assert path is not None
        return path.stem


def stead_rows(pairs: Sequence[SteadPair], report: Report, notices: list[str]) -> Iterator[pa.Table]:
    """Typed rows of all pairs in pieces, with unique recording ids; what is wrong is appended to `notices`."""
    numbers: list[int] = []
    listed: list[pa.Array] = []
    held: list[pa.Array] = []
    extra: list[pa.Array] = []
    for number, pair in enumerate(pairs):
        try:
            in_csv, in_hdf5 = _listed_names(pair), _held_names(pair)
        except SourceError as error:
            # One damaged chunk does not hide the others.
            if len(pairs) == 1:
                raise
            notices.append(str(error))
            continue
        notices.extend(_disagreement(pair, in_csv, in_hdf5))
        more = in_hdf5.filter(pc.invert(pc.is_in(in_hdf5, value_set=in_csv)))
        numbers.append(number)
        listed.append(in_csv)
        held.append(in_hdf5)
        extra.append(more)
    counts = [len(in_csv) + len(more) for in_csv, more in zip(listed, extra, strict=True)]
    every = [part for in_csv, more in zip(listed, extra, strict=True) for part in (in_csv, more)]
    names = pa.concat_arrays([pa.array([], type=pa.string()), *every])
    ids = unique_names(names)
    if ids is not names:
        n_repeated = pc.sum(pc.not_equal(ids, names)).as_py()
        notices.append(
            f"{n_repeated} trace names stand more than once; the later ones are listed as NAME#2, NAME#3, ..."
        )
    total, done = max(len(names), 1), 0
    for number, in_hdf5, more, count in zip(numbers, held, extra, counts, strict=True):
        pair, end = pairs[number], done + count
        for piece in _pieces(pair, more):
            report(done / total, f"{done:,} of {total:,} traces of {pair.title} read")
            rows = _finished(piece, ids.slice(done, piece.num_rows), in_hdf5, pair.title, number)
            # The name is the id of nearly every dataset; a second copy would cost a tenth of the time to open it.
            yield rows.drop_columns("trace_name") if ids is names else rows
            done += piece.num_rows
        if done != end:
            raise SourceError(f"{pair.title} has changed while it was read. Open it again.")


def typed_rows(table: pa.Table) -> dict[str, pa.Array]:
    """The 35 columns and the signal-to-noise ratio by component, from columns of text; null where not known."""
    columns = dict(typed_columns(table, NUMBERS - _LISTS, TIMES))
    for name in STEAD_COLUMNS:
        if name not in columns:
            kind = pa.timestamp("ns") if name in TIMES else pa.float64() if name in NUMBERS else pa.string()
            fill = "" if kind == pa.string() else None
            columns[name] = pa.array([fill] * table.num_rows, type=kind)
    if "snr_db" in table.column_names:
        mean, each = to_number_lists(table["snr_db"], 3)
    else:
        mean, each = np.full(table.num_rows, np.nan), [np.full(table.num_rows, np.nan)] * 3
    columns["snr_db"] = pa.array(mean)
    for name, values in zip(("snr_e_db", "snr_n_db", "snr_z_db"), each, strict=True):
        columns[name] = pa.array(values)
    if "coda_end_sample" in table.column_names:
        columns["coda_end_sample"] = pa.array(to_number_lists(table["coda_end_sample"], 1)[0])
    order = [*STEAD_COLUMNS, "snr_e_db", "snr_n_db", "snr_z_db"]
    return {name: columns[name] for name in order}


def _finished(piece: pa.Table, ids: pa.Array, held: pa.Array, title: str, pair: int) -> pa.Table:
    columns = typed_rows(piece)
    columns["recording_id"] = ids
    columns["group"] = pa.array([title] * piece.num_rows, type=pa.string())
    columns["stations"] = pc.binary_join_element_wise(columns["network_code"], columns["receiver_code"], "", ".")
    columns["has_waveform"] = pc.is_in(piece["trace_name"], value_set=held)
    columns["pair"] = pa.array(np.full(piece.num_rows, pair, dtype=np.int16))
    return pa.table(columns)


def _pieces(pair: SteadPair, more: pa.Array) -> Iterator[pa.Table]:
    """Rows of a pair as text: those of the CSV file, then traces that only the HDF5 file knows."""
    if pair.csv is not None:
        yield from csv_tables(pair.csv, [name for name in csv_header(pair.csv) if name in STEAD_COLUMNS])
    if pair.hdf5 is not None and len(more):
        with open_hdf5(pair.hdf5) as file:
            for start in range(0, len(more), _ATTRIBUTE_ROWS):
                names = more.slice(start, _ATTRIBUTE_ROWS).to_pylist()
                yield _as_text([trace_attributes(file, name) for name in names])


def _as_text(rows: list[Mapping[str, Any]]) -> pa.Table:
    texts = ({name: attribute_text(value) for name, value in row.items()} for row in rows)
    known = [{name: text for name, text in row.items() if is_known(name, text)} for row in texts]
    return pa.table({name: pa.array([row.get(name) for row in known], type=pa.string()) for name in STEAD_COLUMNS})


def attribute_text(value: Any) -> str:
    """An attribute as a CSV file would have it: a station's number or an id without the point of a float."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return " ".join(str(value).split())


def trace_attributes(file: h5py.File, name: str) -> dict[str, Any]:
    """Attributes of a trace by STEAD's column names, its own name among them; only the name if it cannot be read."""
    try:
        item = find_trace(file, name)
        attributes = attributes_of(item) if item is not None else {}
    except SourceError:
        # Listed all the same: reading it says what is wrong with it.
        attributes = {}
    return {**attributes, "trace_name": name}


def find_trace(file: h5py.File, name: str) -> h5py.Group | h5py.Dataset | None:
    """A trace in a file of STEAD's layout; None if it holds no such trace.

    Raises
    ------
    SourceError
        If the trace is kept in another file.
    """
    found = (find_object(file, f"{folder}/{name}") for folder in TRACE_FOLDERS)
    return next((item for item in found if item is not None), None)


def _held_names(pair: SteadPair) -> pa.Array:
    """Names of the traces that an HDF5 file holds, from its groups alone."""
    if pair.hdf5 is None:
        return pa.array([], type=pa.string())
    names: list[str] = []
    with open_hdf5(pair.hdf5) as file:
        found = [find_object(file, folder) for folder in TRACE_FOLDERS]
        for group in found:
            if isinstance(group, h5py.Group):
                names.extend(names_in(group))
        if all(group is None for group in found):
            raise SourceError(
                f"{pair.hdf5} has no group 'data', where STEAD keeps its traces; it has {sorted(names_in(file))[:10]}."
            )
    return pa.array(names, type=pa.string())


def _listed_names(pair: SteadPair) -> pa.Array:
    if pair.csv is None:
        return pa.array([], type=pa.string())
    require_file(pair.csv)
    header = csv_header(pair.csv)
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise SourceError(f"{pair.csv} lacks the columns {missing}, which STEAD metadata have; it has {header[:12]}.")
    parts = [piece["trace_name"].combine_chunks() for piece in csv_tables(pair.csv, ["trace_name"])]
    names = pa.concat_arrays([part.cast(pa.string()) for part in parts]) if parts else pa.array([], type=pa.string())
    if names.null_count:
        raise SourceError(f"{pair.csv} has {names.null_count} rows without a trace name; correct or remove them.")
    return names


def _disagreement(pair: SteadPair, in_csv: pa.Array, in_hdf5: pa.Array) -> list[str]:
    if pair.csv is None:
        return []
    if pair.hdf5 is None:
        return [f"{pair.csv.name} has no HDF5 file of the same name beside it: its traces are listed, not readable."]
    sentences = []
    lost = in_csv.filter(pc.invert(pc.is_in(in_csv, value_set=in_hdf5)))
    if len(lost):
        sentences.append(
            f"{len(lost)} of {len(in_csv)} rows of {pair.csv.name} have no waveform in {pair.hdf5.name} "
            f"({_some(lost)}): they are listed, not readable."
        )
    more = in_hdf5.filter(pc.invert(pc.is_in(in_hdf5, value_set=in_csv)))
    if len(more):
        sentences.append(
            f"{len(more)} of {len(in_hdf5)} traces of {pair.hdf5.name} are not in {pair.csv.name} "
            f"({_some(more)}): they are listed with what their HDF5 attributes say."
        )
    return sentences


def _some(names: pa.Array) -> str:
    return ", ".join(str(name)[:60] for name in names.slice(0, 3).to_pylist()) + (", ..." if len(names) > 3 else "")
