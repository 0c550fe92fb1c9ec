"""HDF5 files opened so that they give nothing but what they hold themselves.

An HDF5 file can point elsewhere in four ways: external links, soft links to those, virtual datasets, and datasets in
external storage. Through each of them, h5py would read any file of this computer as if it were a waveform.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

import h5py
import numpy as np

from workbench.errors import SourceError
from workbench.sources.files import fingerprint, require_file

__all__ = [
    "SIGNATURE",
    "Hdf5Files",
    "attributes_of",
    "damage_of",
    "find_object",
    "names_in",
    "open_hdf5",
    "read_samples",
]

SIGNATURE = b"\x89HDF\r\n\x1a\n"
"""The first eight bytes of an HDF5 file."""

_MOST_VALUES = 2**28
"""In one trace; a compressed dataset of a few bytes can claim any size."""


def open_hdf5(path: Path, roots: Sequence[Path] | None = None) -> h5py.File:
    """An open HDF5 file, read-only.

    Raises
    ------
    SourceError
        If it is not a regular file, not HDF5, or truncated.
    """
    require_file(path, roots)
    try:
        return _opened(path)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        cause = str(error)
        if "truncated" in cause:
            raise SourceError(f"{path} is truncated: {_figures(cause)}. Copy or download it again.") from error
        if "signature not found" in cause:
            raise SourceError(f"{path} is not an HDF5 file.") from error
        raise SourceError(f"{path} cannot be read as HDF5; it may be damaged ({cause}).") from error


def damage_of(path: Path) -> str:
    """Why a file cannot be opened as HDF5, in a sentence; empty if it can."""
    try:
        open_hdf5(path).close()
    except SourceError as error:
        return str(error)
    return ""


def _opened(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r")
    except OSError as error:
        if "unable to lock" not in str(error):
            raise
        # Some network drives have no locks, which protect nothing here: the file is only read. Not from the start,
        # because HDF5 refuses to open a file twice, with and without lock, and SeisBench opens it with.
        return h5py.File(path, "r", locking=False)


def _figures(cause: str) -> str:
    return cause[cause.find("truncated file:") + len("truncated file:") :].strip(" )") or "its end is missing"


def find_object(file: h5py.File, path: str) -> h5py.Group | h5py.Dataset | None:
    """The group or dataset at a path, reached by hard links only; None where there is none.

    Raises
    ------
    SourceError
        If a step of the path is a link to another place, or the dataset keeps its samples in another file.
    """
    here: Any = file
    for name in filter(None, path.split("/")):
        # A dot stands for the group itself: no name of anything in it.
        if not isinstance(here, h5py.Group) or name == ".":
            return None
        try:
            link = here.get(name, getlink=True)
            if link is None:
                return None
            if not isinstance(link, h5py.HardLink):
                raise SourceError(_refused(file, path, "is a link to another place"))
            here = here[name]
        except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, SourceError):
                raise
            raise SourceError(
                f"{path!r} in {file.filename} cannot be read; the file may be damaged ({error})."
            ) from error
    if isinstance(here, h5py.Dataset):
        if here.is_virtual:
            raise SourceError(_refused(file, path, "is a virtual dataset: its samples are in other files"))
        if here.external:
            raise SourceError(_refused(file, path, "keeps its samples in another file"))
    return here


def names_in(group: h5py.Group) -> list[str]:
    """Names of what a group holds.

    Raises
    ------
    SourceError
        If its list is damaged.
    """
    try:
        return list(group)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise SourceError(
            f"The list of {group.name!r} in {group.file.filename} cannot be read; the file may be damaged ({error})."
        ) from error


def _refused(file: h5py.File, path: str, reason: str) -> str:
    return (
        f"{path!r} in {file.filename} {reason}. It is refused, because such a file can show any file of this computer."
    )


def read_samples(dataset: h5py.Dataset, selection: tuple[Any, ...] = ()) -> np.ndarray:
    """Samples of a dataset that :func:`find_object` gave, as they are stored.

    Raises
    ------
    SourceError
        If they are no real numbers, too many for one trace, or cannot be read.
    """
    where = f"{dataset.name!r} in {dataset.file.filename}"
    if dataset.dtype.kind not in "fiu":
        raise SourceError(f"{where} holds {dataset.dtype}, not samples.")
    if _n_values(dataset.shape, selection) > _MOST_VALUES:
        raise SourceError(f"{where} has shape {dataset.shape}, too large for one trace.")
    try:
        return np.asarray(dataset[selection])
    except (OSError, RuntimeError, KeyError, ValueError, IndexError, TypeError) as error:
        raise SourceError(f"{where} cannot be read; the file may be damaged or truncated ({error}).") from error


def _n_values(shape: tuple[int, ...] | None, selection: tuple[Any, ...]) -> int:
    # Python's own product, because an absurd shape overflows that of numpy.
    lengths = list(shape or ())
    for axis, chosen in enumerate(selection[: len(lengths)]):
        lengths[axis] = len(range(*chosen.indices(lengths[axis]))) if isinstance(chosen, slice) else 1
    return math.prod(lengths)


def attributes_of(item: h5py.Group | h5py.Dataset) -> dict[str, Any]:
    """Attributes by name, with bytes as text."""
    try:
        values = dict(item.attrs)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise SourceError(
            f"Attributes of {item.name!r} in {item.file.filename} cannot be read; the file may be damaged ({error})."
        ) from error
    return {
        key: value.decode("utf-8", "replace") if isinstance(value, bytes) else value for key, value in values.items()
    }


class Hdf5Files:
    """A few HDF5 files kept open between reads.

    Threads may share it: one reads at a time, as HDF5 itself allows. A copy in another process opens its own files.

    Parameters
    ----------
    kept
        Number of files that stay open.
    roots
        Folders that files may lie in; None is no limit.
    """

    def __init__(self, kept: int = 4, roots: Sequence[Path] | None = None) -> None:
        self._kept = kept
        self._roots = roots
        self._lock = RLock()
        self._files: OrderedDict[Path, tuple[tuple[str, int, int], h5py.File]] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        return {"kept": self._kept, "roots": self._roots}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    @contextmanager
    def open(self, path: Path) -> Iterator[h5py.File]:
        """An open file, for the length of a ``with`` block; opened anew if it has changed on disk."""
        with self._lock:
            mark = fingerprint(path)
            known = self._files.get(path)
            if known is not None and known[0] != mark:
                self._files.pop(path)[1].close()
                known = None
            if known is None:
                self._files[path] = (mark, open_hdf5(path, self._roots))
            self._files.move_to_end(path)
            while len(self._files) > self._kept:
                self._files.popitem(last=False)[1][1].close()
            yield self._files[path][1]

    def close(self) -> None:
        """Close all files."""
        with self._lock:
            while self._files:
                self._files.popitem()[1][1].close()
