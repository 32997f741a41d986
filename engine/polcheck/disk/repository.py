"""The git repository around a folder: its root, and what is ignored from above."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from polcheck.disk.ignore import MAX_BYTES, Rules
from polcheck.disk.regular import Irregular, read_regular

_MAX_POINTER = 16 * 1024


def outer_rules(folder: bytes) -> Iterator[Rules]:
    """What is ignored in `folder` by files outside it: the innermost .gitignore first, then `.git/info/exclude`.

    Nothing when no repository holds it. The user's own ignored files (`core.excludesFile`) don't count: a verdict
    should not depend on whose machine it is.
    """
    inner = Path(os.fsdecode(os.path.realpath(folder)))
    root = repository_root(inner)
    if root is None:
        return
    above = [inner, *inner.parents]
    sources = [(place, place / ".gitignore") for place in above[1 : above.index(root) + 1]]
    for place, file in (*sources, (root, _common(root) / "info" / "exclude")):
        data = _content(file, MAX_BYTES)
        lead = b"".join(os.fsencode(part) + b"/" for part in inner.relative_to(place).parts)
        rules = Rules.of(data, lead=lead) if data else None
        if rules is not None:
            yield rules


def repository_root(folder: Path) -> Path | None:
    """The nearest folder at or above `folder` (without links) that has a `.git`; None when there is none."""
    for place in (folder, *folder.parents):
        if os.path.lexists(place / ".git"):
            return place
    return None


def _common(root: Path) -> Path:
    """The folder of what all work trees of a repository share."""
    own = root / ".git"
    pointer = _content(own, _MAX_POINTER)
    if pointer and pointer.startswith(b"gitdir:"):
        own = root / os.fsdecode(pointer.removeprefix(b"gitdir:").strip())
    common = _content(own / "commondir", _MAX_POINTER)
    return own / os.fsdecode(common.strip()) if common else own


def _content(path: Path, most: int) -> bytes | None:
    """The bytes of a small file; None when it can't be read, so that nothing is ignored because of it."""
    try:
        return read_regular(os.fsencode(path), lambda size: size <= most)
    except (OSError, ValueError, Irregular):
        return None
