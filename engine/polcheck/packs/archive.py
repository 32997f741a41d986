"""The one form of a pack as a file: a tar archive in which nothing but names and contents can differ."""

from __future__ import annotations

import io
import struct
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from polcheck.base.errors import PolicyError, Problem, SubmissionError
from polcheck.base.reader import read_bytes
from polcheck.base.safe_open import reason_of
from polcheck.packs.http import fetched
from polcheck.packs.shipped import PACK_LIMITS, pack_of
from polcheck.packs.sign import SIGNATURES
from polcheck.packs.sources import Archive, FetchError
from polcheck.policy.pack_files import PackFiles
from polcheck.sources.builder import SubmissionBuilder
from polcheck.sources.limits import MIB
from polcheck.sources.target import read_archive_bytes

_GZIP_HEAD = b"\x1f\x8b\x08\x00" + bytes(4) + b"\x02\xff"  # no name, no time, no system


def packed(files: Mapping[str, bytes], signatures: bytes = b"", top: str = "") -> bytes:
    """Return the tar archive of these files: sorted by path, without times, owners and modes. `top` is a folder
    around it.
    """
    everything = {**files, SIGNATURES: signatures} if signatures else files
    target = io.BytesIO()
    with tarfile.open(
        fileobj=target, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8", errors="surrogateescape"
    ) as archive:
        for path in sorted(everything):
            entry = tarfile.TarInfo(f"{top}/{path}" if top else path)
            entry.size = len(everything[path])
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(everything[path]))
    return target.getvalue()


def compressed(data: bytes) -> bytes:
    """`data` as gzip.

    NOTE: the header is written here, since Python's own differs between versions. The same bytes come out wherever
    the same zlib is used; the content digest doesn't depend on it.
    """
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(data) + deflate.flush()
    return _GZIP_HEAD + body + struct.pack("<LL", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def without_top(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files without the one folder that holds them all, as archives made by forges have; else as they
    are.
    """
    tops = {path.partition("/")[0] for path in files}
    if len(tops) != 1 or "pack.yaml" in files:
        return dict(files)
    top = tops.pop() + "/"
    if not all(path.startswith(top) for path in files):
        return dict(files)
    return {path.removeprefix(top): data for path, data in files.items()}


def below(files: Mapping[str, bytes], subdirectory: str) -> dict[str, bytes]:
    """Return the files in a folder, seen from it; all of them where none is named."""
    if not subdirectory:
        return dict(files)
    prefix = subdirectory + "/"
    return {path.removeprefix(prefix): data for path, data in files.items() if path.startswith(prefix)}


MOST_BYTES = 64 * MIB


def archive_bytes(source: Archive, folder: str) -> bytes:
    """Return the file that a source names; paths begin at `folder`. Raises FetchError when it can't be had."""
    if source.url:
        return fetched(source.location, MOST_BYTES)
    try:
        data = read_bytes(Path(folder, source.location), MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise FetchError(f"`{source.location}` can't be read: {reason_of(error)}") from error
    if len(data) > MOST_BYTES:
        raise FetchError(f"`{source.location}` is over {MOST_BYTES} bytes")
    return data


def unpacked(data: bytes, name: str, subdirectory: str = "") -> PackFiles:
    """Return the pack in an archive, at its root or in the one folder that it holds. Raises PolicyError when there
    is none.
    """
    try:
        result = read_archive_bytes(data, SubmissionBuilder(name, PACK_LIMITS))
    except SubmissionError as error:
        raise PolicyError([Problem(str(error))]) from error
    files = below(without_top({**result.files, **dict.fromkeys(result.unreadable, b"")}), subdirectory)
    if "pack.yaml" not in files:
        raise PolicyError([Problem(f"there is no pack.yaml in `{name}`", help="#subdirectory=folder says where it is")])
    return pack_of(name, replace(result, files=files), name)
