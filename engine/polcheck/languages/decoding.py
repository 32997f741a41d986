"""Linear scans shared by the decoders of string literals; they never fail."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from polcheck.languages.language import Literal

if TYPE_CHECKING:
    from tree_sitter import Node

Escape = Callable[[str, int], tuple[str, int]]
"""From a text and the offset after a backslash in it to what the sequence stands for and the offset where it ends."""

_DIGITS = {8: frozenset("01234567"), 16: frozenset("0123456789abcdefABCDEF")}


def unescape(text: str, escape: Escape, plain: Callable[[str], str] = str) -> str:
    """Return `text` with every backslash sequence replaced, and what stands between them as `plain` makes it."""
    at = text.find("\\")
    if at < 0:
        return plain(text)
    parts: list[str] = []
    done = 0
    while at >= 0:
        parts.append(plain(text[done:at]))
        value, done = escape(text, at + 1)
        parts.append(value)
        at = text.find("\\", done)
    parts.append(plain(text[done:]))
    return "".join(parts)


def number(text: str, start: int, most: int, base: int = 16) -> tuple[int, int]:
    """Return the number that up to `most` digits from `start` on write, and where they end; without any at `start`."""
    end = start
    digits = _DIGITS[base]
    while end < len(text) and end < start + most and text[end] in digits:
        end += 1
    return (int(text[start:end], base) if end > start else 0), end


def exactly(text: str, start: int, count: int) -> int | None:
    """Return the number that exactly `count` hexadecimal digits from `start` on write, None if they are fewer."""
    value, end = number(text, start, count)
    return value if end == start + count else None


def character(code: int | None) -> str | None:
    """Return the character of a code point, None if there is none."""
    return chr(code) if code is not None and code <= 0x10FFFF else None


def escapes(
    simple: Mapping[str, str],
    *,
    octal: int = 0,
    exact: Mapping[str, int] = {},
    upto: Mapping[str, int] = {},
    braces: str = "",
    unknown: str = "keep",
) -> Escape:
    """Return what reads the backslash sequences of a language.

    `simple` are letters and what they stand for; `octal` is the most digits of a number in octal; `exact` and `upto`
    are letters before so many, or up to so many, hexadecimal digits; `braces` are letters before `{…}` around some. Of
    any other sequence the backslash stays, or is left out (`unknown="drop"`).
    """

    def escape(text: str, at: int) -> tuple[str, int]:
        char = text[at : at + 1]
        if char and char in braces and text[at + 1 : at + 2] == "{":
            code, end = number(text, at + 2, len(text))
            if end > at + 2 and text[end : end + 1] == "}" and (value := character(code)) is not None:
                return value, end + 1
        if char in exact and (value := character(exactly(text, at + 1, exact[char]))) is not None:
            return value, at + 1 + exact[char]
        if char in upto:
            code, end = number(text, at + 1, upto[char])
            if end > at + 1 and (value := character(code)) is not None:
                return value, end
        if octal and char and char in "01234567":
            code, end = number(text, at, octal, 8)
            return chr(code), end
        if char in simple:
            return simple[char], at + 1
        return ("\\", at) if unknown == "keep" or not char else (char, at + 1)

    return escape


def literal(value: str, plain: bool = True) -> Literal:
    """Return a literal whose value can be written to any report."""
    return Literal(paired(value), plain)


def text_of(node: Node) -> Literal:
    """Return the text of a node as a value in which any white space is one blank."""
    return literal(" ".join((node.text or b"").decode("utf-8", "replace").split()))


def dedented(lines: Sequence[str], indent: int) -> list[str]:
    """Return `lines` without up to `indent` characters of white space at the beginning of each."""
    return [line[min(indent, len(line) - len(line.lstrip(" \t"))) :] for line in lines]


def paired(value: str) -> str:
    """Return `value` with pairs of surrogates joined, as in UTF-16, and U+FFFD for those that stand alone.

    NOTE: a lone surrogate can't be written to any report.
    """
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def without_surrogates(value: str) -> str:
    """Return `value` with U+FFFD for each surrogate."""
    if value.isascii():
        return value
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in value)


def unix_lines(text: str) -> str:
    """Return `text` with every end of line as a line feed."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def pieces(node: Node, opening: int, closing: int, interpolated: Collection[str]) -> list[str | Node]:
    """Return the texts between the quotes of a literal and the nodes of its interpolated parts between them.

    `opening` and `closing` are the lengths of the quotes in bytes. NOTE: in some grammars not all texts have nodes.
    """
    data, first = node.text or b"", node.start_byte
    parts: list[str | Node] = []
    done = opening
    for child in node.named_children:
        if child.type in interpolated:
            parts += [data[done : child.start_byte - first].decode("utf-8", "replace"), child]
            done = child.end_byte - first
    parts.append(data[done : max(len(data) - closing, done)].decode("utf-8", "replace"))
    return [part for part in parts if part != ""]


def joined(parts: list[str | Node], decode: Callable[[str], str]) -> Literal:
    """Return the literal of some `pieces`."""
    values = [decode(part) if isinstance(part, str) else "{}" for part in parts]
    return Literal("".join(values), all(isinstance(part, str) for part in parts))


def quoted_text(node: Node, *quotes: str) -> str | None:
    """Return the text of a literal that begins and ends in one of `quotes`, quotes included; otherwise None."""
    text = (node.text or b"").decode("utf-8", "replace")
    return text if len(text) > 1 and text[0] in quotes and text[-1] == text[0] else None
