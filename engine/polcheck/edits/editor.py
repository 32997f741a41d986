"""What edits the files of one format: a class with a method for each operation, which refuses what it hasn't."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Literal, NoReturn

from polcheck.edits.document import Change, Document
from polcheck.edits.edit import EditRefused
from polcheck.formats.values import Json, Pointer

Position = Literal["first", "last", "sorted"]
"""Where a new entry goes among those that are there: `sorted` is in the order of the keys, by their code points."""


class Editor:
    """The operations on the files of a format; each returns changes of the text, or raises EditRefused.

    INVARIANT: an editor may be wrong about what its changes do: `operations` reads every file again before it gives
    an edit away. The pointers that an editor is given resolve.
    """

    def normal(self, value: Json, depth: int) -> Json:
        """Return a new value as a file says it behind `depth` keys: as a string where the format has nothing else.

        Raises EditRefused for a value that no file of the format can have there.
        """
        return value

    def vanishes(self, document: Document, pointer: Pointer) -> bool:
        """Return whether the container at `pointer` is gone when the last of its entries is."""
        return False

    def replace(self, document: Document, pointer: Pointer, value: Json) -> list[Change]:
        """Return what puts `value` in the place of the value at `pointer`."""
        self._unsupported(document, "change a value")

    def insert(self, document: Document, pointer: Pointer, key: str, value: Json, position: Position) -> list[Change]:
        """Return what adds an entry with a new key to the mapping at `pointer`."""
        self._unsupported(document, "add an entry")

    def append(self, document: Document, pointer: Pointer, value: Json, position: Position) -> list[Change]:
        """Return what adds an item to the list at `pointer`."""
        self._unsupported(document, "add an item to a list")

    def delete(self, document: Document, pointer: Pointer) -> list[Change]:
        """Return what takes the entry at `pointer` out of the container that holds it."""
        self._unsupported(document, "delete an entry")

    def rename(self, document: Document, pointer: Pointer, key: str) -> list[Change]:
        """Return what gives the entry at `pointer` another key."""
        self._unsupported(document, "rename a key")

    def _unsupported(self, document: Document, operation: str) -> NoReturn:
        raise EditRefused(f"polcheck can't {operation} in {document.format.title}")


@cache
def editors() -> Mapping[str, Editor]:
    """Return what edits the files of each format, by the name of the format."""
    from polcheck.edits import formats

    modules = (import_module(f"{formats.__name__}.{module.name}") for module in iter_modules(formats.__path__))
    return MappingProxyType({name: editor for module in modules for name, editor in module.EDITORS.items()})
