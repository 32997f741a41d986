"""Names of Python code: its scopes, and every binding of a name in them.

The rules are a table in docs/patterns.md; the tests compare them with Python's own `ast` and `symtable`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from polcheck.languages.grammars import Tree, captures
from polcheck.languages.names import (
    MAX_SEGMENTS,
    Binding,
    FileNames,
    NameRules,
    Scope,
    ScopeTable,
    parts_of,
    text_of,
    unwrapped,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_PLAIN = re.compile(rb"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_MAX_CHOICES = 100
IMPORTS = "[(import_statement) (import_from_statement) (future_import_statement)] @import"
BINDINGS = """
(function_definition) @function (lambda) @lambda (class_definition) @class
[(list_comprehension) (set_comprehension) (dictionary_comprehension) (generator_expression)] @comprehension
(type_alias_statement) @alias (global_statement) @global (nonlocal_statement) @nonlocal
(assignment) @assignment (augmented_assignment) @augmented (named_expression) @walrus
(for_statement) @for (for_in_clause) @for (as_pattern_target) @target (case_pattern) @case (delete_statement) @delete
"""
GROUPS = frozenset({"pattern_list", "tuple_pattern", "list_pattern", "tuple", "list", "set", "expression_list"})
SPLATS = frozenset({"list_splat", "list_splat_pattern", "splat_pattern", "dictionary_splat_pattern"})
_DISPLAYS = frozenset({"tuple", "list", "set", "expression_list"})


_NAMES: WeakKeyDictionary[Tree, FileNames] = WeakKeyDictionary()


def names_in(tree: Tree, imports: Sequence[Node]) -> FileNames:
    """Return the scopes and bindings of a file; `imports` are its import statements.

    They are read once for a tree: names are followed by them, and constants.
    """
    names = _NAMES.get(tree)
    if names is None:
        names = _NAMES[tree] = _read(tree, imports)
    return names


def _read(tree: Tree, imports: Sequence[Node]) -> FileNames:
    nodes = captures(BINDINGS, tree)
    reader = _Reader(nodes)
    table = reader.table
    for form in ("global", "nonlocal"):
        for node in nodes.get(form, ()):
            scope = table.at(node.start_byte)
            (scope.globals if form == "global" else scope.nonlocals).update(_identifiers(node))
    stars: dict[str, None] = {}
    last = -1
    bindings: list[Binding] = []
    for statement in imports:
        scope = table.at(statement.start_byte)
        for name, module, member in imported_names(statement):
            targets = _below(modules_of(tree.source.path, module), member)
            if name == "*":
                stars |= dict.fromkeys(filter(None, targets))
                last = max(last, statement.end_byte)
            else:
                bindings.append(Binding(scope, name, statement.start_byte, targets))
    definite: dict[str, int] = {}
    for name, place in _surely_bound(tree.tree.root_node) if stars else ():
        if place > last:
            definite[name] = min(place, definite.get(name, place))
    for form, read in _READERS.items():
        for node in nodes.get(form, ()):
            bindings += read(reader, node)
    bindings = table.owned(bindings)
    return FileNames(table, bindings, tuple(stars), definite, reader.unclear or table.unclear)


def modules_of(path: str, written: str) -> tuple[str, ...]:
    """Return every absolute name that a module may have which the file at `path` imports as `written`.

    NOTE: a folder named src holds packages, or is one; a folder whose name is no identifier is no package.
    """
    dots = len(written) - len(written.lstrip("."))
    if not dots:
        return (written,)
    folders = PurePosixPath(path).parts[:-1]
    package = folders[: max(len(folders) - (dots - 1), 0)]
    below = [
        package[index + 1 :]
        for index, folder in enumerate(package[:-1])
        if folder == "src" or not folder.isidentifier()
    ]
    rest = [*filter(None, [written[dots:]])]
    return tuple(dict.fromkeys(".".join([*parts, *rest]) for parts in [package, *below]))


def dotted(node: Node) -> str:
    """Return the dotted name that `node` spells, whatever its white space and parentheses; empty when it is none."""
    text = node.text or b""
    if _PLAIN.fullmatch(text) or (not text.isascii() and _words(text)):
        return text.decode()
    return spelled(node)


def spelled(node: Node) -> str:
    """Return the dotted name as the nodes spell it; empty when it is none, or longer than names that are asked for."""
    segments: list[str] = []
    while len(segments) < MAX_SEGMENTS:
        node = unwrapped(node)
        if node.type == "named_expression" and (value := node.child_by_field_name("value")) is not None:
            node = unwrapped(value)
        if node.type == "identifier":
            segments.append(text_of(node))
            return ".".join(reversed(segments))
        base, attribute = node.child_by_field_name("object"), node.child_by_field_name("attribute")
        if node.type != "attribute" or base is None or attribute is None:
            return ""
        segments.append(text_of(attribute))
        node = base
    return ""


def imported_names(statement: Node) -> Iterator[tuple[str, str, str]]:
    """Yield the names that an import statement binds, each with the module it is of, as written, and its name there.

    That name is empty where the module itself is bound. A star import is the name `*`.
    """
    origin = statement.child_by_field_name("module_name")
    module = _squeezed(origin) if origin is not None else ""
    if statement.type == "future_import_statement":
        module = "__future__"
    for item in statement.children_by_field_name("name"):
        if item.type == "aliased_import":
            alias, name = item.child_by_field_name("alias"), item.child_by_field_name("name")
            if alias is not None and name is not None:
                yield (_squeezed(alias), module, _squeezed(name)) if module else (_squeezed(alias), _squeezed(name), "")
        elif module:
            yield _squeezed(item), module, _squeezed(item)
        else:
            head = _squeezed(item).partition(".")[0]
            yield head, head, ""
    if any(child.type == "wildcard_import" for child in statement.named_children):
        yield "*", module, ""


class _Reader:
    """Reads the nodes of a file that open scopes or bind names; `unclear` says why not every binding is known."""

    def __init__(self, nodes: Mapping[str, Sequence[Node]]) -> None:
        """Make the table of scopes from `nodes`, by their captures in the query of bindings."""
        self.unclear = ""
        self._of_node: dict[int, Scope] = {}
        self.table = ScopeTable(self._scopes(nodes))

    def _scopes(self, nodes: Mapping[str, Sequence[Node]]) -> list[Scope]:
        """Return the scopes below the module."""
        generic: list[Scope] = []
        for form in ("function", "lambda", "class"):
            for node in nodes.get(form, ()):
                body, parameters = node.child_by_field_name("body"), node.child_by_field_name("type_parameters")
                if body is not None:
                    kind = "class" if form == "class" else "function"
                    self._of_node[node.id] = Scope(kind, body.start_byte, body.end_byte)
                if parameters is not None:
                    generic.append(Scope("function", parameters.start_byte, node.end_byte))
                    generic[-1].binds.update(_type_parameters(parameters))
        for node in nodes.get("comprehension", ()):
            clause = next((child for child in node.named_children if child.type == "for_in_clause"), None)
            right = clause.children_by_field_name("right") if clause is not None else []
            hole = (right[0].start_byte, right[-1].end_byte) if right else (-1, -1)
            self._of_node[node.id] = Scope("comprehension", node.start_byte, node.end_byte, hole)
        return [*self._of_node.values(), *generic]

    def of_node(self, node: Node) -> Scope:
        """Return the scope of a function, lambda or class."""
        return self._of_node.get(node.id) or self.table.module

    def assignment(self, node: Node) -> Iterator[Binding]:
        """Yield what `a = b = value`, with or without annotation, binds."""
        left, value = node.child_by_field_name("left"), node.child_by_field_name("right")
        for _ in range(_MAX_CHOICES):
            if value is None or value.type != "assignment":
                break
            value = value.child_by_field_name("right")
        else:
            self.unclear = f"more than {_MAX_CHOICES} assignments in one"
        if left is not None:
            yield from self.pairs(left, value)

    def augmented(self, node: Node) -> Iterator[Binding]:
        """Yield what `a += 1` binds."""
        left = node.child_by_field_name("left")
        if left is not None:
            yield from self.pairs(left, None)

    def walrus(self, node: Node) -> Iterator[Binding]:
        """Yield what `a := value` binds, which in a comprehension is a name outside of it."""
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        scope = self.table.at(node.start_byte)
        while scope.form == "comprehension":
            scope = scope.parent
        if name is not None:
            yield from self.pairs(name, value, scope)

    def loop(self, node: Node) -> Iterator[Binding]:
        """Yield what a `for` binds: to each of the items, where these are written there."""
        left, over = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None:
            return
        scope = self.table.at(left.start_byte)
        items = parts_of(unwrapped(over)) if over is not None and unwrapped(over).type in _DISPLAYS else []
        if any(item.type in SPLATS for item in items):
            yield from self.pairs(left, None, scope)
        for item in items:
            yield from self.pairs(left, item, scope)
        if not items:
            yield from self.pairs(left, None, scope)

    def target(self, node: Node) -> Iterator[Binding]:
        """Yield what stands behind an `as`, after a `del`, or before a value that isn't read, binds."""
        for child in node.named_children:
            yield from self.pairs(child, None)

    def case(self, node: Node) -> Iterator[Binding]:
        """Yield what one part of a pattern of `match` binds; the parts inside are nodes of their own."""
        for child in node.named_children:
            names: list[Node] = []
            if child.type == "dotted_name":
                names = [child] if child.named_child_count == 1 else []
            elif child.type == "as_pattern":
                names = [part for part in child.named_children if part.type == "identifier"]
            elif child.type == "keyword_pattern":
                names = [
                    part for part in child.named_children if part.type == "dotted_name" and part.named_child_count == 1
                ]
            elif child.type in ("dict_pattern", *SPLATS):
                splats = [child] if child.type in SPLATS else child.named_children
                names = [part for splat in splats if splat.type in SPLATS for part in splat.named_children]
            for name in names:
                yield Binding(self.table.at(name.start_byte), text_of(name), name.start_byte)

    def definition(self, node: Node) -> Iterator[Binding]:
        """Yield what a function, lambda or class binds: its name where it stands, its parameters in its body."""
        name, parameters = node.child_by_field_name("name"), node.child_by_field_name("parameters")
        if name is not None:
            yield Binding(self.table.at(name.start_byte), text_of(name), name.start_byte)
        for parameter in parameters.named_children if parameters is not None else ():
            value = parameter.child_by_field_name("value")
            target = parameter.child_by_field_name("name")
            if target is None:
                target = parameter.named_child(0) if parameter.type == "typed_parameter" else parameter
            if target is not None:
                yield from self.pairs(target, value, self.of_node(node))

    def type_alias(self, node: Node) -> Iterator[Binding]:
        """Yield what `type X = …` binds."""
        left = node.child_by_field_name("left")
        for name in _type_parameters(left)[:1] if left is not None else ():
            yield Binding(self.table.at(node.start_byte), name, node.start_byte)

    def pairs(self, target: Node, value: Node | None, scope: Scope | None = None) -> Iterator[Binding]:
        """Yield what the target of an assignment binds, each name with the part of the value that it is given."""
        waiting: list[tuple[Node, Node | None]] = [(target, value)]
        while waiting:
            target, value = waiting.pop()
            if target.type == "identifier":
                place = target.start_byte
                yield Binding(scope or self.table.at(place), text_of(target), place, (), self.choices(value))
            elif target.type in SPLATS:
                waiting += [(child, None) for child in target.named_children]
            elif target.type == "parenthesized_expression" or is_one(target):
                waiting += [(child, value) for child in parts_of(target)]
            elif target.type in GROUPS:
                waiting += aligned(parts_of(target), value)

    def choices(self, value: Node | None) -> tuple[tuple[str, int], ...]:
        """Return the chains of names of which a value is one, each with its place."""
        chains: list[tuple[str, int]] = []
        waiting = [value]
        for _ in range(_MAX_CHOICES):
            if not waiting:
                return tuple(chains)
            node = waiting.pop()
            if node is None:
                continue
            kind = node.type
            if kind in ("identifier", "attribute"):
                chain = dotted(node)
                chains += [(chain, node.start_byte)] if chain else []
            elif kind == "parenthesized_expression":
                waiting += parts_of(node)
            elif kind == "conditional_expression":
                waiting += parts_of(node)[::2]
            elif kind == "boolean_operator":
                waiting += [node.child_by_field_name("left"), node.child_by_field_name("right")]
            elif kind in ("named_expression", "assignment"):
                waiting.append(node.child_by_field_name("value" if kind == "named_expression" else "right"))
        self.unclear = f"a value is one of more than {_MAX_CHOICES}"
        return tuple(chains)


_READERS: dict[str, Callable[[_Reader, Node], Iterator[Binding]]] = {
    "function": _Reader.definition,
    "lambda": _Reader.definition,
    "class": _Reader.definition,
    "alias": _Reader.type_alias,
    "assignment": _Reader.assignment,
    "augmented": _Reader.augmented,
    "walrus": _Reader.walrus,
    "for": _Reader.loop,
    "target": _Reader.target,
    "delete": _Reader.target,
    "case": _Reader.case,
}


def is_one(target: Node) -> bool:
    """Return whether a group holds one target without a comma, in parentheses that mean nothing."""
    return target.type in ("tuple_pattern", "tuple") and target.child_count == 3 and len(parts_of(target)) == 1


def aligned(targets: Sequence[Node], value: Node | None) -> list[tuple[Node, Node | None]]:
    """Return each target with the item of a display that it is given; None where a star makes that unclear."""
    value = unwrapped(value) if value is not None else None
    items: list[Node | None] = [*parts_of(value)] if value is not None and value.type in _DISPLAYS else []
    starred = [number for number, target in enumerate(targets) if target.type in SPLATS]
    if any(item is not None and item.type in SPLATS for item in items):
        first = next(number for number, item in enumerate(items) if item is not None and item.type in SPLATS)
        items = [*items[:first], *[None] * max(len(targets) - first, 0)]
    if starred and len(items) >= len(targets) - 1:
        before, after = starred[0], len(targets) - starred[0] - 1
        items = [*items[:before], None, *(items[len(items) - after :] if after else [])]
    if len(items) != len(targets):
        items = [None] * len(targets)
    return list(zip(targets, items, strict=True))


def _surely_bound(root: Node) -> Iterator[tuple[str, int]]:
    """Yield the names that a module's own statements bind whatever happens, and from which byte on they are bound."""
    for node in root.named_children:
        if node.type == "decorated_definition":
            definition = node.child_by_field_name("definition")
        else:
            definition = node if node.type in ("function_definition", "class_definition") else None
        if definition is not None and (name := definition.child_by_field_name("name")) is not None:
            body = definition.child_by_field_name("body") if definition.type == "function_definition" else None
            yield text_of(name), body.start_byte if body is not None else node.end_byte
        elif node.type == "expression_statement" and (first := node.named_child(0)) is not None:
            left = first.child_by_field_name("left") if first.type == "assignment" else None
            if left is not None and left.type == "identifier" and first.child_by_field_name("right") is not None:
                yield text_of(left), node.end_byte


def _type_parameters(node: Node) -> list[str]:
    """Return the names that a list of type parameters binds: the first of each."""
    names: list[str] = []
    for child in node.named_children if node.type == "type_parameter" else [node]:
        inner: Node | None = child
        while inner is not None and inner.type != "identifier":
            inner = inner.named_child(0)
        if inner is not None:
            names.append(text_of(inner))
    return names


def _identifiers(node: Node) -> list[str]:
    return [text_of(child) for child in node.named_children if child.type == "identifier"]


def _below(modules: Sequence[str], name: str) -> tuple[str, ...]:
    return tuple(".".join(filter(None, (module, name))) for module in modules)


def _words(text: bytes) -> bool:
    return all(part.isidentifier() for part in text.decode("utf-8", "replace").split("."))


def _squeezed(node: Node) -> str:
    return re.sub(r"\s|\\", "", text_of(node))


RULES = NameRules(IMPORTS, names_in, dotted, spelled, modules_of)
