"""Swift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import dedented, escapes, literal, unescape, unix_lines
from polcheck.languages.language import MARK, Context, Language, Literal, SnippetRules, each, parts
from polcheck.languages.literals import LINES, Quoting, in_braces

if TYPE_CHECKING:
    from tree_sitter import Node

_escape = escapes({"0": "\0", "t": "\t", "n": "\n", "r": "\r", '"': '"', "'": "'", "\\": "\\", "\n": ""}, braces="u")


def _value(node: Node) -> Literal | None:
    text = (node.text or b"").decode("utf-8", "replace")
    hashes = len(text) - len(text.lstrip("#"))
    body = text[hashes : len(text) - hashes]
    quotes = 3 if body.startswith('"""') and len(body) >= 6 else 1
    if len(body) < 2 * quotes or not body.startswith('"') or not body.endswith('"'):
        return None
    content = unix_lines(body[quotes : len(body) - quotes])
    if quotes == 3 and content.startswith("\n"):
        lines = content[1:].split("\n")
        content = "\n".join(dedented(lines[:-1], len(lines[-1])))
    pieces = _pieces(content, "\\" + "#" * hashes)
    decode = _escape if not hashes else None
    value = "".join("{}" if part is None else unescape(part, decode) if decode else part for part in pieces)
    return literal(value, None not in pieces)


def _pieces(text: str, sign: str) -> list[str | None]:
    r"""Return the texts of a string, None for each `\(expression)` between them; `sign` begins an escape."""
    pieces: list[str | None] = []
    done = at = 0
    while (at := text.find(sign, at)) >= 0:
        start = at + len(sign)
        if text[start : start + 1] != "(":
            at = start + 1
            continue
        depth, end = 1, start + 1
        while end < len(text) and depth:
            depth += (text[end] == "(") - (text[end] == ")")
            end += 1
        pieces += [text[done:at], None]
        done = at = end
    return [*pieces, text[done:]]


# comparisons of Swift are not associative, so that `a.f < Int > (x)` can't be one
_LEFT_OUT = """
(navigation_expression "?" @blank)
(call_expression "?" @blank)
(postfix_expression operation: (bang) @blank)
(constructor_expression constructed_type: (user_type (type_arguments) @blank))
(comparison_expression
  op: "<" @blank
  rhs: (comparison_expression lhs: (_) @blank op: ">" @blank rhs: [(tuple_expression) (lambda_literal)]))
"""
_ITEM = parts("modifiers")
_BASES = {"inheritance_specifier": frozenset({"inheritance_specifier", ":"})}

LANGUAGES = (
    Language(
        name="swift",
        title="Swift",
        module="tree_sitter_swift",
        suffixes=(".swift",),
        interpreters=("swift",),
        extra="swift",
        strings=frozenset({"line_string_literal", "multi_line_string_literal", "raw_string_literal"}),
        string_value=_value,
        quoting=(Quoting("let a = ", "\n", escapes=LINES, character=in_braces),),
        string_content="line_str_text",
        comments=frozenset({"comment", "multiline_comment"}),
        contexts=(
            Context("", "\n"),
            Context("func a() { ", " }", fallback=True),
            Context("class A { ", " }", fallback=True),
            Context("enum A { ", " }", fallback=True),
            Context("switch a { ", " }", fallback=True, needs=("case", "default")),
            Context(
                "var a: ", "", kinds=frozenset({"user_type", "optional_type", "array_type"}), needs=("<", "?", "[")
            ),
            Context("", " class A {}", fallback=True),
            Context("func a(", ") {}", fallback=True),
        ),
        lists=frozenset({"statements", "class_body", "enum_class_body"}),
        any_forms=(MARK * 3, f"{MARK * 3}: {MARK}"),
        any_forms_in_braces=(MARK * 3, f"var {MARK * 3}: {MARK}", f"case {MARK * 3}", f"case {MARK * 3}: {MARK}"),
        comment_signs=("//",),
        quotes=('"',),
        multiline_quotes=('"""',),
        left_out=_LEFT_OUT,
        snippet=SnippetRules(
            bare_parts=frozenset({("call_suffix", "value_arguments")}),
            lists_of_one=frozenset({"value_argument"}),
            clauses=frozenset({"catch_block"}),
            with_clauses=frozenset({"do_statement"}),
            open_lists=frozenset({"modifiers"}),
            optional={
                "call_suffix": parts("lambda_literal"),
                "class_declaration": {**_ITEM, **_BASES, **parts("type_parameters", "type_constraints")},
                "protocol_declaration": {**_ITEM, **_BASES, **parts("type_parameters", "type_constraints")},
                "function_declaration": {
                    **_ITEM,
                    **parts("type_parameters", "type_constraints", "throws", "async"),
                    "user_type": frozenset({"user_type", "->"}),
                    "optional_type": frozenset({"optional_type", "->"}),
                },
                "init_declaration": {
                    **_ITEM,
                    **parts("throws", "async", "?", "bang", "type_parameters", "type_constraints"),
                },
                "parameter": parts("parameter_modifiers", "..."),
                "import_declaration": _ITEM,
                "typealias_declaration": {**_ITEM, **parts("type_parameters")},
                "property_declaration": {**_ITEM, **parts("type_annotation")},
                **each("protocol_function_declaration enum_entry", _ITEM),
            },
            optional_fields={
                "parameter": {"external_name": frozenset[str]()},
                **each("function_declaration init_declaration", {"default_value": frozenset({"="})}),
            },
        ),
    ),
)
