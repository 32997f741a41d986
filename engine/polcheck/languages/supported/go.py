"""Go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import exactly, number, quoted_text
from polcheck.languages.language import Context, Language, Literal, SnippetRules

if TYPE_CHECKING:
    from tree_sitter import Node

    from polcheck.languages.constants import ConstantRules

_SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34}


def string_value(node: Node) -> Literal | None:
    """Return the value of a string."""
    text = quoted_text(node, '"', "`")
    if text is None:
        return None
    if text[0] == "`":
        return Literal(text[1:-1].replace("\r", ""), True)
    return Literal(_interpreted(text[1:-1]), True)


def _interpreted(text: str) -> str:
    """Return the value of an interpreted string: bytes, which need not be those of characters."""
    parts: list[bytes] = []
    done = 0
    while (at := text.find("\\", done)) >= 0:
        parts.append(text[done:at].encode("utf-8", "surrogatepass"))
        data, done = _escape(text, at + 1)
        parts.append(data)
    if not parts:
        return text
    parts.append(text[done:].encode("utf-8", "surrogatepass"))
    return b"".join(parts).decode("utf-8", "replace")


def _escape(text: str, at: int) -> tuple[bytes, int]:
    char = text[at : at + 1]
    if char in _SIMPLE:
        return bytes([_SIMPLE[char]]), at + 1
    if char and char in "01234567":
        code, end = number(text, at, 3, 8)
        return bytes([code & 0xFF]), end
    if char == "x" and (byte := exactly(text, at + 1, 2)) is not None:
        return bytes([byte]), at + 3
    for letter, count in (("u", 4), ("U", 8)):
        if char == letter and (code_point := exactly(text, at + 1, count)) is not None and code_point <= 0x10FFFF:
            return chr(code_point).encode("utf-8", "surrogatepass"), at + 1 + count
    return b"\\", at


def _constants() -> ConstantRules:
    from polcheck.languages.go_constants import RULES

    return RULES


LANGUAGES = (
    Language(
        name="go",
        title="Go",
        module="tree_sitter_go",
        suffixes=(".go",),
        extra="go",
        strings=frozenset({"interpreted_string_literal", "raw_string_literal"}),
        string_value=string_value,
        constant_rules=_constants,
        string_content="interpreted_string_literal_content",
        # outside of a function Go has no statements
        contexts=(
            Context(),
            Context("func _() {\n", "\n}\n"),
        ),
        lists=frozenset({"statement_list"}),
        comment_signs=("//",),
        quotes=('"', "'"),
        multiline_quotes=("`",),
        snippet=SnippetRules(
            grouping=frozenset({"parenthesized_expression"}),
            exact_leaves=frozenset({"name", "field", "package", "label"}),
            exact_branches=frozenset({"arguments", "body", "parameters"}),
            called=frozenset({"function"}),
            named_fields=frozenset({("call_expression", "function")}),
            lists_of_one=frozenset({"expression_list"}),
        ),
    ),
)
