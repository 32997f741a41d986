"""One mutant: its owner, its change and the place of it, and the whole changed document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from polcheck.authoring.testing.pack_source import pointer_text
from polcheck.formats.values import Json, Pointer

_MOST_SHOWN = 160


class Change(NamedTuple):
    """One change of a document: the operator that made it, where, the new document, and how it was and is."""

    operator: str
    at: Pointer
    document: Json
    before: str
    after: str


class Mutant(Struct, frozen=True):
    """A change of one owner: a policy's id, or `selectors.NAME`. `number` tells apart changes of one place."""

    owner: str
    operator: str
    at: Pointer
    document: Json
    before: str
    after: str
    number: int = 1

    @property
    def id(self) -> str:
        """The mutant's id among its owner's mutants, as `drop-filter@require.data`."""
        more = f"#{self.number}" if self.number > 1 else ""
        return f"{self.operator}@{pointer_text(self.at)}{more}" if self.at else f"{self.operator}{more}"

    @property
    def cut(self) -> tuple[str, str]:
        """The text before and after the change, each on one line of limited length."""
        return _cut(self.before), _cut(self.after)

    @property
    def change(self) -> str:
        """The change in one line."""
        return " -> ".join(self.cut)

    def called(self, text: str) -> bool:
        """Return whether `text` names the mutant: its id, or its change."""
        return text.strip() in (self.id, self.change, f"{self.before} -> {self.after}")


def numbered(owner: str, changes: Iterable[Change], key: object) -> Iterator[Mutant]:
    """Yield the changes as mutants, those that make the same document once; `key` makes a document comparable."""
    assert callable(key)
    visited: set[str] = set()
    counts: dict[str, int] = {}
    for change in changes:
        text = key(change.document)
        if text in visited:
            continue
        visited.add(text)
        mutant = Mutant(owner, *change)
        number = counts[mutant.id] = counts.get(mutant.id, 0) + 1
        yield replace(mutant, number=number)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST_SHOWN else line[: _MOST_SHOWN - 1] + "…"
