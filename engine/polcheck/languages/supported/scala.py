"""Scala."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import escapes, joined, literal, pieces, unescape, unix_lines
from polcheck.languages.language import MARK, Context, Language, Literal, SnippetRules, each, parts
from polcheck.languages.literals import LINES, Quoting, utf16_units

if TYPE_CHECKING:
    from tree_sitter import Node

_escape = escapes(
    {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "'": "'", "\\": "\\"}, octal=3, exact={"u": 4}
)


def _value(node: Node) -> Literal | None:
    if node.type == "interpolated_string_expression":
        inner = next((child for child in node.named_children if child.type == "interpolated_string"), None)
        name = node.named_children[0].text or b""
        return _interpolated(inner, name == b"raw") if inner is not None else None
    text = (node.text or b"").decode("utf-8", "replace")
    quotes = 3 if text.startswith('"""') and len(text) >= 6 else 1
    if len(text) < 2 * quotes or text[-1] != '"':
        return None
    content = text[quotes : len(text) - quotes]
    return literal(unix_lines(content) if quotes == 3 else unescape(content, _escape))


def _interpolated(node: Node, raw: bool) -> Literal | None:
    """Return the value of a string with a letter before it; `raw"…"` has no escapes."""
    text = node.text or b""
    quotes = 3 if text.startswith(b'"""') and len(text) >= 6 else 1

    def decode(part: str) -> str:
        part = unix_lines(part).replace("$$", "$")
        return part if raw else unescape(part, _escape)

    found = joined(pieces(node, quotes, quotes, ("interpolation",)), decode)
    return literal(found.value, found.plain)


_ITEM = parts("modifiers", "annotation")
_CLASS = parts("modifiers", "annotation", "type_parameters", "extends_clause", "derives_clause", "template_body")

LANGUAGES = (
    Language(
        name="scala",
        title="Scala",
        module="tree_sitter_scala",
        suffixes=(".scala", ".sc", ".sbt"),
        interpreters=("scala", "scala-cli", "amm"),
        extra="scala",
        strings=frozenset({"string", "interpolated_string_expression"}),
        string_value=_value,
        quoting=(Quoting("val a = ", "\n", escapes=LINES, character=utf16_units),),
        comments=frozenset({"comment", "block_comment"}),
        contexts=(
            Context(),
            Context("a match { ", " }", fallback=True, needs=("case",)),
            Context("type a = ", "", kinds=frozenset({"generic_type"}), needs=("[",)),
            Context("", " class A", fallback=True),
            Context("class a { ", " }", fallback=True),
            Context("try a ", "", fallback=True),
        ),
        lists=frozenset({"case_block", "template_body"}),
        any_forms=(MARK * 3, f"{MARK * 3}: {MARK}"),
        any_forms_in_braces=(MARK * 3, f"case {MARK * 3} => {MARK}"),
        comment_signs=("//",),
        quotes=('"',),
        multiline_quotes=('"""',),
        snippet=SnippetRules(
            grouping=frozenset({"parenthesized_expression"}),
            clauses=frozenset({"catch_clause", "finally_clause"}),
            with_clauses=frozenset({"try_expression"}),
            open_lists=frozenset({"modifiers"}),
            bare_parts=frozenset({("instance_expression", "arguments"), ("annotation", "arguments")}),
            optional={
                "class_definition": {**_CLASS, **parts("class_parameters")},
                **each("object_definition trait_definition enum_definition", _CLASS),
                **each("function_definition function_declaration", {**_ITEM, **parts("type_parameters")}),
                "instance_expression": parts("template_body"),
                **each("val_definition var_definition val_declaration var_declaration type_definition", _ITEM),
                **each("parameter class_parameter", parts("annotation", "inline_modifier")),
            },
            optional_words=frozenset({"case", "lazy"}),
            optional_fields={
                **each("function_definition function_declaration", {"return_type": frozenset({":"})}),
                "instance_expression": parts("template_body"),
                **each("val_definition var_definition", {"type": frozenset({":"})}),
                "if_expression": {"alternative": frozenset({"else"})},
            },
            erased={"generic_function": 0, "generic_type": 0},
            exact_leaves=frozenset({"name", "field"}),
            exact_branches=frozenset({"arguments", "body", "parameters"}),
            called=frozenset({"function"}),
            named_fields=frozenset({("call_expression", "function")}),
        ),
    ),
)
