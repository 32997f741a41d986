"""Java."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from polcheck.languages.decoding import escapes, joined, literal, number, pieces, unescape, unix_lines
from polcheck.languages.language import MARK, Chain, Context, Language, Literal, SnippetRules, each, parts
from polcheck.languages.literals import LINES, Quoting, utf16_units

if TYPE_CHECKING:
    from tree_sitter import Node

    from polcheck.languages.names import NameRules

_SIMPLE = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "s": " ", '"': '"', "'": "'", "\\": "\\", "\n": ""}
_escape = escapes(_SIMPLE)


def _any_escape(text: str, at: int) -> tuple[str, int]:
    char = text[at : at + 1]
    if char == "u":
        start = at + len(text[at:]) - len(text[at:].lstrip("u")) if at + 40 > len(text) else _after(text, at)
        code, end = number(text, start, 4)
        return (chr(code), end) if end == start + 4 else ("\\", at)
    if char and char in "01234567":
        code, end = number(text, at, 3 if char in "0123" else 2, 8)
        return chr(code), end
    return _escape(text, at)


def _after(text: str, at: int) -> int:
    """Return where the letters `u` that begin at `at` end."""
    while text[at : at + 1] == "u":
        at += 1
    return at


def _value(node: Node) -> Literal | None:
    text = (node.text or b"").decode("utf-8", "replace")
    if text.startswith('"""') and len(text) >= 6:
        parts = _without_indent(unix_lines(text[3:-3]))
        return literal(unescape(parts, _any_escape), not _interpolated(node))
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return None
    found = joined(pieces(node, 1, 1, ("string_interpolation",)), lambda part: unescape(part, _any_escape))
    return literal(found.value, found.plain)


def _interpolated(node: Node) -> bool:
    return any(child.type == "string_interpolation" for child in node.named_children)


def _without_indent(text: str) -> str:
    """Return the content of a text block as JLS 3.10.6 strips it: the smallest indentation, and blanks at line ends."""
    lines = text.partition("\n")[2].split("\n")
    last = len(lines) - 1
    counted = [line for index, line in enumerate(lines) if line.strip() or index == last]
    indent = min((len(line) - len(line.lstrip()) for line in counted), default=0)
    return "\n".join(line[indent:].rstrip() if line.strip() else "" for line in lines)


_MODIFIERS = parts("modifiers")
_GENERIC = parts("modifiers", "type_parameters")

_CHAIN = Chain(
    "identifier",
    "field_access",
    "object",
    "field",
    whole=frozenset({"scoped_type_identifier", "type_identifier", "scoped_identifier"}),
    single=False,
)
_ERASED = {"generic_type": 0}
_IMPORTS = "(import_declaration) @import"
_BINDINGS = """
[(method_declaration) (constructor_declaration) (lambda_expression) (block) (class_body) (enhanced_for_statement)
 (for_statement) (catch_clause) (try_with_resources_statement) (class_declaration) (interface_declaration)
 (enum_declaration) (record_declaration)] @scope
(variable_declarator name: (identifier) @name)
(formal_parameter name: (identifier) @name)
(catch_formal_parameter name: (identifier) @name)
(enhanced_for_statement name: (identifier) @name)
(resource name: (identifier) @name)
(inferred_parameters (identifier) @name)
(lambda_expression parameters: (identifier) @name)
(type_parameter . (type_identifier) @name)
(class_declaration name: (identifier) @outer)
(interface_declaration name: (identifier) @outer)
(enum_declaration name: (identifier) @outer)
(record_declaration name: (identifier) @outer)
"""


def _imported(_: str, statement: Node) -> Iterator[tuple[str, str]]:
    """Yield the name of an imported class, or of a static member, and its name with its package."""
    name = next(
        (child for child in statement.named_children if child.type in ("scoped_identifier", "identifier")), None
    )
    text = "".join((name.text or b"").decode("utf-8", "replace").split()) if name is not None else ""
    if any(child.type == "asterisk" for child in statement.named_children):
        yield "*", text
    elif text:
        yield text.rpartition(".")[2], text


def _name_rules() -> NameRules:
    from polcheck.languages.block_names import BlockRules

    return BlockRules(_IMPORTS, _BINDINGS, _CHAIN, _imported, erased=_ERASED).rules()


LANGUAGES = (
    Language(
        name="java",
        title="Java",
        module="tree_sitter_java",
        suffixes=(".java",),
        extra="java",
        strings=frozenset({"string_literal"}),
        string_value=_value,
        quoting=(Quoting("class A { String a = ", "; }", escapes=LINES, character=utf16_units),),
        string_content="string_fragment",
        comments=frozenset({"line_comment", "block_comment"}),
        contexts=(
            Context(),
            Context("", ";"),
            Context("class A { ", " }", kinds=frozenset({"field_declaration", "method_declaration"})),
            Context("class A { ", "; }", kinds=frozenset({"field_declaration", "method_declaration"})),
            Context("class A { ", " }", kinds=frozenset({"constructor_declaration"}), needs=("{",)),
            Context("interface A { ", " }", fallback=True),
            Context("", " class A {}", fallback=True, needs=("@",)),
            Context("", " a;", fallback=True),
            Context("try {} ", "", needs=("catch", "finally")),
            Context("switch (a) { ", " }", fallback=True, needs=("case", "default", "->")),
            Context("enum A { ", " }", fallback=True),
        ),
        lists=frozenset({"class_body", "modifiers", "interface_body", "switch_block"}),
        statement_form=MARK + "{};",
        any_forms=(MARK * 3, f"{MARK * 3} {MARK}"),
        any_forms_in_braces=(MARK * 3, f"{MARK * 3};", f"{MARK * 3} {MARK};"),
        comment_signs=("//",),
        quotes=('"', "'"),
        multiline_quotes=('"""',),
        name_rules=_name_rules,
        snippet=SnippetRules(
            chain=_CHAIN,
            name_lists=frozenset({"import_declaration", "package_declaration"}),
            grouping=frozenset({"parenthesized_expression"}),
            clauses=frozenset({"catch_clause", "finally_clause"}),
            with_clauses=frozenset({"try_statement", "try_with_resources_statement"}),
            open_lists=frozenset({"modifiers"}),
            bare_parts=frozenset({("annotation", "annotation_argument_list")}),
            alike={"annotation": frozenset({"annotation", "marker_annotation"})},
            optional={
                "class_declaration": {**_GENERIC, **parts("superclass", "super_interfaces", "permits")},
                "interface_declaration": {**_GENERIC, **parts("extends_interfaces", "permits")},
                "enum_declaration": {**_MODIFIERS, **parts("super_interfaces")},
                "record_declaration": {**_GENERIC, **parts("super_interfaces")},
                "object_creation_expression": parts("class_body", "type_arguments", "annotation", "marker_annotation"),
                "method_invocation": parts("type_arguments"),
                **each("method_declaration constructor_declaration", {**_GENERIC, **parts("throws")}),
                **each(
                    "field_declaration local_variable_declaration constant_declaration formal_parameter "
                    "catch_formal_parameter annotation_type_declaration enhanced_for_statement",
                    _MODIFIERS,
                ),
            },
            optional_fields={"if_statement": {"alternative": frozenset({"else"})}},
            erased=_ERASED,
            exact_leaves=frozenset({"name", "field"}),
            exact_branches=frozenset({"arguments", "body", "parameters"}),
        ),
    ),
)
