"""What edits the files of one format: a class with a method for each operation, which refuses what it hasn't."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Literal

from polcheck.edits.document import Change, Document, same_value, with_value
from polcheck.edits.edit import EditRefused
from polcheck.formats.values import Json, Pointer

Position = Literal["first", "last", "sorted"]
"""Where a new entry goes among those that are there: `sorted` is in the order of the keys, by their code points."""


OPERATIONS = {
    "replace": "change a value",
    "insert": "add an entry",
    "append": "add an item to a list",
    "delete": "delete an entry",
    "rename": "rename a key",
}
"""The operations by their names, and what each does."""


class Editor:
    """The operations on the files of a format: those that it has return changes of the text, or raise EditRefused.

    INVARIANT: an editor may be wrong about what its changes do: `operations` reads every file again before it gives
    an edit away. The pointers that an editor is given resolve.
    """

    def normal(self, value: Json, depth: int) -> Json:
        """Return a new value as a file says it behind `depth` keys: as a string where the format has nothing else.

        Raises EditRefused for a value that no file of the format can have there.
        """
        return value

    def entry(self, key: str, value: Json, depth: int) -> Json:
        """Return the new value of a key as `normal` does."""
        return self.normal(value, depth)

    def says(self, value: Json, wanted: Json) -> bool:
        """Return whether a value that a file has is what was asked for."""
        return same_value(value, wanted)

    def agrees(
        self, document: Document, edited: Document, pointer: Pointer, value: Json, changes: Sequence[Change]
    ) -> bool:
        """Return whether an edited document differs from what it was in nothing but `value` at `pointer`."""
        return same_value(edited.value, with_value(document.value, pointer, value))

    def mapping(self, value: Json) -> dict[str, Json] | None:
        """Return the mapping that entries are added to where `value` stands: none is in null; None for any other."""
        return value if isinstance(value, dict) else {} if value is None else None

    def vanishes(self, document: Document, pointer: Pointer) -> bool:
        """Return whether the container at `pointer` is gone when the last of its entries is."""
        return False

    def supports(self, operation: str) -> bool:
        """Return whether the format has an operation, by the name of its method."""
        return getattr(type(self), operation) is not getattr(Editor, operation)

    def require(self, operation: str, document: Document) -> None:
        """Raise EditRefused for an operation that the format hasn't."""
        if not self.supports(operation):
            raise EditRefused(f"polcheck can't {OPERATIONS[operation]} in {document.format.title}")

    def replace(self, document: Document, pointer: Pointer, value: Json) -> list[Change]:
        """Return what puts `value` in the place of the value at `pointer`."""
        raise NotImplementedError

    def insert(self, document: Document, pointer: Pointer, key: str, value: Json, position: Position) -> list[Change]:
        """Return what adds an entry with a new key to the mapping at `pointer`."""
        raise NotImplementedError

    def append(self, document: Document, pointer: Pointer, value: Json, position: Position) -> list[Change]:
        """Return what adds an item to the list at `pointer`."""
        raise NotImplementedError

    def delete(self, document: Document, pointer: Pointer) -> list[Change]:
        """Return what takes the entry at `pointer` out of the container that holds it."""
        raise NotImplementedError

    def rename(self, document: Document, pointer: Pointer, key: str) -> list[Change]:
        """Return what gives the entry at `pointer` another key."""
        raise NotImplementedError


@cache
def editors() -> Mapping[str, Editor]:
    """Return what edits the files of each format, by the name of the format."""
    from polcheck.edits import formats

    modules = (import_module(f"{formats.__name__}.{module.name}") for module in iter_modules(formats.__path__))
    return MappingProxyType({name: editor for module in modules for name, editor in module.EDITORS.items()})
