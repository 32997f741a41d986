"""Zip archives that mean one thing only: every byte belongs to what the list of contents names.

Some readers go by the list of contents at the end, others by the headers that stand before each file. An archive in
which they would find different files, names or sizes is refused.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO

_LOCAL, _LOCAL_MARK = struct.Struct("<4s5HLLLHH"), b"PK\x03\x04"
_END, _END_MARK = struct.Struct("<4s4HLLH"), b"PK\x05\x06"
_LOCATOR, _LOCATOR_MARK = struct.Struct("<4sLQL"), b"PK\x06\x07"
_END64, _END64_MARK = struct.Struct("<4sQ2H2L4Q"), b"PK\x06\x06"
_DESCRIPTOR_MARK = b"PK\x07\x08"
_ENCRYPTED, _DESCRIBED, _UTF8 = 1, 1 << 3, 1 << 11
_UNICODE_PATH = 0x7075
_TAR_MARK = slice(257, 262)
_WIDE = 0xFFFFFFFF
_UNIX = 3


class Ambiguous(Exception):
    """Two readers would read the archive differently; the text says why."""


def check_layout(file: BinaryIO, size: int, archive: zipfile.ZipFile) -> None:
    """Raise Ambiguous unless the files of an archive of `size` bytes follow each other from its first byte to its list.

    Their own headers have to agree with the list.
    """
    infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
    start = _list_of_contents(file, size, len(infos), len(archive.comment))
    if _END_MARK in archive.comment:
        raise Ambiguous("its comment holds another end")
    file.seek(0)
    if file.read(_TAR_MARK.stop)[_TAR_MARK] == b"ustar":
        raise Ambiguous("it is a tar archive as well")
    at = 0
    for info in infos:
        if info.header_offset != at:
            raise Ambiguous(_apart(info, at))
        at = _end_of(file, info)
    if at != start:
        raise Ambiguous("there are bytes that belong to no file before its list of contents")


def _apart(info: zipfile.ZipInfo, at: int) -> str:
    if info.header_offset < at:
        return f"`{info.filename}` lies within another file"
    return f"there are bytes that belong to no file before `{info.filename}`"


def _list_of_contents(file: BinaryIO, size: int, number: int, comment: int) -> int:
    """Where the list of contents begins."""
    place = size - _END.size - comment
    mark, disk, first_disk, here, total, length, start, message = _END.unpack(_read(file, place, _END.size))
    if mark != _END_MARK or message != comment:
        raise Ambiguous("there are bytes after its end")
    end = place
    if _WIDE in (length, start) or 0xFFFF in (here, total):
        end, here, total, length, start = _wide(file, place, (here, total, length, start))
    if disk or first_disk or not here == total == number:
        raise Ambiguous(f"it says that it holds {total} files, and lists {number}")
    if start + length != end:
        raise Ambiguous("there are bytes before it, or after its list of contents")
    return int(start)


def _wide(file: BinaryIO, place: int, narrow: tuple[int, int, int, int]) -> tuple[int, int, int, int, int]:
    """Return the same from the record for large archives: where it begins, and its numbers for those that don't fit."""
    result = _LOCATOR.unpack(_read(file, place - _LOCATOR.size, _LOCATOR.size))
    if result[0] != _LOCATOR_MARK:
        return place, *narrow  # NOTE: as many files as the number that stands for more
    _, disk, begins, disks = result
    record = _END64.unpack(_read(file, begins, _END64.size))
    name, length, _, _, own_disk, first_disk, *wide = record
    if name != _END64_MARK or begins + 12 + length != place - _LOCATOR.size or disk or disks > 1:
        raise Ambiguous("the record of its end is not where it says")
    if own_disk or first_disk:
        raise Ambiguous("it is one of several parts")
    for short, most, long in zip(narrow, (0xFFFF, 0xFFFF, _WIDE, _WIDE), wide, strict=True):
        if short not in (most, long):
            raise Ambiguous("the two records of its end disagree")
    return begins, wide[0], wide[1], wide[2], wide[3]


def _end_of(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Where a file ends, after a look at the header before it."""
    fixed = _read(file, info.header_offset, _LOCAL.size)
    mark, _, flags, method, _, _, crc, packed, unpacked, name_length, extra_length = _LOCAL.unpack(fixed)
    if mark != _LOCAL_MARK:
        raise Ambiguous(f"there is no header before `{info.filename}`")
    name = _read(file, info.header_offset + _LOCAL.size, name_length)
    extra = _read(file, info.header_offset + _LOCAL.size + name_length, extra_length)
    same = _ENCRYPTED | _UTF8
    if name != raw_name(info) or flags & same != info.flag_bits & same or method != info.compress_type:
        raise Ambiguous(f"the header before `{info.filename}` says something else than the list of contents")
    path_of(info, extra)
    sizes = (crc, packed, unpacked)
    own = (info.CRC, info.compress_size, info.file_size)
    described = bool(flags & _DESCRIBED)
    if not all(
        message in (real, _WIDE) or (described and not message) for message, real in zip(sizes, own, strict=True)
    ):
        raise Ambiguous(f"the header before `{info.filename}` says another size than the list of contents")
    if info.filename.endswith("/") and info.file_size:
        raise Ambiguous(f"the folder `{info.filename}` has a content")
    end: int = info.header_offset + _LOCAL.size + name_length + extra_length + info.compress_size
    return end + _descriptor(file, end, own) if described else end


def _descriptor(file: BinaryIO, at: int, own: tuple[int, int, int]) -> int:
    """How long the record of sizes after a file is."""
    crc, packed, unpacked = own
    result = _read(file, at, 24, short=True)
    forms = [struct.pack("<LQQ", crc, packed, unpacked)]
    if max(packed, unpacked) <= _WIDE:
        forms.append(struct.pack("<LLL", crc, packed, unpacked))
    for form in (*(_DESCRIPTOR_MARK + form for form in forms), *forms):
        if result.startswith(form):
            return len(form)
    raise Ambiguous("the sizes after a file are others than those in the list of contents")


def _read(file: BinaryIO, at: int, length: int, *, short: bool = False) -> bytes:
    if at < 0:
        raise Ambiguous("it is too short")
    file.seek(at)
    data = file.read(length)
    if len(data) != length and not short:
        raise Ambiguous("it is too short")
    return data


def raw_name(info: zipfile.ZipInfo) -> bytes:
    """Return the bytes of a name as they stand in the list of contents."""
    return info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437")


def path_of(info: zipfile.ZipInfo, extra: bytes | None = None) -> str:
    """Return the name of a file, by its header and the field that says it in Unicode. Raise Ambiguous if they disagree.

    A field that was made for another name is ignored, as APPNOTE 4.6.9 has it. Where an archive was made under Unix,
    bytes that are UTF-8 are that, as for Info-ZIP and libarchive; zipfile takes them for a code page of DOS.
    """
    raw = raw_name(info)
    name = info.orig_filename
    if info.create_system == _UNIX and not raw.isascii():
        with suppress(UnicodeDecodeError):
            name = raw.decode("utf-8")
    for other in _unicode_paths(info.extra if extra is None else extra, zlib.crc32(raw)):
        if other not in (_decoded(raw, "utf-8"), name):
            raise Ambiguous(f"`{name}` has a second name, `{other}`")
        name = other
    return name


def _unicode_paths(extra: bytes, crc: int) -> Sequence[str]:
    """Return the names in the fields for Unicode paths that belong to a name with this checksum."""
    results: list[str] = []
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        body = extra[at + 4 : at + 4 + length]
        if kind == _UNICODE_PATH and len(body) >= 5 and struct.unpack_from("<BL", body) == (1, crc):
            results.append(_decoded(body[5:], "utf-8"))
        at += 4 + length
    return results


def _decoded(data: bytes, encoding: str) -> str:
    return data.decode(encoding, "backslashreplace")
