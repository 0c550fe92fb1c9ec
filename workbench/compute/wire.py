"""Messages of any size over a connection that takes small ones: by a file where both sides see one disk, or in pieces.

A message is a header (a dict of plain values) and buffers. Both sides of a connection hold a :class:`Wire`.
"""

from __future__ import annotations

import mmap
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from workbench.compute.payload import Buffer
from workbench.errors import JobError

__all__ = ["PIECE_BYTES", "Header", "Wire", "make_spool"]

Header = dict[str, Any]
"""What a message says beside its buffers: ``kind`` and plain values."""

PIECE_BYTES = 4 * 2**20
"""A Jupyter server closes the connection on a message above 10 MB."""

_SPOOL_FROM_BYTES = 2**20
_MEMORY_DISK = Path("/dev/shm")  # mkdtemp makes a folder of this user's own there  # nosec B108


def make_spool() -> Path:
    """A new folder that only this user may read: in memory where the system has a disk there."""
    place = _MEMORY_DISK if _MEMORY_DISK.is_dir() else None
    try:
        return Path(tempfile.mkdtemp(prefix="workbench-", dir=place))
    except OSError:
        return Path(tempfile.mkdtemp(prefix="workbench-"))


class Wire:
    """Cuts outgoing messages to size and puts incoming ones together.

    Parameters
    ----------
    piece_bytes
        Largest buffer of a message; 0 is no limit.
    spool
        Folder that the other side sees too; large buffers go through files in it. None sends all by the connection.
    """

    def __init__(self, piece_bytes: int = 0, spool: Path | None = None) -> None:
        self.piece_bytes = piece_bytes
        self.spool = spool
        self._pieces: dict[str, bytearray] = {}

    def cut(self, header: Header, buffers: Sequence[Buffer]) -> Iterator[tuple[Header, list[Buffer]]]:
        """The messages to send for one message."""
        views = [memoryview(buffer).cast("B") for buffer in buffers]
        sizes = [view.nbytes for view in views]
        if self.spool is not None and sum(sizes) >= _SPOOL_FROM_BYTES:
            try:
                yield {**header, "file": self._write(views), "sizes": sizes}, []
                return
            except OSError:  # a full disk: the connection is slower, and has no such limit
                pass
        if not self.piece_bytes or sum(sizes) <= self.piece_bytes:
            yield header, list(views)
            return
        whole = uuid.uuid4().hex
        for view in views:
            for first in range(0, view.nbytes, self.piece_bytes):
                yield {"kind": "piece", "of": whole, "total": sum(sizes)}, [view[first : first + self.piece_bytes]]
        yield {**header, "pieces": whole, "sizes": sizes}, []

    def join(self, header: Header, buffers: Sequence[Buffer]) -> tuple[Header, list[Buffer]] | None:
        """A whole message, or None while pieces of it are still to come.

        Raises
        ------
        JobError
            If pieces got lost.
        """
        if header.get("kind") == "piece":
            self._pieces.setdefault(header["of"], bytearray()).extend(buffers[0])
            return None
        if "file" in header:
            return header, _split(self._read(Path(header["file"])), header["sizes"])
        if "pieces" in header:
            content = self._pieces.pop(header["pieces"], bytearray())
            if len(content) != sum(header["sizes"]):
                raise JobError(
                    f"{len(content):,} of {sum(header['sizes']):,} bytes arrived: the connection lost some. Try again."
                )
            return header, _split(memoryview(content), header["sizes"])
        return header, list(buffers)

    def close(self) -> None:
        """Remove the folder of files."""
        if self.spool is not None:
            shutil.rmtree(self.spool, ignore_errors=True)
            self.spool = None

    def _write(self, views: Sequence[memoryview]) -> str:
        assert self.spool is not None
        path = self.spool / uuid.uuid4().hex
        try:
            with path.open("wb") as file:
                for view in views:
                    file.write(view)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return str(path)

    def _read(self, path: Path) -> memoryview:
        # What the other side names is read only where this side said that files go.
        if self.spool is None or path.parent != self.spool:
            raise JobError(f"A message named the file {path}, which is not in the folder that both sides share.")
        with path.open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        with suppress(OSError):  # Windows keeps what is mapped; the folder goes with the connection
            path.unlink()
        return memoryview(content)


def _split(content: memoryview, sizes: Sequence[int]) -> list[Buffer]:
    parts: list[Buffer] = []
    first = 0
    for size in sizes:
        parts.append(content[first : first + size])
        first += size
    return parts
