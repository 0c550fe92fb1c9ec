"""Ways in which a file is wrong: each makes other bytes of good ones, the same ones for the same seed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np

__all__ = ["MUTATIONS", "mutate"]

_RTL = "\u202egnp.\u202c"
_TEXTS: tuple[bytes, ...] = (
    b"nan", b"inf", b"-inf", b"1e999", b"-1", b"0", b"9" * 40, b"0001-01-01T00:00:00", b"9999-12-31T23:59:59",
    b"\0", b"../../../../etc/passwd", b"/dev/zero", b"x" * 100_000, b"a,b" * 5000, b'"', b"\xff\xfe", b"&lol;", b"<",
    _RTL.encode(), "\U0001f4a5 Ünï".encode(), b"\r", b"[" * 5000,
)  # fmt: skip
_COUNTS = (0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
_MAGICS = (b"\x89HDF\r\n\x1a\n", b"PK\x03\x04", b"PAR1", b"SQLite format 3\0", b"\x1f\x8b\x08\0", b"<?xml", b"\0" * 8,
           b"\xef\xbb\xbf", b"BZh9", b"\x80\x02")  # fmt: skip

Change = Callable[[bytes, np.random.Generator], bytes]


def _place(content: bytes, rng: np.random.Generator, within: int | None = None) -> int:
    return int(rng.integers(0, max(1, min(len(content), within or len(content)))))


def _truncated(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: _place(content, rng)]


def _without_beginning(content: bytes, rng: np.random.Generator) -> bytes:
    return content[_place(content, rng) :]


def _bits_flipped(content: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 17))):
        changed[_place(content, rng)] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _header_flipped(content: bytes, rng: np.random.Generator) -> bytes:
    return _bits_flipped(content[:256], rng) + content[256:]


def _overwritten(content: bytes, rng: np.random.Generator) -> bytes:
    at, length = _place(content, rng), int(rng.integers(1, 600))
    filling = (b"\xff" * length, b"\0" * length, rng.bytes(length))[int(rng.integers(3))]
    return content[:at] + filling + content[at + length :]


def _huge_count(content: bytes, rng: np.random.Generator) -> bytes:
    at = _place(content, rng, 600) // 2 * 2
    count, size = _COUNTS[int(rng.integers(len(_COUNTS)))], int(rng.choice([2, 4, 8]))
    order = "little" if rng.random() < 0.5 else "big"
    return content[:at] + (count % (1 << 8 * size)).to_bytes(size, order) + content[at + size :]


def _other_number(content: bytes, rng: np.random.Generator) -> bytes:
    """A number in text, replaced by something that is none, or none that can be."""
    found = list(re.finditer(rb"\d[\d.]*", content))
    if not found:
        return _huge_count(content, rng)
    one = found[int(rng.integers(len(found)))]
    return content[: one.start()] + _TEXTS[int(rng.integers(len(_TEXTS)))] + content[one.end() :]


def _text_put_in(content: bytes, rng: np.random.Generator) -> bytes:
    at = _place(content, rng)
    return content[:at] + _TEXTS[int(rng.integers(len(_TEXTS)))] + content[at:]


def _other_magic(content: bytes, rng: np.random.Generator) -> bytes:
    magic = _MAGICS[int(rng.integers(len(_MAGICS)))]
    return magic + content[len(magic) :]


def _other_encoding(content: bytes, rng: np.random.Generator) -> bytes:
    return content.decode("latin-1").encode(str(rng.choice(["utf-16", "utf-32", "utf-8", "utf-7"])))


def _lines_moved(content: bytes, rng: np.random.Generator) -> bytes:
    lines = content.split(b"\n")
    rng.shuffle(lines)
    return b"\n".join(lines[: int(rng.integers(1, len(lines) + 1))])


def _twice(content: bytes, rng: np.random.Generator) -> bytes:
    return content + content[_place(content, rng, 64) :]


def _nothing(content: bytes, rng: np.random.Generator) -> bytes:
    return b""


def _noise(content: bytes, rng: np.random.Generator) -> bytes:
    return rng.bytes(min(len(content), 4000))


MUTATIONS: Mapping[str, Change] = {
    change.__name__.strip("_"): change
    for change in (
        _truncated, _without_beginning, _bits_flipped, _header_flipped, _overwritten, _huge_count, _other_number,
        _text_put_in, _other_magic, _other_encoding, _lines_moved, _twice, _nothing, _noise,
    )
}  # fmt: skip


def mutate(content: bytes, name: str, seed: int) -> bytes:
    """The content with one thing wrong."""
    return MUTATIONS[name](content, np.random.default_rng(seed))
