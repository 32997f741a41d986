"""Haskell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import character, escapes, literal, number, unescape
from polcheck.languages.language import MARK, Context, Language, Literal, SnippetRules, parts
from polcheck.languages.literals import LINES, Quoting

if TYPE_CHECKING:
    from tree_sitter import Node

_escape = escapes(
    {
        "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"', "'": "'",
        "&": "",
    },
    upto={"x": 6},
)  # fmt: skip
# NOTE: `\SOH` is one of them and no `\SO` before an `H`, so that the longest name counts
_CONTROLS = (
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI", "DLE",
    "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
)  # fmt: skip
_NAMES = {**{name: chr(code) for code, name in enumerate(_CONTROLS)}, "SP": " ", "DEL": "\x7f"}


def _any_escape(text: str, at: int) -> tuple[str, int]:
    if text[at : at + 1].isspace():  # a gap ends in another backslash
        end = text.find("\\", at)
        return "", len(text) if end < 0 else end + 1
    for size in (3, 2):
        if text[at : at + size] in _NAMES:
            return _NAMES[text[at : at + size]], at + size
    if text[at : at + 1] == "^" and at + 1 < len(text):
        return chr(ord(text[at + 1]) & 0x1F), at + 2
    if text[at : at + 1] == "o":
        code, end = number(text, at + 1, 8, 8)
        return (character(code) or "\ufffd", end) if end > at + 1 else ("\\", at)
    end = at
    while end < min(at + 8, len(text)) and text[end] in "0123456789":
        end += 1
    return (character(int(text[at:end])) or "\ufffd", end) if end > at else _escape(text, at)


def _value(node: Node) -> Literal | None:
    text = (node.text or b"").decode("utf-8", "replace")
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return None
    return literal(unescape(text[1:-1], _any_escape))


LANGUAGES = (
    Language(
        name="haskell",
        title="Haskell",
        module="tree_sitter_haskell",
        suffixes=(".hs",),
        interpreters=("runghc", "runhaskell", "stack"),
        extra="haskell",
        strings=frozenset({"string"}),
        string_value=_value,
        quoting=(Quoting("a = ", "\n", escapes=LINES, character=lambda character: f"\\{ord(character)}\\&"),),
        comments=frozenset({"comment", "haddock"}),
        contexts=(
            Context(),
            Context("a = ", "", fallback=True),
            Context("a :: ", "", kinds=frozenset({"apply", "list"})),
            Context("a = case b of { ", " }", fallback=True),
        ),
        lists=frozenset({"declarations", "top_splice", "imports", "match", "alternatives"}),
        name_forms=(MARK + "{}", "Z" + MARK + "{}"),
        any_forms=(MARK * 3, "Z" + MARK * 3, f"{MARK * 3} = {MARK}"),
        any_forms_in_braces=(MARK * 3, f"{MARK * 3} = {MARK}", f"{MARK * 3} -> {MARK}"),
        comment_signs=("--",),
        quotes=('"',),
        snippet=SnippetRules(
            grouping=frozenset({"parens"}),
            lists_of_one=frozenset({"literal"}),
            optional={"data_type": parts("deriving")},
            optional_fields={"import": {"alias": frozenset({"as"})}},
            optional_words=frozenset({"qualified"}),
        ),
    ),
)
