"""The bytes and text of one file, and places in it.

Offsets count characters of the decoded text (a byte-order mark is not part of it); lines and
columns count from 1. Tree-sitter counts UTF-8 bytes: `Source.span_of_bytes` and `offsets_of_bytes` convert.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from msgspec import Struct

from polcheck.base.cached import cached_property

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# NOTE: these take quadratic time, or make texts that are none: with half surrogate pairs
_ODD = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})
# NOTE: as Python's own tokenizer has it, not `tokenize`: an encoding that is overlooked hides code from every selector
_COOKIE = re.compile(
    rb"(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))??[ \t\f]*#[^\r\n]*?coding[:=][ \t]*([-\w.]+)",
)
_PYTHON = (".py", ".pyi", ".pyw")
_SHEBANG = re.compile(rb"#![^\r\n]*(?:python|pypy|\buv run|\bpipx run)")
# as the specification of Git LFS has it: a version first, other keys in order, each `key value`, the last one `size`
_LFS = b"version https://git-lfs.github.com/spec/"
_LFS_MOST = 1024
_LFS_POINTER = re.compile(_LFS + rb"[^\s]+\n(?:ext-[0-9a-z.-]+ [^\n]+\n)*oid sha256:[0-9a-f]{64}\nsize [0-9]+\n?")
_NON_ASCII = re.compile(r"[^\x00-\x7f]")


class Span(NamedTuple):
    """A stretch of a text: character offsets, the end exclusive."""

    start: int
    end: int

    def holds(self, other: Span) -> bool:
        """Return whether `other` lies within this span (equal spans do)."""
        return self.start <= other.start and other.end <= self.end


class Place(NamedTuple):
    """A stretch of a file as people name it; lines and columns from 1, the end column exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


class Unreadable(Exception):
    """The bytes are not text in an encoding that could be found out; its text says why."""


def line_starts(text: str) -> list[int]:
    """Return the offset at which each line of a text begins; lines end at a line feed, a carriage return, or both."""
    if "\r" in text:  # NOTE: a carriage return alone ends a line too, for editors as for readers of YAML
        text = re.sub("\r(?!\n)", "\n", text)
    lines = text.split("\n")
    lines.pop()
    return list(accumulate(map((1).__add__, map(len, lines)), initial=0))


class Source(Struct, frozen=True, dict=True):
    """One file: its path in the submission (with `/`) and its bytes; without a path, a text in UTF-8 from elsewhere."""

    path: str
    data: bytes

    @cached_property
    def text(self) -> str:
        """The decoded text. Raises Unreadable when the bytes don't fit their encoding, or stand for others."""
        self._refuse_pointer()
        try:
            return _decode(self.path, self.data)
        except (ValueError, SyntaxError, LookupError) as error:
            raise Unreadable(f"not text: {error}") from error

    @cached_property
    def utf8(self) -> bytes:
        """The text in UTF-8, without a byte-order mark. Raises Unreadable as `text` does."""
        self._refuse_pointer()
        if self.data.isascii() and b"\x00" not in self.data[:4] and not declared_encoding(self.path, self.data):
            return self.data
        return self.text.encode("utf-8", "surrogatepass")

    @cached_property
    def syntax_errors(self) -> dict[str, tuple[str, int] | None]:
        """What the own parsers of languages say of the text, by language, as far as they were asked."""
        return {}

    def _refuse_pointer(self) -> None:
        """Raises Unreadable for a file of Git LFS that stands for one whose content lies elsewhere."""
        if (
            self.path
            and self.data.startswith(_LFS)
            and len(self.data) < _LFS_MOST
            and _LFS_POINTER.fullmatch(self.data)
        ):
            raise Unreadable("a pointer of Git LFS, not the file: get it with `git lfs pull`, or leave it out")

    @cached_property
    def _wide(self) -> tuple[list[int], list[int]]:
        """For each non-ASCII character, its end in UTF-8 bytes and by how much bytes exceed characters up to there."""
        ends: list[int] = []
        excess: list[int] = []
        extra = 0
        for match in _NON_ASCII.finditer(self.text):
            extra += len(match.group().encode("utf-8", "surrogatepass")) - 1
            excess.append(extra)
            ends.append(match.end() + extra)
        return ends, excess

    @cached_property
    def _is_narrow(self) -> bool:
        """Whether each character is one byte in UTF-8. NOTE: known without the text, which few files need."""
        return self.utf8.isascii()

    def span_of_bytes(self, start: int, end: int) -> Span:
        """Return the span of the UTF-8 bytes from `start` to `end`, as tree-sitter counts them."""
        if self._is_narrow:
            return Span(start, end)
        return Span(self._characters(start), self._characters(end))

    def offsets_of_bytes(self, offsets: Sequence[int]) -> Sequence[int]:
        """Return the offsets of UTF-8 bytes, as those of characters."""
        return offsets if self._is_narrow else [self._characters(offset) for offset in offsets]

    def _characters(self, offset: int) -> int:
        ends, excess = self._wide
        index = bisect_right(ends, offset)
        return offset - (excess[index - 1] if index else 0)

    def byte_of(self, offset: int) -> int:
        """Return the offset in UTF-8 bytes of the character at `offset`."""
        if self._is_narrow:
            return offset
        ends, excess = self._wide
        index = bisect_right(range(len(ends)), offset, key=lambda number: ends[number] - excess[number])
        return offset + (excess[index - 1] if index else 0)

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset at which each line begins."""
        return line_starts(self.text)

    def line_of(self, offset: int) -> int:
        """Return the line, from 1, that holds the character at `offset`."""
        return bisect_right(self.line_starts, offset)

    def place(self, span: Span) -> Place:
        """`span` in lines and columns."""
        line, end_line = self.line_of(span.start), self.line_of(span.end)
        starts = self.line_starts
        return Place(self.path, line, span.start - starts[line - 1] + 1, end_line, span.end - starts[end_line - 1] + 1)

    def lines(self, first: int, last: int) -> list[str]:
        """Return the texts of the lines from `first` to `last` (from 1) without their line breaks.

        Both have to be lines of the file.
        """
        starts, text = self.line_starts, self.text
        # NOTE: a line may end with several carriage returns
        part = text[starts[first - 1] : starts[last] - 1 if last < len(starts) else len(text)]
        return [self.line(number) for number in range(first, last + 1)] if "\r" in part else part.split("\n")

    def line(self, number: int) -> str:
        """Return the text of line `number` (from 1) without its line break; empty when there is no such line."""
        starts = self.line_starts
        if not 1 <= number <= len(starts):
            return ""
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")


def _decode(path: str, data: bytes) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding)
    encoding = declared_encoding(path, data)
    if encoding:
        if codecs.lookup(encoding).name.replace("_", "-") in _ODD:
            raise ValueError(f"the encoding `{encoding}` is not read")
        return data.decode(encoding)
    if path and len(data) >= 4 and b"\x00" in data[:2]:  # NOTE: what readers of JSON take for another encoding
        raise ValueError("it is binary, or in UTF-16 or UTF-32 without a byte-order mark")
    return data.decode("utf-8")


def declared_encoding(path: str, data: bytes) -> str:
    """Return the encoding that a Python file says it is in (PEP 263); empty where it says nothing, or isn't one.

    ASCII may mean something else in such a file.
    """
    if not data.startswith((b"#", b" ", b"\t", b"\f", b"\r", b"\n")):
        return ""
    if not path.endswith(_PYTHON) and not (path and _SHEBANG.match(data)):
        return ""
    match = _COOKIE.match(data)
    return match[1].decode("ascii") if match else ""


def on_one_line(text: str, most: int = 60) -> str:
    """Return the text on one line, cut at `most` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"
