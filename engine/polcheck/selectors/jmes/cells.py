"""A value together with where it came from; the values themselves stay plain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast

from polcheck.documents.config import Json, Pointer


class Origin(NamedTuple):
    """A place in the value that was searched; `key`: of the key itself, not of what stands under it."""

    pointer: Pointer
    key: bool = False


Origins = tuple[Origin, ...]


class Cell:
    """A value and its origin.

    `at` is its pointer, for a value that stands in the document. `inside` are the cells of the elements or
    entries of a list or object that the expression made. Otherwise `sources` are what it was made from, and
    what is in it came from there as well.
    """

    __slots__ = ("_inside", "_origin", "at", "sources", "value")

    def __init__(
        self,
        value: Json,
        at: Pointer | None = None,
        inside: Inside | None = None,
        sources: Sequence[Cell] = (),
        origin: Origins | None = None,
    ) -> None:
        self.value = value
        self.at = at
        self.sources = sources
        self._inside = inside
        self._origin = origin

    @property
    def inside(self) -> Inside | None:
        """The cells of what the expression put in; None when it made neither a list nor an object here."""
        return self._inside

    @property
    def origin(self) -> Origins:
        """Where the value came from: its place in the document, or those of all that it was made from."""
        if self._origin is None:
            self._origin = self._found_origin()
        return self._origin

    def _found_origin(self) -> Origins:
        if self.at is not None:
            return (Origin(self.at),)
        within = self.inside.values() if isinstance(self.inside, dict) else self.inside
        return union(within) if within else union(self.sources)

    def child(self, key: str | int) -> Cell:
        """The cell of an entry or element that exists."""
        inside = self.inside
        if inside is not None:
            return cast("dict[str | int, Cell]", inside)[key]
        value = cast("dict[str | int, Json]", self.value)[key]
        if self.at is not None:
            return Cell(value, (*self.at, key))
        return Cell(value, sources=(self,))

    def items(self) -> list[Cell]:
        """The cells of a list's elements or of an object's entries."""
        inside = self.inside
        if inside is not None:
            return list(inside.values() if isinstance(inside, dict) else inside)
        holder, at = self.value, self.at
        pairs = holder.items() if isinstance(holder, dict) else enumerate(cast("list[Json]", holder))
        if at is not None:
            return [Cell(value, (*at, key)) for key, value in pairs]
        return [Cell(value, sources=(self,)) for _, value in pairs]

    def key_cell(self, key: str) -> Cell:
        """The cell of the key itself, as a text."""
        child = self.child(key)
        if child.at and child.at[-1] == key:
            return Cell(key, origin=(Origin(child.at, True),))
        return Cell(key, origin=child.origin)

    def missing(self) -> Cell:
        """Null in place of what isn't there; it came from here."""
        return Cell(None, sources=(self,))


def listed(cells: list[Cell], sources: Sequence[Cell] = ()) -> Cell:
    """The list of these cells, made from `sources`."""
    return Cell([cell.value for cell in cells], inside=cells, sources=sources)


def keyed(cells: dict[str, Cell], sources: Sequence[Cell] = (), origin: Origins | None = None) -> Cell:
    """The object of these cells."""
    return Cell({key: cell.value for key, cell in cells.items()}, None, cells, sources, origin)


def union(cells: Iterable[Cell]) -> Origins:
    """The origins of all the cells, each once, in order."""
    return tuple(dict.fromkeys(origin for cell in cells for origin in cell.origin))


Inside = list[Cell] | dict[str, Cell]
