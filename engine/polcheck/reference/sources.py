"""What a pack's files say, for its page: the head as it is written, and stretches of YAML as they stand."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from polcheck.documents.config import Pointer
from polcheck.policy.origin import Origin, Problems, read
from polcheck.policy.packfiles import PackFiles
from polcheck.policy.plan import CompiledPolicy
from polcheck.records import record

_PARTS = ("when", "for", "require", "forbid")


@record(frozen=True)
class Sources:
    """The files of one pack that compiles."""

    pack: PackFiles

    @property
    def _head(self) -> Origin:
        assert self.pack.head is not None, "a pack that compiles has a head"
        return self.pack.head

    @property
    def head(self) -> Mapping[str, Any]:
        """pack.yaml."""
        document: Mapping[str, Any] = self._head.document  # type: ignore[assignment]  # the pack compiles
        return document

    def selectors(self) -> Iterator[tuple[str, list[str]]]:
        """The pack's own selectors with their YAML, in the order in which they are written."""
        for name in self.head.get("selectors", {}):
            yield name, written(self._head, ("selectors", name))

    def parts(self, policy: CompiledPolicy) -> list[str]:
        """The YAML of a policy's `when`, `for`, `require` and `forbid`, in the order in which they are written."""
        origin = self._origins.get((policy.path, policy.line))
        if origin is None or not isinstance(origin.document, dict):
            return []
        return [line for key in origin.document if key in _PARTS for line in written(origin, (key,))]

    @cached_property
    def _origins(self) -> dict[tuple[str, int], Origin]:
        return {
            (origin.source.path, origin.line): origin
            for path in self.pack.below("policies", (".yaml", ".yml"))
            for origin in read(self.pack.source_of(path), Problems())
        }


def written(origin: Origin, at: Pointer) -> list[str]:
    """The key and the value at a pointer as they stand in the file, moved to the left margin."""
    where = origin.config.locate(origin.index, at)
    source = origin.source
    start = (where.key or where.value).start
    margin = source.line_starts[source.line_of(start) - 1]
    before = source.text[margin:start]
    text = (before if not before.strip() else " " * len(before)) + source.text[start : where.value.end]
    return textwrap.dedent(text).rstrip().splitlines()
