"""How string literals of a language are written: the reverse of `decoding`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct


class Quoting(Struct, frozen=True):
    """One way in which a language writes a string literal.

    `before` and `after` are code in which such a literal parses. A character is written as `escapes` say (pairs of
    characters before single ones); a quote and a backslash behind a backslash, unless the quote is `doubled` or
    backslashes are `raw`; one that can't be printed (or, with `ascii`, isn't in ASCII) as `character` says. A text with
    any other such character, or with one of `refused`, isn't written in this way.
    """

    before: str = ""
    after: str = ""
    quote: str = '"'
    escapes: Mapping[str, str] = {}
    character: Callable[[str], str | None] | None = None
    doubled: bool = False
    raw: bool = False
    ascii: bool = False
    refused: str = ""

    def write(self, text: str) -> str | None:
        """Return the literal of a text, None where this way can't write it."""
        parts: list[str] = []
        at = 0
        while at < len(text):
            if (pair := text[at : at + 2]) in self.escapes and len(pair) == 2:
                parts.append(self.escapes[pair])
                at += 2
                continue
            written = self._character(text[at])
            if written is None:
                return None
            parts.append(written)
            at += 1
        return f"{self.quote}{''.join(parts)}{self.quote}"

    def _character(self, character: str) -> str | None:
        if character in self.refused:
            return None
        if character in self.escapes:
            return self.escapes[character]
        if character == self.quote:
            return character * 2 if self.doubled else None if self.raw else "\\" + character
        if character == "\\":
            return character if self.raw else "\\\\"
        if character.isprintable() and (character.isascii() or not self.ascii):
            return character
        return self.character(character) if self.character is not None else None


LINES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
"""The escapes that nearly all languages have."""


def utf16_units(character: str) -> str:
    r"""Return a character as `\uXXXX`, or as two of them where UTF-16 has it so."""
    data = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[at : at + 2].hex()}" for at in range(0, len(data), 2))


def four_or_eight(character: str) -> str:
    r"""Return a character as `\uXXXX` or `\UXXXXXXXX`."""
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def two_four_or_eight(character: str) -> str:
    r"""Return a character as `\xXX`, `\uXXXX` or `\UXXXXXXXX`."""
    return f"\\x{ord(character):02x}" if ord(character) < 0x80 else four_or_eight(character)


def in_braces(character: str) -> str:
    r"""Return a character as `\u{X}`."""
    return f"\\u{{{ord(character):x}}}"


def octal(character: str) -> str | None:
    r"""Return a character as `\OOO`, or as C's universal names have it; None for the few that have neither there."""
    code = ord(character)
    return f"\\{code:03o}" if code < 0x80 else None if code < 0xA0 else four_or_eight(character)
