"""How much of a submission is read: bounds on count, size, expansion and names."""

from __future__ import annotations

from msgspec import Struct

MIB = 1024 * 1024


class ReadLimits(Struct, frozen=True):
    """Bounds for one submission.

    A file over `file_bytes` or with a path over `path_length` (in UTF-8 bytes) is unreadable, and so is a folder's file
    that would bring the sum over `total_bytes`. More than `files` files, and an archive that unpacks to more than
    `total_bytes` or to more than `archive_ratio` times its own size, are refused as a whole. So is a folder whose
    .gitignore files take more than `ignore_seconds` to compare with its paths.
    """

    files: int = 100_000
    file_bytes: int = 64 * MIB
    total_bytes: int = 1024 * MIB
    archive_ratio: int = 200
    path_length: int = 4096
    ignore_seconds: float = 5


DEFAULT_READ_LIMITS = ReadLimits()
