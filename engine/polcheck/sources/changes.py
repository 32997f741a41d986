"""What has changed between the base of a project and the project as it is, file by file, as git would say."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Literal

from msgspec import Struct, field

from polcheck.sources.submission import Base, Submission

Kind = Literal["added", "modified", "deleted", "renamed"]
KINDS: tuple[Kind, ...] = ("added", "modified", "deleted", "renamed")
_MOST_ALIKE = 100  # deleted files of one content that are candidates for the source of a rename, as in git
_LINK = -1  # in place of the size of what is a link
_POINTER = b"version https://git-lfs.github.com/spec/"
_MOST_POINTER = 1024  # bytes


class Changes(Struct, frozen=True):
    """The files that changed, by path; that of a deleted one is its path in the base, of the others that of now.

    `previous` are the paths at which renamed files were. Of files in `unknown` nobody can say whether they changed, for
    the reason given.
    """

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    previous: Mapping[str, str] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)


def changes_between(base: Base, now: Submission, compared: Callable[[str], bool]) -> Changes:
    """Return the changes of files from the base to now; of those that both trees have, where `compared` holds.

    As for git, a file is renamed when one with its content was deleted; a change of its mode alone is none, and neither
    is one of line endings that git makes itself. What lies in a submodule belongs to another repository.
    """
    before = base.files
    apart = tuple(f"{path}/" for path in base.submodules)
    old = {*before.listed, *before.links}
    new = {path for path in (*now.listed, *now.links) if not path.startswith(apart)}
    kinds: dict[str, Kind] = dict.fromkeys(sorted(new - old), "added")
    unknown: dict[str, str] = {}
    closed = tuple(f"{path}/" for path in now.folders)
    for path in sorted(old - new):
        if path.startswith(closed):
            folder = next(folder for folder in closed if path.startswith(folder)).rstrip("/")
            unknown[path] = now.unreadable[folder]
        else:
            kinds[path] = "deleted"
    kinds |= dict.fromkeys(_modified(base, now, filter(compared, sorted(old & new)), unknown), "modified")
    previous = _renames(before, now, kinds)
    for path, source in previous.items():
        kinds[path] = "renamed"
        del kinds[source]
    return Changes(kinds, previous, unknown)


def _modified(base: Base, now: Submission, paths: Iterable[str], unknown: dict[str, str]) -> list[str]:
    """Return those of some files of both trees that differ.

    Those that can't be compared are added to `unknown`, with the reason.
    """
    different: list[str] = []
    by_line_endings: list[str] = []
    before = base.files
    for path in paths:
        one, other = before.links.get(path), now.links.get(path)
        if one is not None or other is not None:
            if one != other:
                different.append(path)
            continue
        reason = before.unreadable.get(path) or now.unreadable.get(path)
        if reason:
            unknown[path] = reason
            continue
        try:
            then, data = before.content(path), now.content(path)
        except OSError as error:
            unknown[path] = f"it can't be read: {error.strerror or error}"
            continue
        if then == data or _is_same_object(then, data):
            continue
        if then == data.replace(b"\r\n", b"\n"):
            by_line_endings.append(path)
        else:
            different.append(path)
    if by_line_endings:
        converted = base.converted(by_line_endings)
        different += [path for path in by_line_endings if path not in converted]
    return sorted(different)


def _is_same_object(then: bytes, data: bytes) -> bool:
    """Return whether one of two contents is the pointer by which Git LFS stands for the other."""
    return any(_object(one) == _digest_and_size(other) for one, other in ((then, data), (data, then)))


def _object(pointer: bytes) -> tuple[bytes, bytes] | None:
    """Return the digest and the size of the object that a pointer of Git LFS names; None for any other content."""
    if len(pointer) > _MOST_POINTER or not pointer.startswith(_POINTER):
        return None
    lines = dict(line.partition(b" ")[::2] for line in pointer.split(b"\n"))
    return lines.get(b"oid", b"").removeprefix(b"sha256:"), lines.get(b"size", b"")


def _digest_and_size(data: bytes) -> tuple[bytes, bytes]:
    return hashlib.sha256(data).hexdigest().encode(), str(len(data)).encode()


def _renames(before: Submission, now: Submission, kinds: Mapping[str, Kind]) -> dict[str, str]:
    """Return by path the previous path of each added file that has the content of a deleted one.

    Where several have, one with the same name is taken, else the first: each is renamed once.
    """
    gone = _by_content(before, (path for path, kind in kinds.items() if kind == "deleted"), None)
    sizes = {size for size, _ in gone}
    come = _by_content(now, (path for path, kind in kinds.items() if kind == "added"), sizes)
    sources: dict[str, str] = {}
    targets = sorted((path, key) for key, paths in come.items() for path in paths)
    for path, key in targets:
        candidates = gone.get(key, [])[:_MOST_ALIKE]
        if candidates:
            name = path.rsplit("/", 1)[-1]
            source = next((each for each in candidates if each.rsplit("/", 1)[-1] == name), candidates[0])
            gone[key].remove(source)
            sources[path] = source
    return sources


def _by_content(
    submission: Submission, paths: Iterable[str], sizes: Collection[int] | None
) -> dict[tuple[int, bytes], list[str]]:
    """Return the paths of files, in order, by what is equal for those of one content.

    That is the size and a digest, and of a link what it holds; where `sizes` are given, only files of these are read.
    """
    groups: dict[tuple[int, bytes], list[str]] = {}
    for path in sorted(paths):
        if path in submission.links:
            groups.setdefault((_LINK, submission.links[path]), []).append(path)
            continue
        if path in submission.unreadable:
            continue
        try:
            size = submission.size(path)
            if sizes is None or size in sizes:
                groups.setdefault((size, hashlib.sha256(submission.content(path)).digest()), []).append(path)
        except OSError:
            continue  # NOTE: an added or deleted file that can't be read is that all the same
    return groups
