"""What the names of a Python file stand for: followed from where they are used to what was imported.

A name is looked up in the scopes that Python looks in, and stands for everything that one of its bindings there may
give it: an import, or a value that is a name itself (`load = torch.load`). Which binding ran last is not asked. The
rules are a table in docs/patterns.md; the same is asked of Python's own `ast` and `symtable` by the tests.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from polcheck.languages.grammars import Tree, grammar
from polcheck.languages.registry import DEFAULT_LANGUAGE, language
from polcheck.selectors.syntax.cost import beginnings

if TYPE_CHECKING:
    from tree_sitter import Node, Query

_PLAIN = re.compile(rb"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
# NOTE: a chain of calls repeats its text at every link, so longer ones are not even read
_LONGEST = 500
_MOST_SEGMENTS = 64
_MOST_MEANINGS = 256
_MOST_CHOICES = 100
_MOST_STEPS = 200_000
_DEEPEST = 200  # scopes in one another
IMPORTS = "[(import_statement) (import_from_statement) (future_import_statement)] @import"
"""The query that finds the statements that `Names` reads."""
_BINDINGS = """
(function_definition) @function (lambda) @lambda (class_definition) @class
[(list_comprehension) (set_comprehension) (dictionary_comprehension) (generator_expression)] @comprehension
(type_alias_statement) @alias (global_statement) @global (nonlocal_statement) @nonlocal
(assignment) @assignment (augmented_assignment) @augmented (named_expression) @walrus
(for_statement) @for (for_in_clause) @for (as_pattern_target) @target (case_pattern) @case (delete_statement) @delete
"""
_GROUPS = frozenset({"pattern_list", "tuple_pattern", "list_pattern", "tuple", "list", "set", "expression_list"})
_SPLATS = frozenset({"list_splat", "list_splat_pattern", "splat_pattern", "dictionary_splat_pattern"})
_DISPLAYS = frozenset({"tuple", "list", "set", "expression_list"})


class _Scope:
    """A block in which names are bound; `hole` is the part of a comprehension that is evaluated outside of it."""

    __slots__ = (
        "_outer", "_parent", "binds", "depth", "end", "form", "globals", "hole", "nonlocals", "number", "start",
    )  # fmt: skip

    def __init__(self, form: str, start: int, end: int, hole: tuple[int, int] = (-1, -1)) -> None:
        self.number = 0
        self.form = form  # "module", "function", "class" or "comprehension"
        self.start = start
        self.end = end
        self.hole = hole
        # NOTE: none for the module, which would hold itself, and with it its file, until circles are looked for
        self._outer: _Scope | None = None
        self._parent: _Scope | None = None
        self.depth = 0
        self.binds: set[str] = set()
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()

    def nest(self, around: _Scope, parent: _Scope) -> None:
        """Say which block surrounds it in the text, and in which it is evaluated."""
        self._outer, self._parent = around, parent
        self.depth = around.depth + 1

    @property
    def around(self) -> _Scope:
        """The block that surrounds it in the text; the module's is itself."""
        return self._outer or self

    @property
    def parent(self) -> _Scope:
        """The block in which it is evaluated; the module's is itself."""
        return self._parent or self

    def holds(self, place: int) -> bool:
        """Return whether a byte is in the block."""
        return self.start <= place < self.end and not self.hole[0] <= place < self.hole[1]


class _Binding(NamedTuple):
    """A name bound at a place: to something imported, to what `chains` stand for, or (neither) to anything else."""

    scope: _Scope
    name: str
    place: int
    imported: tuple[str, ...] = ()
    chains: tuple[tuple[str, int], ...] = ()  # each with the place of its first name


_GROUPING = frozenset({"parenthesized_expression"})
_Key = tuple[int, str]  # the number of a scope, and a name that is bound in it


class Names:
    """The names of one file: `of` follows a name, `module` makes a relative import absolute.

    `unclear` says why not every name could be followed; empty when all could.
    """

    def __init__(self, tree: Tree, imports: Sequence[Node] | None = None) -> None:
        self.unclear = ""
        self._source = tree.source
        self._path = PurePosixPath(tree.source.path)
        self._stars: tuple[str, ...] = ()
        self._table = _Table()
        self._values: dict[_Key, tuple[str, ...]] = {}
        self._followed: frozenset[str] = frozenset()
        self._definite: dict[str, int] = {}  # where the module has surely bound a name, after its last star import
        self._chains: dict[bytes, tuple[str, ...]] = {}  # names that stand for themselves alone
        self._known: dict[tuple[int, bytes], tuple[str, ...]] = {}
        if language(tree.language).follows_imports:
            found = _captured(IMPORTS, tree).get("import", []) if imports is None else imports
            if found:
                self._fill(tree, found)

    def of(self, node: Node) -> tuple[str, ...]:
        """Return the dotted names that `node` may stand for, as it is written first; empty when it is no chain of
        names.

        The name as written is left out where a nearer binding hides an import of that name.
        """
        text = (node.text or b"") if node.end_byte - node.start_byte <= _LONGEST else b""
        plain = self._chains.get(text) if text else None
        if plain is not None:
            return plain
        start = node.start_byte
        # NOTE: after a star import, what a name stands for depends on where it is used
        key = (start if self._stars else self._table.at(start).number, text)
        known = self._known.get(key) if text else None
        if known is not None:
            return known
        chain = dotted(node) if text else _spelled(node)  # NOTE: white space must not hide a name
        names = self._stands_for(chain, start) if chain else ()
        if not text:
            return names
        if not self._stars and chain.partition(".")[0] not in self._followed:
            self._chains[text] = names
        else:
            self._known[key] = names
        return names

    def why_hidden(self, node: Node) -> str:
        """Why `node`, written like something imported, is something else; empty when it isn't."""
        chain = dotted(node)
        if not chain or self._stands_for(chain, node.start_byte):
            return ""
        head = chain.partition(".")[0]
        bound = self._table.bound_in(head, self._table.at(node.start_byte))
        if bound is None:
            return ""
        line = self._source.line_of(self._source.span_of_bytes(bound.start, bound.start).start)
        return f"`{head}` is bound again in the {bound.form} of line {line}, so that it isn't the import"

    def module(self, written: str) -> str:
        """Return the absolute name of a module that an import writes as `written`; relative to the file's folder."""
        return self.modules(written)[0]

    def modules(self, written: str) -> tuple[str, ...]:
        """Return every absolute name that a module which an import writes as `written` may have, that of `module`
        first.

        NOTE: a folder named src holds packages, or is one; a folder whose name is no identifier is no package.
        """
        dots = len(written) - len(written.lstrip("."))
        if not dots:
            return (written,)
        folders = self._path.parts[:-1]
        package = folders[: max(len(folders) - (dots - 1), 0)]
        below = [
            package[index + 1 :]
            for index, folder in enumerate(package[:-1])
            if folder == "src" or not folder.isidentifier()
        ]
        rest = [*filter(None, [written[dots:]])]
        return tuple(dict.fromkeys(".".join([*parts, *rest]) for parts in [package, *below]))

    def _stands_for(self, chain: str, place: int) -> tuple[str, ...]:
        """Return every name that `chain`, whose first name is at `place`, may stand for."""
        head, dot, rest = chain.partition(".")
        if head not in self._followed and not self._stars:
            return (chain,)
        scope = self._table.at(place)
        followed = self._follow(head, scope, place)
        if followed:
            return tuple(dict.fromkeys([chain, *(name + dot + rest for name in followed)]))
        bound = self._table.bound_in(head, scope)
        if bound is not None and bound.depth and self._follow(head, _seen_from(bound), place):
            return ()
        return (chain,)

    def _follow(self, head: str, scope: _Scope, place: int) -> tuple[str, ...]:
        """What a name that is used in `scope` was imported as."""
        found: list[str] = []
        for key in self._table.keys(head, scope):
            found += self._values.get(key, ())
            if self._may_be_starred(key, place):
                found += [f"{module}.{head}" for module in self._stars]
        return tuple(dict.fromkeys(found))

    def _may_be_starred(self, key: _Key, place: int) -> bool:
        """Return whether a name of the module, used at `place`, may come from a star import."""
        return bool(self._stars) and key[0] == 0 and place < self._definite.get(key[1], place + 1)

    def _fill(self, tree: Tree, imports: Sequence[Node]) -> None:
        found = _captured(_BINDINGS, tree)
        table = self._table = _Table(tree, found)
        for form in ("global", "nonlocal"):
            for node in found.get(form, ()):
                scope = table.at(node.start_byte)
                (scope.globals if form == "global" else scope.nonlocals).update(_identifiers(node))
        bindings = [*self._imported(imports, tree.tree.root_node)]
        for form, reader in _READERS.items():
            for node in found.get(form, ()):
                bindings += reader(table, node)
        bindings = table.owned(bindings)
        self.unclear = table.unclear
        self._spread([binding for binding in bindings if binding.imported or binding.chains])

    def _spread(self, bindings: Sequence[_Binding]) -> None:
        """Works out what each name may stand for, from the imports on, until nothing is added."""
        values: dict[_Key, dict[str, None]] = {}
        users: dict[_Key, list[tuple[_Key, str]]] = {}
        waiting: deque[tuple[_Key, str]] = deque()
        for binding in bindings:
            key = (binding.scope.number, binding.name)
            waiting.extend((key, name) for name in binding.imported)
            for chain, place in binding.chains:
                head, dot, rest = chain.partition(".")
                for source in self._table.keys(head, self._table.at(place)):
                    users.setdefault(source, []).append((key, dot + rest))
                    if self._may_be_starred(source, place):
                        waiting.extend((key, f"{module}.{chain}") for module in self._stars)
        steps = 0
        while waiting and not self.unclear:
            key, name = waiting.popleft()
            known = values.setdefault(key, {})
            if name in known or len(name) > _LONGEST or name.count(".") >= _MOST_SEGMENTS:
                continue
            known[name] = None
            more = users.get(key, ())
            waiting.extend((user, name + rest) for user, rest in more)
            steps += 1 + len(more)
            if len(known) > _MOST_MEANINGS or steps > _MOST_STEPS:
                self.unclear = f"`{key[1]}` may stand for too many names"
        self._values = {key: tuple(names) for key, names in values.items()}
        self._followed = frozenset(name for _, name in self._values)

    def _imported(self, imports: Sequence[Node], root: Node) -> Iterator[_Binding]:
        """What the import statements bind; notes the star imports."""
        stars: list[str] = []
        last = -1
        for statement in imports:
            scope = self._table.at(statement.start_byte)
            for name, targets in self._imported_names(statement):
                if name == "*":
                    stars += targets
                    last = max(last, statement.end_byte)
                else:
                    yield _Binding(scope, name, statement.start_byte, targets)
        self._stars = tuple(dict.fromkeys(filter(None, stars)))
        if self._stars:
            for name, place in _surely_bound(root):
                if place > last:
                    self._definite[name] = min(place, self._definite.get(name, place))

    def _imported_names(self, statement: Node) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the names that an import statement binds, each with what it may stand for."""
        origin = statement.child_by_field_name("module_name")
        modules = self.modules(_squeezed(origin)) if origin is not None else ("",)
        if statement.type == "future_import_statement":
            modules = ("__future__",)
        for item in statement.children_by_field_name("name"):
            if item.type == "aliased_import":
                alias, name = item.child_by_field_name("alias"), item.child_by_field_name("name")
                if alias is not None and name is not None:
                    yield _squeezed(alias), _below(modules, _squeezed(name))
            elif origin is not None or statement.type == "future_import_statement":
                yield _squeezed(item), _below(modules, _squeezed(item))
            else:
                head = _squeezed(item).partition(".")[0]
                yield head, (head,)
        if any(child.type == "wildcard_import" for child in statement.named_children):
            yield "*", modules


class _Table:
    """The scopes of a file, and the names that each of them binds."""

    def __init__(self, tree: Tree | None = None, found: Mapping[str, Sequence[Node]] | None = None) -> None:
        self.unclear = ""
        self._of_node: dict[int, _Scope] = {}
        self._scopes = [_Scope("module", 0, 1 << 62)]
        self._starts = [0]
        if tree is not None and found is not None:
            self._nest(self._made(found))

    def _made(self, found: Mapping[str, Sequence[Node]]) -> list[_Scope]:
        """Return the scopes below the module, in order of the text, outer ones first."""
        made: dict[int, _Scope] = {}
        generic: list[_Scope] = []
        for form in ("function", "lambda", "class"):
            for node in found.get(form, ()):
                body, parameters = node.child_by_field_name("body"), node.child_by_field_name("type_parameters")
                if body is not None:
                    kind = "class" if form == "class" else "function"
                    made[node.id] = _Scope(kind, body.start_byte, body.end_byte)
                if parameters is not None:
                    generic.append(_Scope("function", parameters.start_byte, node.end_byte))
                    generic[-1].binds.update(_type_parameters(parameters))
        for node in found.get("comprehension", ()):
            clause = next((child for child in node.named_children if child.type == "for_in_clause"), None)
            right = clause.children_by_field_name("right") if clause is not None else []
            hole = (right[0].start_byte, right[-1].end_byte) if right else (-1, -1)
            made[node.id] = _Scope("comprehension", node.start_byte, node.end_byte, hole)
        self._of_node = made
        return sorted(
            [*made.values(), *generic],
            key=lambda scope: (scope.start, -scope.end, scope.form == "comprehension"),
        )

    def _nest(self, scopes: Sequence[_Scope]) -> None:
        around = [self._scopes[0]]
        for scope in scopes:
            while around[-1].end <= scope.start:
                around.pop()
            scope.nest(around[-1], next(outer for outer in reversed(around) if outer.holds(scope.start)))
            if scope.depth > _DEEPEST:
                self.unclear = f"names are bound more than {_DEEPEST} scopes deep"
                return
            scope.number = len(self._scopes)
            self._scopes.append(scope)
            self._starts.append(scope.start)
            around.append(scope)

    def at(self, place: int) -> _Scope:
        """Return the innermost scope that holds a byte."""
        scope = self._scopes[bisect_right(self._starts, place) - 1]
        while not scope.holds(place):
            scope = scope.around
        return scope

    def of_node(self, node: Node) -> _Scope:
        """Return the scope of a function, lambda or class."""
        return self._of_node.get(node.id) or self._scopes[0]

    def owned(self, bindings: Sequence[_Binding]) -> list[_Binding]:
        """Return the bindings, each with the scope to which `global` and `nonlocal` give it."""
        for scope, name, *_ in bindings:
            if name not in scope.globals and name not in scope.nonlocals:
                scope.binds.add(name)
        found: list[_Binding] = []
        for binding in bindings:
            scope, name, *_ = binding
            if name in scope.globals:
                scope = self._scopes[0]
                scope.binds.add(name)
            elif name in scope.nonlocals:
                scope = self.bound_in(name, scope) or scope
            found.append(binding._replace(scope=scope) if scope is not binding.scope else binding)
        return found

    def bound_in(self, name: str, scope: _Scope) -> _Scope | None:
        """Return the scope whose binding a use of `name` in `scope` sees; None when no scope binds it."""
        here = scope
        while True:
            if name in here.globals:
                return self._scopes[0] if name in self._scopes[0].binds else None
            if name in here.binds and name not in here.nonlocals and (here.form != "class" or here is scope):
                return here
            if not here.depth:
                return None
            here = here.parent

    def keys(self, name: str, scope: _Scope) -> Iterator[_Key]:
        """Yield the bindings that a use of `name` in `scope` may see; those of the module even where it has none."""
        bound = self.bound_in(name, scope)
        yield (0 if bound is None else bound.number), name
        if bound is scope and bound.form == "class":  # NOTE: what a class hasn't bound yet is what it is outside
            yield from self.keys(name, _seen_from(bound))

    def assignment(self, node: Node) -> Iterator[_Binding]:
        """What `a = b = value`, with or without annotation, binds."""
        left, value = node.child_by_field_name("left"), node.child_by_field_name("right")
        for _ in range(_MOST_CHOICES):
            if value is None or value.type != "assignment":
                break
            value = value.child_by_field_name("right")
        else:
            self.unclear = f"more than {_MOST_CHOICES} assignments in one"
        if left is not None:
            yield from self.pairs(left, value)

    def augmented(self, node: Node) -> Iterator[_Binding]:
        """What `a += 1` binds."""
        left = node.child_by_field_name("left")
        if left is not None:
            yield from self.pairs(left, None)

    def walrus(self, node: Node) -> Iterator[_Binding]:
        """What `a := value` binds, which in a comprehension is a name outside of it."""
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        scope = self.at(node.start_byte)
        while scope.form == "comprehension":
            scope = scope.parent
        if name is not None:
            yield from self.pairs(name, value, scope)

    def loop(self, node: Node) -> Iterator[_Binding]:
        """What a `for` binds: to each of the items, where these are written there."""
        left, over = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None:
            return
        scope = self.at(left.start_byte)
        items = _parts(unwrapped(over)) if over is not None and unwrapped(over).type in _DISPLAYS else []
        if any(item.type in _SPLATS for item in items):
            yield from self.pairs(left, None, scope)
        for item in items:
            yield from self.pairs(left, item, scope)
        if not items:
            yield from self.pairs(left, None, scope)

    def target(self, node: Node) -> Iterator[_Binding]:
        """What stands behind an `as`, after a `del`, or before a value that isn't looked at, binds."""
        for child in node.named_children:
            yield from self.pairs(child, None)

    def case(self, node: Node) -> Iterator[_Binding]:
        """What one part of a pattern of `match` binds; the parts inside are asked one by one."""
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
            elif child.type in ("dict_pattern", *_SPLATS):
                splats = [child] if child.type in _SPLATS else child.named_children
                names = [part for splat in splats if splat.type in _SPLATS for part in splat.named_children]
            for name in names:
                yield _Binding(self.at(name.start_byte), _text(name), name.start_byte)

    def definition(self, node: Node) -> Iterator[_Binding]:
        """What a function, lambda or class binds: its name where it stands, its parameters in its body."""
        name, parameters = node.child_by_field_name("name"), node.child_by_field_name("parameters")
        if name is not None:
            yield _Binding(self.at(name.start_byte), _text(name), name.start_byte)
        for parameter in parameters.named_children if parameters is not None else ():
            value = parameter.child_by_field_name("value")
            target = parameter.child_by_field_name("name")
            if target is None:
                target = parameter.named_child(0) if parameter.type == "typed_parameter" else parameter
            if target is not None:
                yield from self.pairs(target, value, self.of_node(node))

    def type_alias(self, node: Node) -> Iterator[_Binding]:
        """What `type X = …` binds."""
        left = node.child_by_field_name("left")
        for name in _type_parameters(left)[:1] if left is not None else ():
            yield _Binding(self.at(node.start_byte), name, node.start_byte)

    def pairs(self, target: Node, value: Node | None, scope: _Scope | None = None) -> Iterator[_Binding]:
        """What the target of an assignment binds, each name with the part of the value that it is given."""
        waiting: list[tuple[Node, Node | None]] = [(target, value)]
        while waiting:
            target, value = waiting.pop()
            if target.type == "identifier":
                place = target.start_byte
                yield _Binding(scope or self.at(place), _text(target), place, (), self.choices(value))
            elif target.type in _SPLATS:
                waiting += [(child, None) for child in target.named_children]
            elif target.type == "parenthesized_expression" or _is_one(target):
                waiting += [(child, value) for child in _parts(target)]
            elif target.type in _GROUPS:
                waiting += _aligned(_parts(target), value)

    def choices(self, value: Node | None) -> tuple[tuple[str, int], ...]:
        """Return the chains of names of which a value is one, each with its place."""
        found: list[tuple[str, int]] = []
        waiting = [value]
        for _ in range(_MOST_CHOICES):
            if not waiting:
                return tuple(found)
            node = waiting.pop()
            if node is None:
                continue
            kind = node.type
            if kind in ("identifier", "attribute"):
                chain = dotted(node)
                found += [(chain, node.start_byte)] if chain else []
            elif kind == "parenthesized_expression":
                waiting += _parts(node)
            elif kind == "conditional_expression":
                waiting += _parts(node)[::2]
            elif kind == "boolean_operator":
                waiting += [node.child_by_field_name("left"), node.child_by_field_name("right")]
            elif kind in ("named_expression", "assignment"):
                waiting.append(node.child_by_field_name("value" if kind == "named_expression" else "right"))
        self.unclear = f"a value is one of more than {_MOST_CHOICES}"
        return tuple(found)


_READERS: dict[str, Callable[[_Table, Node], Iterator[_Binding]]] = {
    "function": _Table.definition,
    "lambda": _Table.definition,
    "class": _Table.definition,
    "alias": _Table.type_alias,
    "assignment": _Table.assignment,
    "augmented": _Table.augmented,
    "walrus": _Table.walrus,
    "for": _Table.loop,
    "target": _Table.target,
    "delete": _Table.target,
    "case": _Table.case,
}
_TABLES: WeakKeyDictionary[Tree, Names] = WeakKeyDictionary()
_QUERIES: dict[str, Query] = {}


def names_of(tree: Tree, imports: Sequence[Node] | None = None) -> Names:
    """Return the names of the file, made once for each tree; from its import statements where they are known."""
    names = _TABLES.get(tree)
    if names is None:
        names = _TABLES[tree] = Names(tree, imports)
    return names


def known_names(tree: Tree) -> Names | None:
    """Return the names of the file if they have been made."""
    return _TABLES.get(tree)


def dotted(node: Node) -> str:
    """Return the dotted name that `node` spells, whatever its white space and parentheses; empty when it is none."""
    text = node.text or b""
    if _PLAIN.fullmatch(text) or (not text.isascii() and _words(text)):
        return text.decode()
    return _spelled(node)


def _spelled(node: Node) -> str:
    """Return the dotted name as its nodes spell it; empty when it is none, or longer than any name that somebody
    asks for.
    """
    segments: list[str] = []
    while len(segments) < _MOST_SEGMENTS:
        node = unwrapped(node)
        if node.type == "named_expression" and (value := node.child_by_field_name("value")) is not None:
            node = unwrapped(value)
        if node.type == "identifier":
            segments.append((node.text or b"").decode("utf-8", "replace"))
            return ".".join(reversed(segments))
        base, attribute = node.child_by_field_name("object"), node.child_by_field_name("attribute")
        if node.type != "attribute" or base is None or attribute is None:
            return ""
        segments.append((attribute.text or b"").decode("utf-8", "replace"))
        node = base
    return ""


def only_child(node: Node) -> Node | None:
    """What parentheses hold: the one named child that is no comment; None when there are more or none."""
    inner = _parts(node)
    return inner[0] if len(inner) == 1 else None


def unwrapped(node: Node, grouping: frozenset[str] = _GROUPING) -> Node:
    """What the parentheses around an expression hold."""
    while node.type in grouping and (inner := only_child(node)) is not None:
        node = inner
    return node


def _parts(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type not in ("comment", "line_continuation")]


def _seen_from(scope: _Scope) -> _Scope:
    """Return the scope in which a name is looked up that a scope below the module doesn't bind: no class is one."""
    scope = scope.parent
    while scope.form == "class":
        scope = scope.parent
    return scope


def _is_one(target: Node) -> bool:
    """Return whether a group holds one target without a comma, in parentheses that mean nothing."""
    return target.type in ("tuple_pattern", "tuple") and target.child_count == 3 and len(_parts(target)) == 1


def _aligned(targets: Sequence[Node], value: Node | None) -> list[tuple[Node, Node | None]]:
    """Each of several targets with the item of a display that it is given; None where a star makes that unclear."""
    value = unwrapped(value) if value is not None else None
    items: list[Node | None] = [*_parts(value)] if value is not None and value.type in _DISPLAYS else []
    starred = [number for number, target in enumerate(targets) if target.type in _SPLATS]
    if any(item is not None and item.type in _SPLATS for item in items):
        first = next(number for number, item in enumerate(items) if item is not None and item.type in _SPLATS)
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
            yield _text(name), body.start_byte if body is not None else node.end_byte
        elif node.type == "expression_statement" and (first := node.named_child(0)) is not None:
            left = first.child_by_field_name("left") if first.type == "assignment" else None
            if left is not None and left.type == "identifier" and first.child_by_field_name("right") is not None:
                yield _text(left), node.end_byte


def _type_parameters(node: Node) -> list[str]:
    """Return the names that a list of type parameters binds: the first of each."""
    found: list[str] = []
    for child in node.named_children if node.type == "type_parameter" else [node]:
        inner: Node | None = child
        while inner is not None and inner.type != "identifier":
            inner = inner.named_child(0)
        if inner is not None:
            found.append(_text(inner))
    return found


def _identifiers(node: Node) -> list[str]:
    return [_text(child) for child in node.named_children if child.type == "identifier"]


def _below(modules: Sequence[str], name: str) -> tuple[str, ...]:
    return tuple(f"{module}.{name}" if module else name for module in modules)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _words(text: bytes) -> bool:
    return all(part.isidentifier() for part in text.decode("utf-8", "replace").split("."))


def _squeezed(node: Node) -> str:
    return re.sub(r"\s|\\", "", _text(node))


def _captured(text: str, tree: Tree) -> dict[str, list[Node]]:
    """Return the nodes that each capture of a query of single nodes has in a tree, each once."""
    from tree_sitter import Query, QueryCursor

    query = _QUERIES.get(text)
    if query is None:
        query = _QUERIES[text] = Query(grammar(DEFAULT_LANGUAGE), text)
    roots, _ = beginnings(tree)
    cursor = QueryCursor(query, match_limit=256)
    found = cursor.captures(roots[0])
    for root in roots[1:]:
        for name, nodes in cursor.captures(root).items():
            seen = {node.id for node in found.get(name, ())}
            found.setdefault(name, []).extend(node for node in nodes if node.id not in seen)
    return found
