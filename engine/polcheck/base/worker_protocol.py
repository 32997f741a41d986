"""Messages between a process and its workers: length-prefixed, over pipes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple

from polcheck.base.codec import Codec

PROGRESS = struct.Struct("=Id")  # the number of a request in its batch, and when it was begun
BOOTED = 0xFFFF_FFFF  # as a number: nothing was begun yet
REPLIES: Codec[list[tuple[bool, bytes]]] = Codec(list[tuple[bool, bytes]])
"""For each request of a batch whether there is a reply, and that, or why there is none."""
LENGTH = struct.Struct("=Q")


class Start(NamedTuple):
    """The first message to a worker: the work to do, the encoding of replies, and the time for one request.

    `seconds` are of processor time; `patience` times as many by the wall clock are the end in any case.
    """

    work: Callable[[Any], Any]
    codec: Codec[Any]
    seconds: float
    patience: float
    doing: str


def read_frame(source: BinaryIO) -> bytes | None:
    """Return the next message of a pipe; None at its end."""
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    data = source.read(length)
    return data if len(data) == length else None


def write_frame(target: BinaryIO, data: bytes) -> None:
    """Writes a message to a pipe."""
    target.write(LENGTH.pack(len(data)))
    target.write(data)
    target.flush()
