"""C#."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from polcheck.languages.decoding import dedented, escapes, joined, literal, pieces, unescape, unix_lines
from polcheck.languages.language import MARK, Chain, Context, Language, Literal, SnippetRules, each, parts
from polcheck.languages.literals import LINES, Quoting, utf16_units

if TYPE_CHECKING:
    from tree_sitter import Node

    from polcheck.languages.names import NameRules

_escape = escapes(
    {
        "'": "'", '"': '"', "\\": "\\", "0": "\0", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r",
        "t": "\t", "v": "\v",
    },
    exact={"u": 4, "U": 8},
    upto={"x": 4},
)  # fmt: skip


def _value(node: Node) -> Literal | None:
    text = (node.text or b"").decode("utf-8", "replace")
    opening = text[: len(text) - len(text.lstrip("$@"))]
    body = text[len(opening) :].removesuffix("u8").removesuffix("U8")
    quotes = len(body) - len(body.lstrip('"'))
    if quotes >= 3 and "@" not in opening:
        return _raw(node, len(opening), quotes, len(text))
    if len(body) < 2 or body[0] != '"' or body[-1] != '"':
        return None
    if "$" in opening:
        found = joined(
            pieces(node, len(opening) + 1, 1, ("interpolation",)), lambda part: _interpolated(part, "@" in opening)
        )
        return literal(found.value, found.plain)
    content = body[1:-1]
    return literal(content.replace('""', '"') if "@" in opening else unescape(content, _escape))


def _interpolated(text: str, verbatim: bool) -> str:
    braces = text.replace("{{", "{").replace("}}", "}")
    return braces.replace('""', '"') if verbatim else unescape(braces, _escape)


def _raw(node: Node, dollars: int, quotes: int, size: int) -> Literal | None:
    """Return the value of a raw string, whose last line says how far the others are indented."""
    if size < dollars + 2 * quotes:
        return None
    end = 2 if (node.text or b"")[-2:].lower() == b"u8" else 0
    parts = pieces(node, dollars + quotes, quotes + end, ("interpolation",))
    plain = all(isinstance(part, str) for part in parts)
    text = unix_lines("".join(part if isinstance(part, str) else "{}" for part in parts))
    first, line_end, rest = text.partition("\n")
    if not line_end or first.strip():
        return literal(text, plain)
    lines = rest.split("\n")
    return literal("\n".join(dedented(lines[:-1], len(lines[-1]))), plain)


_MODIFIER = parts("modifier", "attribute_list")
_GENERIC = {**_MODIFIER, **parts("type_parameter_list", "type_parameter_constraints_clause")}

_CHAIN = Chain(
    "identifier", "member_access_expression", "expression", "name", whole=frozenset({"qualified_name"}), single=False
)
_ERASED = {"generic_name": 0}
_IMPORTS = "(using_directive) @import"
_BINDINGS = """
[(method_declaration) (constructor_declaration) (local_function_statement) (lambda_expression) (block)
 (foreach_statement) (for_statement) (catch_clause) (declaration_list)] @scope
(variable_declarator name: (identifier) @name)
(parameter name: (identifier) @name)
(foreach_statement left: (identifier) @name)
(catch_declaration name: (identifier) @name)
(class_declaration name: (identifier) @name)
(struct_declaration name: (identifier) @name)
(interface_declaration name: (identifier) @name)
(enum_declaration name: (identifier) @name)
"""


def _imported(_: str, directive: Node) -> Iterator[tuple[str, str]]:
    """Yield an alias and what it stands for, or the namespace or type all of whose names may be used."""
    alias = directive.child_by_field_name("name")
    names = [child for child in directive.named_children if alias is None or child.id != alias.id]
    target = next((child for child in names if child.type in ("qualified_name", "identifier")), None)
    text = "".join((target.text or b"").decode("utf-8", "replace").split()) if target is not None else ""
    if text:
        text = text.removeprefix("global::")
        yield ((alias.text or b"").decode("utf-8", "replace") if alias is not None else "*"), text


def _name_rules() -> NameRules:
    from polcheck.languages.block_names import BlockRules

    return BlockRules(
        _IMPORTS, _BINDINGS, _CHAIN, _imported, erased=_ERASED, prefixes={"alias_qualified_name": "name"}
    ).rules()


_MEMBERS = frozenset(
    {
        "method_declaration", "field_declaration", "property_declaration", "event_field_declaration",
        "event_declaration", "indexer_declaration", "operator_declaration", "delegate_declaration",
        "destructor_declaration",
    }
)  # fmt: skip

LANGUAGES = (
    Language(
        name="csharp",
        title="C#",
        module="tree_sitter_c_sharp",
        suffixes=(".cs", ".csx"),
        interpreters=("dotnet-script",),
        extra="csharp",
        strings=frozenset(
            {"string_literal", "verbatim_string_literal", "raw_string_literal", "interpolated_string_expression"}
        ),
        string_value=_value,
        quoting=(Quoting("class A { string a = ", "; }", escapes=LINES, character=utf16_units),),
        string_content="string_literal_content",
        contexts=(
            Context(),
            Context("", ";"),
            Context("a = ", ";"),
            Context("class A { ", " }", kinds=_MEMBERS),
            Context("class A { ", "; }", kinds=frozenset({"variable_declaration"})),
            Context("class A { ", " }", kinds=frozenset({"constructor_declaration"}), needs=("{",)),
            Context("", " class A {}", kinds=frozenset({"attribute_list"}), needs=("[",)),
            Context("", " a;", fallback=True),
            Context("try {} ", "", needs=("catch", "finally")),
            Context("switch (a) { ", " }", fallback=True, needs=("case", "default")),
        ),
        lists=frozenset({"global_statement", "declaration_list", "switch_body"}),
        statement_form=MARK + "{}();",
        any_forms=(MARK * 3, f"{MARK * 3} {MARK}"),
        any_forms_in_braces=(f"{MARK * 3}();", f"{MARK * 3} {MARK};", MARK * 3),
        comment_signs=("//",),
        quotes=('"', "'"),
        multiline_quotes=('"""',),
        name_rules=_name_rules,
        left_out='(conditional_access_expression "?" @blank) (postfix_unary_expression "!" @blank)',
        snippet=SnippetRules(
            chain=_CHAIN,
            name_lists=frozenset({"using_directive", "namespace_declaration"}),
            lists_of_one=frozenset({"argument", "attribute_argument"}),
            grouping=frozenset({"parenthesized_expression"}),
            clauses=frozenset({"catch_clause", "finally_clause"}),
            with_clauses=frozenset({"try_statement"}),
            optional={
                **each(
                    "class_declaration interface_declaration struct_declaration record_declaration",
                    {**_GENERIC, **parts("base_list", "parameter_list")},
                ),
                "enum_declaration": {**_MODIFIER, **parts("base_list")},
                **each("method_declaration local_function_statement", _GENERIC),
                "constructor_declaration": {**_MODIFIER, **parts("constructor_initializer")},
                **each(
                    "field_declaration property_declaration event_field_declaration parameter "
                    "local_declaration_statement delegate_declaration",
                    _MODIFIER,
                ),
            },
            optional_fields={
                "object_creation_expression": {"initializer": frozenset()},
                "if_statement": {"alternative": frozenset({"else"})},
            },
            bare_parts=frozenset(
                {("object_creation_expression", "argument_list"), ("attribute", "attribute_argument_list")}
            ),
            open_parts=frozenset({"modifier", "attribute_list"}),
            expression_words=frozenset({"this", "base"}),
            alike={"throw_expression": frozenset({"throw_expression", "throw_statement"})},
            erased=_ERASED,
            typed_names=dict.fromkeys(_ERASED, "identifier"),
            exact_leaves=frozenset({"name"}),
            exact_branches=frozenset({"arguments", "body", "parameters"}),
            called=frozenset({"function"}),
            named_fields=frozenset({("invocation_expression", "function")}),
        ),
    ),
)  # fmt: skip
