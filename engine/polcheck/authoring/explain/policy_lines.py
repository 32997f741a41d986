"""The places of a policy's steps: the pointer in its YAML, and the line in the pack."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from polcheck.formats.values import Pointer
from polcheck.policy.exports import place_of_exported
from polcheck.policy.origin import Problems, SourceMap, read
from polcheck.policy.pack_files import PackFiles
from polcheck.policy.plan import CompiledPolicy


class Places(Struct):
    """Finds the lines of one policy and of the selectors that it uses."""

    packs: Sequence[PackFiles]
    policy: CompiledPolicy
    _origins: dict[str, list[SourceMap]] = field(default_factory=dict)

    def of(self, at: Pointer) -> str:
        """`file:line` of what stands at a pointer; the file alone, or nothing, where that isn't known."""
        if at[:1] == ("selectors",):
            owner, own_at = place_of_exported(at)
            packs = [pack for pack in self.packs if not owner or pack.name == owner]
            return next((place for pack in packs for place in self._in_pack(pack, own_at) if place), "")
        own = [origin for origin in self._read(self.policy.path) if origin.line == self.policy.line]
        return _line(own[0], at) if own else self.policy.path

    def _in_pack(self, pack: PackFiles, at: Pointer) -> list[str]:
        path = f"{pack.root}/pack.yaml" if pack.root else "pack.yaml"
        return [_line(origin, at) for origin in self._read(path)[:1] if _holds(origin, at)]

    def _read(self, path: str) -> list[SourceMap]:
        """Return the documents of a file of the packs, under the path by which people find it."""
        if path not in self._origins:
            self._origins[path] = [
                origin
                for pack in self.packs
                for own in (path.removeprefix(f"{pack.root}/") if pack.root else path,)
                if own in pack.files and pack.source_of(own).path == path
                for origin in read(pack.source_of(own), Problems())
            ]
        return self._origins[path]


def pointer_text(at: Pointer) -> str:
    """Return a pointer as people read it: `require[0].any[1]`."""
    text = ""
    for step in at:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _holds(origin: SourceMap, at: Pointer) -> bool:
    try:
        origin.config.locate(origin.index, at)
    except KeyError:
        return False
    return True


def _line(origin: SourceMap, at: Pointer) -> str:
    """Return the line of a value, or of what holds it."""
    while True:
        try:
            where = origin.config.locate(origin.index, at)
            break
        except KeyError:
            at = at[:-1]
    span = where.key or where.value
    return f"{origin.source.path}:{origin.source.line_of(span.start)}"
