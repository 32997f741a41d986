"""Positions of the Language Server Protocol and offsets of characters, each as the other.

A position is a line and a number of code units, both from 0. The units are those of UTF-16 unless the client offers
UTF-8 or UTF-32. Lines end at `\n`, `\r\n` or a lone `\r`, as in `Source`: not at the further characters that
`str.splitlines` knows.
"""

from __future__ import annotations

from bisect import bisect_right

from lsprotocol.types import Position, Range
from msgspec import Struct

from polcheck.base.cached import cached_property
from polcheck.base.spans import Place, Span, line_starts

_BYTE_ORDER_MARK = "\ufeff"
_CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


def units(text: str, encoding: str) -> int:
    """Return the number of code units of `text` in `encoding`: `utf-8`, `utf-16` or `utf-32`."""
    if text.isascii() or encoding == "utf-32":
        return len(text)
    codec, size = _CODECS[encoding]
    return len(text.encode(codec, "surrogatepass")) // size


def characters(text: str, count: int, encoding: str) -> int:
    """Return how many characters of `text` lie before `count` code units; one that is cut through is not counted."""
    if text.isascii() or encoding == "utf-32":
        return min(count, len(text))
    codec, size = _CODECS[encoding]
    # NOTE: what is cut through is dropped: `ignore` leaves out half a pair and an unfinished sequence
    return len(text.encode(codec, "surrogatepass")[: count * size].decode(codec, "ignore")) if count > 0 else 0


class Lines(Struct, frozen=True, dict=True):
    """A text as an editor holds it, and the code units in which its positions are counted."""

    text: str
    encoding: str = "utf-16"

    @cached_property
    def starts(self) -> list[int]:
        """The offset at which each line begins."""
        return line_starts(self.text)

    def line(self, number: int) -> str:
        """Return line `number` (from 0) without its line break; empty where there is none."""
        if not 0 <= number < len(self.starts):
            return ""
        end = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.text)
        return self.text[self.starts[number] : end].rstrip("\r\n")

    def position(self, offset: int) -> Position:
        """Return the position of the character at `offset`."""
        number = bisect_right(self.starts, max(offset, 0)) - 1
        before = self.text[self.starts[number] : max(offset, 0)].rstrip("\r\n")
        return Position(number, units(before, self.encoding))

    def offset(self, position: Position) -> int:
        """Return the offset of the character at a position; beyond the end of a line or the text, that end."""
        if position.line >= len(self.starts):
            return len(self.text)
        line = self.line(position.line)
        return self.starts[position.line] + characters(line, position.character, self.encoding)

    def range_of(self, span: Span) -> Range:
        """Return a stretch of the text as a range."""
        return Range(self.position(span.start), self.position(span.end))

    def range_of_place(self, place: Place) -> Range:
        """Return a place, whose columns count characters of the text without its byte-order mark, as a range."""
        return Range(self._at(place.line, place.column), self._at(place.end_line, place.end_column))

    def _at(self, line: int, column: int) -> Position:
        text = self.line(line - 1)
        if line == 1 and text.startswith(_BYTE_ORDER_MARK):
            column += 1
        return Position(line - 1, units(text[: column - 1], self.encoding))
