"""Rewrites of any file that keep its meaning: line ends, lines that say nothing, a byte-order mark."""

from __future__ import annotations

import re
from collections.abc import Iterator

from polcheck.authoring.rewrites.edit import Edit, Group

_BEGINS = re.compile(r"(?m)^(?=[^\r\n])")
_ALONE = re.compile(r"(?<!\r)\n")


def crlf(text: str) -> Iterator[Group]:
    """Yield a carriage return before each line feed that has none."""
    edits = tuple(Edit(result.start(), result.start(), "\r") for result in _ALONE.finditer(text))
    if edits:
        yield edits


def hashes(text: str) -> Iterator[Group]:
    """Yield a comment with `#` before each line."""
    return _before_lines(text, "# a remark that says nothing\n")


def slashes(text: str) -> Iterator[Group]:
    """Yield a comment with `//` before each line."""
    return _before_lines(text, "// a remark that says nothing\n")


def blanks(text: str) -> Iterator[Group]:
    """Yield a blank line before each line."""
    return _before_lines(text, "\n")


def _before_lines(text: str, line: str) -> Iterator[Group]:
    for result in _BEGINS.finditer(text):
        yield (Edit(result.start(), result.start(), line),)


def last_line(text: str) -> Iterator[Group]:
    """Yield the edit that drops the final line break, or adds one where there is none."""
    end = len(text)
    if text.endswith("\n"):
        start = end - (2 if text.endswith("\r\n") else 1)
        yield (Edit(start, end, ""),)
    elif text:
        yield (Edit(end, end, "\n"),)


def mark(text: str) -> Iterator[Group]:
    """Yield a byte-order mark before everything."""
    if text and not text.startswith("\ufeff"):
        yield (Edit(0, 0, "\ufeff"),)
