"""JSON5, as its specification 1.0.0 has it: JSON with the literals, keys, commas and comments of ECMAScript 5.1."""

from __future__ import annotations

import math
import re
from functools import cache
from typing import NoReturn

from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.json import escapes
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits, integer_in_bounds
from polcheck.formats.placed import Placed, placed_array, placed_config, placed_object
from polcheck.formats.values import Config, Json, LimitExceeded, Unparsable

_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}
_LINE_ENDS = "\n\r\u2028\u2029"
_WORDS: dict[str, Json] = {"null": None, "true": True, "false": False, "Infinity": "Infinity", "NaN": "NaN"}
_CONTINUES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nl", "Mn", "Mc", "Nd", "Pc"})
_LONGEST_INTEGER = 4200


@cache
def _expressions() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return what white space, a number and the ordinary characters of a string look like."""
    return (
        re.compile(r"[ \t\n\r\v\f\u00a0\ufeff\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*+"),
        re.compile(
            r"[+-]?+(?:(0[xX][0-9a-fA-F]++)|(Infinity|NaN)|((?:0|[1-9][0-9]*+)(?:\.[0-9]*+)?+|\.[0-9]++)([eE][+-]?+[0-9]++)?+)"
        ),
        re.compile(r"[^'\"\\\n\r]*+"),
    )


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the one value of a JSON5 text; `Infinity`, `NaN` and numbers that no float holds are kept as their text.

    Raises Unparsable for what isn't JSON5, LimitExceeded, and Unreadable when the bytes aren't text.
    """
    scan = _Scan(source.text, limits)
    value = scan.run()
    return placed_config([value], scan.repeated)


class _Scan:
    """Reads a text from its beginning to its end: `run` is called once."""

    def __init__(self, text: str, limits: DocumentLimits) -> None:
        self.repeated: list[Span] = []
        self._text = text
        self._limits = limits
        self._at = 0
        self._depth = 0
        self._count = 0

    def run(self) -> Placed:
        """Return the value. Raises Unparsable and LimitExceeded."""
        value = self._value()
        self._space()
        if self._at < len(self._text):
            self._refuse(f"unexpected `{self._text[self._at]}` after the value")
        return value

    def _refuse(self, reason: str, at: int | None = None) -> NoReturn:
        at = self._at if at is None else at
        raise Unparsable(reason, Span(at, min(at + 1, len(self._text))))

    def _space(self) -> str:
        """Goes on to the next character that is no white space and in no comment, and returns it."""
        text = self._text
        while True:
            if blank := _expressions()[0].match(text, self._at):
                self._at = blank.end()
            if text.startswith("//", self._at):
                while self._at < len(text) and text[self._at] not in _LINE_ENDS:
                    self._at += 1
            elif text.startswith("/*", self._at):
                end = text.find("*/", self._at + 2)
                if end < 0:
                    self._refuse("a comment has no end")
                self._at = end + 2
            else:
                return text[self._at : self._at + 1]

    def _value(self, key: Span | None = None) -> Placed:
        mark = self._space()
        start = self._at
        self._count += 1
        if self._count > self._limits.values:
            self._limits.too_many(Span(start, start))
        if not mark:
            self._refuse("unexpected end of the file instead of a value")
        if mark in "{[":
            self._depth += 1
            if self._depth > self._limits.depth:
                self._limits.too_deep(Span(start, start + 1))
            self._at += 1
            found = self._object(start, key) if mark == "{" else self._array(start, key)
            self._depth -= 1
            return found
        if mark in "\"'":
            return Placed(self._string(), Span(start, self._at), key)
        if mark in "+-.0123456789":
            return Placed(self._number(), Span(start, self._at), key)
        word = self._name()
        if word not in _WORDS or "\\" in self._text[start : self._at]:
            self._refuse(f"`{word[:40]}` is no value", start)
        return Placed(_WORDS[word], Span(start, self._at), key)

    def _object(self, start: int, key: Span | None) -> Placed:
        members: dict[str, Placed] = {}
        while (mark := self._space()) != "}":
            begin = self._at
            name = self._string() if mark and mark in "\"'" else self._name()
            where = Span(begin, self._at)
            if self._space() != ":":
                self._refuse("expecting `:` after a key")
            self._at += 1
            if name in members:
                self.repeated.append(where)
            members[name] = self._value(where)
            if self._space() == ",":
                self._at += 1
            elif self._space() != "}":
                self._refuse("expecting `,` or `}` after a member")
        self._at += 1
        return placed_object(members, Span(start, self._at), key)

    def _array(self, start: int, key: Span | None) -> Placed:
        items = list[Placed]()
        while self._space() != "]":
            items.append(self._value())
            if self._space() == ",":
                self._at += 1
            elif self._space() != "]":
                self._refuse("expecting `,` or `]` after an item")
        self._at += 1
        return placed_array(items, Span(start, self._at), key)

    def _number(self) -> Json:
        text, start = self._text, self._at
        found = _expressions()[1].match(text, start)
        if found is None:
            self._refuse("a number has no digits")
        self._at = found.end()
        follows = text[self._at : self._at + 1]
        if follows and (_is_name_part(follows) or follows in ".\\"):
            self._refuse(f"unexpected `{follows}` in a number")
        written = found[0]
        if found[2]:
            return written.removeprefix("+") if found[2] == "Infinity" else "NaN"
        if found[1]:
            number = int(found[1], 16)
            return integer_in_bounds(-number if written[0] == "-" else number, Span(start, self._at))
        if found[3].isdigit() and not found[4]:
            if len(found[3]) > _LONGEST_INTEGER:
                raise LimitExceeded("an integer of more than 4200 digits", Span(start, self._at))
            return int(written)
        value = float(written)
        return value if math.isfinite(value) else written

    def _string(self) -> str:
        text, start, quote = self._text, self._at, self._text[self._at]
        parts = list[str]()
        self._at += 1
        while True:
            if found := _expressions()[2].match(text, self._at):
                parts.append(found[0])
                self._at = found.end()
            mark = text[self._at : self._at + 1]
            if mark == quote:
                self._at += 1
                return _joined(parts)
            if not mark or mark in "\n\r":
                self._refuse("a string has no end", start)
            self._at += 1
            parts.append(self._escape() if mark == "\\" else mark)

    def _escape(self) -> str:
        text = self._text
        mark = text[self._at : self._at + 1]
        self._at += 1
        if mark in ("x", "u"):
            return self._character(2 if mark == "x" else 4)
        if mark == "\r" and text.startswith("\n", self._at):
            self._at += 1
        if mark in _LINE_ENDS:
            return ""
        if mark.isdigit() and mark.isascii() and (mark != "0" or text[self._at : self._at + 1].isdecimal()):
            self._refuse("a backslash before a digit is no escape", self._at - 1)
        return _ESCAPES.get(mark, mark)

    def _character(self, width: int) -> str:
        digits = self._text[self._at : self._at + width]
        if len(digits) < width or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
            self._refuse(f"an escape takes {width} hexadecimal digits")
        self._at += width
        return chr(int(digits, 16))

    def _name(self) -> str:
        """Return the ECMAScript identifier that begins here, or a word of letters for a value."""
        text, start = self._text, self._at
        parts = list[str]()
        while self._at < len(text):
            character = text[self._at]
            if character == "\\":
                if not text.startswith("u", self._at + 1):
                    self._refuse("only `\\u` escapes stand in a key without quotes")
                self._at += 2
                character = self._character(4)
            elif not _is_name_part(character):
                break
            else:
                self._at += 1
            if not (_is_name_part(character) if parts else _is_name_start(character)):
                self._refuse(f"unexpected `{character}` in a key without quotes", self._at - 1)
            parts.append(character)
        if not parts:
            found = text[start : start + 1]
            self._refuse(f"unexpected `{found}`" if found else "unexpected end of the file")
        return _joined(parts)


def _joined(parts: list[str]) -> str:
    """Return the text of these parts, in which two halves of a surrogate pair are one character."""
    return "".join(parts).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _is_name_start(character: str) -> bool:
    if character.isascii():
        return character.isalpha() or character in "$_"
    from unicodedata import category

    return category(character) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nl")


def _is_name_part(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character in "$_"
    from unicodedata import category

    return character in "\u200c\u200d" or category(character) in _CONTINUES


FORMAT = Format(
    name="json5",
    title="JSON5",
    parse=parse,
    suffixes=(".json5",),
    names=(".babelrc", ".babelrc.json", "babel.config.json"),
    escapes=escapes,
)
