"""Which files of a folder are STEAD's, and which CSV file goes with which HDF5 file."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path

import h5py

from workbench.errors import SourceError
from workbench.sources.files import files_in, require_file
from workbench.sources.hdf5 import SIGNATURE, damage_of, find_object, open_hdf5
from workbench.sources.stead_index import STEAD_COLUMNS, TRACE_FOLDERS, SteadPair
from workbench.sources.text_columns import csv_header
from workbench.sources.waveforms_headers import waveform_format

__all__ = ["find_pairs", "looks_like_stead"]

_HDF5 = (".hdf5", ".h5")
_FEW_COLUMNS = 3
"""So many of STEAD's columns tell its CSV file from any other."""
_OWN_COLUMNS = {"network_code", "receiver_code"}
"""SeisBench names these otherwise; with others it shares the names."""


def looks_like_stead(path: Path) -> bool:
    """Whether a file or folder is in STEAD's native layout, by names, first lines of CSV and groups of HDF5 files."""
    try:
        if path.is_dir():
            files = _candidates(path)
            return not _only_damaged_beside_waveforms(path, files) and any(looks_like_stead(file) for file in files)
        if not path.is_file() or _is_seisbench(path):
            return False
        if path.suffix.lower() in _HDF5:
            return True
        return path.suffix.lower() == ".csv" and len(set(csv_header(path)) & set(STEAD_COLUMNS)) >= _FEW_COLUMNS
    except SourceError:
        return False


def _only_damaged_beside_waveforms(folder: Path, files: Sequence[Path]) -> bool:
    """Whether all that could be STEAD's are HDF5 files that cannot be opened, in a folder that holds waveform files."""
    damaged = all(
        file.suffix.lower() in _HDF5 and not file.with_suffix(".csv").exists() and damage_of(file) for file in files
    )
    return bool(files) and damaged and any(_is_waveform(file) for file in sorted(folder.iterdir()) if file not in files)


def _is_waveform(file: Path) -> bool:
    try:
        return file.is_file() and bool(waveform_format(file))
    except SourceError:
        return False


def find_pairs(path: Path, roots: Sequence[Path] | None = None) -> tuple[list[SteadPair], list[str]]:
    """Pairs of CSV and HDF5 files that a path stands for, and what was left out, one sentence each.

    Raises
    ------
    SourceError
        If there is nothing of the kind, or it cannot be read.
    """
    if not path.is_dir():
        require_file(path, roots)
        pairs = _paired([path, *_other_half(path)])
    else:
        pairs = _paired(_candidates(path))
    if not pairs:
        raise SourceError(f"{path} holds no STEAD files; looked for *.hdf5 and *.csv of the same name.")
    left_out: list[str] = []
    whole = [pair for pair in pairs if pair.csv and pair.hdf5]
    alone = [pair for pair in pairs if pair.csv is None or pair.hdf5 is None]
    if len(pairs) == 2 and len(alone) == 2 and {bool(pair.csv) for pair in alone} == {True, False}:
        pairs = [SteadPair(*(next(filter(None, files)) for files in zip(*map(astuple, alone), strict=True)))]
    elif whole and alone:
        left_out = [f"{pair.csv.name} has no HDF5 file of the same name; left out." for pair in alone if pair.csv]
        pairs = [pair for pair in pairs if pair.hdf5]
    merged = [pair for pair in pairs if pair.title.lower().startswith("merge")]
    if merged and len(merged) < len(pairs):
        left_out.append(
            f"{merged[0].title} is taken alone; the {len(pairs) - len(merged)} chunks beside it are left out."
        )
        pairs = merged
    return _readable(pairs, left_out, roots), left_out


def _other_half(path: Path) -> list[Path]:
    """The file that goes with one: that of the same name or, if the two are alone in their folder, of any name."""
    beside = [file for file in _candidates(path.parent) if file.parent == path.parent and file != path]
    other = [file for file in beside if (file.suffix.lower() == ".csv") != (path.suffix.lower() == ".csv")]
    return [file for file in other if file.stem == path.stem][:1] or (other if len(beside) == 1 else [])


def _readable(pairs: list[SteadPair], left_out: list[str], roots: Sequence[Path] | None) -> list[SteadPair]:
    """Pairs of regular files; one that is none is left out if there are others."""
    readable = []
    for pair in pairs:
        try:
            for file in filter(None, (pair.csv, pair.hdf5)):
                require_file(file, roots)
            readable.append(pair)
        except SourceError as error:
            if len(pairs) == 1:
                raise
            left_out.append(str(error))
    if not readable:
        raise SourceError(left_out[-1])
    return readable


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
        return file.with_suffix(".csv").exists() or _holds_traces(file)
    try:
        header = set(csv_header(file))
    except SourceError:
        return True
    return len(header & set(STEAD_COLUMNS)) >= _FEW_COLUMNS or any(
        file.with_suffix(suffix).exists() for suffix in _HDF5
    )


def _holds_traces(file: Path) -> bool:
    """Whether an HDF5 file has a group of STEAD's, or begins as one that can no longer be looked into."""
    try:
        with open_hdf5(file) as opened:
            return any(isinstance(find_object(opened, folder), h5py.Group) for folder in TRACE_FOLDERS)
    except SourceError:
        if not file.is_file():
            return True
        with suppress(OSError), file.open("rb") as stream:
            return stream.read(len(SIGNATURE)) == SIGNATURE
        return False


def _is_seisbench(file: Path) -> bool:
    """Whether a file is half of a pair ``metadata*.csv`` and ``waveforms*.hdf5`` whose columns are not STEAD's."""
    table, waveforms = file, file
    if file.name.startswith("metadata") and file.suffix == ".csv":
        waveforms = file.with_name(f"waveforms{file.stem.removeprefix('metadata')}.hdf5")
    elif file.name.startswith("waveforms") and file.suffix == ".hdf5":
        table = file.with_name(f"metadata{file.stem.removeprefix('waveforms')}.csv")
    if table == waveforms or not (table.exists() and waveforms.exists()):
        return False
    try:
        return not _OWN_COLUMNS.issubset(csv_header(table))
    except SourceError:
        return True
