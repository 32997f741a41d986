"""Two trees in one run: a project as it is, and its base, the earlier tree that changes are compared with.

A file of the base has a path that no file of a project can have, so that mappings by path (of files, rows, places)
hold both trees, and code that isn't aware of the base never takes one of its files for a file of the project.
"""

from __future__ import annotations

BASE = "base"  # the value of `revision` that means the base
# INVARIANT: a path of a submission holds no NUL character (`check_path`), so that no file of a project is taken for one
# of the base; the name of the file and of its folders stay as they are, from which its language or format follows.
_PREFIX = "\0base/"


def base_path(path: str) -> str:
    """Return the path that stands for the file at `path` of the base."""
    return _PREFIX + path


def path_in(path: str, revision: str) -> str:
    """Return the path of the same file in another tree: the project's (`revision` empty), or the base."""
    plain = plain_path(path)
    return base_path(plain) if revision == BASE else plain


def is_base(path: str) -> bool:
    """Return whether a path is that of a file of the base."""
    return path.startswith(_PREFIX)


def plain_path(path: str) -> str:
    """Return the path as it is in its tree."""
    return path.removeprefix(_PREFIX)


def path_behind(folder: str, path: str) -> str:
    """Return a path that is seen from a folder as it is seen from the root, in the same tree."""
    if not folder:
        return path
    plain = f"{folder}/{plain_path(path)}"
    return base_path(plain) if is_base(path) else plain


def path_below(folder: str, path: str) -> str | None:
    """Return a path as it is seen from a folder, in the same tree; None where it does not lie below it."""
    plain = plain_path(path)
    if not folder:
        return path
    if not plain.startswith(f"{folder}/"):
        return None
    rest = plain[len(folder) + 1 :]
    return base_path(rest) if is_base(path) else rest
