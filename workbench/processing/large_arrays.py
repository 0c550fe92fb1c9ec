"""Arrays that are too large for memory to hold several of them: on disk, mapped into memory.

The operating system keeps of them in memory what is in use, and gives the rest back when others need it.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from workbench.settings import load_settings

__all__ = ["let_go", "nan_array"]

MAPPED_FROM_BYTES = 192 * 2**20
"""Smaller ones are in memory: mapping them would gain nothing that is felt."""


def nan_array(shape: tuple[int, ...], *, folder: Path | None = None) -> np.ndarray:
    """A float32 array of NaN; from :data:`MAPPED_FROM_BYTES` on in a file that is gone when the array is.

    Parameters
    ----------
    folder
        Where the file lies; that of the cache if not given. Where it has no room, the array is in memory.

    Raises
    ------
    MemoryError
        If memory does not suffice either.
    """
    n_bytes = 4 * math.prod(shape)
    if n_bytes >= MAPPED_FROM_BYTES:
        with contextlib.suppress(OSError):
            mapped = _mapped(shape, n_bytes, folder or load_settings().cache_folder / "arrays")
            for part in mapped:
                part[...] = np.nan
                let_go(part)
            return mapped
    return np.full(shape, np.nan, np.float32)


def _mapped(shape: tuple[int, ...], n_bytes: int, folder: Path) -> np.ndarray:
    folder.mkdir(parents=True, exist_ok=True)
    # It has no name where the system knows such files, so that nothing is left of it however this process ends.
    with tempfile.TemporaryFile(dir=folder) as file:
        if hasattr(os, "posix_fallocate"):
            # A file with holes would end the process when the disk is full, at the first sample that has no room.
            os.posix_fallocate(file.fileno(), 0, n_bytes)
        else:
            file.truncate(n_bytes)
        return np.frombuffer(mmap.mmap(file.fileno(), n_bytes), np.float32).reshape(shape)


def let_go(array: np.ndarray) -> None:
    """Tell the system that a mapped array is not needed in memory just now; nothing, for one that is not mapped."""
    owner: Any = array
    while isinstance(owner, (np.ndarray, memoryview)):
        owner = owner.base if isinstance(owner, np.ndarray) else owner.obj
    if isinstance(owner, mmap.mmap) and hasattr(owner, "madvise"):
        owner.madvise(mmap.MADV_DONTNEED)
