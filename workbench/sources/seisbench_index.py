"""Metadata of a dataset in SeisBench's format (Woollam et al., 2022), whatever its columns, as rows of an index."""

from __future__ import annotations

import re
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
from workbench.sources.files import files_in, require_file
from workbench.sources.hdf5 import find_object, names_in, open_hdf5
from workbench.sources.metadata_index import unique_names
from workbench.sources.text_columns import csv_header, csv_tables, to_number_lists, typed_columns

__all__ = ["ARRIVAL", "SeisBenchChunk", "find_chunks", "letters_of", "read_data_format", "seisbench_rows"]

ARRIVAL = re.compile(r"trace_(?P<phase>.+)_arrival_sample")
"""Matches a column of onsets."""

_TIMES = frozenset({"trace_start_time", "source_origin_time"})
_NEVER_NUMBERS = ("_id", "_code", "_name", "_channel", "_order", "_polarity", "_status", "_type", "_category", "split")
_SNR = ("trace_snr_db", "trace_Z_snr_db", "trace_N_snr_db", "trace_E_snr_db")
_CATEGORY = ("trace_category", "source_type", "source_event_category")
_DISTANCE = ("path_ep_distance_km", "source_distance_km", "path_hyp_distance_km")
_MAGNITUDE = ("source_magnitude", "source_preferred_magnitude")


@dataclass(frozen=True)
class SeisBenchChunk:
    """One pair of a metadata file and a waveform file; `name` is empty where the dataset is not chunked."""

    name: str
    csv: Path
    hdf5: Path


def find_chunks(folder: Path, roots: Sequence[Path] | None = None) -> list[SeisBenchChunk]:
    """Chunks of a dataset, in the order in which SeisBench takes them.

    Raises
    ------
    SourceError
        If the folder holds no such dataset, or a file of a chunk is missing.
    """
    listing = folder / "chunks"
    names: list[str] = []
    if listing.is_file():
        try:
            names = [line for line in require_file(listing, roots).read_text("utf-8").split("\n") if line.strip()]
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f"{listing} cannot be read ({error}).") from error
        if any("/" in name or "\\" in name for name in names):
            raise SourceError(f"{listing} names a chunk outside its folder; it is refused.")
    if not names and (folder / "waveforms.hdf5").exists():
        names = [""]
    if not names:
        files = {file.name for file in files_in(folder, (".csv", ".hdf5"))}
        tables = {name[8:-4] for name in files if name.startswith("metadata") and name.endswith(".csv")}
        names = [name for name in tables if f"waveforms{name}.hdf5" in files]
    if not names:
        raise SourceError(f"{folder} holds no SeisBench dataset; looked for metadata*.csv with waveforms*.hdf5.")
    chunks = [
        SeisBenchChunk(name, folder / f"metadata{name}.csv", folder / f"waveforms{name}.hdf5") for name in sorted(names)
    ]
    for chunk in chunks:
        require_file(chunk.csv, roots)
        require_file(chunk.hdf5, roots)
    return chunks


def read_data_format(file: h5py.File) -> dict[str, Any]:
    """What a waveform file says of its samples: dimension_order, component_order, sampling_rate, unit, ..."""
    group = find_object(file, "data_format")
    content: dict[str, Any] = {}
    if isinstance(group, h5py.Group):
        for name in group:
            item = find_object(file, f"data_format/{name}")
            if isinstance(item, h5py.Dataset) and item.size is not None and item.size <= 100:
                value = item[()]
                content[name] = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    orders = {name: letters_of(content[name]) for name in ("dimension_order", "component_order") if name in content}
    return content | orders


def letters_of(order: Any) -> str:
    """An order of components or dimensions as plain capitals, whether it was written as text or as a list.

    >>> letters_of("['Z', 'N', 'E']"), letters_of("z,1,2"), letters_of(np.array([b"C", b"W"]))
    ('ZNE', 'Z12', 'CW')
    """
    parts = np.ravel(order).tolist()
    text = "".join(part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part) for part in parts)
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def seisbench_rows(
    chunks: Sequence[SeisBenchChunk], title: str, report: Report, notices: list[str]
) -> Iterator[pa.Table]:
    """Typed rows of all chunks in pieces, with unique recording ids; every column is kept."""
    names, numbers, columns = _survey(chunks, report)
    suffixes = [f"@{chunk.name}" for chunk, listed in zip(chunks, names, strict=True) for _ in range(len(listed))]
    every = pa.concat_arrays(names)
    ids = unique_names(every, suffixes)
    total, done = max(len(every), 1), 0
    for number, chunk in enumerate(chunks):
        with open_hdf5(chunk.hdf5) as file:
            held, form = _blocks(file, chunk), read_data_format(file)
        lost = names[number].filter(pc.invert(pc.is_in(_block_names(names[number]), value_set=held)))
        if len(lost):
            notices.append(
                f"{len(lost)} of {len(names[number])} rows of {chunk.csv.name} have no waveform in {chunk.hdf5.name} "
                f"({str(lost[0].as_py())[:60]}{', ...' if len(lost) > 1 else ''}): they are listed, not readable."
            )
        for piece in csv_tables(chunk.csv):
            report(0.3 + 0.7 * done / total, f"{done:,} of {total:,} traces of {title} read")
            typed = dict(typed_columns(piece, numbers, _TIMES))
            n_rows = piece.num_rows
            rows = {name: typed[name] if name in typed else _absent(name, numbers, n_rows) for name in columns}
            rows |= _recording_columns(rows, form, n_rows)
            rows["recording_id"] = ids.slice(done, n_rows)
            if "split" not in typed:
                rows["group"] = pa.array([f"{title} {chunk.name}".strip()] * n_rows, type=pa.string())
            rows["has_waveform"] = pc.is_in(_block_names(piece["trace_name"]), value_set=held)
            rows["trace_chunk"] = pa.array([chunk.name] * n_rows, type=pa.string())
            rows["pair"] = pa.array(np.full(n_rows, number, dtype=np.int16))
            yield pa.table(rows)
            done += n_rows


def _survey(chunks: Sequence[SeisBenchChunk], report: Report) -> tuple[list[pa.Array], frozenset[str], list[str]]:
    """Trace names of each chunk, which columns hold numbers throughout, and all columns."""
    names: list[pa.Array] = []
    columns: dict[str, None] = {}
    texts: set[str] = set()
    for number, chunk in enumerate(chunks):
        report(0.3 * number / len(chunks), f"looking through {chunk.csv.name}")
        header = csv_header(chunk.csv)
        if "trace_name" not in header:
            raise SourceError(
                f"{chunk.csv} lacks the column 'trace_name', which SeisBench metadata have; it has {header[:12]}."
            )
        columns |= dict.fromkeys(name for name in header if name)
        parts = [pa.array([], type=pa.string())]
        for piece in csv_tables(chunk.csv):
            parts.extend(piece["trace_name"].chunks)
            texts |= {
                name for name in piece.column_names if name not in texts and not _holds_numbers(name, piece[name])
            }
        names.append(pa.concat_arrays(parts))
        if names[-1].null_count:
            raise SourceError(
                f"{chunk.csv} has {names[-1].null_count} rows without a trace name; correct or remove them."
            )
    return names, frozenset(columns) - texts - _TIMES, list(columns)


def _holds_numbers(name: str, column: pa.ChunkedArray) -> bool:
    if name.endswith(_NEVER_NUMBERS) or name in _TIMES:
        return False
    try:
        pc.cast(column, pa.float64())
    except pa.ArrowInvalid:
        return False
    return True


def _absent(name: str, numbers: frozenset[str], n_rows: int) -> pa.Array:
    kind = pa.timestamp("ns") if name in _TIMES else pa.float64() if name in numbers else pa.string()
    return pa.array([""] * n_rows if kind == pa.string() else [None] * n_rows, type=kind)


def _block_names(names: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    return pc.replace_substring_regex(names, r"\$.*$", "")


def _blocks(file: h5py.File, chunk: SeisBenchChunk) -> pa.Array:
    group = find_object(file, "data")
    if not isinstance(group, h5py.Group):
        raise SourceError(
            f"{chunk.hdf5} has no group 'data', where SeisBench keeps its traces; it has {sorted(names_in(file))[:10]}."
        )
    return pa.array(names_in(group), type=pa.string())


def _recording_columns(rows: Mapping[str, Any], form: Mapping[str, Any], n_rows: int) -> dict[str, Any]:
    """The columns of a table of recordings, from those of SeisBench."""
    nothing = np.full(n_rows, np.nan)
    rate = _numbers(rows, "trace_sampling_rate_hz", n_rows)
    step = _numbers(rows, "trace_dt_s", n_rows)
    rate = np.where(np.isfinite(rate), rate, np.divide(1.0, step, out=nothing.copy(), where=step > 0))
    rate = np.where(np.isfinite(rate), rate, float(form.get("sampling_rate", np.nan)))
    samples = _numbers(rows, "trace_npts", n_rows)
    if "trace_name" in rows:
        samples = np.where(
            np.isfinite(samples), samples, _lengths(rows["trace_name"], str(form.get("dimension_order", "CW")))
        )
    location = rows.get("station_location_code", pa.array([""] * n_rows, type=pa.string()))
    location = pc.replace_substring_regex(location, r"^-+$", "")
    blank = pa.array([""] * n_rows, type=pa.string())
    return {
        "group": rows.get("split", blank),
        "stations": pc.binary_join_element_wise(
            rows.get("station_network_code", blank), rows.get("station_code", blank), location, "."
        ),
        "duration_s": pa.array(np.divide(samples, rate, out=nothing.copy(), where=rate > 0)),
        "sampling_rate_hz": pa.array(rate),
        "category": next((_text(rows[name]) for name in _CATEGORY if name in rows), blank),
        "magnitude": pa.array(_first(rows, _MAGNITUDE, n_rows)),
        "distance_km": pa.array(_first(rows, _DISTANCE, n_rows)),
        "snr_db": pa.array(_snr(rows, n_rows)),
    }


def _text(column: Any) -> Any:
    return column if pa.types.is_string(column.type) else pc.cast(column, pa.string()).fill_null("")


def _numbers(rows: Mapping[str, Any], name: str, n_rows: int) -> np.ndarray:
    if name not in rows or not pa.types.is_floating(rows[name].type):
        return np.full(n_rows, np.nan)
    return pc.fill_null(rows[name], np.nan).to_numpy()


def _first(rows: Mapping[str, Any], names: Sequence[str], n_rows: int) -> np.ndarray:
    """The first of several columns that is known, row by row."""
    values = np.full(n_rows, np.nan)
    for name in names:
        values = np.where(np.isfinite(values), values, _numbers(rows, name, n_rows))
    return values


def _snr(rows: Mapping[str, Any], n_rows: int) -> np.ndarray:
    """Mean over the components, whether they stand in one bracketed column or in one each."""
    parts = []
    for name in _SNR:
        if name in rows and pa.types.is_string(rows[name].type):
            parts.append(to_number_lists(rows[name], 1)[0])
        else:
            parts.append(_numbers(rows, name, n_rows))
    stack = np.stack(parts)
    known = np.isfinite(stack)
    count = known.sum(axis=0)
    return np.divide(np.where(known, stack, 0.0).sum(axis=0), count, out=np.full(n_rows, np.nan), where=count > 0)


def _lengths(names: Any, dimension_order: str) -> np.ndarray:
    """Number of samples from trace names like ``bucket0$3,:3,:6000``, NaN for others."""
    pattern = r"\$\d+,:\d*,:(?P<n>\d+)$" if dimension_order.endswith("W") else r"\$\d+,:(?P<n>\d+),:\d*$"
    found = pc.struct_field(pc.extract_regex(names, pattern), "n")
    return pc.fill_null(pc.cast(found, pa.float64()), np.nan).to_numpy()
