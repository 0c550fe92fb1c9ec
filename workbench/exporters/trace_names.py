"""Names for traces that HDF5, pandas and SeisBench all read back as they were written."""

from __future__ import annotations

import hashlib
import re

__all__ = ["TraceNames", "safe_name"]

_LONGEST_BYTES = 200

# "/" makes groups in HDF5, "$" a slice of a block in SeisBench; control characters break lines.
_FORBIDDEN = re.compile(r"[/$\x00-\x1f\x7f\u2028\u2029\x85]")

# pandas reads these from a CSV file as numbers, truth values or nothing at all.
_MISREAD = re.compile(
    r"\s*([+-]?[\d.,_]*(e[+-]?\d+)?|[+-]?inf(inity)?|#?n/?a( n/a)?|-?nan|-?1\.#(ind|qnan)"
    r"|null|none|true|false|<na>)\s*",
    re.IGNORECASE,
)


def safe_name(name: str) -> str:
    """The name, changed only where it could not be read back; a long one ends with a hash of all of it.

    >>> safe_name("109C.TA_20060723155859_EV")
    '109C.TA_20060723155859_EV'
    >>> safe_name("bucket0$1,:3,:1200"), safe_name("20181230"), safe_name("Höfn/1")
    ('bucket0_1,:3,:1200', 'trace_20181230', 'Höfn_1')
    """
    safe = _FORBIDDEN.sub("_", name).encode("utf-8", "replace").decode()
    if _MISREAD.fullmatch(safe) or safe != safe.strip():
        safe = f"trace_{safe.strip()}"
    if len(safe.encode()) > _LONGEST_BYTES:
        digest = hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).hexdigest()
        safe = f"{safe.encode()[: _LONGEST_BYTES - 17].decode(errors='ignore')}_{digest}"
    return safe


class TraceNames:
    """Gives each trace of a dataset a name of its own."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str) -> str:
        """A safe name, with a number at its end if it is taken already."""
        safe = safe_name(name)
        number = 1
        free = safe
        while free in self._taken:
            number += 1
            free = f"{safe}_{number}"
        self._taken.add(free)
        return free
