"""Source positions in a pack: policies and selectors by name, and the line of a pointer."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

from msgspec import Struct
from msgspec.structs import replace

from polcheck.base.cached import cached_property
from polcheck.formats.values import Json, Pointer
from polcheck.policy.origin import Problems, SourceMap, read
from polcheck.policy.pack_files import PackFiles

SELECTORS = "selectors."


class PackSource(Struct, frozen=True, dict=True):
    """The YAML of a pack that compiles. Owners are ids of policies, and `selectors.NAME` for those of pack.yaml."""

    pack: PackFiles

    @cached_property
    def head(self) -> SourceMap:
        """pack.yaml."""
        return next(iter(read(self.pack.source_of("pack.yaml"), Problems())))

    @cached_property
    def policies(self) -> Mapping[str, SourceMap]:
        """The document of each policy."""
        results: dict[str, SourceMap] = {}
        for path in self.pack.below("policies", (".yaml", ".yml")):
            for origin in read(self.pack.source_of(path), Problems()):
                if isinstance(origin.document, dict):
                    results[str(origin.document.get("id"))] = origin
        return results

    @property
    def name(self) -> str:
        """The pack's name."""
        document = self.head.document
        return str(document.get("name", "")) if isinstance(document, dict) else ""

    @property
    def selectors(self) -> Mapping[str, Json]:
        """The selectors that the pack itself defines."""
        document = self.head.document
        result = document.get("selectors") if isinstance(document, dict) else None
        return result if isinstance(result, dict) else {}

    def owner(self, policy: str, at: Pointer) -> str:
        """Return the policy or selector that holds the part at `at` of a compiled policy; empty for a builtin
        selector.
        """
        if at[:1] != ("selectors",):
            return policy
        return f"{SELECTORS}{at[1]}" if at[1] in self.selectors else ""

    def place(self, owner: str, at: Pointer) -> str:
        """`path:line` of what stands at `at` of an owner, or of what holds it."""
        origin = self.head if owner.startswith(SELECTORS) else self.policies[owner]
        while True:
            try:
                where = origin.config.locate(origin.index, at)
            except KeyError:
                at = at[:-1]
            else:
                return f"{origin.source.path}:{origin.source.line_of((where.key or where.value).start)}"


def pointer_text(at: Pointer) -> str:
    """Return a pointer as people read it: `require.any[0].pattern[1]`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in at)
    return text.removeprefix(".")


_INK = re.compile(r"[^\n]")


def narrowed(pack: PackFiles, policies: Container[str]) -> PackFiles:
    """Return the pack without the policies that aren't among `policies`; a file that isn't YAML stays as it is."""
    files = dict(pack.files)
    for path in pack.below("policies", (".yaml", ".yml")):
        text = _kept(pack, path, policies)
        if text is not None:
            files[path] = text.encode("utf-8", "surrogatepass")
    return replace(pack, files=files)


def _kept(pack: PackFiles, path: str, policies: Container[str]) -> str | None:
    source = pack.source_of(path)
    problems = Problems()
    origins = list(read(source, problems))
    if problems.errors:
        return None
    text = source.text
    for origin in origins:
        document = origin.document
        if isinstance(document, dict) and str(document.get("id")) not in policies:
            start, end = origin.config.locate(origin.index, ()).value
            text = text[:start] + _INK.sub(" ", text[start:end]) + text[end:]
    return text
