"""A mended part of ObsPy: lines of compressed GSE samples that are too long for the place they are copied to."""

from __future__ import annotations

from functools import cache
from typing import Any

__all__ = ["mend_gse_lines"]

_LONGEST_LINE = 82


class _ShortLines:
    """A file whose lines end after 82 bytes, as those of the format do."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def readline(self) -> bytes:
        """The next line, or the beginning of a longer one."""
        return bytes(self._file.readline()[:_LONGEST_LINE])


@cache
def mend_gse_lines() -> None:
    """Have ObsPy cut off what does not fit.

    It copies each line, however long, into 83 bytes (``read83`` in ``obspy.io.gse2.libgse2``, version 1.5): a file with
    one broken line end writes over the memory of this process, which ends there, if nothing worse comes of it.
    """
    from obspy.io.gse2 import libgse1, libgse2

    unpack = libgse2.uncompress_cm6

    def uncompress_cm6(file: Any, n_samples: int) -> Any:
        return unpack(_ShortLines(file), n_samples)

    libgse1.uncompress_cm6 = libgse2.uncompress_cm6 = uncompress_cm6
