"""Rust."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from polcheck.languages.decoding import escapes, literal, unescape
from polcheck.languages.language import MARK, Chain, Context, Language, Literal, SnippetRules, each, parts
from polcheck.languages.literals import LINES, Quoting, in_braces

if TYPE_CHECKING:
    from tree_sitter import Node

    from polcheck.languages.grammars import Tree
    from polcheck.languages.names import NameRules
    from polcheck.languages.readings import Embedded

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

_CHAIN = Chain(
    "identifier",
    "scoped_identifier",
    "path",
    "name",
    "::",
    whole=frozenset({"scoped_type_identifier", "type_identifier"}),
    roots=frozenset({"crate", "self", "super"}),
    single=False,
)
_ERASED = {"generic_function": 0, "generic_type": 0}
_IMPORTS = "(use_declaration) @import"
_BINDINGS = """
[(function_item) (block) (closure_expression) (for_expression) (match_arm) (declaration_list)] @scope
(function_item name: (identifier) @outer)
(let_declaration pattern: (identifier) @local)
(parameter pattern: (identifier) @local)
(closure_parameters (identifier) @local)
(for_expression pattern: (identifier) @local)
(struct_item name: (type_identifier) @name)
(enum_item name: (type_identifier) @name)
(trait_item name: (type_identifier) @name)
(type_item name: (type_identifier) @name)
(mod_item name: (identifier) @name)
(const_item name: (identifier) @local)
"""
_MOST_NAMES = 10_000  # of one `use`


def _imported(_: str, statement: Node) -> Iterator[tuple[str, str]]:
    """Yield the names that a `use` binds, and their whole paths."""
    argument = statement.child_by_field_name("argument")
    waiting = [("", argument)] if argument is not None else []
    for _number in range(_MOST_NAMES):
        if not waiting:
            return
        before, node = waiting.pop()
        if node.type == "scoped_use_list":
            path, names = node.child_by_field_name("path"), node.child_by_field_name("list")
            if names is not None:
                waiting.append((_path(before, path), names))
        elif node.type == "use_list":
            waiting += [(before, child) for child in node.named_children]
        elif node.type == "use_wildcard":
            yield "*", _path(before, node.named_children[0] if node.named_children else None)
        elif node.type == "use_as_clause":
            path, alias = node.child_by_field_name("path"), node.child_by_field_name("alias")
            yield (alias.text or b"").decode() if alias is not None else "_", _path(before, path)
        elif node.type in ("identifier", "scoped_identifier", "self"):
            path_text = _path(before, node)
            yield path_text.rpartition(".")[2], path_text


def _path(before: str, node: Node | None) -> str:
    """Return a path with dots; `self` in a list is what the list is of."""
    text = "".join((node.text or b"").decode("utf-8", "replace").split()) if node is not None else ""
    names = [name for name in text.split("::") if name]
    return ".".join([*filter(None, [before]), *([] if before and names == ["self"] else names)])


def _embedded(tree: Tree) -> Embedded:
    from polcheck.languages.rust_macros import embedded

    return embedded(tree)


def _name_rules() -> NameRules:
    from polcheck.languages.block_names import BlockRules

    return BlockRules(_IMPORTS, _BINDINGS, _CHAIN, _imported, ("pattern", "value"), erased=_ERASED).rules()


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
        quoting=(Quoting("const A: &str = ", ";", escapes=LINES, character=in_braces),),
        string_content="string_content",
        comments=frozenset({"line_comment", "block_comment"}),
        contexts=(
            Context(),
            Context("", ";"),
            Context("struct A { ", " }", fallback=True),
            Context("match a { ", " }", fallback=True, needs=("=>",)),
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
        name_rules=_name_rules,
        embedded=_embedded,
        snippet=SnippetRules(
            chain=_CHAIN,
            name_lists=frozenset({"use_declaration"}),
            grouping=frozenset({"parenthesized_expression"}),
            optional={
                **each("function_item function_signature_item", _FUNCTION),
                **each("struct_item enum_item type_item union_item", _ITEM | _GENERIC),
                **each("const_item mod_item use_declaration field_declaration", _ITEM),
                "static_item": _ITEM | parts("mutable_specifier"),
                "let_declaration": parts("mutable_specifier"),
                "impl_item": _GENERIC,
                "trait_item": {**_ITEM, **_GENERIC, **parts("trait_bounds")},
            },
            optional_fields={
                **each("function_item function_signature_item", {"return_type": frozenset({"->"})}),
                "let_declaration": {
                    "type": frozenset({":"}),
                    "value": frozenset({"="}),
                    "alternative": frozenset({"else"}),
                },
                **each("static_item const_item", {"value": frozenset({"="})}),
                "closure_expression": {"return_type": frozenset({"->"})},
                "if_expression": {"alternative": frozenset[str]()},
            },
            optional_words=frozenset({"async", "unsafe", "move"}),
            erased=_ERASED,
            exact_leaves=frozenset({"name", "field"}),
            exact_branches=frozenset({"arguments", "body", "parameters"}),
            called=frozenset({"function"}),
            named_fields=frozenset({("call_expression", "function")}),
        ),
    ),
)
