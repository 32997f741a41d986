"""Kotlin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import escapes, literal, unescape, unix_lines
from polcheck.languages.language import MARK, Context, Language, Literal, SnippetRules, each, parts
from polcheck.languages.literals import LINES, Quoting, utf16_units

if TYPE_CHECKING:
    from tree_sitter import Node

_escape = escapes(
    {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "'": "'", '"': '"', "\\": "\\", "$": "$"}, exact={"u": 4}
)


def _value(node: Node) -> Literal | None:
    text = (node.text or b"").decode("utf-8", "replace")
    raw = node.type == "multiline_string_literal"
    quotes = 3 if raw else 1
    if len(text) < 2 * quotes or not text.endswith('"' * quotes):
        return None
    pieces = _pieces(text[quotes : len(text) - quotes], raw)
    value = "".join(("{}" if part is None else unix_lines(part) if raw else unescape(part, _escape)) for part in pieces)
    return literal(value, None not in pieces)


def _pieces(text: str, raw: bool) -> list[str | None]:
    """Return the texts of a string, None for each `$name` and `${expression}` between them.

    NOTE: the grammar has no nodes for `$name` in strings of one line.
    """
    pieces: list[str | None] = []
    done = at = 0
    while at < len(text):
        if text[at] == "\\" and not raw:
            at += 2
            continue
        end = _end_of_template(text, at) if text[at] == "$" else at
        if end > at:
            pieces += [text[done:at], None]
            done = at = end
        else:
            at += 1
    return [*pieces, text[done:]]


def _end_of_template(text: str, at: int) -> int:
    """Return where the template that begins at the dollar sign at `at` ends; `at` itself if there is none."""
    if text[at + 1 : at + 2] == "{":
        depth, end = 1, at + 2
        while end < len(text) and depth:
            depth += (text[end] == "{") - (text[end] == "}")
            end += 1
        return end
    end = at + 1
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return end if end > at + 1 and not text[at + 1].isdigit() else at


# comparisons of Kotlin are not associative, so that `f < Int > (x)` can't be one
_LEFT_OUT = """
(binary_expression
  left: (binary_expression left: (_) operator: "<" @blank right: (_) @blank)
  operator: ">" @blank
  right: [(parenthesized_expression) (lambda_literal)])
(unary_expression operator: "!!" @blank)
"""
_MODIFIERS = parts("modifiers")

LANGUAGES = (
    Language(
        name="kotlin",
        title="Kotlin",
        module="tree_sitter_kotlin",
        suffixes=(".kt", ".kts"),
        interpreters=("kotlin", "kotlinc"),
        extra="kotlin",
        strings=frozenset({"string_literal", "multiline_string_literal"}),
        string_value=_value,
        quoting=(Quoting("val a = ", "\n", escapes={**LINES, "$": "\\$"}, character=utf16_units),),
        string_content="string_content",
        comments=frozenset({"line_comment", "block_comment"}),
        contexts=(
            Context(),
            Context("try {} ", "", needs=("catch", "finally")),
            Context("when (a) { ", " }", fallback=True, needs=("->",)),
            Context("class A { ", "\n}", fallback=True),
            Context("val a: ", "", fallback=True),
            Context("", " class A", fallback=True),
            Context("fun a(", ") {}", fallback=True),
        ),
        lists=frozenset({"class_body"}),
        any_forms=(MARK * 3, f"{MARK * 3}: {MARK}"),
        # NOTE: a class whose body is a word is an enumeration to the grammar
        any_forms_in_braces=(f"fun {MARK * 3}()\n", f"{MARK * 3} -> {MARK}", MARK * 3),
        comment_signs=("//",),
        quotes=('"', "'"),
        multiline_quotes=('"""',),
        left_out=_LEFT_OUT,
        snippet=SnippetRules(
            lists_of_one=frozenset({"value_argument"}),
            bare_parts=frozenset({("call_expression", "value_arguments")}),
            alike_words={".": frozenset({"?."})},
            grouping=frozenset({"parenthesized_expression"}),
            clauses=frozenset({"catch_block", "finally_block"}),
            with_clauses=frozenset({"try_expression"}),
            open_lists=frozenset({"modifiers"}),
            open_ended=frozenset({"if_expression"}),
            optional={
                "class_declaration": parts(
                    "modifiers",
                    "type_parameters",
                    "primary_constructor",
                    "delegation_specifiers",
                    "type_constraints",
                    "class_body",
                    "enum_class_body",
                )
                | {"delegation_specifiers": frozenset({"delegation_specifiers", ":"})},
                "object_declaration": {
                    **_MODIFIERS,
                    "delegation_specifiers": frozenset({"delegation_specifiers", ":"}),
                },
                "function_declaration": parts("modifiers", "type_parameters", "type_constraints")
                | {"user_type": frozenset({"user_type", ":"}), "nullable_type": frozenset({"nullable_type", ":"})},
                "property_declaration": parts("modifiers", "type_parameters", "getter", "setter"),
                "variable_declaration": {
                    "user_type": frozenset({"user_type", ":"}),
                    "nullable_type": frozenset({"nullable_type", ":"}),
                },
                "call_expression": parts("type_arguments"),
                **each("class_parameter secondary_constructor type_alias", _MODIFIERS),
            },
        ),
    ),
)
