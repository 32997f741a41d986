"""Constants of Go: `const`, and variables of a package that nothing assigns; packages as imports find them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from polcheck.languages.constants import (
    MAX_DEPTH,
    Cell,
    ConstantRules,
    Dynamic,
    FileConstants,
    Imported,
    Name,
    ProjectFiles,
    Value,
    Write,
    joined,
    negated,
    no_literal,
    number,
)
from polcheck.languages.grammars import Tree, captures
from polcheck.languages.names import Scope, ScopeTable, parts_of, text_of, unwrapped
from polcheck.languages.registry import language

if TYPE_CHECKING:
    from tree_sitter import Node

_NODES = """
(package_clause (package_identifier) @package) (import_spec) @import
[(function_declaration) (method_declaration) (func_literal)] @function
[(block) (if_statement) (for_statement) (expression_switch_statement) (type_switch_statement) (select_statement)
 (expression_case) (default_case) (type_case) (communication_case)] @block
(const_spec) @const (var_spec) @var (type_spec) @named (type_alias) @named
(parameter_declaration) @parameter (variadic_parameter_declaration) @parameter
(short_var_declaration left: (_) @declared) (range_clause left: (_) @ranged) (receive_statement left: (_) @ranged)
(type_switch_statement alias: (_) @declared)
(assignment_statement left: (_) @assigned) (inc_statement (_) @assigned) (dec_statement (_) @assigned)
(unary_expression "&" operand: (_) @assigned)
"""
_GROUPING = frozenset({"parenthesized_expression"})
_INTEGER = re.compile(r"0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|[1-9][0-9]*|0")
_FLOAT = re.compile(r"(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?")
_VERSION = re.compile(r"v[0-9]+")
_NO_CONVERSIONS = frozenset({"len", "cap", "complex", "real", "imag", "min", "max"})
_MAX_BITS = 256


class _Constant(NamedTuple):
    """A name of a `const` or `var`: its expression, and the value of `iota` there."""

    kind: str
    value: Node | None = None
    iota: int | None = None
    place: int = 0


class _File:
    """The names of one file."""

    def __init__(self, tree: Tree) -> None:
        self.language = language(tree.language)
        self.nodes = captures(_NODES, tree)
        scopes = [
            Scope("function", (node.child_by_field_name("receiver") or node).start_byte, node.end_byte)
            for node in self.nodes.get("function", ())
        ]
        scopes += [Scope("block", node.start_byte, node.end_byte) for node in self.nodes.get("block", ())]
        self.table = ScopeTable(scopes)
        self.unclear = self.table.unclear or tree.misread
        self.bound: dict[tuple[int, str], list[_Constant]] = {}
        self.imports: dict[str, str] = {}
        self.dots: list[str] = []
        self.assigned: dict[str, None] = {}
        self.writes: list[Write] = []
        self._declare()
        self._assign()

    @property
    def package(self) -> str:
        """The name of the package that the file is part of."""
        return next((text_of(node) for node in self.nodes.get("package", ())), "")

    def _bind(self, scope: Scope, name: str, constant: _Constant) -> None:
        if name != "_":
            scope.binds.add(name)
            self.bound.setdefault((scope.number, name), []).append(constant)

    def _declare(self) -> None:
        """Take in every binding, so that names can be looked up afterwards."""
        for spec in self.nodes.get("import", ()):
            self._import(spec)
        for spec, index, values in self._specs():
            names = _names(spec)
            for name, value in zip(names, [*values, *[None] * len(names)], strict=False):
                constant = _Constant("const", value, index, spec.start_byte)
                self._bind(self.table.at(spec.start_byte), text_of(name), constant)
        for spec in self.nodes.get("var", ()):
            names, given = _names(spec), spec.child_by_field_name("value")
            values = parts_of(given) if given is not None else []
            for name, value in zip(names, values if len(values) == len(names) else [None] * len(names), strict=True):
                constant = _Constant("var", value, None, spec.start_byte)
                self._bind(self.table.at(spec.start_byte), text_of(name), constant)
        self._declare_others()

    def _declare_others(self) -> None:
        """Take in types, functions, parameters and local variables."""
        for form, kind in (("named", "a type"), ("function", "a function")):
            for node in self.nodes.get(form, ()):
                named = node.child_by_field_name("name")
                if named is not None and node.type != "method_declaration":
                    scope = self.table.module if form == "function" else self.table.at(node.start_byte)
                    self._bind(scope, text_of(named), _Constant(kind))
        for node in self.nodes.get("parameter", ()):
            for name in _names(node):
                self._bind(self.table.at(name.start_byte), text_of(name), _Constant("a parameter"))
        for form in ("declared", "ranged"):
            for node in self.nodes.get(form, ()):
                if form == "declared" or any(child.type == ":=" for child in (node.parent or node).children):
                    for name in _identifiers(node):
                        self._bind(self.table.at(name.start_byte), text_of(name), _Constant("a local variable"))

    def _import(self, spec: Node) -> None:
        path, name = spec.child_by_field_name("path"), spec.child_by_field_name("name")
        if path is None:
            return
        module = text_of(path)[1:-1]
        if name is not None and name.type == "dot":
            self.dots.append(module)
        elif name is not None:
            self.imports[text_of(name)] = module
        else:
            segments = module.split("/")
            last = segments[-2] if len(segments) > 1 and _VERSION.fullmatch(segments[-1]) else segments[-1]
            self.imports.setdefault(last.removeprefix("go-").partition(".")[0].replace("-", "_"), module)

    def _specs(self) -> Iterator[tuple[Node, int, Sequence[Node | None]]]:
        """Yield each `const` of the file with its number in its group and its expressions, which may be repeated."""
        group, index = -1, 0
        values: Sequence[Node] = ()
        for spec in self.nodes.get("const", ()):
            here = spec.parent.start_byte if spec.parent is not None else -1
            if here != group:
                group, index, values = here, 0, []
            given = spec.child_by_field_name("value")
            values = parts_of(given) if given is not None else values
            yield spec, index, values
            index += 1

    def _assign(self) -> None:
        """Take in what is assigned: names of the package, and of others."""
        assigned = [*self.nodes.get("assigned", ())]
        assigned += [
            node
            for node in self.nodes.get("ranged", ())
            if not any(child.type == ":=" for child in (node.parent or node).children)
        ]
        for node in assigned:
            for target in parts_of(node) if node.type == "expression_list" else [node]:
                self._assign_to(unwrapped(target, _GROUPING))

    def _assign_to(self, target: Node) -> None:
        if target.type == "identifier":
            bound = self.table.bound_in(text_of(target), self.table.at(target.start_byte))
            if bound is None or not bound.depth:
                self.assigned[text_of(target)] = None
        elif target.type == "selector_expression":
            operand, field = target.child_by_field_name("operand"), target.child_by_field_name("field")
            if operand is not None and field is not None and (module := self._module(operand)):
                self.writes.append(Write(Imported(module), text_of(field)))

    def _module(self, node: Node) -> str:
        """Return the import path of the package that a name is; empty for anything else."""
        if node.type != "identifier":
            return ""
        name = text_of(node)
        hidden = self.table.bound_in(name, self.table.at(node.start_byte))
        return self.imports.get(name, "") if hidden is None else ""

    def constants(self) -> FileConstants:
        """Return what the file defines of its package, and assigns."""
        names: dict[str, Cell] = {}
        for (scope, name), constants in self.bound.items():
            if scope == 0 and name != "init":
                names[name] = self._defined(name, constants)
        return FileConstants(
            names, writes=tuple(self.writes), package=self.package, assigned=tuple(self.assigned),
        )  # fmt: skip

    def _defined(self, name: str, constants: list[_Constant]) -> Cell:
        only = constants[0]
        if self.unclear or len(constants) > 1:
            return Dynamic(self.unclear or f"`{name}` is declared {len(constants)} times")
        if only.kind not in ("const", "var"):
            return Dynamic(f"`{name}` is {only.kind}")
        if only.value is None:
            return Dynamic(f"`{name}` is declared without a value of its own")
        return self.cell(only.value, only)

    def cell(self, node: Node, constant: _Constant | None = None, depth: int = 0) -> Cell:
        """Return what an expression stands for; `constant` is the name that it is the value of."""
        if depth > MAX_DEPTH:
            return no_literal(node)
        node = unwrapped(node, _GROUPING)
        while node.type in ("expression_list", "literal_element") and len(parts := parts_of(node)) == 1:
            node = unwrapped(parts[0], _GROUPING)
        kind = node.type
        if kind in ("interpreted_string_literal", "raw_string_literal"):
            literal = self.language.literal(node)
            return Value(literal.value) if literal is not None else no_literal(node)
        if kind in ("true", "false", "nil"):
            return Value({"true": True, "false": False}.get(kind))
        if kind == "identifier":
            return self._reference(node, depth)
        if kind == "selector_expression":
            operand, field = node.child_by_field_name("operand"), node.child_by_field_name("field")
            module = self._module(operand) if operand is not None else ""
            return Imported(module, text_of(field)) if module and field is not None else no_literal(node)
        if kind == "float_literal":
            return _float(text_of(node))
        if kind == "unary_expression" and node.children[0].type == "-":
            operand = node.child_by_field_name("operand")
            if operand is not None and operand.type == "float_literal":
                return negated(_float(text_of(operand)))
        is_const = constant is not None and constant.kind == "const"
        if kind == "call_expression" and is_const:
            return self._converted(node, constant, depth)
        if kind == "binary_expression" and _operator(node) == "+":
            text = self._sum(node, constant, depth)
            if text is not None:
                return text
        integer = _integer(node, constant.iota if constant is not None else None)
        return Value(integer) if integer is not None else no_literal(node)

    def _sum(self, node: Node, constant: _Constant | None, depth: int) -> Cell | None:
        """Return strings that are put together; None for a sum of numbers."""
        operands: list[Node] = []
        here = node
        while here.type == "binary_expression" and _operator(here) == "+" and len(operands) < 50:
            left, right = here.child_by_field_name("left"), here.child_by_field_name("right")
            if left is None or right is None:
                return None
            operands.append(right)
            here = unwrapped(left, _GROUPING)
        operands.append(here)
        if any(unwrapped(operand, _GROUPING).type == "binary_expression" for operand in operands):
            return None
        cells = [self.cell(operand, constant, depth + 1) for operand in reversed(operands)]
        if any(isinstance(cell, Value) and not isinstance(cell.value, str) for cell in cells):
            return None
        return joined(cells)

    def _converted(self, node: Node, constant: _Constant | None, depth: int) -> Cell:
        """Return what a constant is that is converted to another type: itself, but for numbers as strings."""
        function, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        arguments = parts_of(given) if given is not None else []
        if function is None or len(arguments) != 1 or function.type not in ("identifier", "selector_expression"):
            return no_literal(node)
        name = text_of(function)
        cell = self.cell(arguments[0], constant, depth + 1)
        is_text = isinstance(cell, Value) and isinstance(cell.value, str)
        is_number = isinstance(cell, Value) and type(cell.value) is int and name != "string"
        return (
            cell
            if name not in _NO_CONVERSIONS and not name.startswith("unsafe.") and (is_text or is_number)
            else (no_literal(node))
        )

    def _reference(self, node: Node, depth: int) -> Cell:
        """Return what a name stands for where it is used."""
        name = text_of(node)
        bound = self.table.bound_in(name, self.table.at(node.start_byte))
        if self.unclear:
            return Dynamic(self.unclear)
        if self.dots and bound is None:
            return Dynamic(f"`{name}` may come from an import with a dot")
        if bound is None or not bound.depth:
            return Name(name)
        constants = self.bound.get((bound.number, name), [])
        only = constants[0] if len(constants) == 1 else None
        if only is None or only.kind != "const" or only.value is None or depth > MAX_DEPTH:
            what = only.kind if only is not None and only.kind.startswith("a ") else "a local variable"
            return Dynamic(f"`{name}` is {what}")
        if only.place > node.start_byte:
            return Dynamic(f"`{name}` is not declared yet")
        return self.cell(only.value, only, depth + 1)


def _names(spec: Node) -> list[Node]:
    """Return the names that a declaration has; the grammar counts the commas between them as names."""
    return [name for name in spec.children_by_field_name("name") if name.is_named]


def _identifiers(node: Node) -> Iterator[Node]:
    """Yield the names in a list of expressions."""
    for child in parts_of(node) if node.type == "expression_list" else [node]:
        if child.type == "identifier":
            yield child


def _operator(node: Node) -> str:
    operator = node.child_by_field_name("operator")
    return operator.type if operator is not None else ""


def _float(text: str) -> Cell:
    plain = text.replace("_", "")
    return number(float(plain)) if _FLOAT.fullmatch(plain) else Dynamic(f"`{text[:20]}` is no decimal number")


def _integer(node: Node, iota: int | None, depth: int = 0) -> int | None:
    """Return the integer that an expression of literals and `iota` gives; None for anything else."""
    node = unwrapped(node, _GROUPING)
    if node.type == "iota":
        return iota
    if node.type == "int_literal":
        plain = text_of(node).replace("_", "")
        if not _INTEGER.fullmatch(plain):
            return None
        octal = len(plain) > 1 and plain[0] == "0" and plain[1].isdigit()
        return int(plain, 8 if octal else 0) if len(plain) < _MAX_BITS else None
    if node.type == "rune_literal":
        text = text_of(node)[1:-1]
        return ord(text) if len(text) == 1 else None  # NOTE: one with an escape is none that is read here
    if depth > MAX_DEPTH:
        return None
    if node.type == "unary_expression":
        operand = node.child_by_field_name("operand")
        value = _integer(operand, iota, depth + 1) if operand is not None else None
        sign = node.children[0].type
        return None if value is None or sign not in "+-" else -value if sign == "-" else value
    if node.type != "binary_expression":
        return None
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    one = _integer(left, iota, depth + 1) if left is not None else None
    other = _integer(right, iota, depth + 1) if right is not None else None
    return _computed(_operator(node), one, other) if one is not None and other is not None else None


def _computed(operator: str, one: int, other: int) -> int | None:
    if operator == "<<":
        return one << other if 0 <= other < _MAX_BITS else None
    if operator == ">>":
        return one >> other if other >= 0 else None
    simple = {
        "+": one + other,
        "-": one - other,
        "*": one * other,
        "|": one | other,
        "&": one & other,
        "^": one ^ other,
    }
    value = simple.get(operator)
    return value if value is not None and value.bit_length() <= _MAX_BITS else None


def locate(importer: str, module: str, files: ProjectFiles) -> tuple[str, ...]:
    """Return the folder of the package that an import names, by what the go.mod files of the project say."""
    folders = {
        "/".join(filter(None, [folder, module.removeprefix(name).strip("/")])): len(name)
        for folder, name in files.roots.items()
        if module == name or module.startswith(f"{name}/")
    }
    most = max(folders.values(), default=0)
    return tuple(f"{folder}/" for folder, length in folders.items() if length == most and files.has_folder(folder))


def members(module: str, files: ProjectFiles) -> Iterator[str]:
    """Yield the files that define the names of a package."""
    for path in files.folder(module.rstrip("/")):
        if path.endswith(".go") and not path.endswith("_test.go"):
            yield path


def module_name(text: str) -> str:
    """Return the path of the module that a go.mod defines; empty where it defines none."""
    for line in text.splitlines():
        words = line.split("//")[0].split()
        if len(words) == 2 and words[0] == "module":
            return words[1].strip('"`')
    return ""


RULES = ConstantRules(
    reader=_File,
    locate=locate,
    members=members,
    module_of=lambda path: f"{path.rpartition('/')[0]}/",
    manifests=("go.mod",),
    manifest=module_name,
)
