"""Solidity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import escapes, literal, unescape
from polcheck.languages.language import MARK, Context, Language, Literal, SnippetRules, each, parts
from polcheck.languages.literals import LINES, Quoting

if TYPE_CHECKING:
    from tree_sitter import Node

_escape = escapes({"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", '"': '"', "\n": ""}, exact={"x": 2, "u": 4})
_KINDS = frozenset({"string", "unicode_string_literal", "string_literal"})


def _value(node: Node) -> Literal | None:
    if node.type == "string_literal":
        values = [_value(child) for child in node.named_children if child.type == "string"]
        return Literal("".join(value.value for value in values if value is not None), True) if values else None
    text = (node.text or b"").decode("utf-8", "replace").removeprefix("unicode")
    if len(text) < 2 or text[0] not in "\"'" or text[-1] != text[0]:
        return None
    return literal(unescape(text[1:-1], _escape))


_FUNCTION = parts(
    "visibility", "state_mutability", "modifier_invocation", "override_specifier", "virtual", "return_type_definition"
)


def _written(character: str) -> str | None:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else None


LANGUAGES = (
    Language(
        name="solidity",
        title="Solidity",
        module="tree_sitter_solidity",
        suffixes=(".sol",),
        extra="solidity",
        strings=_KINDS,
        string_value=_value,
        quoting=(Quoting("contract A { string a = ", "; }", escapes=LINES, character=_written, ascii=True),),
        contexts=(
            Context(),
            Context("contract A { ", " }"),
            Context("contract A { function f() { ", " } }"),
            Context("contract A { function f() { ", "; } }"),
            Context("contract A { uint a = ", "; }"),
        ),
        lists=frozenset({"statement"}),
        ascii_names=True,
        statement_form=MARK + "{};",
        any_forms=(MARK * 3, f"{MARK * 3} {MARK}"),
        any_forms_in_braces=(f"{MARK * 3};", f"{MARK * 3} {MARK};", MARK * 3),
        comment_signs=("//",),
        snippet=SnippetRules(
            lists_of_one=frozenset({"call_argument", "expression"}),
            erased={"struct_expression": 0},
            grouping=frozenset({"expression", "statement", "parenthesized_expression"}),
            optional={
                "function_definition": _FUNCTION,
                "constructor_definition": _FUNCTION,
                "fallback_receive_definition": _FUNCTION,
                "modifier_definition": parts("override_specifier", "virtual"),
                "contract_declaration": {
                    "inheritance_specifier": frozenset({"inheritance_specifier", "is"}),
                    "abstract": frozenset({"abstract"}),
                },
                "state_variable_declaration": parts(
                    "visibility", "constant", "immutable", "override_specifier", "state_location"
                ),
            },
            optional_fields={
                **each("state_variable_declaration variable_declaration_statement", {"value": frozenset({"="})}),
                **each("parameter variable_declaration", {"location": frozenset[str]()}),
                "import_directive": {"alias": frozenset({"as"})},
            },
            optional_words=frozenset({"payable", "anonymous"}),
        ),
    ),
)
