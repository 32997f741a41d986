"""Code that is parsed in other words than it is written in, with every byte in its place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from polcheck.base.spans import Source
from polcheck.languages.language import ParsedCode

if TYPE_CHECKING:
    from tree_sitter import Parser, Tree

_FEW = 100  # changes: each takes as long as there are nodes beside it


def tree_of_lines(source: Source, parser: Parser) -> ParsedCode:
    """Return the tree of code in a language whose grammar wants an end of every line, the last one too."""
    data = source.utf8
    return ParsedCode(parser.parse(data if data.endswith(b"\n") or not data else data + b"\n"))


class Change(NamedTuple):
    """A replacement of bytes by as many others; `lasting` if they stay after the code is parsed."""

    start: int
    new: bytes
    lasting: bool = False


class Respelled:
    """Code that is parsed in other words than it is written in."""

    tree: Tree

    def __init__(self, data: bytes, parser: Parser) -> None:
        self._data = data
        self._parser = parser
        self._buffer: bytes | bytearray = data
        self._new: list[Change] = []
        self._all: list[Change] = []
        self._parsed = False

    def add(self, changes: Iterable[Change]) -> None:
        """Notes what is to be spelled otherwise the next time."""
        self._new += changes

    def parse(self) -> None:
        """Parses the code with what was added, if there is anything new."""
        if self._parsed and not self._new:
            return
        if self._new:
            # NOTE: a node's text is read from the buffer when it is asked for, so a change needs one of its own
            buffer = bytearray(self._buffer)
            for start, new, _ in self._new:
                buffer[start : start + len(new)] = new
            self._buffer = buffer
        if not self._parsed or len(self._new) > _FEW or self.tree.root_node.has_error:
            self.tree = self._parser.parse(self._buffer)
        else:
            for start, new, _ in self._new:  # NOTE: what is around them need not be parsed again
                end = start + len(new)
                self.tree.edit(start, end, end, self._point(start), self._point(end), self._point(end))
            self.tree = self._parser.parse(self._buffer, self.tree)
        self._parsed = True
        self._all += self._new
        self._new = []

    def restore(self) -> None:
        """Gives every node the text that the code has."""
        if isinstance(self._buffer, bytearray):
            for start, new, lasting in self._all:
                if not lasting:
                    self._buffer[start : start + len(new)] = self._data[start : start + len(new)]

    def _point(self, place: int) -> tuple[int, int]:
        return self._data.count(b"\n", 0, place), place - self._data.rfind(b"\n", 0, place) - 1
