"""Workspace folders: which files a client has opened to the server, and the paths behind its URIs.

INVARIANT: the server reads nothing that lies outside of these folders, but for polcheck's own files and caches.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from msgspec import Struct

from polcheck.servers.folders import lies_in


def path_of(uri: str) -> Path | None:
    """Return the path that a URI names; None for anything but a file of this machine."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        return None
    text = os.fsdecode(unquote_to_bytes(parts.path))
    return None if "\0" in text else Path(os.path.normpath(text))


def uri_of(path: Path) -> str:
    """Return the URI of an absolute path."""
    return path.as_uri()


class Roots(Struct, frozen=True):
    """The workspace folders, as absolute paths."""

    folders: tuple[Path, ...] = ()

    @classmethod
    def of(cls, uris: Iterable[str]) -> Roots:
        """Return the folders behind URIs; what isn't a folder of this machine is left out."""
        paths = [path for uri in uris if (path := path_of(uri)) is not None and path.is_dir()]
        return cls(tuple(dict.fromkeys(paths)))

    def holding(self, path: Path) -> Path | None:
        """Return the innermost folder that `path` lies in, by its name and with every link followed; else None."""
        named = [folder for folder in self.folders if path.is_relative_to(folder)]
        if not named or not self.admits(path):
            return None
        return max(named, key=lambda folder: len(folder.parts))

    def admits(self, path: Path) -> bool:
        """Return whether a file may be read: whether it lies in one of the folders once every link is followed."""
        return lies_in(path, self.folders)

    def upward(self, path: Path) -> tuple[Path, ...]:
        """Return the folders at and above `path`, the innermost first, up to the workspace folder; none outside."""
        root = self.holding(path)
        return () if root is None else tuple(place for place in (path, *path.parents) if place.is_relative_to(root))
