"""CSS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import character, literal, number, unescape, unix_lines
from polcheck.languages.language import MARK, Context, Language, Literal, SnippetRules
from polcheck.languages.literals import Quoting

if TYPE_CHECKING:
    from tree_sitter import Node


def _escape(text: str, at: int) -> tuple[str, int]:
    code, end = number(text, at, 6)
    if end > at:
        return character(code) or "\ufffd", end + (text[end : end + 1] in (" ", "\n", "\t") and end < len(text))
    return ("", at + 1) if text[at : at + 1] == "\n" else (text[at : at + 1], at + 1)


def _value(node: Node) -> Literal | None:
    text = unix_lines((node.text or b"").decode("utf-8", "replace"))
    if len(text) < 2 or text[0] not in "\"'" or text[-1] != text[0]:
        return None
    return literal(unescape(text[1:-1], _escape))


def _written(character: str) -> str:
    return f"\\{ord(character):x} "


LANGUAGES = (
    Language(
        name="css",
        title="CSS",
        module="tree_sitter_css",
        suffixes=(".css",),
        general=False,
        extra="css",
        strings=frozenset({"string_value"}),
        string_value=_value,
        quoting=(
            Quoting("a { content: ", "; }", character=_written, refused="\0"),
            Quoting("a { content: ", "; }", "'", character=_written, refused="\0"),
        ),
        string_content="string_content",
        comments=frozenset({"comment", "js_comment"}),
        contexts=(
            Context(),
            Context("a { ", " }", kinds=frozenset({"declaration"})),
            Context("a { ", "; }", kinds=frozenset({"declaration"})),
            Context("a { b: ", "; }", fallback=True),
            Context("", " {}", fallback=True),
        ),
        lists=frozenset({"selectors"}),
        ascii_names=True,
        any_forms_in_braces=(f"{MARK * 3}: {MARK};", MARK * 3 + " {}", MARK * 3),
        comment_signs=(),
        snippet=SnippetRules(
            ignores_case=frozenset({"tag_name", "property_name", "color_value", "feature_name"}).__contains__,
        ),
    ),
)
