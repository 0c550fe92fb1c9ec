"""Metadata of every trace of a large dataset, read from its files once and kept as parquet in the user's cache."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from workbench.errors import SourceError, UnknownNameError
from workbench.schema import RECORDING_COLUMNS, Report, silent
from workbench.sources.files import fingerprint

__all__ = ["Build", "MetadataIndex", "unique_names"]

Build = Callable[[Report, list[str]], Iterator[pa.Table]]
"""Gives the rows of an index in pieces, each with a column ``recording_id``; appends its notices to the list."""

_VERSION = 2
"""Of what an index holds: raise it when a column is added or means something else."""

_HASH = "_name_hash"
_STORED_AS = {
    "start": "trace_start_time",
    "category": "trace_category",
    "magnitude": "source_magnitude",
    "distance_km": "source_distance_km",
}
# Measured with 1.27 million rows: smaller groups make the whole table slow to read, larger ones a single row.
_GROUP_ROWS = 16384
_GROUPS_KEPT = 8


class MetadataIndex:
    """Rows of metadata by recording, from a parquet file that is made anew when the files behind it change.

    It is written beside its final place and moved there in one step, so that a stop at any moment leaves a whole index
    or none.

    Parameters
    ----------
    inputs
        The files that the rows come from; their paths, sizes and times of change are the key.
    build
        Makes the rows.
    kind
        Of the source, for the file's name.
    folder
        Cache folder. Where it cannot be written, the index lives in a temporary folder for as long as this object.
    """

    def __init__(
        self,
        inputs: Sequence[Path],
        build: Build,
        *,
        kind: str,
        folder: Path,
    ) -> None:
        self._inputs = tuple(inputs)
        self._build = build
        self._kind = kind
        self._folder = folder
        self._forget()

    def _forget(self) -> None:
        self._lock = RLock()
        self._temporary: Path | None = None
        self._file: pq.ParquetFile | None = None
        self._signature = ""
        self._hashes: np.ndarray | None = None
        self._groups: OrderedDict[int, pa.Table] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in ("_inputs", "_build", "_kind", "_folder")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()

    def refresh(self, report: Report = silent) -> None:
        """Make the index if there is none, or if a file behind it has changed."""
        with self._lock:
            signature = json.dumps([_VERSION, self._kind, *(fingerprint(path) for path in self._inputs)])
            if self._file is not None and signature == self._signature:
                return
            path = self._path()
            if _signature_of(path) != signature:
                path = self._write(path, signature, report)
            self._open(path, signature)

    def table(self) -> pa.Table:
        """All rows, in the order of the files."""
        return self._current().read(columns=[name for name in self._current().schema_arrow.names if name != _HASH])

    def recordings(self, **same: Any) -> pd.DataFrame:
        """All rows as a table of recordings, every other column after those; `same` are values of columns of one value.

        Columns of the same content share their memory.
        """
        rows = self.table().to_pandas(split_blocks=True)
        columns = {name: np.full(len(rows), value) for name, value in same.items()}
        for name in RECORDING_COLUMNS.keys() - same.keys():
            stored = name if name in rows else _STORED_AS[name]
            columns[name] = rows[stored] if stored in rows else np.full(len(rows), np.datetime64("NaT", "ns"))
        first = {name: columns[name] for name in RECORDING_COLUMNS}
        more = {name: rows[name] for name in rows.columns if name not in first and name != "pair"}
        table = pd.DataFrame({**first, **more}, copy=False)
        table.attrs["notices"] = self.notices
        return table

    @property
    def notices(self) -> list[str]:
        """What could not be listed, one sentence each."""
        return list(json.loads(self._current().metadata.metadata[b"notices"]))

    def row(self, recording_id: str) -> dict[str, Any]:
        """Metadata of one recording by column, None where not known.

        The rows around it stay in memory, as the next recording asked for is mostly a neighbour.

        Raises
        ------
        UnknownNameError
            If there is no such recording.
        """
        with self._lock:
            file = self._current()
            if self._hashes is None:
                self._hashes = file.read(columns=[_HASH])[_HASH].to_numpy()
            for place in np.flatnonzero(self._hashes == _hash_names([recording_id])[0]):
                group, offset = divmod(int(place), _GROUP_ROWS)
                row = self._group(group).slice(offset, 1).to_pylist()[0]
                if row["recording_id"] == recording_id:
                    return row
            names = self._group(0)["recording_id"].slice(0, 500).to_pylist() if file.metadata.num_rows else []
            raise UnknownNameError("recording", recording_id, names)

    def _group(self, number: int) -> pa.Table:
        if number not in self._groups:
            self._groups[number] = self._current().read_row_group(number)
        self._groups.move_to_end(number)
        while len(self._groups) > _GROUPS_KEPT:
            self._groups.popitem(last=False)
        return self._groups[number]

    def _current(self) -> pq.ParquetFile:
        with self._lock:
            if self._file is None:
                self.refresh()
            assert self._file is not None
            return self._file

    def _path(self) -> Path:
        places = "\n".join(str(path.absolute()) for path in self._inputs)
        name = f"{self._kind}-{hashlib.blake2b(places.encode(), digest_size=10).hexdigest()}.parquet"
        return self._folder / "indexes" / name

    def _open(self, path: Path, signature: str) -> None:
        self._file = pq.ParquetFile(path, memory_map=True)
        self._signature = signature
        self._hashes = None
        self._groups.clear()

    def _write(self, path: Path, signature: str, report: Report) -> Path:
        notices: list[str] = []
        path, part = self._writable(path)
        try:
            writer: pq.ParquetWriter | None = None
            pieces = _regular(self._build(report, notices))
            try:
                for piece in pieces:
                    writer = writer or _writer(part, piece.schema)
                    writer.write_table(piece, row_group_size=_GROUP_ROWS)
                if writer is None:
                    raise SourceError(" ".join(notices) or f"{self._inputs[0]} holds no trace.")
                writer.add_key_value_metadata({"signature": signature, "notices": json.dumps(notices)})
            finally:
                if writer is not None:
                    writer.close()
            part.replace(path)
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, SourceError):
                raise
            raise SourceError(
                f"The index {path} cannot be written ({error}). Free some space in {path.parent}."
            ) from error
        finally:
            part.unlink(missing_ok=True)
        return path

    def _writable(self, path: Path) -> tuple[Path, Path]:
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            return path, _new_file(path)
        if self._temporary is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="workbench-index-"))
            weakref.finalize(self, shutil.rmtree, self._temporary, ignore_errors=True)
        path = self._temporary / path.name
        return path, _new_file(path)


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    # Plain numbers, and repeated words by number: read twice as fast as with compression and dictionaries everywhere.
    words = [field.name for field in schema if pa.types.is_string(field.type) and field.name != "recording_id"]
    return pq.ParquetWriter(path, schema, compression="none", use_dictionary=words, write_statistics=False)


def _new_file(path: Path) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}-", suffix=".part")
    os.close(handle)
    return Path(name)


def _signature_of(path: Path) -> str:
    """Signature of an index on disk; empty if there is none that can be read."""
    try:
        metadata = pq.read_metadata(path).metadata or {}
        return metadata.get(b"signature", b"").decode()
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        return ""


def _regular(pieces: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Pieces with the column of hashes, in row groups of one length: a row's number tells its group."""
    waiting: list[pa.Table] = []
    n_rows = n_given = 0
    for piece in pieces:
        names = piece["recording_id"]
        waiting.append(piece.append_column(_HASH, pa.array(_hash_names(names.to_pylist()))))
        n_rows += piece.num_rows
        if n_rows >= _GROUP_ROWS:
            whole = pa.concat_tables(waiting)
            n_whole = n_rows - n_rows % _GROUP_ROWS
            yield whole.slice(0, n_whole)
            n_given += n_whole
            waiting, n_rows = [whole.slice(n_whole)], n_rows - n_whole
    if waiting and (n_rows or not n_given):
        yield pa.concat_tables(waiting)


def _hash_names(names: Sequence[str]) -> np.ndarray:
    return pd.util.hash_array(np.asarray(names, dtype=object), categorize=False)


def unique_names(names: pa.Array | pa.ChunkedArray, suffixes: Sequence[str] | None = None) -> pa.Array:
    """Names made unique: the first of several stays, the others get their suffix or a number.

    >>> unique_names(pa.array(["a", "b", "a", "a"])).to_pylist()
    ['a', 'b', 'a#2', 'a#3']
    >>> unique_names(pa.array(["a", "a"]), ["@0", "@1"]).to_pylist()
    ['a', 'a@1']
    """
    if len(pc.unique(names)) == len(names):
        return names.combine_chunks() if isinstance(names, pa.ChunkedArray) else names
    text = pd.Series(names.to_pylist(), dtype="str")
    if suffixes is not None:
        text = text.where(~text.duplicated(), text + pd.Series(suffixes, dtype="str"))
    count = text.groupby(text).cumcount()
    text = text.where(count == 0, text + "#" + (count + 1).astype("str"))
    return pa.array(text.tolist(), type=pa.string())
