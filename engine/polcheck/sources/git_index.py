"""What git tracks in a work tree, read from its index.

NOTE: read here and not by `git ls-files`, since this happens whenever something is ignored: git needn't be installed,
and no setting of a repository under judgement can make it start a program.
"""

from __future__ import annotations

import hashlib
import struct

from msgspec import Struct

from polcheck.base.reader import is_there
from polcheck.sources.git import Repository, content
from polcheck.sources.limits import MIB

_HEAD = struct.Struct(">4sII")
_MODE = struct.Struct(">24xI12x")  # of an entry's ten numbers
_SHORT = struct.Struct(">H")
_EXTENSION = struct.Struct(">4sI")
_EXTENDED = 0x4000
_SUBMODULE = 0o160000
_MAX_BYTES = 256 * MIB


class Index(Struct, frozen=True):
    """What git tracks below a folder, by paths relative to it."""

    files: frozenset[bytes] = frozenset()
    folders: frozenset[bytes] = frozenset()
    submodules: frozenset[bytes] = frozenset()

    def has(self, path: bytes, *, folder: bool) -> bool:
        """Return whether the file at `path`, or some file in the folder there, is tracked."""
        return path in (self.folders if folder else self.files)


def index_of(repository: Repository) -> Index | None:
    """What is tracked below the repository's folder; None when its index can't be read, nothing when there is none."""
    if not is_there(repository.own / "index"):
        return Index()
    try:
        entries, shared = _parsed(repository, "index")
        if shared:
            # NOTE: what is no longer tracked may be among these still: then a file more is judged
            entries += _parsed(repository, f"sharedindex.{shared}")[0]
    except (ValueError, IndexError, struct.error):
        return None
    lead = repository.lead(repository.root)
    below = [(mode, path.removeprefix(lead)) for mode, path in entries if path.startswith(lead)]
    files = frozenset(path for mode, path in below if mode != _SUBMODULE)
    submodules = frozenset(path for mode, path in below if mode == _SUBMODULE)
    return Index(files, frozenset(_folders(files)), submodules)


def _folders(paths: frozenset[bytes]) -> set[bytes]:
    """Return every folder that holds one of `paths`."""
    folders: set[bytes] = set()
    for path in paths:
        end = path.rfind(b"/")
        while end > 0 and path[:end] not in folders:
            folders.add(path[:end])
            end = path.rfind(b"/", 0, end)
    return folders


def _parsed(repository: Repository, name: str) -> tuple[list[tuple[int, bytes]], str]:
    """Return the mode and path of each entry of an index, and the digest of the one that it shares with others.

    Raises ValueError, IndexError or struct.error when it makes no sense.
    """
    data = content(repository.own / name, _MAX_BYTES)
    if data is None or not data.startswith(b"DIRC"):
        raise ValueError(name)
    _, version, count = _HEAD.unpack_from(data)
    digest = _digest_size(data)
    entries: list[tuple[int, bytes]] = []
    at, path = _HEAD.size, b""
    for _ in range(count):
        start = at
        (mode,) = _MODE.unpack_from(data, at)
        at += _MODE.size + digest
        (flags,) = _SHORT.unpack_from(data, at)
        at += _SHORT.size * (2 if flags & _EXTENDED else 1)
        remaining = b""
        if version == 4:
            dropped, at = _number(data, at)
            remaining = path[: len(path) - dropped]
        end = data.index(b"\0", at)
        path = remaining + data[at:end]
        at = end + 1 if version == 4 else start + (end - start) // 8 * 8 + 8
        if path:  # what replaces an entry of the shared index has no name of its own
            entries.append((mode, path))
    return entries, _shared(data[at : len(data) - digest], digest)


def _digest_size(data: bytes) -> int:
    """How many bytes a digest has, as the one at the end shows. Raises ValueError when that doesn't fit."""
    for size, name in ((20, "sha1"), (32, "sha256")):
        result = hashlib.new(name, data[:-size], usedforsecurity=False).digest()
        if data[-size:] in (result, bytes(size)):  # zeros: `index.skipHash`
            return size
    raise ValueError("the digest")


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return a number in git's variable-length form, and where it ends."""
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) + (data[at] & 0x7F)
    return value, at + 1


def _shared(extensions: bytes, digest: int) -> str:
    """Return the digest of the index on which a split index builds; empty when it's whole."""
    at = 0
    while at + _EXTENSION.size <= len(extensions):
        name, size = _EXTENSION.unpack_from(extensions, at)
        at += _EXTENSION.size
        if name == b"link":
            result = extensions[at : at + digest]
            return result.hex() if any(result) else ""
        at += size
    return ""
