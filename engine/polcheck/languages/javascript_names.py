"""Names of JavaScript and TypeScript: what their modules import, and what is declared in which block."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from polcheck.languages.block_names import BlockRules
from polcheck.languages.names import MAX_SEGMENTS, text_of, unwrapped
from polcheck.languages.supported.javascript import CHAIN, ERASED, string_value

if TYPE_CHECKING:
    from tree_sitter import Node

_IMPORTS = """
[(import_statement)
 (variable_declarator value: [
   (call_expression) (await_expression (call_expression)) (member_expression object: (call_expression))])
 (assignment_expression left: [(identifier) (object_pattern)] right: [
   (call_expression) (await_expression (call_expression)) (member_expression object: (call_expression))])] @import
"""
_BINDINGS = """
[(function_declaration) (generator_function_declaration) (function_expression) (arrow_function) (method_definition)
 (statement_block) (for_statement) (for_in_statement) (catch_clause) (class_body)] @scope
(function_declaration name: (identifier) @outer)
(generator_function_declaration name: (identifier) @outer)
(variable_declarator name: (identifier) @name)
(arrow_function parameter: (identifier) @name)
(catch_clause parameter: (identifier) @name)
(for_in_statement left: (identifier) @name)
(shorthand_property_identifier_pattern) @name
(pair_pattern value: (identifier) @name)
(array_pattern (identifier) @name)
(rest_pattern (identifier) @name)
(assignment_pattern left: (identifier) @name)
(variable_declarator value: [(identifier) (member_expression)]) @value
"""
_JAVASCRIPT = "(class_declaration name: (identifier) @name) (formal_parameters (identifier) @name)"
_TYPESCRIPT = """
(class_declaration name: (type_identifier) @name)
(required_parameter pattern: (identifier) @name) (optional_parameter pattern: (identifier) @name)
"""


def imported(path: str, statement: Node) -> Iterator[tuple[str, str]]:
    """Yield the names that an `import`, or a declaration with `require`, binds, and what they stand for."""
    if statement.type == "import_statement":
        yield from _imported(path, statement)
        return
    is_assignment = statement.type == "assignment_expression"
    value = unwrapped(statement.child_by_field_name("right" if is_assignment else "value") or statement)
    members = []
    if value.type == "await_expression" and value.named_children:
        value = unwrapped(value.named_children[0])
    if value.type == "member_expression":
        name, base = value.child_by_field_name("property"), value.child_by_field_name("object")
        members = [text_of(name)] if name is not None else []
        value = unwrapped(base) if base is not None else value
    module = _required(path, value)
    pattern = statement.child_by_field_name("left" if is_assignment else "name")
    if module and pattern is not None:
        yield from _bound(pattern, ".".join([module, *members]))


def _imported(path: str, statement: Node) -> Iterator[tuple[str, str]]:
    source = statement.child_by_field_name("source")
    for clause in statement.named_children:
        if clause.type == "import_require_clause":  # `import fs = require("fs")`
            source = clause.child_by_field_name("source") or source
            module = _module(path, source)
            names = [child for child in clause.named_children if child.type == "identifier"]
            yield from ((text_of(name), module) for name in names[:1] if module)
        if clause.type != "import_clause" or not (module := _module(path, source)):
            continue
        for part in clause.named_children:
            if part.type == "identifier":
                yield text_of(part), module
            elif part.type == "namespace_import":
                yield from ((text_of(name), module) for name in part.named_children if name.type == "identifier")
            elif part.type == "named_imports":
                yield from _specified(part, module)


def _specified(names: Node, module: str) -> Iterator[tuple[str, str]]:
    for item in names.named_children:
        name, alias = item.child_by_field_name("name"), item.child_by_field_name("alias")
        if name is not None:
            literal = string_value(name) if name.type == "string" else None
            text = literal.value if literal is not None else text_of(name)
            yield text_of(alias or name), module if text == "default" else f"{module}.{text}"


def _bound(pattern: Node, target: str) -> Iterator[tuple[str, str]]:
    """Yield the names of a declaration's left side: a name, or some of an object's members."""
    if pattern.type == "identifier":
        yield text_of(pattern), target
    for item in pattern.named_children if pattern.type == "object_pattern" else ():
        key, value = item.child_by_field_name("key"), item.child_by_field_name("value")
        left = item.child_by_field_name("left") if item.type == "object_assignment_pattern" else item
        if left is not None and left.type == "shorthand_property_identifier_pattern":
            yield text_of(left), f"{target}.{text_of(left)}"
        elif key is not None and value is not None and target.count(".") < MAX_SEGMENTS:
            if value.type == "assignment_pattern":
                value = value.child_by_field_name("left") or value
            yield from _bound(value, f"{target}.{text_of(key)}")


def _required(path: str, call: Node) -> str:
    """Return the module that `require("…")` or `import("…")` gives; empty for other expressions."""
    function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
    if call.type != "call_expression" or function is None or arguments is None:
        return ""
    if text_of(function) not in ("require", "import") or not arguments.named_children:
        return ""
    return _module(path, arguments.named_children[0])


def _module(path: str, source: Node | None) -> str:
    """Return the dotted name of a module; of a relative one, that of its file below the root of the project."""
    is_string = source is not None and source.type in ("string", "template_string")
    literal = string_value(source) if source is not None and is_string else None
    if literal is None or not literal.plain:
        return ""
    name = literal.value.removeprefix("node:")
    if name.startswith("."):
        name = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
        stem, ending = posixpath.splitext(name)
        name = stem if ending in (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx") else name
    return name.strip("/").replace("/", ".")


def _called(call: Node) -> str:
    """Return the module that a call of `require` gives where it stands; empty for one of the project's own."""
    module = _required("", call)
    arguments = call.child_by_field_name("arguments")
    own = arguments is not None and text_of(arguments.named_children[0])[1:2] == "." if module else False
    return "" if own else module


JAVASCRIPT = BlockRules(_IMPORTS, _BINDINGS + _JAVASCRIPT, CHAIN, imported, destructured=_bound, module=_called)
TYPESCRIPT = BlockRules(
    _IMPORTS, _BINDINGS + _TYPESCRIPT, CHAIN, imported, erased=ERASED, destructured=_bound, module=_called
)
