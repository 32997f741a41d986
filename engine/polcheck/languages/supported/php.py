"""PHP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import dedented, escapes, literal, unescape, unix_lines
from polcheck.languages.language import MARK, Context, Language, Literal, SnippetRules, each, parts
from polcheck.languages.literals import LINES, Quoting, in_braces

if TYPE_CHECKING:
    from tree_sitter import Node

_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "v": "\v", "e": "\x1b", "f": "\f", "\\": "\\", "$": "$"}
_heredoc_escape = escapes(_SIMPLE, octal=3, upto={"x": 2}, braces="u")
_escape = escapes({**_SIMPLE, '"': '"'}, octal=3, upto={"x": 2}, braces="u")
_single = escapes({"\\": "\\", "'": "'"})
_TEXTS = frozenset({"string_content", "escape_sequence", "nowdoc_string"})


def _value(node: Node) -> Literal | None:
    if node.type in ("heredoc", "nowdoc"):
        return _document(node)
    text = (node.text or b"").decode("utf-8", "replace").removeprefix("b")
    if len(text) < 2 or text[0] != text[-1]:
        return None
    if node.type == "string":
        return literal(unescape(text[1:-1], _single))
    parts = _texts(node, 1 + (node.text or b"").startswith(b"b"), 1)
    value = "".join(unescape(part, _escape) if part is not None else "{}" for part in parts)
    return literal(value, None not in parts)


def _texts(node: Node, opening: int, closing: int) -> list[str | None]:
    """Return the texts between the interpolated parts of a string, None for each of these.

    An interpolated part may stand in braces, which are its own.
    """
    data, first = node.text or b"", node.start_byte
    parts: list[str | None] = []
    done = opening
    children = node.children
    for index, child in enumerate(children):
        if not child.is_named or child.type in _TEXTS:
            continue
        start, end = child.start_byte - first, child.end_byte - first
        before = children[index - 1].type if index else ""
        after = children[index + 1].type if index + 1 < len(children) else ""
        if before in ("{", "${") and after == "}":
            start, end = start - len(before), end + 1
        parts += [data[done:start].decode("utf-8", "replace"), None]
        done = end
    parts.append(data[done : max(len(data) - closing, done)].decode("utf-8", "replace"))
    return parts


def _document(node: Node) -> Literal | None:
    """Return the value of a heredoc or nowdoc, whose end says how far its lines are indented."""
    body = node.child_by_field_name("value")
    if body is None:
        return literal("")
    parts = _texts(body, 0, 0)
    text = unix_lines("".join("\0{}" if part is None else part for part in parts)).removeprefix("\n")
    data, end = node.text or b"", node.child_by_field_name("end_tag")
    indent = 0
    if end is not None:
        line = data[: end.start_byte - node.start_byte].rpartition(b"\n")[2]
        indent = len(line) - len(line.strip()) if not line.strip() else 0
    value = "\n".join(dedented(text.removesuffix("\n").split("\n"), indent))
    if node.type == "heredoc":
        value = unescape(value, _heredoc_escape)
    return literal(value.replace("\0{}", "{}"), None not in parts)


_MODIFIERS = parts(
    "abstract_modifier", "final_modifier", "readonly_modifier", "static_modifier", "visibility_modifier",
    "var_modifier", "attribute_list",
)  # fmt: skip
_CLASS_NAMES = frozenset(
    {
        "function_call_expression", "object_creation_expression", "scoped_call_expression", "attribute", "base_clause",
        "class_interface_clause", "named_type", "use_declaration", "namespace_use_clause", "function_definition",
        "method_declaration", "class_declaration", "interface_declaration", "trait_declaration", "enum_declaration",
        "scoped_property_access_expression", "namespace_definition",
    }
)  # fmt: skip
_METHODS = frozenset({"member_call_expression", "nullsafe_member_call_expression"})
_CASELESS = frozenset({"name", "namespace_name", "boolean", "null", "relative_scope"})


def _keeps_case(node: Node) -> bool:
    """Return whether a name is one of a variable, a property or a constant; classes and functions have any case."""
    parent = node.parent if node.type in ("name", "namespace_name") else None
    if parent is None:
        return False
    while parent.type in ("qualified_name", "namespace_name", "relative_name") and parent.parent is not None:
        node, parent = parent, parent.parent
    if parent.type in _METHODS:
        return parent.child_by_field_name("name") != node
    if parent.type == "class_constant_access_expression":
        return parent.named_children[0] != node
    if parent.type == "binary_expression":
        return parent.child_by_field_name("right") != node or all(
            child.type != "instanceof" for child in parent.children
        )
    return parent.type not in _CLASS_NAMES


_OWN_NAMES = frozenset(
    {"this", "GLOBALS", "_SERVER", "_GET", "_POST", "_FILES", "_COOKIE", "_SESSION", "_REQUEST", "_ENV"}
)

LANGUAGES = (
    Language(
        name="php",
        title="PHP",
        module="tree_sitter_php",
        function="language_php",
        suffixes=(".php", ".phtml", ".php5", ".php7", ".phps", ".inc"),
        interpreters=("php",),
        extra="php",
        strings=frozenset({"string", "encapsed_string", "heredoc", "nowdoc"}),
        string_value=_value,
        quoting=(
            Quoting("<?php $a = ", ";", "'"),
            Quoting("<?php $a = ", ";", escapes={**LINES, "$": "\\$"}, character=in_braces),
        ),
        string_content="string_content",
        contexts=(
            Context("<?php ", ""),
            Context("<?php ", ";"),
            Context("<?php class A { ", " }"),
            Context("<?php class A { ", "; }", fallback=True),
            Context("<?php ", " class A {}", fallback=True, needs=("#[",)),
            Context("<?php try {} ", "", needs=("catch", "finally")),
            Context("<?php switch (a) { ", " }", fallback=True, needs=("case", "default")),
        ),
        lists=frozenset({"declaration_list", "switch_block"}),
        name_forms=("$" + MARK + "{}", MARK + "{}"),
        statement_form="$" + MARK + "{};",
        any_forms=(MARK * 3, "$" + MARK * 3),
        any_forms_in_braces=(f"{MARK * 3};", f"use {MARK * 3};", MARK * 3),
        own_names=_OWN_NAMES,
        comment_signs=("//", "#"),
        quotes=('"', "'"),
        snippet=SnippetRules(
            lists_of_one=frozenset({"argument", "array_element_initializer"}),
            grouping=frozenset({"parenthesized_expression", "qualified_name"}),  # the latter around one name: `\\k`
            alike={
                f"member_{form}_expression": frozenset({f"{by}member_{form}_expression" for by in ("", "nullsafe_")})
                for form in ("call", "access")
            },
            alike_words={"->": frozenset({"?->"})},
            clauses=frozenset({"catch_clause", "finally_clause", "else_clause", "else_if_clause"}),
            with_clauses=frozenset({"try_statement", "if_statement"}),
            optional={
                "class_declaration": {**_MODIFIERS, **parts("base_clause", "class_interface_clause")},
                **each(
                    "method_declaration property_declaration const_declaration function_definition simple_parameter",
                    _MODIFIERS | parts("reference_modifier"),
                ),
                **each(
                    "anonymous_function arrow_function",
                    _MODIFIERS | parts("reference_modifier", "anonymous_function_use_clause"),
                ),
                **each("interface_declaration trait_declaration", _MODIFIERS | parts("base_clause")),
                "enum_declaration": {
                    **_MODIFIERS,
                    **parts("class_interface_clause"),
                    "primitive_type": frozenset({"primitive_type", ":"}),
                },
            },
            optional_fields={
                **each(
                    "method_declaration function_definition anonymous_function arrow_function",
                    {"return_type": frozenset({":"})},
                ),
                "simple_parameter": {"type": frozenset[str](), "default_value": frozenset({"="})},
                **each("property_declaration const_declaration", {"type": frozenset[str]()}),
            },
            bare_parts=frozenset({("object_creation_expression", "arguments"), ("attribute", "arguments")}),
            ignores_case=_CASELESS.__contains__,
            keeps_case=_keeps_case,
            exact_leaves=frozenset({"name"}),
            exact_branches=frozenset({"arguments", "body", "parameters"}),
            called=frozenset({"function"}),
            named_fields=frozenset({("function_call_expression", "function")}),
        ),
    ),
)  # fmt: skip
