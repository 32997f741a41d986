"""Packs in archives: files on disk, bodies of answers, layers of registries."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from polcheck.disk.gathered import Gathered
from polcheck.disk.limits import MIB
from polcheck.disk.packs import PACK_LIMITS, made
from polcheck.disk.regular import reason_of
from polcheck.disk.target import read_archive_bytes
from polcheck.disk.web import fetched
from polcheck.errors import PolicyError, Problem, SubmissionError
from polcheck.policy.packfiles import PackFiles
from polcheck.sharing.archive import below, without_top
from polcheck.sharing.sources import Archive, FetchError

MOST_BYTES = 64 * MIB


def archive_bytes(source: Archive, folder: str) -> bytes:
    """The file that a source names; paths begin at `folder`. Raises FetchError when it can't be had."""
    if source.url:
        return fetched(source.location, MOST_BYTES)
    try:
        with Path(folder, source.location).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise FetchError(f"`{source.location}` can't be read: {reason_of(error)}") from error
    if len(data) > MOST_BYTES:
        raise FetchError(f"`{source.location}` is over {MOST_BYTES} bytes")
    return data


def unpacked(data: bytes, name: str, subdirectory: str = "") -> PackFiles:
    """The pack in an archive, at its root or in the one folder that it holds. Raises PolicyError when there is none."""
    try:
        found = read_archive_bytes(data, Gathered(name, PACK_LIMITS))
    except SubmissionError as error:
        raise PolicyError([Problem(str(error))]) from error
    files = below(without_top({**found.files, **dict.fromkeys(found.unreadable, b"")}), subdirectory)
    if "pack.yaml" not in files:
        raise PolicyError([Problem(f"there is no pack.yaml in `{name}`", help="#subdirectory=folder says where it is")])
    return made(name, replace(found, files=files), name)
