"""Rust."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import escapes, literal, unescape
from polcheck.languages.language import MARK, Context, Language, Literal, SnippetRules, each, parts

if TYPE_CHECKING:
    from tree_sitter import Node

_escape = escapes(
    {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "0": "\0", "'": "'", '"': '"'}, exact={"x": 2}, braces="u"
)


def _value(node: Node) -> Literal | None:
    text = (node.text or b"").decode("utf-8", "replace").replace("\r\n", "\n")
    start = text.find('"')
    if start < 0:
        return None
    if "r" in text[:start]:
        hashes = text[:start].count("#")
        return literal(text[start + 1 : len(text) - 1 - hashes])
    return literal(unescape(text[start + 1 : -1], _any_escape)) if len(text) > start + 1 and text[-1] == '"' else None


def _any_escape(text: str, at: int) -> tuple[str, int]:
    if text[at : at + 1] != "\n":
        return _escape(text, at)
    while at < len(text) and text[at] in " \t\n\r":  # the end of a line, and what the next ones begin with
        at += 1
    return "", at


_ITEM = parts("visibility_modifier")
_GENERIC = parts("type_parameters", "where_clause")
_FUNCTION = {**_ITEM, **_GENERIC, **parts("function_modifiers")}

LANGUAGES = (
    Language(
        name="rust",
        title="Rust",
        module="tree_sitter_rust",
        suffixes=(".rs",),
        interpreters=("rust-script", "cargo"),
        extra="rust",
        strings=frozenset({"string_literal", "raw_string_literal"}),
        string_value=_value,
        string_content="string_content",
        comments=frozenset({"line_comment", "block_comment"}),
        contexts=(
            Context(),
            Context("", ";"),
            Context("struct A { ", " }", fallback=True),
            Context("match a { ", " }", fallback=True),
            Context("type A = ", ";", fallback=True),
            Context("fn a() { let ", " = a; }", fallback=True),
            Context("impl A { ", " }", fallback=True),
            Context("enum A { ", " }", fallback=True),
        ),
        lists=frozenset({"match_block", "field_declaration_list", "declaration_list", "enum_variant_list"}),
        any_forms_in_braces=(
            MARK * 3,
            f"{MARK * 3}: {MARK}",
            f"{MARK * 3} => {MARK}",
            f"{MARK * 3} => {MARK},",
            MARK * 3 + "!{}",
            f"{MARK * 3};",
        ),
        comment_signs=("//",),
        quotes=('"',),
        snippet=SnippetRules(
            grouping=frozenset({"parenthesized_expression"}),
            optional={
                **each("function_item function_signature_item", _FUNCTION),
                **each("struct_item enum_item type_item union_item", _ITEM | _GENERIC),
                **each("const_item static_item mod_item use_declaration field_declaration", _ITEM),
                "impl_item": _GENERIC,
                "trait_item": {**_ITEM, **_GENERIC, **parts("trait_bounds")},
            },
            optional_fields={
                **each("function_item function_signature_item", {"return_type": frozenset({"->"})}),
                "let_declaration": {"type": frozenset({":"}), "alternative": frozenset({"else"})},
                "if_expression": {"alternative": frozenset[str]()},
            },
            optional_words=frozenset({"async", "unsafe"}),
            exact_leaves=frozenset({"name", "field"}),
            exact_branches=frozenset({"arguments", "body", "parameters"}),
            called=frozenset({"function"}),
            named_fields=frozenset({("call_expression", "function")}),
        ),
    ),
)
