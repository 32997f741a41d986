"""Streams and sums that stop where an archive asks for more than it should."""

from __future__ import annotations

import lzma
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from polcheck.disk.gathered import Gathered
from polcheck.errors import SubmissionError

CHUNK = 1 << 16
_FREE = 16 * 1024 * 1024  # what an archive may always unpack to: blank lines shrink a thousandfold
_XZ_MEMORY = 256 * 1024 * 1024  # `xz -9` takes 65 MiB


class Unpacked:
    """How much an archive of `size` bytes has unpacked to so far."""

    def __init__(self, size: int, gathered: Gathered) -> None:
        self._size = size
        self._gathered = gathered
        self._sum = 0

    def grows(self, more: int) -> None:
        """Adds bytes. Raises SubmissionError when the archive unpacks to more than the limits allow."""
        self._sum += more
        limits, name = self._gathered.limits, self._gathered.name
        if self._sum > limits.total_bytes:
            raise SubmissionError(f"`{name}` unpacks to more than the limit `total_bytes` of {limits.total_bytes}")
        if self._sum > _FREE and self._sum > limits.archive_ratio * self._size:
            ratio = limits.archive_ratio
            raise SubmissionError(f"`{name}` unpacks to more than {ratio} times its size, the limit `archive_ratio`")


class Flow:
    """Chunks as a stream that can only be read on; each is counted."""

    def __init__(self, chunks: Iterable[bytes], unpacked: Unpacked) -> None:
        self._chunks = iter(chunks)
        self._unpacked = unpacked
        self._rest = b""

    def read(self, size: int) -> bytes:
        """The next bytes, `size` of them unless the stream ends. Raises SubmissionError when it gives too many."""
        parts = [self._rest]
        missing = size - len(self._rest)
        while missing > 0 and (chunk := next(self._chunks, b"")):
            self._unpacked.grows(len(chunk))
            parts.append(chunk)
            missing -= len(chunk)
        data = b"".join(parts)
        self._rest = data[size:]
        return data[:size]


class Bounded:
    """A file whose single reads are bounded: a zip's list of contents is read in one, however long it says it is."""

    def __init__(self, file: BinaryIO, most: int, error: Callable[[], SubmissionError]) -> None:
        self._file = file
        self._most = most
        self._error = error
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable

    def read(self, size: int = -1) -> bytes:
        """The next bytes. Raises the given error when more than the bound are asked for or there."""
        if size > self._most:
            raise self._error()
        data = self._file.read(size if size >= 0 else self._most + 1)
        if len(data) > self._most:
            raise self._error()
        return data


def unpacked_xz(file: BinaryIO) -> Iterator[bytes]:
    """The content of an .xz file in chunks, in bounded memory. Raises LZMAError or EOFError when it is broken."""
    decoder = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
    rest = b""
    while True:
        if decoder.eof:
            rest = (decoder.unused_data or file.read(CHUNK)).lstrip(b"\0")  # several may follow each other, padded
            if not rest:
                return
            decoder = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
        data = rest or (file.read(CHUNK) if decoder.needs_input else b"")
        if not data and decoder.needs_input:
            raise EOFError("it ends too early")
        rest = b""
        chunk = decoder.decompress(data, CHUNK)
        if chunk:
            yield chunk
