"""The git repository around a folder: where it is, and what is ignored from above."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from polcheck.disk.ignore import MAX_BYTES, Rules
from polcheck.disk.regular import Irregular, read_regular
from polcheck.disk.watch import note
from polcheck.records import record

_MAX_POINTER = 16 * 1024


@record(frozen=True)
class Repository:
    """The repository whose work tree holds `folder`; both paths are without links."""

    root: Path
    folder: Path

    @cached_property
    def own(self) -> Path:
        """The folder of git's files for this work tree."""
        own = self.root / ".git"
        pointer = content(own, _MAX_POINTER)
        if pointer and pointer.startswith(b"gitdir:"):
            return self.root / os.fsdecode(pointer.removeprefix(b"gitdir:").strip())
        return own

    @cached_property
    def common(self) -> Path:
        """The folder of git's files that all work trees share."""
        pointer = content(self.own / "commondir", _MAX_POINTER)
        return self.own / os.fsdecode(pointer.strip()) if pointer else self.own

    def lead(self, place: Path) -> bytes:
        """The path from `place`, at or above the folder, to the folder: empty or with a final `/`."""
        return b"".join(os.fsencode(part) + b"/" for part in self.folder.relative_to(place).parts)

    def outer_rules(self) -> Iterator[Rules]:
        """What is ignored in the folder by files outside it: the nearest .gitignore first, then `.git/info/exclude`.

        The user's own ignored files (`core.excludesFile`) don't count: a verdict should not depend on whose machine
        it is.
        """
        above = [self.folder, *self.folder.parents]
        sources = [(place, place / ".gitignore") for place in above[1 : above.index(self.root) + 1]]
        for place, file in (*sources, (self.root, self.common / "info" / "exclude")):
            data = content(file, MAX_BYTES)
            rules = Rules.of(data, lead=self.lead(place)) if data else None
            if rules is not None:
                yield rules


def repository_of(folder: bytes) -> Repository | None:
    """The repository of the nearest folder at or above `folder` that has a `.git`; None when there is none."""
    inner = Path(os.fsdecode(os.path.realpath(folder)))
    for place in (inner, *inner.parents):
        note(place / ".git")
        if os.path.lexists(place / ".git"):
            return Repository(place, inner)
    return None


def content(path: Path, most: int) -> bytes | None:
    """The bytes of a file of git's; None when it can't be read or is bigger than `most`."""
    note(path)
    try:
        return read_regular(os.fsencode(path), lambda size: size <= most)
    except (OSError, ValueError, Irregular):
        return None
