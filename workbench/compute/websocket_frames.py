"""Jupyter messages as frames of the websocket protocol ``v1.kernel.websocket.jupyter.org``."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from workbench.compute.payload import Buffer

__all__ = ["PROTOCOL", "make_message", "pack_frame", "unpack_frame"]

PROTOCOL = "v1.kernel.websocket.jupyter.org"

_PARTS = ("header", "parent_header", "metadata", "content")


def make_message(kind: str, content: Mapping[str, Any], session: str) -> dict[str, Any]:
    """A message of this client."""
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": kind,
        "session": session,
        "username": "workbench",
        "date": datetime.datetime.now(datetime.UTC).isoformat(),
        "version": "5.3",
    }
    return {"header": header, "parent_header": {}, "metadata": {}, "content": dict(content)}


def pack_frame(channel: str, message: Mapping[str, Any], buffers: Sequence[Buffer] = ()) -> bytes:
    """The frame: number of offsets, the offsets (64-bit, little endian), the channel, four JSON parts, the buffers.

    >>> frame = pack_frame("shell", make_message("kernel_info_request", {}, "me"), [b"abc"])
    >>> channel, message = unpack_frame(frame)
    >>> channel, message["header"]["msg_type"], bytes(message["buffers"][0])
    ('shell', 'kernel_info_request', b'abc')
    """
    parts: list[Buffer] = [channel.encode(), *(json.dumps(message[name]).encode() for name in _PARTS)]
    parts += [memoryview(buffer).cast("B") for buffer in buffers]
    offset = 8 * (len(parts) + 2)
    offsets = [offset]
    for part in parts:
        offset += len(part)
        offsets.append(offset)
    numbers = [len(offsets), *offsets]
    return b"".join([*(number.to_bytes(8, "little") for number in numbers), *parts])


def unpack_frame(frame: bytes) -> tuple[str, dict[str, Any]]:
    """Channel and message; its buffers are views of the frame."""
    view = memoryview(frame)
    n_offsets = int.from_bytes(view[:8], "little")
    offsets = [int.from_bytes(view[8 * (i + 1) : 8 * (i + 2)], "little") for i in range(n_offsets)]
    parts = [view[first:last] for first, last in pairwise(offsets)]
    message: dict[str, Any] = {name: json.loads(bytes(part)) for name, part in zip(_PARTS, parts[1:5], strict=True)}
    message["buffers"] = parts[5:]
    return bytes(parts[0]).decode(), message
