"""Lines of a catalogue file that are fit to be cut into columns; every other one is counted or reported."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, cast

from workbench.errors import SourceError
from workbench.sources.ogs.fields import UnreadLineError
from workbench.sources.ogs.records import CatalogText, EventRecord

__all__ = ["first_lines", "read_event_lines", "text_lines"]

# The longest of the formats has 200 columns.
_LONGEST_BYTES = 1000
_LOOKED_INTO = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ENDS, _DOS_END = "\r\n", "\x1a"
_DAMAGED = -1
_GZIP = b"\x1f\x8b"


def text_lines(found: CatalogText) -> Iterator[tuple[int, str]]:
    """Number and text of each line that is neither blank nor unfit (too long, with control characters).

    Text is UTF-8 or else Latin-1: a name of a place may hold an accent, and the columns before it stay where they are.

    Raises
    ------
    SourceError
        If the file cannot be read.
    """
    for number, (raw, n_bytes) in enumerate(_raw_lines(found.path), start=1):
        line = _decoded(raw, first=number == 1)
        if n_bytes == _DAMAGED:
            found.leave_unread(number, "", f"what follows cannot be unpacked ({line}); the file is damaged or cut off")
        elif n_bytes > _LONGEST_BYTES:
            found.leave_unread(number, line[:_LONGEST_BYTES], f"it has {n_bytes:,} bytes, more than any line can have")
        elif line.strip() == _DOS_END:
            found.kinds["blank"] += 1
        elif odd := _CONTROL.search(line):
            found.leave_unread(number, line, f"column {odd.start() + 1} holds the control character {odd[0]!r}")
        elif not line.strip():
            found.kinds["blank"] += 1
        else:
            yield number, line


def read_event_lines(found: CatalogText, header: re.Pattern[str], event: Callable[[str, int], EventRecord]) -> None:
    """Add the events of a file of one event a line, under headers; a line that is none is reported.

    Parameters
    ----------
    event
        The event of a line and its number; raises :class:`~workbench.sources.ogs.fields.UnreadLineError`.
    """
    for number, line in text_lines(found):
        if header.match(line):
            found.kinds["header"] += 1
            continue
        try:
            found.events.append(event(line, number))
            found.kinds["event"] += 1
        except UnreadLineError as error:
            found.leave_unread(number, line, str(error))


def first_lines(path: Path) -> list[str]:
    """The first lines of a file, to see what it is; none if it is no text.

    Raises
    ------
    SourceError
        If the file cannot be read.
    """
    lines = []
    for number, (raw, n_bytes) in enumerate(_raw_lines(path), start=1):
        if number > _LOOKED_INTO:
            break
        if n_bytes <= _LONGEST_BYTES and n_bytes != _DAMAGED:
            lines.append(_decoded(raw, first=number == 1))
    return lines


def _raw_lines(path: Path) -> Iterator[tuple[bytes, int]]:
    """The first bytes of each line, and how many it has without its end; a line of gigabytes is not kept.

    Where a packed file ends too soon, or is damaged, the last one says why, and has `_DAMAGED` for its number.
    """
    try:
        with _opened(path) as stream:
            while raw := stream.readline(_LONGEST_BYTES + 2):
                n_bytes, tail = len(raw), raw
                while not tail.endswith(b"\n") and (tail := stream.readline(2**20)):
                    n_bytes += len(tail)
                yield raw.rstrip(b"\r\n"), n_bytes if n_bytes > len(raw) else len(raw.rstrip(b"\r\n"))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield str(error).encode(), _DAMAGED
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}).") from error


def _opened(path: Path) -> IO[bytes]:
    """A file, unpacked where it is packed by gzip, whatever its name."""
    with path.open("rb") as stream:
        packed = stream.read(len(_GZIP)) == _GZIP
    return cast("IO[bytes]", gzip.open(path)) if packed else path.open("rb")


def _decoded(raw: bytes, *, first: bool) -> str:
    try:
        return raw.decode("utf-8-sig" if first else "utf-8").rstrip(_ENDS)
    except UnicodeDecodeError:
        return raw.decode("latin-1").rstrip(_ENDS)
