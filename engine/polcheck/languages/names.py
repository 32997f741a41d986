"""What the names of a file stand for: followed from where they are used to what was imported.

A name is looked up in the scopes that its language looks in, and stands for everything that one of its bindings there
may give it: an import, or a value that is a name itself (`load = torch.load`). Which binding ran last is not asked. A
language says in its `NameRules` which scopes a file has and what is bound in them; what follows from that is here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from msgspec import Struct

from polcheck.languages.grammars import Tree, captures
from polcheck.languages.registry import language

if TYPE_CHECKING:
    from tree_sitter import Node

# NOTE: a chain of calls repeats its text at every link, so longer ones are not even read
MAX_LENGTH = 500
MAX_SEGMENTS = 64
_MAX_MEANINGS = 256
_MAX_STEPS = 200_000
_MAX_DEPTH = 200  # scopes in one another
_GROUPING = frozenset({"parenthesized_expression"})
_IGNORED = frozenset({"comment", "line_comment", "block_comment", "multiline_comment", "line_continuation"})
_NONE_ERASED: Mapping[str, int] = MappingProxyType({})
_Key = tuple[int, str]  # the number of a scope, and a name that is bound in it


class Scope:
    """A block in which names are bound.

    `form` is "module", "function", "class", "block" or "comprehension"; `hole` is the part of a comprehension that is
    evaluated outside of it. `binds` are the names bound in it, `values` those that only values have: no name with a dot
    begins with one (in Rust). `globals` and `nonlocals` are names that the block declares to be those of the module or
    of a surrounding function.
    """

    __slots__ = (
        "_outer", "_parent", "binds", "depth", "end", "form", "globals", "hole", "nonlocals", "number", "start",
        "values",
    )  # fmt: skip

    def __init__(self, form: str, start: int, end: int, hole: tuple[int, int] = (-1, -1)) -> None:
        self.number = 0
        self.form = form
        self.start = start
        self.end = end
        self.hole = hole
        # NOTE: none for the module, which would hold itself, and with it its file, until circles are looked for
        self._outer: Scope | None = None
        self._parent: Scope | None = None
        self.depth = 0
        self.binds: set[str] = set()
        self.values: set[str] = set()
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()

    def nest(self, around: Scope, parent: Scope) -> None:
        """Set the block that surrounds it in the text, and the one in which it is evaluated."""
        self._outer, self._parent = around, parent
        self.depth = around.depth + 1

    @property
    def around(self) -> Scope:
        """The block that surrounds it in the text; the module's is itself."""
        return self._outer or self

    @property
    def parent(self) -> Scope:
        """The block in which it is evaluated; the module's is itself."""
        return self._parent or self

    @property
    def lookup(self) -> Scope:
        """The scope in which a name is looked up that a scope below the module doesn't bind: no class is one."""
        scope = self.parent
        while scope.form == "class":
            scope = scope.parent
        return scope

    def holds(self, place: int) -> bool:
        """Return whether the byte at `place` is in the block."""
        return self.start <= place < self.end and not self.hole[0] <= place < self.hole[1]


class Binding(NamedTuple):
    """A name bound at a byte: to something imported, to what `chains` stand for, or (neither) to anything else.

    Each of `chains` is a dotted name with the byte of its first segment.
    """

    scope: Scope
    name: str
    place: int
    imported: tuple[str, ...] = ()
    chains: tuple[tuple[str, int], ...] = ()


class ScopeTable:
    """The scopes of a file, by place and by number: the module has 0. `unclear` says why it isn't complete."""

    def __init__(self, scopes: Iterable[Scope] = ()) -> None:
        """Nest `scopes`, which are those below the module, in any order."""
        self.unclear = ""
        self.scopes = [Scope("module", 0, 1 << 62)]
        self._starts = [0]
        self._nest(sorted(scopes, key=lambda scope: (scope.start, -scope.end, scope.form == "comprehension")))

    @property
    def module(self) -> Scope:
        """The outermost scope."""
        return self.scopes[0]

    def _nest(self, scopes: Iterable[Scope]) -> None:
        around = [self.module]
        for scope in scopes:
            while around[-1].end <= scope.start:
                around.pop()
            scope.nest(around[-1], next(outer for outer in reversed(around) if outer.holds(scope.start)))
            if scope.depth > _MAX_DEPTH:
                self.unclear = f"names are bound more than {_MAX_DEPTH} scopes deep"
                return
            scope.number = len(self.scopes)
            self.scopes.append(scope)
            self._starts.append(scope.start)
            around.append(scope)

    def at(self, place: int) -> Scope:
        """Return the innermost scope that holds a byte."""
        scope = self.scopes[bisect_right(self._starts, place) - 1]
        while not scope.holds(place):
            scope = scope.around
        return scope

    def owned(self, bindings: Sequence[Binding]) -> list[Binding]:
        """Return the bindings, each with the scope to which declarations such as `global` and `nonlocal` give it.

        Every scope knows from then on which names it binds.
        """
        for scope, name, *_ in bindings:
            if name not in scope.globals and name not in scope.nonlocals:
                scope.binds.add(name)
        owned: list[Binding] = []
        for binding in bindings:
            scope, name, *_ = binding
            if name in scope.globals:
                scope = self.module
                scope.binds.add(name)
            elif name in scope.nonlocals:
                scope = self.bound_in(name, scope) or scope
            owned.append(binding._replace(scope=scope) if scope is not binding.scope else binding)
        return owned

    def bound_in(self, name: str, scope: Scope, dotted: bool = False) -> Scope | None:
        """Return the scope whose binding a use of `name` in `scope` sees; None when no scope binds it.

        `dotted` says that a dot comes after the name.
        """
        here = scope
        while True:
            if name in here.globals:
                return self.module if name in self.module.binds else None
            bound = name in here.binds or (not dotted and name in here.values)
            if bound and name not in here.nonlocals and (here.form != "class" or here is scope):
                return here
            if not here.depth:
                return None
            here = here.parent

    def keys(self, name: str, scope: Scope, dotted: bool = False) -> Iterator[_Key]:
        """Yield the bindings that a use of `name` in `scope` may see; those of the module even where it has none."""
        bound = self.bound_in(name, scope, dotted)
        yield (0 if bound is None else bound.number), name
        if bound is scope and bound.form == "class":  # NOTE: what a class hasn't bound yet is what it is outside
            yield from self.keys(name, bound.lookup, dotted)


class FileNames(NamedTuple):
    """What a language reads of one file: its scopes, and every binding of a name in them (as `owned` returns them).

    `stars` are the modules all of whose names are imported; `definite` says from which byte on the module has surely
    bound a name after the last of these imports. `unclear` says why not every binding is known.
    """

    table: ScopeTable
    bindings: Sequence[Binding] = ()
    stars: tuple[str, ...] = ()
    definite: Mapping[str, int] = {}
    unclear: str = ""


class NameRules(Struct, frozen=True, eq=False):
    """How the names of a language are followed. `imports` is a query that captures its import statements as `@import`.

    `read` gives the scopes and bindings of a file, from its import statements (of which there is at least one).
    `dotted` gives the dotted name that a node spells, whatever its white space; empty when it is none. `spelled` does
    so where the text of the node is too long to be read. `modules` gives every absolute name that a module may have
    which the file at a path imports as it is written, the likeliest first.
    """

    imports: str
    read: Callable[[Tree, Sequence[Node]], FileNames]
    dotted: Callable[[Node], str]
    spelled: Callable[[Node], str]
    modules: Callable[[str, str], tuple[str, ...]] = lambda path, written: (written,)


class Names:
    """The names of one file. `unclear` says why not every name could be followed; empty when all could."""

    def __init__(self, tree: Tree, imports: Sequence[Node] | None = None) -> None:
        """Read the bindings of `tree`; `imports` are its import statements where they are known already."""
        self.unclear = ""
        self._source = tree.source
        self._rules = language(tree.language).names
        self._table = ScopeTable()
        self._stars: tuple[str, ...] = ()
        self._definite: Mapping[str, int] = {}
        self._values: dict[_Key, tuple[str, ...]] = {}
        self._followed: frozenset[str] = frozenset()
        self._unfollowed: dict[bytes, tuple[str, ...]] = {}  # by text: chains that stand for themselves alone
        self._known: dict[tuple[int, bytes], tuple[str, ...]] = {}
        if self._rules is not None:
            statements = captures(self._rules.imports, tree).get("import", []) if imports is None else imports
            if statements:
                self._table, bindings, self._stars, self._definite, self.unclear = self._rules.read(tree, statements)
                self._spread([binding for binding in bindings if binding.imported or binding.chains])

    def of(self, node: Node) -> tuple[str, ...]:
        """Return the dotted names that `node` may stand for, as it is written first; empty when it is no such name.

        The name as written is left out where a nearer binding hides an import of that name.
        """
        if self._rules is None:
            return ()
        text = (node.text or b"") if node.end_byte - node.start_byte <= MAX_LENGTH else b""
        unfollowed = self._unfollowed.get(text) if text else None
        if unfollowed is not None:
            return unfollowed
        start = node.start_byte
        # NOTE: after a star import, what a name stands for depends on where it is used
        key = (start if self._stars else self._table.at(start).number, text)
        known = self._known.get(key) if text else None
        if known is not None:
            return known
        chain = (
            self._rules.dotted(node) if text else self._rules.spelled(node)
        )  # NOTE: white space must not hide a name
        names = self._stands_for(chain, start) if chain else ()
        if not text:
            return names
        if not self._stars and chain.partition(".")[0] not in self._followed:
            self._unfollowed[text] = names
        else:
            self._known[key] = names
        return names

    def why_hidden(self, node: Node) -> str:
        """Return why `node`, written like something imported, is something else; empty when it isn't."""
        chain = self._rules.dotted(node) if self._rules is not None else ""
        if not chain or self._stands_for(chain, node.start_byte):
            return ""
        head = chain.partition(".")[0]
        bound = self._table.bound_in(head, self._table.at(node.start_byte), "." in chain)
        if bound is None:
            return ""
        line = self._source.line_of(self._source.span_of_bytes(bound.start, bound.start).start)
        return f"`{head}` is bound again in the {bound.form} of line {line}, so that it isn't the import"

    def modules(self, written: str) -> tuple[str, ...]:
        """Return every absolute name that a module may have which an import of the file writes as `written`."""
        return self._rules.modules(self._source.path, written) if self._rules is not None else (written,)

    def _stands_for(self, chain: str, place: int) -> tuple[str, ...]:
        """Return every name that `chain`, whose first name is at `place`, may stand for."""
        head, dot, rest = chain.partition(".")
        if head not in self._followed and not self._stars:
            return (chain,)
        scope = self._table.at(place)
        followed = self._follow(head, scope, place, bool(dot))
        if followed:
            return tuple(dict.fromkeys([chain, *(name + dot + rest for name in followed)]))
        bound = self._table.bound_in(head, scope, bool(dot))
        if bound is not None and bound.depth and self._follow(head, bound.lookup, place, bool(dot)):
            return ()
        return (chain,)

    def _follow(self, head: str, scope: Scope, place: int, dotted: bool) -> tuple[str, ...]:
        """Return what a name that is used in `scope` was imported as."""
        names: list[str] = []
        for key in self._table.keys(head, scope, dotted):
            names += self._values.get(key, ())
            if self._may_be_starred(key, place):
                names += [f"{module}.{head}" for module in self._stars]
        return tuple(dict.fromkeys(names))

    def _may_be_starred(self, key: _Key, place: int) -> bool:
        """Return whether a name of the module, used at `place`, may come from a star import."""
        return bool(self._stars) and key[0] == 0 and place < self._definite.get(key[1], place + 1)

    def _spread(self, bindings: Sequence[Binding]) -> None:
        """Work out what each name may stand for, from the imports on, until nothing is added."""
        values: dict[_Key, dict[str, None]] = {}
        users: dict[_Key, list[tuple[_Key, str]]] = {}
        waiting: deque[tuple[_Key, str]] = deque()
        for binding in bindings:
            key = (binding.scope.number, binding.name)
            waiting.extend((key, name) for name in binding.imported)
            for chain, place in binding.chains:
                head, dot, rest = chain.partition(".")
                for source in self._table.keys(head, self._table.at(place), bool(dot)):
                    users.setdefault(source, []).append((key, dot + rest))
                    if self._may_be_starred(source, place):
                        waiting.extend((key, f"{module}.{chain}") for module in self._stars)
        steps = 0
        while waiting and not self.unclear:
            key, name = waiting.popleft()
            known = values.setdefault(key, {})
            if name in known or len(name) > MAX_LENGTH or name.count(".") >= MAX_SEGMENTS:
                continue
            known[name] = None
            more = users.get(key, ())
            waiting.extend((user, name + rest) for user, rest in more)
            steps += 1 + len(more)
            if len(known) > _MAX_MEANINGS or steps > _MAX_STEPS:
                self.unclear = f"`{key[1]}` may stand for too many names"
        self._values = {key: tuple(names) for key, names in values.items()}
        self._followed = frozenset(name for _, name in self._values)


_NAMES: WeakKeyDictionary[Tree, Names] = WeakKeyDictionary()


def names_of(tree: Tree, imports: Sequence[Node] | None = None) -> Names:
    """Return the names of the file, made once for each tree; from its import statements where they are known."""
    names = _NAMES.get(tree)
    if names is None:
        names = _NAMES[tree] = Names(tree, imports)
    return names


def known_names(tree: Tree) -> Names | None:
    """Return the names of the file if they have been made."""
    return _NAMES.get(tree)


def only_child(node: Node) -> Node | None:
    """Return what parentheses hold: the one named child that is no comment; None when there are more or none."""
    inner = parts_of(node)
    return inner[0] if len(inner) == 1 else None


def unwrapped(node: Node, grouping: frozenset[str] = _GROUPING, erased: Mapping[str, int] = _NONE_ERASED) -> Node:
    """Return what the parentheses around an expression hold; an expression without any itself.

    With `erased`, what only gives it a type is taken away, too: `x` for `(x as T)`.
    """
    while True:
        if node.type in erased and (parts := parts_of(node)):
            node = parts[erased[node.type]]
        elif node.type in grouping and (inner := only_child(node)) is not None:
            node = inner
        else:
            return node


def parts_of(node: Node) -> list[Node]:
    """Return the named children of a node that are no comments."""
    return [child for child in node.named_children if child.type not in _IGNORED]


def text_of(node: Node) -> str:
    """Return the text of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def segments_of(text: str) -> list[str]:
    """Return the names of a dotted name as it is written, with dots or double colons between them."""
    return ["".join(name.split()) for name in text.replace("::", ".").split(".")]
