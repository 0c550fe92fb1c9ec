"""A new HDF5 file whose disk may be full."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

__all__ = ["new_hdf5"]


class _Sink(io.FileIO):
    """A file that remembers the first failure to write and takes everything after it without writing.

    HDF5 cannot close a file that it cannot write: the attempt ends the whole process with a segmentation fault.
    """

    failure: OSError | None = None

    def write(self, content: Any) -> int:
        """The number of bytes that came; all of them were written unless something failed."""
        rest = memoryview(content).cast("B")
        n_bytes = len(rest)
        try:
            while len(rest) and self.failure is None:
                rest = rest[super().write(rest) :]
        except OSError as error:
            self.failure = error
        return n_bytes

    def truncate(self, size: int | None = None) -> int:
        """The size that was asked for."""
        try:
            return super().truncate(size) if self.failure is None else int(size or 0)
        except OSError as error:
            self.failure = error
            return int(size or 0)

    def check(self) -> None:
        """Nothing, if everything was written."""
        if self.failure is not None:
            raise self.failure


@contextmanager
def new_hdf5(path: Path) -> Iterator[tuple[h5py.File, Callable[[], None]]]:
    """A new file, and a function that raises OSError if what was written so far did not reach the disk."""
    with _Sink(path, "w+b") as sink:
        with h5py.File(sink, "w") as file:
            yield file, sink.check
        sink.check()
