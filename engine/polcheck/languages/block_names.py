"""Names in languages of nested blocks: what is imported, what is declared in which block, and what hides what.

What each language binds, and which names its imports give, stands in its own file; docs/patterns.md has the rules as
a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from polcheck.languages.grammars import Tree, captures
from polcheck.languages.language import Chain
from polcheck.languages.names import (
    MAX_SEGMENTS,
    Binding,
    FileNames,
    NameRules,
    Scope,
    ScopeTable,
    segments_of,
    text_of,
    unwrapped,
)

if TYPE_CHECKING:
    from tree_sitter import Node

ALL = "*"
"""The name under which `imported` yields a module all of whose names are imported."""


class BlockRules(Struct, frozen=True, eq=False):
    """How a language of blocks binds names.

    `imports` is a query that captures import statements as `@import`. `bindings` captures blocks as `@scope`, names
    that are bound in the block around them as `@name`, those of values alone as `@local`, names of a block itself,
    which are bound around it, as `@outer`, and declarations of a name with a value as `@value`. `imported` yields the
    names that an import statement of the file at a path binds, with what each stands for. `chain` is how dotted names
    are parsed, `value` gives the name and the value of a declaration; `destructured` the names that a pattern binds to
    parts of a name, with these. `module` is the module that an expression such as a call of `require` gives, if it
    does; `prefixes` are kinds of names that begin at the root of all names, with the field of what follows. `grouping`
    and `erased` are those of the language's snippets.
    """

    imports: str
    bindings: str
    chain: Chain
    imported: Callable[[str, Node], Iterator[tuple[str, str]]]
    value: tuple[str, str] = ("name", "value")
    grouping: frozenset[str] = frozenset({"parenthesized_expression"})
    erased: Mapping[str, int] = {}
    destructured: Callable[[Node, str], Iterator[tuple[str, str]]] | None = None
    module: Callable[[Node], str] | None = None
    prefixes: Mapping[str, str] = {}

    def rules(self) -> NameRules:
        """Return how the names of the language are followed."""
        return NameRules(self.imports, self.read, self.dotted, self.dotted)

    def dotted(self, node: Node) -> str:
        """Return the dotted name that a node spells, whatever its white space; empty when it is none."""
        segments: list[str] = []
        while len(segments) < MAX_SEGMENTS:
            node = unwrapped(node, self.grouping, self.erased)
            if node.type in self.prefixes:
                node = node.child_by_field_name(self.prefixes[node.type]) or node
            if node.type in self.chain.whole:
                return ".".join([*segments_of(text_of(node)), *reversed(segments)])
            if node.type != self.chain.member:
                plain = node.type == self.chain.identifier or node.type in self.chain.roots
                module = self.module(node) if self.module is not None and segments and not plain else ""
                return ".".join([module or text_of(node), *reversed(segments)]) if plain or module else ""
            base, attribute = node.child_by_field_name(self.chain.base), node.child_by_field_name(self.chain.attribute)
            if attribute is None:
                return ""
            if base is None:  # NOTE: such as `::std`
                return ".".join([text_of(attribute), *reversed(segments)])
            segments.append(text_of(unwrapped(attribute, frozenset(), self.erased)))
            node = base
        return ""

    def read(self, tree: Tree, imports: Sequence[Node]) -> FileNames:
        """Return the scopes and bindings of a file with these import statements."""
        nodes = captures(self.bindings, tree)
        table = ScopeTable(Scope("block", node.start_byte, node.end_byte) for node in nodes.get("scope", ()))
        bindings: list[Binding] = []
        stars: dict[str, None] = {}
        definite: dict[str, int] = {}
        for statement in imports:
            scope = table.at(statement.start_byte)
            for name, target in self.imported(tree.source.path, statement):
                if name == ALL:
                    stars[target] = None
                    continue
                bindings.append(Binding(scope, name, statement.start_byte, (target,)))
                definite[name] = 0
        for form in ("name", "outer"):
            for node in nodes.get(form, ()):
                scope = table.at(node.start_byte)
                scope = scope.parent if form == "outer" else scope
                bindings.append(Binding(scope, text_of(node), node.start_byte))
                if scope is table.module:  # NOTE: what a file declares or imports by name is nothing of a star import
                    definite[text_of(node)] = 0
        for node in nodes.get("local", ()):
            table.at(node.start_byte).values.add(text_of(node))
        for node in nodes.get("value", ()):
            bindings += self._assigned(node, table)
        return FileNames(table, table.owned(bindings), tuple(stars), definite, table.unclear)

    def _assigned(self, node: Node, table: ScopeTable) -> Iterator[Binding]:
        name, value = (node.child_by_field_name(field) for field in self.value)
        chain = self.dotted(value) if value is not None else ""
        if name is None or value is None or not chain:
            return
        scope = table.at(node.start_byte)
        if name.type == self.chain.identifier:
            yield Binding(scope, text_of(name), node.start_byte, (), ((chain, value.start_byte),))
        elif self.destructured is not None:
            for bound, part in self.destructured(name, chain):
                yield Binding(scope, bound, node.start_byte, (), ((part, value.start_byte),))
