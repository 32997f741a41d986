"""A pack as the checks see it: its YAML, its compiled policies, and the mapping between both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from polcheck.base.cached import cached_property
from polcheck.formats.values import Json, Pointer
from polcheck.policy import model as written
from polcheck.policy.model import Item
from polcheck.policy.origin import Problems, SourceMap
from polcheck.policy.pack import OpenedPack
from polcheck.policy.plan import CompiledPolicy, Conjunction, Probe, Step, below


class Entry(Struct, frozen=True):
    """One policy: as written, where, and compiled (None when it could not be)."""

    origin: SourceMap
    written: written.Policy
    compiled: CompiledPolicy | None


class View(Struct, frozen=True, dict=True):
    """An opened pack and the probes of its plan.

    `complete`: everything that the pack holds was read and compiled, so that what nobody speaks of is really unused.
    """

    pack: OpenedPack
    probes: tuple[Probe, ...]
    complete: bool

    @property
    def head(self) -> SourceMap:
        """The source map of pack.yaml."""
        return self.pack.head

    @property
    def document(self) -> Mapping[str, Any]:
        """The content of pack.yaml."""
        document: Mapping[str, Any] = self.head.document  # type: ignore[assignment]  # the schema lets only mappings by
        return document

    @property
    def problems(self) -> Problems:
        """The collected problems."""
        return self.head.problems

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The policies whose shape is right, in order."""
        return tuple(
            Entry(origin, written.policy(_mapping(origin)), compiled) for origin, compiled in self.pack.policies
        )

    @cached_property
    def items(self) -> tuple[tuple[SourceMap, Item], ...]:
        """Every item of the policies and the pack's selectors, nested ones included."""
        results: list[tuple[SourceMap, Item]] = []
        for entry in self.entries:
            policy = entry.written
            for part in (policy.when, policy.subjects, policy.require or (), policy.forbid or ()):
                results += [(entry.origin, item) for item in every_item(part)]
        for name, value in self.document.get("selectors", {}).items():
            results += [(self.head, item) for item in every_item(written.items(value, ("selectors", name)))]
        return tuple(results)

    @cached_property
    def conjunctions(self) -> tuple[tuple[SourceMap, Conjunction], ...]:
        """Every `when`, `for`, `require` and `forbid` that compiled, and every selector of the pack."""
        results = [
            (entry.origin, part)
            for entry in self.entries
            if entry.compiled is not None
            for part in (
                entry.compiled.when,
                entry.compiled.subjects or (),
                entry.compiled.grouped,
                entry.compiled.demand,
            )
        ]
        return (*results, *self.pack.selectors.values())

    def steps(self) -> Iterator[tuple[SourceMap, Step]]:
        """Yield every step of every conjunction, nested ones included, each where it is written."""
        for origin, conjunction in self.conjunctions:
            for step in below(conjunction, elsewhere=False):
                yield origin, step


def every_item(items: Iterable[Item | str]) -> Iterator[Item]:
    """Yield the items and all that are nested in them."""
    for item in items:
        if isinstance(item, str):
            continue
        yield item
        yield from every_item(item.negated)
        for branch in item.any:
            yield from every_item(branch)
        for related in (item.inside, item.has, item.after, item.until):
            yield from every_item(related)


def at_index(origin: SourceMap, at: Pointer, index: int) -> Pointer:
    """Return the pointer of text `index` at `at`, which is one text or a list of them."""
    value: Json = origin.document
    for key in at:
        value = value[key]  # type: ignore[index]
    return (*at, index) if isinstance(value, list) else at


def _mapping(origin: SourceMap) -> Mapping[str, Json]:
    document = origin.document
    assert isinstance(document, dict), "the schema allows only mappings"
    return document
