"""Constants as they are searched for: what each file defines, and what captured expressions stand for."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from polcheck.base.spans import Source, Span
from polcheck.languages.registry import language, languages
from polcheck.selectors.results import Bound, Match, SearchResult

if TYPE_CHECKING:
    from tree_sitter import Node

    from polcheck.formats.values import Json
    from polcheck.languages.constant_lookup import Constants
    from polcheck.languages.constants import FileConstants
    from polcheck.languages.grammars import Tree

# NOTE: a run in which nothing has changed reads plans, and needs nothing that reads constants: that is imported late
TABLE = "constants"  # the name under which a match gives what a file defines
LANGUAGE = "language"


class ConstantTable(Struct, frozen=True):
    """The search for what a file of some languages defines, which import from one another."""

    languages: tuple[str, ...]
    manifests: tuple[str, ...] = ()

    def is_manifest(self, path: str) -> bool:
        """Return whether a file says where modules begin."""
        return path.rpartition("/")[2] in self.manifests

    def search(self, tree: Tree) -> SearchResult:
        """Return what a file defines."""
        from polcheck.languages.constants import MAX_NAMES
        from polcheck.languages.grammars import first_error

        rules = language(tree.language).constants
        if rules is None:
            return SearchResult()
        if tree.tree.root_node.has_error or tree.misread:
            line = first_error(tree.tree.root_node).start_point.row + 1
            return SearchResult((), tree.misread or f"syntax error at line {line}")
        table = rules.of(tree).constants()
        if len(table.names) + len(table.writes) > MAX_NAMES:
            return SearchResult((), f"more than {MAX_NAMES:,} names of constants")
        return SearchResult((_match(table, tree.language),))

    def search_manifest(self, source: Source) -> SearchResult:
        """Return where the modules begin that a file names. Raises Unreadable."""
        from polcheck.languages.constants import FileConstants

        rules = language(self.languages[0]).constants
        root = rules.manifest(source.text) if rules is not None else ""
        return SearchResult((_match(FileConstants(root=root), self.languages[0]),)) if root else SearchResult()


def table_for(name: str) -> ConstantTable | None:
    """Return the search for what the files define from which a language imports; None where it has literals only."""
    rules = language(name).constants
    if rules is None:
        return None
    # NOTE: languages that import from one another have the same rules
    together = sorted(other for other, one in languages().items() if one.constants is rules)
    return ConstantTable(tuple(together), rules.manifests)


def _match(table: FileConstants, name: str) -> Match:
    from polcheck.languages.constants import encoded

    return Match(None, ((TABLE, Bound(encoded(table))), (LANGUAGE, Bound(name))))


def with_cells(result: SearchResult, names: Collection[str], tree: Tree, *, alone: bool = False) -> SearchResult:
    """Return the matches with what the captures of these names stand for in place of their texts.

    `alone`: the text is no file of a project, and names are looked up in itself.
    """
    from polcheck.languages.constants import encoded

    cells: dict[tuple[str, Span], Json] = {}
    lookup: Constants | None = None
    matches: list[Match] = []
    for match in result.matches:
        bindings: list[tuple[str, Bound]] = []
        for name, bound in match.bindings:
            if name in names and bound.span is not None:
                key = (str(bound.value), bound.span)
                if key not in cells:
                    cells[key] = _cell(tree, bound, bound.span)
                    if alone:
                        lookup = lookup or _lookup(tree)
                        cells[key] = encoded(lookup.resolved(cells[key], ""))
                bound = Bound(cells[key], bound.span)  # noqa: PLW2901
            bindings.append((name, bound))
        matches.append(match._replace(bindings=tuple(bindings)))
    return replace(result, matches=tuple(matches))


def _lookup(tree: Tree) -> Constants:
    from polcheck.languages.constant_lookup import Constants

    rules = language(tree.language).constants
    tables = {"": rules.of(tree).constants()} if rules is not None and not tree.tree.root_node.has_error else {}
    return Constants((), tables, {"": tree.language})


def _cell(tree: Tree, bound: Bound, span: Span) -> Json:
    """Return what a captured stretch of a file stands for."""
    from polcheck.languages.constants import Value, encoded, literal

    start, end = tree.source.byte_of(span.start), tree.source.byte_of(span.end)
    node = tree.tree.root_node.named_descendant_for_byte_range(start, end) or tree.tree.root_node
    known = language(tree.language)
    string = _string_around(node, known.strings)
    value = known.literal(string) if string is not None else None
    if value is not None and value.plain and (string != node or value.value != bound.value):
        return encoded(Value(str(bound.value)))  # NOTE: `"$name"` captures the text of a string, or a part of it
    rules = known.constants
    return encoded(rules.of(tree).cell(node) if rules is not None else literal(known, node))


def _string_around(node: Node, strings: Collection[str]) -> Node | None:
    """Return the string literal that a node is, or whose text it is."""
    if node.type in strings:
        return node
    parent = node.parent
    is_text = parent is not None and parent.type in strings and node.type.endswith(("content", "fragment"))
    return parent if is_text else None
