"""``Packed``: arrays that reach the browser inside the message that names them.

Bokeh sends each array as two messages of their own: a drawing of a hundred small ones wakes the browser two hundred
times before it can be painted, and lets every busy thread of the server in between. Bokeh's own reader takes arrays in
this form as they are.
"""

from __future__ import annotations

import base64
import struct
import sys
import zlib
from typing import Any

import numpy as np
from bokeh.core.serialization import Serializer

__all__ = ["Packed", "packed"]

_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_MOST = 65_535
"""Bytes of a block of gzip that is not compressed."""


class Packed(np.ndarray):
    """An array of numbers, as any other in Python."""


def packed(column: Any) -> Any:
    """The same column of a source, its arrays of numbers packed; also those in a list.

    >>> packed([np.zeros(2), []])
    [Packed([0., 0.]), []]
    """
    if isinstance(column, np.ndarray) and column.dtype in (np.float32, np.float64):
        return np.ascontiguousarray(column).view(Packed)
    if isinstance(column, list) and any(isinstance(item, np.ndarray) for item in column):
        return [packed(item) for item in column]
    return column


def _inline(array: Packed, _: Serializer) -> dict[str, Any]:
    return {
        "type": "ndarray",
        "array": {"type": "bytes", "data": base64.b64encode(_in_gzip(array.tobytes())).decode("ascii")},
        "shape": list(array.shape),
        "dtype": array.dtype.name,
        "order": sys.byteorder,
    }


def _in_gzip(values: bytes) -> bytes:
    """As the reader wants it, but not compressed: to that, a thread comes back late where another one is busy."""
    parts = [_GZIP_HEAD]
    for start in range(0, max(1, len(values)), _MOST):
        block = values[start : start + _MOST]
        is_last = start + _MOST >= len(values)
        parts += [struct.pack("<BHH", is_last, len(block), len(block) ^ 0xFFFF), block]
    parts.append(struct.pack("<II", zlib.crc32(values), len(values)))
    return b"".join(parts)


Serializer.register(Packed, _inline)
