"""TOML as code, which has syntax trees; as configuration it is in `formats`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import character, exactly, unescape, unix_lines
from polcheck.languages.language import Language, Literal
from polcheck.languages.literals import LINES, Quoting, four_or_eight

if TYPE_CHECKING:
    from tree_sitter import Node

_SIMPLE = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\"}


def _value(node: Node) -> Literal | None:
    text = (node.text or b"").decode("utf-8", "replace")
    quote = text[:3] if text[:3] in ("'''", '"""') else text[:1]
    if quote[:1] not in ("'", '"') or len(text) < 2 * len(quote) or not text.endswith(quote):
        return None
    content = unix_lines(text[len(quote) : -len(quote)])
    if len(quote) == 3:
        content = content.removeprefix("\n")
    return Literal(content if quote[0] == "'" else unescape(content, _escape), True)


def _escape(text: str, at: int) -> tuple[str, int]:
    char = text[at : at + 1]
    if char in _SIMPLE:
        return _SIMPLE[char], at + 1
    for letter, count in (("x", 2), ("u", 4), ("U", 8)):
        if char == letter and (result := character(exactly(text, at + 1, count))) is not None:
            return result if not "\ud800" <= result <= "\udfff" else "\ufffd", at + 1 + count
    end = at
    while end < len(text) and text[end] in " \t\n":
        end += 1
    return ("", end) if "\n" in text[at:end] else ("\\", at)  # the end of a line, and what the next begins with


LANGUAGES = (
    Language(
        name="toml",
        title="TOML",
        module="tree_sitter_toml",
        suffixes=(".toml",),
        strings=frozenset({"string"}),
        string_value=_value,
        quoting=(
            Quoting("a = ", "\n", escapes=LINES, character=four_or_eight),
            Quoting("a = ", "\n", "'", raw=True),
        ),
    ),
)
