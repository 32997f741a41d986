"""Constants of JavaScript and TypeScript: bindings that are never assigned again, and modules as imports find them.

A `const` is one by itself; `let` and `var` are where nothing assigns them again. At the top of a module they have to be
declared by a statement of their own. Static fields of classes and members of `enum` are constants of those.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from posixpath import normpath
from typing import TYPE_CHECKING, NamedTuple

from polcheck.languages.constants import (
    MAX_DEPTH,
    MAX_DIGITS,
    Cell,
    ConstantRules,
    Dynamic,
    FileConstants,
    Imported,
    Member,
    Name,
    Owner,
    OwnerFacts,
    ProjectFiles,
    Value,
    Write,
    joined,
    negated,
    no_literal,
    number,
)
from polcheck.languages.grammars import Tree, captures, grammar
from polcheck.languages.names import Scope, ScopeTable, parts_of, text_of
from polcheck.languages.registry import language

if TYPE_CHECKING:
    from tree_sitter import Node

_NODES = """
[(function_declaration) (function_expression) (arrow_function) (method_definition) (generator_function)
 (generator_function_declaration)] @function
[(statement_block) (for_statement) (for_in_statement) (catch_clause) (switch_body)] @block
(class_declaration) @class (class) @class
(variable_declarator) @declarator (import_statement) @import (export_statement) @export
(assignment_expression) @assignment (augmented_assignment_expression) @assignment (update_expression) @update
"""
_WITHOUT_TYPES = "(field_definition) @field"
_WITH_TYPES = """
(enum_declaration) @enum (internal_module) @namespace (public_field_definition) @field
(required_parameter (accessibility_modifier) pattern: (identifier) @property)
(abstract_class_declaration) @class
"""
_WRAPPERS = frozenset(
    {"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression", "type_assertion"}
)
_INTEGER = re.compile(r"0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|[1-9][0-9]*|0")
_FLOAT = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_EXACT = 2**53  # beyond it a number stands for several integers
_SUFFIXES = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
_AS_TYPESCRIPT = {".js": (".ts", ".tsx"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}


class _Declared(NamedTuple):
    """A binding: what declares it, the value that it is given, and the statement in which that happens."""

    kind: str  # "const", "let", "var", "import", "class", "enum" or another word
    node: Node
    cell: Cell | None = None
    value: Node | None = None
    statement: Node | None = None


class _File:
    """The bindings of one file, and what assigns them again."""

    def __init__(self, tree: Tree) -> None:
        self.language = language(tree.language)
        has_types = grammar(tree.language).id_for_node_kind("enum_declaration", True) is not None
        self.nodes = captures(_NODES + (_WITH_TYPES if has_types else _WITHOUT_TYPES), tree)
        scopes = [self._function_scope(node) for node in self.nodes.get("function", ())]
        scopes += [Scope("block", node.start_byte, node.end_byte) for node in self.nodes.get("block", ())]
        scopes += [
            Scope("function", body.start_byte, body.end_byte)
            for node in self.nodes.get("namespace", ())
            if (body := node.child_by_field_name("body")) is not None
        ]
        self.table = ScopeTable(scopes)
        self.unclear = self.table.unclear or tree.misread
        self.bound: dict[tuple[int, str], list[_Declared]] = {}
        self.assigned: Counter[tuple[int, str]] = Counter()
        self.writes: list[Write] = []
        self.class_writes: dict[str, dict[str, None]] = {}
        self.exports: dict[str, Cell] = {}
        self.stars: list[str] = []
        self._declare()
        self._assign()
        self._export()

    def _function_scope(self, node: Node) -> Scope:
        first = node.child_by_field_name("parameters") or node.child_by_field_name("parameter") or node
        return Scope("function", first.start_byte, node.end_byte)

    def _bind(self, scope: Scope, name: str, declared: _Declared) -> None:
        scope.binds.add(name)
        self.bound.setdefault((scope.number, name), []).append(declared)

    def _declare(self) -> None:
        """Take in every binding, so that names can be looked up afterwards."""
        for statement in self.nodes.get("import", ()):
            for name, cell in _imported(statement):
                self._bind(self.table.module, name, _Declared("import", statement, cell))
        for node in self.nodes.get("declarator", ()):
            self._declare_variables(node)
        for node in self.nodes.get("function", ()):
            named = node.child_by_field_name("name")
            inner = self.table.at(self._function_scope(node).start)
            if named is not None and node.type != "method_definition":
                scope = self.table.at(node.start_byte) if node.type.endswith("declaration") else inner
                self._bind(scope, text_of(named), _Declared("a function", node))
            for field in ("parameters", "parameter"):
                given = node.child_by_field_name(field)
                for _, target in _targets(given) if given is not None else ():
                    self._bind(inner, text_of(target), _Declared("a parameter", target))
        self._declare_in_blocks()

    def _declare_in_blocks(self) -> None:
        """Take in what `catch` and loops bind, and the names of classes, enumerations and namespaces."""
        for node in self.nodes.get("block", ()):
            given = node.child_by_field_name("parameter") if node.type == "catch_clause" else None
            if node.type == "for_in_statement" and node.child_by_field_name("kind") is not None:
                given = node.child_by_field_name("left")
            for _, target in _targets(given) if given is not None else ():
                self._bind(self.table.at(target.start_byte), text_of(target), _Declared("bound by a loop", target))
        for form in ("class", "enum", "namespace"):
            for node in self.nodes.get(form, ()):
                name = node.child_by_field_name("name")
                if name is not None and node.type != "class":
                    self._bind(self.table.at(node.start_byte), text_of(name), _Declared(form, node, None, None, node))

    def _declare_variables(self, node: Node) -> None:
        declaration, pattern = node.parent, node.child_by_field_name("name")
        if declaration is None or pattern is None:
            return
        kind = declaration.children[0].type if declaration.children else "var"
        scope = self.table.at(node.start_byte)
        while kind == "var" and scope.form == "block":
            scope = scope.parent
        value = node.child_by_field_name("value")
        if pattern.type == "identifier":
            self._bind(scope, text_of(pattern), _Declared(kind, node, None, value, declaration))
            return
        module = _required(value) if value is not None else None
        for key, target in _targets(pattern):
            cell = Imported(module, key) if module is not None and key else Dynamic("a part of a value")
            self._bind(scope, text_of(target), _Declared(kind, node, cell, None, declaration))

    def _assign(self) -> None:
        """Take in what is assigned again: names, and attributes of classes and modules."""
        given = [node.child_by_field_name("left") for node in self.nodes.get("assignment", ())]
        given += [node.child_by_field_name("argument") for node in self.nodes.get("update", ())]
        given += [
            node.child_by_field_name("left")
            for node in self.nodes.get("block", ())
            if node.type == "for_in_statement" and node.child_by_field_name("kind") is None
        ]
        for node in filter(None, given):
            for _, target in _targets(node):
                bound = self.table.bound_in(text_of(target), self.table.at(target.start_byte))
                if bound is not None:
                    self.assigned[bound.number, text_of(target)] += 1
            for member in _members(node):
                self._write(member)
        for node in self.nodes.get("property", ()):
            owner = self._owner_around(node)
            if owner:
                self.class_writes.setdefault(owner, {})[f"this.{text_of(node)}"] = None

    def _write(self, member: Node) -> None:
        base = member.child_by_field_name("object")
        key = member.child_by_field_name("property") or member.child_by_field_name("index")
        if base is None or key is None:
            return
        name = text_of(key)
        if member.type == "subscript_expression":
            cell = self.cell(key)
            name = cell.value if isinstance(cell, Value) and isinstance(cell.value, str) else "*"
        if base.type == "this":
            owner = self._owner_around(base)
            if owner:
                written = self.class_writes.setdefault(owner, {})
                written |= dict.fromkeys([name, f"this.{name}"] if name != "*" else ["*"])
            return
        chain = _chain(base)
        of = self._reference(chain, base) if chain and chain[0] != "this" else None
        if isinstance(of, Name | Imported):
            self.writes.append(Write(of, name))

    def _export(self) -> None:
        """Take in the names under which other files know what this one defines."""
        for statement in self.nodes.get("export", ()):
            source = statement.child_by_field_name("source")
            module = _text(source) if source is not None else None
            declaration, value = statement.child_by_field_name("declaration"), statement.child_by_field_name("value")
            is_default = any(child.type == "default" for child in statement.children)
            if declaration is not None:
                for name in _declared_names(declaration):
                    self.exports["default" if is_default else name] = Name(name)
            elif value is not None:
                self.exports["default"] = self.cell(value)
            for child in statement.named_children:
                if child.type == "export_clause":
                    for specifier in parts_of(child):
                        local, alias = specifier.child_by_field_name("name"), specifier.child_by_field_name("alias")
                        if local is not None:
                            cell = Name(text_of(local)) if module is None else Imported(module, text_of(local))
                            self.exports[text_of(alias or local).strip("'\"")] = cell
                elif child.type == "namespace_export" and module is not None:
                    self.exports[text_of(child).removeprefix("*").replace("as", "", 1).strip()] = Imported(module)
            if module is not None and any(child.type == "*" for child in statement.children):
                self.stars.append(module)
        self._export_common()

    def _export_common(self) -> None:
        """Take in `module.exports = {…}` and `exports.NAME = …`, where each is assigned once."""
        seen: Counter[str] = Counter()
        for node in self.nodes.get("assignment", ()):
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            chain = _chain(left) if left is not None else ()
            if right is None or (chain[:2] != ("module", "exports") and chain[:1] != ("exports",)):
                continue
            names = chain[2:] if chain[0] == "module" else chain[1:]
            is_top = _is_at_top(node.parent)
            if not names and right.type == "object":
                for key, value in _pairs(right):
                    seen[key] += 1 if is_top else 2
                    self.exports[key] = self.cell(value)
            elif len(names) == 1:
                seen[names[0]] += 1 if is_top else 2
                self.exports[names[0]] = self.cell(right)
        for name, count in seen.items():
            if count > 1:
                self.exports[name] = Dynamic(f"`{name}` is exported more than once, or in a branch")

    def constants(self) -> FileConstants:
        """Return what the file defines, exports, and assigns in others."""
        names: dict[str, Cell] = {}
        owners: dict[str, OwnerFacts] = {}
        for (scope, name), declared in self.bound.items():
            if scope == 0:
                names[name] = self._defined(name, declared)
        for node in self.nodes.get("enum", ()):
            names |= self._enum(node)
        for node in self.nodes.get("class", ()):
            owner = node.child_by_field_name("name")
            if owner is not None:
                fields, facts = self._class(node, text_of(owner))
                names |= fields
                owners[text_of(owner)] = facts
        return FileConstants(names, owners, tuple(self.writes), self.exports, tuple(self.stars))

    def _defined(self, name: str, declared: list[_Declared]) -> Cell:
        """Return what a name at the top of the file stands for."""
        only = declared[0]
        if self.unclear or len(declared) > 1:
            return Dynamic(self.unclear or f"`{name}` is declared {len(declared)} times")
        if self.assigned[0, name]:
            return Dynamic(f"`{name}` is assigned again")
        if only.kind == "import":
            return only.cell or Dynamic(f"`{name}` is imported")
        if only.kind not in ("const", "let", "var", "class", "enum"):
            return Dynamic(f"`{name}` is {only.kind}")
        if not _is_at_top(only.statement):
            return Dynamic(f"`{name}` is assigned in a branch or a loop")
        if only.kind in ("class", "enum"):
            return Owner(name)
        if only.cell is not None:
            return only.cell
        return self.cell(only.value) if only.value is not None else Dynamic(f"`{name}` is declared without a value")

    def _enum(self, node: Node) -> dict[str, Cell]:
        """Return the members of an enumeration, which are numbered where they are given no value."""
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        cells: dict[str, Cell] = {}
        last: Cell = Value(-1)
        for member in parts_of(body) if body is not None else ():
            value = member.child_by_field_name("value")
            key = member.child_by_field_name("name") if member.type == "enum_assignment" else member
            if value is not None:
                last = self.cell(value)
            elif isinstance(last, Value) and isinstance(last.value, int):
                last = Value(last.value + 1)
            else:
                last = Dynamic("a member of an enumeration that isn't numbered")
            if name is not None and key is not None:
                cells[f"{text_of(name)}.{_key(key)}"] = last
        return cells

    def _class(self, node: Node, owner: str) -> tuple[dict[str, Cell], OwnerFacts]:
        """Return the fields of a class: static ones by their names, those of instances after `this.`"""
        body = node.child_by_field_name("body")
        counts: Counter[str] = Counter()
        cells: dict[str, Cell] = {}
        for field in parts_of(body) if body is not None else ():
            if field.type not in ("field_definition", "public_field_definition"):
                continue
            key = field.child_by_field_name("name") or field.child_by_field_name("property")
            value = field.child_by_field_name("value")
            if key is None or key.type == "computed_property_name":
                continue
            is_static = any(child.type == "static" for child in field.children)
            name = _key(key) if is_static else f"this.{_key(key)}"
            counts[name] += 1
            cells[f"{owner}.{name}"] = self.cell(value) if value is not None else Dynamic(f"`{name}` has no value")
        for name, count in counts.items():
            if count > 1:
                cells[f"{owner}.{name}"] = Dynamic(f"`{name}` is declared {count} times")
        heritage = next((child for child in node.named_children if child.type == "class_heritage"), None)
        bases = [_base(child) for child in parts_of(heritage)[:1]] if heritage is not None else []
        known = [self.cell(base) for base in bases if base is not None]
        return cells, OwnerFacts(tuple(known), tuple(sorted(counts)), tuple(self.class_writes.get(owner, ())))

    def _owner_around(self, node: Node) -> str:
        """Return the name of the class around a node."""
        here = node.parent
        while here is not None and here.type not in ("class_declaration", "class", "abstract_class_declaration"):
            here = here.parent
        name = here.child_by_field_name("name") if here is not None else None
        return text_of(name) if name is not None else ""

    def cell(self, node: Node, depth: int = 0) -> Cell:
        """Return what an expression stands for; `depth` is that of expressions around it that have been read."""
        if depth > MAX_DEPTH:
            return no_literal(node)
        while node.type in _WRAPPERS and (parts := parts_of(node)):
            node = parts[-1 if node.type == "type_assertion" else 0]
        kind = node.type
        if kind == "string":
            literal = self.language.literal(node)
            return Value(literal.value) if literal is not None else no_literal(node)
        if kind == "template_string" and self.language.template_parts is not None:
            cells = [
                Value(part) if isinstance(part, str) else self._substituted(part, depth)
                for part in self.language.template_parts(node)
            ]
            return joined(cells) if cells else Value("")
        if kind == "number":
            return _number(text_of(node))
        if kind in ("true", "false", "null"):
            return Value({"true": True, "false": False}.get(kind))
        if kind == "unary_expression" and (operand := node.child_by_field_name("argument")) is not None:
            return negated(self.cell(operand, depth + 1)) if node.children[0].type == "-" else no_literal(node)
        if kind == "binary_expression":
            return self._sum(node, depth)
        if kind == "call_expression" and (module := _required(node)) is not None:
            return Imported(module)
        if kind in ("identifier", "member_expression", "shorthand_property_identifier"):
            chain = _chain(node)
            if chain:
                return self._reference(chain, node, depth)
            base, key = node.child_by_field_name("object"), node.child_by_field_name("property")
            module = _required(base) if base is not None else None
            return Imported(module, text_of(key)) if module is not None and key is not None else no_literal(node)
        return no_literal(node)

    def _substituted(self, node: Node, depth: int) -> Cell:
        """Return what stands in a template; numbers are written as they are."""
        parts = parts_of(node)
        cell = self.cell(parts[0], depth + 1) if len(parts) == 1 else no_literal(node)
        return Value(str(cell.value)) if isinstance(cell, Value) and type(cell.value) is int else cell

    def _sum(self, node: Node, depth: int) -> Cell:
        parts: list[Cell] = []
        here = node
        while here.type == "binary_expression":
            operator, left = here.child_by_field_name("operator"), here.child_by_field_name("left")
            right = here.child_by_field_name("right")
            if operator is None or left is None or right is None or operator.type != "+" or len(parts) > 50:
                return no_literal(node)
            parts.append(no_literal(node) if right.type == "binary_expression" else self.cell(right, depth + 1))
            here = left
        return joined([self.cell(here, depth + 1), *reversed(parts)])

    def _reference(self, chain: tuple[str, ...], node: Node, depth: int = 0) -> Cell:
        """Return what a name stands for where it is used."""
        if self.unclear:
            return Dynamic(self.unclear)
        if chain[0] == "this":
            return self._of_this(chain, node)
        bound = self.table.bound_in(chain[0], self.table.at(node.start_byte))
        if bound is None:
            return Dynamic(f"`{chain[0]}` is not bound in this file")
        if not bound.depth:
            return Name(".".join(chain))
        declared = self.bound.get((bound.number, chain[0]), [])
        only = declared[0] if len(declared) == 1 else None
        if only is None or only.kind not in ("const", "let") or self.assigned[bound.number, chain[0]]:
            what = only.kind if only is not None and only.kind.startswith(("a ", "bound")) else "a local variable"
            return Dynamic(f"`{chain[0]}` is {what}")
        if depth > MAX_DEPTH or len(chain) > 1 or only.value is None:
            return Dynamic(f"`{'.'.join(chain)}` is worked out when the program runs")
        return self.cell(only.value, depth + 1)

    def _of_this(self, chain: tuple[str, ...], node: Node) -> Cell:
        """Return what `this.NAME` stands for in a method of a class, or in an arrow function there."""
        here: Node | None = node
        while here is not None and here.type not in (
            "function_declaration", "function_expression", "generator_function", "class_body",
        ):  # fmt: skip
            if here.type in ("method_definition", "field_definition", "public_field_definition"):
                in_class = here.parent is not None and here.parent.type == "class_body"
                owner = self._owner_around(here) if in_class else ""
                is_static = any(child.type == "static" for child in here.children)
                if owner and len(chain) == 2:
                    return Name(f"{owner}.{chain[1]}") if is_static else Member(owner, f"this.{chain[1]}")
                break
            here = here.parent
        return Dynamic(f"`{'.'.join(chain)}` is worked out when the program runs")


def _targets(pattern: Node) -> Iterator[tuple[str, Node]]:
    """Yield the names that a pattern binds or assigns, each with the property that it takes; empty for other parts."""
    waiting: list[tuple[str, Node]] = [("", pattern)]
    while waiting:
        key, node = waiting.pop()
        kind = node.type
        if kind in ("identifier", "shorthand_property_identifier_pattern"):
            yield key if kind == "identifier" else text_of(node), node
        elif kind == "pair_pattern":
            name, value = node.child_by_field_name("key"), node.child_by_field_name("value")
            if name is not None and value is not None:
                waiting.append((_key(name), value))
        elif kind in ("object_pattern", "array_pattern", "formal_parameters", "rest_pattern"):
            waiting += [("", child) for child in parts_of(node)]
        elif kind in ("assignment_pattern", "object_assignment_pattern"):
            left = node.child_by_field_name("left")
            waiting += [("", left)] if left is not None else []
        elif kind in ("required_parameter", "optional_parameter"):
            inner = node.child_by_field_name("pattern")
            waiting += [("", inner)] if inner is not None else []
        elif kind in _WRAPPERS:
            waiting += [("", child) for child in parts_of(node)[:1]]


def _members(pattern: Node) -> Iterator[Node]:
    """Yield the attributes that a pattern assigns."""
    waiting = [pattern]
    while waiting:
        node = waiting.pop()
        if node.type in ("member_expression", "subscript_expression"):
            yield node
        elif node.type in ("object_pattern", "array_pattern", "pair_pattern", "rest_pattern", *_WRAPPERS):
            waiting += parts_of(node)


def _chain(node: Node) -> tuple[str, ...]:
    """Return the names of `a.b.c`, of which the first may be `this`; empty for anything else."""
    names: list[str] = []
    while node.type == "member_expression":
        base, key = node.child_by_field_name("object"), node.child_by_field_name("property")
        if base is None or key is None or any(child.type == "optional_chain" for child in node.children):
            return ()
        names.append(text_of(key))
        node = base
    is_name = node.type in ("identifier", "this", "shorthand_property_identifier")
    return (text_of(node), *reversed(names)) if is_name else ()


def _imported(statement: Node) -> Iterator[tuple[str, Cell]]:
    """Yield the names that an import statement binds, each with what it is."""
    source = statement.child_by_field_name("source")
    clause = next((child for child in statement.named_children if child.type == "import_clause"), None)
    module = _text(source) if source is not None else None
    if clause is None or module is None:
        return
    for child in parts_of(clause):
        if child.type == "identifier":
            yield text_of(child), Imported(module, "default")
        elif child.type == "namespace_import":
            yield text_of(parts_of(child)[-1]), Imported(module)
        elif child.type == "named_imports":
            for specifier in parts_of(child):
                name, alias = specifier.child_by_field_name("name"), specifier.child_by_field_name("alias")
                if name is not None:
                    yield text_of(alias or name), Imported(module, _key(name))


def _required(node: Node) -> str | None:
    """Return the module that a call of `require` names; None for anything else."""
    function = node.child_by_field_name("function") if node.type == "call_expression" else None
    given = node.child_by_field_name("arguments") if function is not None else None
    arguments = parts_of(given) if given is not None else []
    if function is None or text_of(function) != "require" or len(arguments) != 1:
        return None
    return _text(arguments[0])


def _text(node: Node) -> str | None:
    """Return the text of a string that names a module or a property; None where that has escapes."""
    text = text_of(node)
    return text[1:-1] if node.type == "string" and "\\" not in text else None


def _key(node: Node) -> str:
    return (_text(node) or "") if node.type == "string" else text_of(node)


def _pairs(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield the entries of an object that are written with a name."""
    for child in parts_of(node):
        if child.type == "shorthand_property_identifier":
            yield text_of(child), child
        elif child.type == "pair":
            key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
            if key is not None and value is not None and key.type != "computed_property_name":
                yield _key(key), value


def _declared_names(declaration: Node) -> Iterator[str]:
    """Yield the names that a declaration binds."""
    name = declaration.child_by_field_name("name")
    if name is not None:
        yield text_of(name)
    for child in declaration.named_children:
        pattern = child.child_by_field_name("name") if child.type == "variable_declarator" else None
        for _, target in _targets(pattern) if pattern is not None else ():
            yield text_of(target)


def _base(node: Node) -> Node | None:
    """Return the class that a class extends."""
    if node.type == "extends_clause":
        return node.child_by_field_name("value")
    return node if node.type != "implements_clause" else None


def _is_at_top(statement: Node | None) -> bool:
    """Return whether a statement runs whenever its module does."""
    while statement is not None and statement.type in (
        "export_statement", "expression_statement", "lexical_declaration", "variable_declaration", "class_declaration",
        "enum_declaration", "abstract_class_declaration", "assignment_expression",
    ):  # fmt: skip
        statement = statement.parent
    return statement is not None and statement.type == "program"


def _number(text: str) -> Cell:
    plain = text.replace("_", "") if len(text) <= MAX_DIGITS else ""
    if _INTEGER.fullmatch(plain):
        value = int(plain, 0)
        return Value(value) if value <= _EXACT else number(float(value))
    if _FLOAT.fullmatch(plain) and not (plain.isdigit() and plain.startswith("0")):
        return number(float(plain))
    return Dynamic(f"`{text[:20]}` is no number that data can hold")


def locate(importer: str, module: str, files: ProjectFiles) -> tuple[str, ...]:
    """Return the files of the project that a relative import may mean; packages and aliases of paths are none."""
    if not module.startswith(("./", "../")) and module not in (".", ".."):
        return ()
    path = normpath("/".join([*importer.split("/")[:-1], module]))
    if path.startswith(".."):
        return ()
    path = "" if path == "." else path
    for suffix, others in _AS_TYPESCRIPT.items():
        if path.endswith(suffix):
            sources = [path, *(path.removesuffix(suffix) + other for other in others)]
            return tuple(each for each in sources if each in files)
    found = tuple(f"{path}{suffix}" for suffix in _SUFFIXES if f"{path}{suffix}" in files)
    if path in files and path.endswith(_SUFFIXES):
        return (path,)
    index = "/".join(filter(None, [path, "index"]))
    return found or tuple(f"{index}{suffix}" for suffix in _SUFFIXES if f"{index}{suffix}" in files)


RULES = ConstantRules(_File, locate)
