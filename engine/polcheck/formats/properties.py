"""Java properties: an object of the keys, each a string, as `java.util.Properties.load` reads them from UTF-8."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from functools import cache

from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.json import escapes
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.placed import Placed, placed_config, placed_object
from polcheck.formats.values import Config, Remark, Unparsable

_BLANK = " \t\f"
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_LATIN = "a reader that takes the file for ISO-8859-1, as Java did before version 9, has other characters here"

_MARK = "Java takes the byte-order mark before this for a part of the first key"


@cache
def _line() -> re.Pattern[str]:
    return re.compile(r"([^\r\n]*+)(?:\r\n?|\n|\Z)")


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the properties of a file.

    Raises Unparsable for a broken `\\u` escape, LimitExceeded, and Unreadable when the bytes aren't text.
    """
    text = source.text
    entries: dict[str, Placed] = {}
    repeated = list[Span]()
    remarks = list[Remark]()
    if source.data.startswith(BOM_UTF8):
        remarks.append(Remark(Span(0, min(1, len(text))), _MARK))
    at = 0
    while at < len(text):
        letters, at = _logical_line(text, at)
        if letters is None:
            continue
        key, value = _split(letters)
        name, where = _unescaped(key, letters[0][1] if letters else at)
        content, place = _unescaped(value, letters[-1][1] + 1 if letters else at)
        if name in entries:
            repeated.append(where)
        elif len(entries) + 1 >= limits.values:
            limits.too_many(where)
        entries[name] = Placed(content, place, where)
        if not text[where.start : place.end].isascii() and (not remarks or remarks[-1].message != _LATIN):
            remarks.append(Remark(Span(where.start, place.end), _LATIN))
    first = min((entry.key.start for entry in entries.values() if entry.key), default=0)
    last = max((entry.span.end for entry in entries.values()), default=0)
    return placed_config([placed_object(entries, Span(first, last))], repeated, remarks)


_Letters = list[tuple[str, int]]
"""The characters of a logical line and where each stands; those of an escape together with its backslash."""


def _logical_line(text: str, at: int) -> tuple[_Letters | None, int]:
    """Return the content of the next logical line (None for a comment or blank one), and where it ends."""
    letters = _Letters()
    while match := _line().match(text, at):
        content, start, at = match[1], match.start(), match.end()
        inner = content.lstrip(_BLANK)
        if not letters and (not inner or inner[0] in "#!"):
            return None, at
        start += len(content) - len(inner)
        continues = (len(inner) - len(inner.rstrip("\\"))) % 2 == 1
        letters += zip(inner[:-1] if continues else inner, range(start, start + len(inner)), strict=False)
        if not continues:
            break
        if at == len(text):
            # NOTE: as Java has it, which takes a backslash and a carriage return with its line feed for no line here
            return (letters, at) if letters or not text.endswith("\r\n") else (None, at)
    return letters, at


def _split(letters: _Letters) -> tuple[_Letters, _Letters]:
    """Return the characters of the key and of the value of a logical line."""
    at = 0
    while at < len(letters) and letters[at][0] not in "=: \t\f":
        at += 2 if letters[at][0] == "\\" else 1
    key = letters[:at]
    while at < len(letters) and letters[at][0] in _BLANK:
        at += 1
    if at < len(letters) and letters[at][0] in "=:":
        at += 1
        while at < len(letters) and letters[at][0] in _BLANK:
            at += 1
    return key, letters[at:]


def _unescaped(letters: _Letters, end: int) -> tuple[str, Span]:
    """Return what characters stand for, and the span from the first to the last, at `end` if there are none.

    Raises Unparsable.
    """
    parts = list[str]()
    at = 0
    while at < len(letters):
        letter = letters[at][0]
        at += 1
        if letter == "\\":
            letter = letters[at][0] if at < len(letters) else ""
            at += 1
            if letter == "u":
                digits = "".join(digit for digit, _ in letters[at : at + 4])
                if len(digits) < 4 or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
                    raise Unparsable(
                        "`\\u` takes four hexadecimal digits", Span(letters[at - 2][1], letters[at - 1][1])
                    )
                letter = chr(int(digits, 16))
                at += 4
            else:
                letter = _ESCAPES.get(letter, letter)
        parts.append(letter)
    text = "".join(parts).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return text, Span(letters[0][1], letters[-1][1] + 1) if letters else Span(end, end)


FORMAT = Format(
    name="properties",
    title="Java properties",
    parse=parse,
    suffixes=(".properties",),
    scattered=True,
    root="object",
    levels=1,
    comments=("#", "!"),
    escapes=escapes,
)
