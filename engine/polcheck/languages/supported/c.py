"""C, and what C++ has of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import escapes, literal, unescape
from polcheck.languages.language import MARK, Context, Language, Literal, SnippetRules, each, parts
from polcheck.languages.literals import LINES, Quoting, octal

if TYPE_CHECKING:
    from tree_sitter import Node

    from polcheck.languages.grammars import Tree
    from polcheck.languages.readings import Embedded

_escape = escapes(
    {
        "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'",
        '"': '"', "?": "?", "\n": "", "\r\n": "",
    },
    octal=3,
    exact={"u": 4, "U": 8},
    upto={"x": 8},
)  # fmt: skip


def string_value(node: Node) -> Literal | None:
    """Return the value of a string, of strings that follow one another, or of `<name>` in an `#include`."""
    if node.type == "concatenated_string":
        values = [string_value(child) for child in node.named_children if child.type.endswith("string_literal")]
        return Literal("".join(value.value for value in values if value is not None), None not in values)
    text = (node.text or b"").decode("utf-8", "replace")
    if node.type == "system_lib_string":
        return literal(text)
    start = text.find('"')
    if start < 0 or len(text) < start + 2 or text[-1] != '"':
        return None
    content = text[start + 1 : -1]
    if "R" in text[:start]:
        delimiter = content.partition("(")[0]
        return literal(content[len(delimiter) + 1 : len(content) - len(delimiter) - 1].replace("\r\n", "\n"))
    return literal(unescape(content.replace("\r\n", "\n"), _escape))


def embedded(tree: Tree) -> Embedded:
    """Return the code in the bodies of a file's macros."""
    from polcheck.languages.c_macros import embedded as in_macros

    return in_macros(tree)


CONTEXTS = (
    Context("", "\n"),
    Context("", ";"),
    Context("void a() { ", " }"),
    Context("void a() { ", "; }"),
    Context("int a = ", ";"),
    Context("struct a { ", " };", kinds=frozenset({"field_declaration"})),
    Context("void a(", ");", fallback=True),
    Context("switch (a) { ", " }", fallback=True, needs=("case", "default")),
)
LISTS = frozenset({"field_declaration_list", "compound_statement", "declaration_list"})
FORMS = (f"{MARK * 3};", f"{MARK * 3} {MARK};", MARK * 3)
_STORAGE = parts("storage_class_specifier", "type_qualifier", "attribute_specifier", "attribute_declaration")
OPTIONAL = each("function_definition declaration field_declaration", _STORAGE)
OPTIONAL_FIELDS = {"if_statement": {"alternative": frozenset[str]()}}
SNIPPET = SnippetRules(
    open_parts=frozenset(_STORAGE),
    grouping=frozenset({"parenthesized_expression"}),
    optional=OPTIONAL,
    optional_fields=OPTIONAL_FIELDS,
    exact_leaves=frozenset({"name", "field", "label"}),
    exact_branches=frozenset({"arguments", "body", "parameters"}),
    called=frozenset({"function"}),
    named_fields=frozenset({("call_expression", "function")}),
)

LANGUAGES = (
    Language(
        name="c",
        title="C",
        module="tree_sitter_c",
        suffixes=(".c", ".h"),
        extra="c",
        strings=frozenset({"string_literal", "concatenated_string", "system_lib_string"}),
        string_value=string_value,
        quoting=(Quoting("char *a = ", ";\n", escapes={**LINES, "??": "?\\?"}, character=octal),),
        string_content="string_content",
        contexts=CONTEXTS,
        lists=LISTS,
        embedded=embedded,
        statement_form=MARK + "{};",
        any_forms_in_braces=FORMS,
        comment_signs=("//",),
        snippet=SNIPPET,
    ),
)
