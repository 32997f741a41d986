"""Paths as people call them, and as seen from one another."""

from __future__ import annotations

import os
from pathlib import Path


def display_path(path: str) -> str:
    """Return a path as people who look at it from the working directory call it: relative where that is shorter."""
    full = os.path.realpath(path)
    relative = os.path.relpath(full)
    return (full if relative.startswith(os.path.join("..", "..")) else relative).replace(os.sep, "/")  # noqa: PTH118


def seen_from_here(path: str) -> str:
    """Return a path as it can be opened from the working directory, links kept: empty for that folder itself.

    An absolute path stays one unless it lies below the working directory.
    """
    try:
        relative = os.path.relpath(path).replace(os.sep, "/")
    except (OSError, ValueError):  # no working directory, or another drive
        return path.replace(os.sep, "/")
    if relative == ".":
        return ""
    keep = os.path.isabs(path) and (relative == ".." or relative.startswith("../"))  # noqa: PTH117
    return path.replace(os.sep, "/") if keep else relative


def below(folder: str, target: str) -> str | None:
    """`target` as seen from `folder`, with a final `/` (empty when they are one); None when it isn't below it."""
    relative = os.path.relpath(os.path.realpath(target), os.path.realpath(folder)).replace(os.sep, "/")
    if relative == ".":
        return ""
    return None if relative.startswith("../") or relative == ".." else relative + "/"


def exists(target: str) -> bool:
    """Return whether there is a file or folder at `target`."""
    return os.path.lexists(target)


def is_folder(target: str) -> bool:
    """Return whether there is a folder at `target`."""
    return Path(target).is_dir()
