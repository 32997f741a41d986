"""Where each character of a string stands in the text that writes it down: quoted, escaped, indented or folded."""

from __future__ import annotations

import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import NamedTuple

from polcheck.base.spans import Span

_OPENING = re.compile(r"""[A-Za-z]{0,3}(\"\"\"|'''|["'`])""")
_NUMBERED = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|u\{([0-9A-Fa-f]{1,6})\}|([0-7]{1,3})")
_PAIR = re.compile(r"\\u([Dd][89ABab][0-9A-Fa-f]{2})\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})")
_ESCAPES = dict(zip("abtnvfre\"'\\/ _NLP`", "\a\b\t\n\v\f\r\x1b\"'\\/ \xa0\x85\u2028\u2029`", strict=True))


class Alignment(NamedTuple):
    """For each character of a string, where what writes it begins and ends."""

    starts: list[int]
    ends: list[int]

    def written(self, start: int, end: int, offset: int = 0) -> Span:
        """Return the stretch that writes the characters from `start` to `end`, moved by `offset`."""
        if start < end:
            return Span(offset + self.starts[start], offset + self.ends[end - 1])
        at = self.starts[start] if start < len(self.starts) else self.ends[-1] if self.ends else 0
        return Span(offset + at, offset + at)


def align(written: str, value: str, body: int = 0) -> Alignment | None:
    """Return where each character of `value` stands in `written`, whose content begins at `body`.

    None where `written` isn't one string that reads `value`, or an array of JSON whose strings do so one after another,
    as the lines of a notebook's cell. Every character but white space has to stand there in order, as it is or escaped,
    so that only white space, which may be folded or indentation, can be a little off.
    """
    alignment = _follow(written, body, value)
    if alignment is None and written.startswith("["):
        return _follow_lines(written, value)
    opening = _OPENING.match(written, body)
    if alignment is None and opening is not None:
        quote = opening[1]
        ways = ((False, ""), (True, ""), (False, quote)) if len(quote) == 1 else ((False, ""), (True, ""))
        for escapes, doubled in ways:
            alignment = alignment or _follow(written, opening.end(), value, escapes, doubled)
    return alignment


def _follow_lines(written: str, value: str) -> Alignment | None:
    """Return where `value` stands in an array of strings, each of which writes the next part of it."""
    alignment, at, done = Alignment([], []), 0, 0
    while (start := written.find('"', at)) >= 0:
        try:
            line, at = scanstring(written, start + 1)
        except ValueError:
            return None
        part = _follow(written[: at - 1], start + 1, line, escapes=True)
        if part is None or not value.startswith(line, done):
            return None
        alignment.starts.extend(part.starts)
        alignment.ends.extend(part.ends)
        done += len(line)
    return alignment if done == len(value) else None


def _follow(written: str, at: int, value: str, escapes: bool = False, doubled: str = "") -> Alignment | None:
    """Return where `value` stands in `written` from `at`; None where they differ."""
    alignment = Alignment([], [])
    for character in value:
        while at < len(written):
            source_char, length = written[at], 1
            if escapes and source_char == "\\":
                source_char, length = _escaped(written, at)
            elif source_char == doubled and written.startswith(source_char, at + 1):
                length = 2
            folded = source_char == "\n" and character == " "
            if source_char == character or folded or not (source_char.isspace() or source_char == ""):
                break
            at += length  # indentation, or white space around a fold
        else:
            source_char, length = "", 0
        if source_char != character and not (source_char == "\n" and character == " "):
            if not character.isspace():
                return None
            length = 0  # an end of line that the text goes without
        alignment.starts.append(at)
        alignment.ends.append(at + length)
        at += length
    return alignment


def _escaped(written: str, at: int) -> tuple[str, int]:
    """Return the character that an escape stands for, and its length; the backslash itself for one that is none.

    An escaped end of line stands for nothing.
    """
    pair = _PAIR.match(written, at)
    if pair is not None:
        high, low = int(pair[1], 16), int(pair[2], 16)
        return chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00), 12
    numbered = _NUMBERED.match(written, at + 1)
    if numbered is not None:
        digits = numbered[numbered.lastindex or 0]
        number = int(digits, 8 if numbered.lastindex == 5 else 16)
        return (chr(number), 1 + len(numbered[0])) if number <= 0x10FFFF else ("\\", 1)
    sign = written[at + 1 : at + 2]
    if sign in ("\n", "\r"):
        return "", 3 if written.startswith("\r\n", at + 1) else 2
    return (_ESCAPES[sign], 2) if sign in _ESCAPES else ("\\", 1)
