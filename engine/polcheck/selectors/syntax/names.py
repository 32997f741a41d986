"""What the names of a Python file stand for: its imports, followed to the dotted name that was imported.

The table is the whole file's: an import inside a function counts everywhere, and a parameter or local
variable that has the name of an import is taken for it. A name imported twice as different things stands for
either.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from polcheck.languages.grammars import Tree, grammar

if TYPE_CHECKING:
    from tree_sitter import Node, Query

_PLAIN = re.compile(rb"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
# NOTE: a chain of calls repeats its text at every link, so longer ones are not even read
_LONGEST = 500
_MOST_SEGMENTS = 64
IMPORTS = "[(import_statement) (import_from_statement)] @import"
"""The query that finds the statements that `Names` reads."""
_ALIASES = """(module (expression_statement
  (assignment left: (identifier) @left right: [(identifier) (attribute)] @right)))"""
_BINDINGS = """
(assignment left: (_) @target) (augmented_assignment left: (_) @target) (named_expression name: (_) @target)
(for_statement left: (_) @target) (for_in_clause left: (_) @target) (as_pattern_target) @target
(function_definition name: (_) @target) (class_definition name: (_) @target) (parameters (_) @target)
(lambda_parameters (_) @target) (global_statement (_) @target)
"""
_WORD = re.compile(r"[^\W\d]\w*")


class Names:
    """The names of one file; `of` follows a name, `module` makes a relative import absolute."""

    def __init__(self, tree: Tree, imports: Sequence[Node] | None = None) -> None:
        self._path = PurePosixPath(tree.source.path)
        self._table: dict[str, tuple[str, ...]] = {}
        self._stars: tuple[str, ...] = ()
        self._bound: frozenset[str] = frozenset()
        self._known: dict[bytes, tuple[str, ...]] = {}
        if tree.language == "python":
            root = tree.tree.root_node
            self._fill(root, _captured(IMPORTS, root) if imports is None else imports)

    def of(self, node: Node) -> tuple[str, ...]:
        """The dotted names that `node` may stand for; empty when it is no name or chain of attributes."""
        if node.end_byte - node.start_byte > _LONGEST:
            chain = _spelled(node)  # NOTE: white space must not hide a name
            return self._follow(chain) if chain else ()
        text = node.text or b""
        known = self._known.get(text)
        if known is None:
            chain = dotted(node)
            known = self._known[text] = self._follow(chain) if chain else ()
        return known

    def module(self, written: str) -> str:
        """The absolute name of a module that an import writes as `written`; relative to the file's folder."""
        dots = len(written) - len(written.lstrip("."))
        if not dots:
            return written
        folders = self._path.parts[:-1]
        kept = folders[: max(len(folders) - (dots - 1), 0)]
        return ".".join([*kept, *filter(None, [written[dots:]])])

    def _follow(self, chain: str) -> tuple[str, ...]:
        head, dot, rest = chain.partition(".")
        imported = self._table.get(head)
        if imported is not None:
            return tuple(name + dot + rest for name in imported)
        if self._stars and head not in self._bound:
            return (chain, *(f"{module}.{chain}" for module in self._stars))
        return (chain,)

    def _fill(self, root: Node, imports: Sequence[Node]) -> None:
        table: dict[str, list[str]] = {}
        stars: list[str] = []
        for statement in imports:
            for name, target in self._imported(statement):
                if name == "*":
                    stars.append(target)
                elif target not in table.setdefault(name, []):
                    table[name].append(target)
        self._table = {name: tuple(targets) for name, targets in table.items()}
        self._stars = tuple(dict.fromkeys(filter(None, stars)))
        if self._stars or self._table:
            self._add_aliases(root)

    def _imported(self, statement: Node) -> Iterator[tuple[str, str]]:
        """The names that an import statement binds, each with what it stands for."""
        origin = statement.child_by_field_name("module_name")
        module = self.module(_squeezed(origin)) + "." if origin is not None else ""
        for item in statement.children_by_field_name("name"):
            if item.type == "aliased_import":
                alias, name = item.child_by_field_name("alias"), item.child_by_field_name("name")
                if alias is not None and name is not None:
                    yield _squeezed(alias), (module + _squeezed(name)).lstrip(".")
            elif module:
                yield _squeezed(item), (module + _squeezed(item)).lstrip(".")
            else:
                head = _squeezed(item).partition(".")[0]
                yield head, head
        if any(child.type == "wildcard_import" for child in statement.named_children):
            yield "*", module.rstrip(".")

    def _add_aliases(self, root: Node) -> None:
        """Adds names given once, at the top of the file, to something imported: `load = torch.load`."""
        candidates: list[tuple[str, str]] = []
        for _, captures in _matches(_ALIASES, root, depth=1):
            chain = dotted(captures["right"][0])
            if chain:
                candidates.append(((captures["left"][0].text or b"").decode(), chain))
        if not candidates and not self._stars:
            return
        times: Counter[str] = Counter()
        for target in _captured(_BINDINGS, root):
            times.update(_bound_by(target))
        self._bound = frozenset(times)
        for name, chain in candidates:
            head = chain.partition(".")[0]
            if times[name] == 1 and name not in self._table and head in self._table:
                self._table[name] = (*self._follow(chain), name)


_TABLES: WeakKeyDictionary[Tree, Names] = WeakKeyDictionary()
_QUERIES: dict[str, Query] = {}


def names_of(tree: Tree, imports: Sequence[Node] | None = None) -> Names:
    """The names of the file, made once for each tree; from its import statements where they are known."""
    names = _TABLES.get(tree)
    if names is None:
        names = _TABLES[tree] = Names(tree, imports)
    return names


def are_known(tree: Tree) -> bool:
    """Whether the names of the file have been made."""
    return tree in _TABLES


def dotted(node: Node) -> str:
    """The dotted name that `node` spells, whatever its white space and parentheses; empty when it is none."""
    text = node.text or b""
    if _PLAIN.fullmatch(text) or (not text.isascii() and _words(text)):
        return text.decode()
    return _spelled(node)


def _spelled(node: Node) -> str:
    """The dotted name as its nodes spell it; empty when it is none, or longer than any name that somebody asks for."""
    segments: list[str] = []
    while len(segments) < _MOST_SEGMENTS:
        while node.type == "parenthesized_expression" and (inner := only_child(node)) is not None:
            node = inner
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
    inner = [child for child in node.named_children if child.type not in ("comment", "line_continuation")]
    return inner[0] if len(inner) == 1 else None


def _bound_by(target: Node) -> list[str]:
    """The names that an assignment to `target`, or a parameter, binds."""
    if target.type in ("attribute", "subscript"):
        return []
    words = _WORD.findall((target.text or b"")[:_LONGEST].decode("utf-8", "replace"))
    return words[:1] if target.type.endswith("parameter") else words


def _words(text: bytes) -> bool:
    return all(part.isidentifier() for part in text.decode("utf-8", "replace").split("."))


def _squeezed(node: Node) -> str:
    return re.sub(r"\s|\\", "", (node.text or b"").decode("utf-8", "replace"))


def _matches(text: str, root: Node, depth: int | None = None) -> list[tuple[int, dict[str, list[Node]]]]:
    from tree_sitter import Query, QueryCursor

    query = _QUERIES.get(text)
    if query is None:
        query = _QUERIES[text] = Query(grammar("python"), text)
    cursor = QueryCursor(query, match_limit=256)
    if depth is not None:
        cursor.set_max_start_depth(depth)
    return cursor.matches(root)


def _captured(text: str, root: Node) -> list[Node]:
    return [node for _, captures in _matches(text, root) for nodes in captures.values() for node in nodes]
