"""Where the parts of a pack stand: policies and selectors by name, and the way from a pointer to a line."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from polcheck.documents.config import Json, Pointer
from polcheck.policy.origin import Origin, Problems, read
from polcheck.policy.packfiles import PackFiles
from polcheck.records import record

SELECTORS = "selectors."


@record(frozen=True)
class Pages:
    """The YAML of a pack that compiles. Owners are ids of policies, and `selectors.NAME` for those of pack.yaml."""

    pack: PackFiles

    @cached_property
    def head(self) -> Origin:
        """pack.yaml."""
        return next(iter(read(self.pack.source_of("pack.yaml"), Problems())))

    @cached_property
    def policies(self) -> Mapping[str, Origin]:
        """The document of each policy."""
        found: dict[str, Origin] = {}
        for path in self.pack.below("policies", (".yaml", ".yml")):
            for origin in read(self.pack.source_of(path), Problems()):
                if isinstance(origin.document, dict):
                    found[str(origin.document.get("id"))] = origin
        return found

    @property
    def name(self) -> str:
        """The pack's name."""
        document = self.head.document
        return str(document.get("name", "")) if isinstance(document, dict) else ""

    @property
    def selectors(self) -> Mapping[str, Json]:
        """The selectors that the pack itself defines."""
        document = self.head.document
        found = document.get("selectors") if isinstance(document, dict) else None
        return found if isinstance(found, dict) else {}

    def owner(self, policy: str, at: Pointer) -> str:
        """Who holds what stands at `at` in a compiled policy; empty for a selector that polcheck defines."""
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
    """A pointer as people read it: `require.any[0].pattern[1]`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in at)
    return text.removeprefix(".")
