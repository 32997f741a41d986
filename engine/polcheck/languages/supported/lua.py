"""Lua."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import escapes, literal, unescape, unix_lines
from polcheck.languages.language import MARK, Context, Language, Literal, SnippetRules
from polcheck.languages.literals import LINES, Quoting, in_braces

if TYPE_CHECKING:
    from tree_sitter import Node

_escape = escapes(
    {
        "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'", '"': '"',
        "\n": "\n",
    },
    exact={"x": 2},
    braces="u",
)  # fmt: skip


def _any_escape(text: str, at: int) -> tuple[str, int]:
    if text[at : at + 1] == "z":
        end = at + 1
        while end < len(text) and text[end].isspace():
            end += 1
        return "", end
    end = at
    while end < min(at + 3, len(text)) and text[end] in "0123456789":
        end += 1
    return (chr(int(text[at:end])), end) if end > at else _escape(text, at)


def _value(node: Node) -> Literal | None:
    text = unix_lines((node.text or b"").decode("utf-8", "replace"))
    if text[:1] in ("'", '"'):
        return literal(unescape(text[1:-1], _any_escape)) if len(text) > 1 and text[-1] == text[0] else None
    opening = text.find("[", 1) + 1
    if opening < 2 or len(text) < 2 * opening:
        return None
    return literal(text[opening : len(text) - opening].removeprefix("\n"))


def _written(character: str) -> str:
    return f"\\{ord(character):03d}" if character.isascii() else in_braces(character)


LANGUAGES = (
    Language(
        name="lua",
        title="Lua",
        module="tree_sitter_lua",
        suffixes=(".lua", ".rockspec"),
        interpreters=("lua", "luajit"),
        extra="lua",
        strings=frozenset({"string"}),
        string_value=_value,
        quoting=(
            Quoting("a = ", "\n", escapes=LINES, character=_written),
            Quoting("a = ", "\n", "'", LINES, _written),
        ),
        string_content="string_content",
        contexts=(
            Context(),
            Context("return ", ""),
            Context("a = {", "}", fallback=True),
        ),
        lists=frozenset({"expression_list"}),
        any_forms=(MARK * 3, f"{MARK * 3}()"),
        statement_form=MARK + "{}()",
        comment_signs=("--",),
        snippet=SnippetRules(
            grouping=frozenset({"parenthesized_expression"}),
            clauses=frozenset({"elseif_statement", "else_statement"}),
            with_clauses=frozenset({"if_statement"}),
            optional_words=frozenset({"local"}),
            lists_of_one=frozenset({"expression_list", "variable_list"}),
            exact_leaves=frozenset({"field", "method"}),
            exact_branches=frozenset({"arguments", "body", "parameters"}),
            called=frozenset({"name"}),
            named_fields=frozenset({("function_call", "name")}),
        ),
    ),
)
