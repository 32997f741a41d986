"""Publishes diagnostics: several checks may have something to say of one file, and clients take them all at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from pathlib import Path

from lsprotocol import types

Publish = Callable[[Path, list[types.Diagnostic]], None]


class Publisher:
    """What is shown at the client, by file and by who said it.

    A file is published anew when what is said of it changes, and as empty when nothing is said any more; after its text
    has changed also where the same is said of it: clients move what they show along with the text.
    """

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._said: dict[Hashable, Mapping[Path, list[types.Diagnostic]]] = {}
        self._shown: dict[Path, list[types.Diagnostic]] = {}
        self._typed: set[Path] = set()

    def typed(self, path: Path) -> None:
        """Take note that the text of a file has changed at the client."""
        self._typed.add(path)

    def set(self, owner: Hashable, diagnostics: Mapping[Path, list[types.Diagnostic]]) -> None:
        """Replace all that `owner` says."""
        before = self._said.get(owner, {})
        self._said[owner] = diagnostics
        for path in {*before, *diagnostics}:
            self._show(path)

    def drop(self, owner: Hashable) -> None:
        """Take back all that `owner` says."""
        for path in self._said.pop(owner, {}):
            self._show(path)

    def shown(self, path: Path) -> list[types.Diagnostic]:
        """Return what is shown of a file."""
        return self._shown.get(path, [])

    def every(self) -> Mapping[Path, list[types.Diagnostic]]:
        """Return what is shown, by file."""
        return self._shown

    def _show(self, path: Path) -> None:
        merged: list[types.Diagnostic] = []
        for diagnostics in self._said.values():
            merged += [one for one in diagnostics.get(path, ()) if one not in merged]
        if merged != self._shown.get(path, []) or (merged and path in self._typed):
            self._typed.discard(path)
            self._shown[path] = merged
            self._publish(path, merged)
        if not merged:
            self._shown.pop(path, None)
