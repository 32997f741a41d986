"""Many selectors of one language over one tree: one tree-sitter search, its matches dealt to the selectors.

Patterns of the same shape are searched once. Where their predicates ask for a text or a name, a table
leads from that text to the selectors that want it, so that the cost doesn't grow with their number.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field

from polcheck.languages.grammars import MOST_LEVELS, Tree, beginnings
from polcheck.languages.language import SnippetRules
from polcheck.languages.names import Names, known_names, names_of, unwrapped
from polcheck.languages.readings import Bare, Unparsed, readings_of
from polcheck.languages.registry import language as language_called
from polcheck.selectors.results import SearchResult
from polcheck.selectors.syntax.build import walk
from polcheck.selectors.syntax.cost import first_error, too_wide
from polcheck.selectors.syntax.matcher import Matcher, TooMuchWork, Work, matcher_of, words_of
from polcheck.selectors.syntax.matches import Captured, Columns, Row, Rows, matches_of_shape
from polcheck.selectors.syntax.predicates import Predicate, Regexes
from polcheck.selectors.syntax.query_patterns import PatternProbe, compiled
from polcheck.selectors.syntax.selector import Syntax
from polcheck.selectors.syntax.shape import Name

if TYPE_CHECKING:
    from tree_sitter import Node, Query

    Captures = Mapping[str, list[Node]]
    from tree_sitter import Node


_WORD = re.compile(r"\w+")
_KEPT = 64
_SHARE = 3  # a file that asks for a third of the shapes is searched for all
_MOST = 100  # shapes in a query that serves every file
_MOST_NAMED = 4_000  # sets of names of which it is remembered which members they lead to
_MOST_READ = 2_000  # bytes of a node in which words are looked for
_NAMES_LENGTH = 200  # characters of such a set


class Searched(NamedTuple):
    """The matches of each shape by its number, those of import statements, and whether tree-sitter has lost none.

    A match near where a search begins may be there twice.
    """

    matches: Mapping[int, Sequence[Captures]]
    imports: Sequence[Captures]
    complete: bool


class Queries:
    """The shapes of one query set. `harmless` are those that may be searched for in any file, asked for or not."""

    def __init__(self, language: str, shapes: Sequence[str], harmless: Sequence[int], limit: int) -> None:
        self._language = language
        self._shapes = shapes
        self._harmless = harmless
        self._limit = limit
        self._compiled: OrderedDict[tuple[int, ...], Query] = OrderedDict()
        self._last: tuple[Tree, Searched] | None = None

    def search(self, tree: Tree, roots: Sequence[Node], numbers: Sequence[int], imports: bool) -> Searched:
        """Searches for the shapes with these numbers and, if `imports`, for import statements."""
        if self._last is not None and not imports:
            last, searched = self._last
            if last is tree and all(number in searched.matches for number in numbers):
                return searched
        if _SHARE * len(numbers) < len(self._shapes) or len(self._shapes) > _MOST:
            return self.run(roots, numbers, imports)
        searched = self.run(roots, self._harmless, imports)
        rest = [number for number in numbers if number not in searched.matches]
        if rest and searched.complete:
            other = self.run(roots, rest, imports=False)
            searched = Searched({**searched.matches, **other.matches}, searched.imports, other.complete)
        if not searched.complete:  # NOTE: what nobody asked for may be why
            return self.run(roots, numbers, imports)
        self._last = (tree, searched)
        return searched

    def run(self, roots: Sequence[Node], numbers: Sequence[int], imports: bool) -> Searched:
        """Search from `roots` on for the shapes with these numbers and, if `imports`, for import statements."""
        from tree_sitter import QueryCursor

        cursor = QueryCursor(self._query(numbers, imports), match_limit=self._limit)
        by_pattern: list[list[Captures]] = [[] for _ in range(len(numbers) + 1)]
        complete = True
        for root in roots:
            for pattern, captures in cursor.matches(root):
                by_pattern[pattern].append(captures)
            complete = complete and not cursor.did_exceed_match_limit
        return Searched(dict(zip(numbers, by_pattern, strict=False)), by_pattern[-1], complete)

    def _query(self, numbers: Sequence[int], imports: bool) -> Query:
        """Return the query for the shapes with these numbers, and last for import statements."""
        key = (*numbers, -1) if imports else tuple(numbers)
        query = self._compiled.get(key)
        if query is None:
            shapes = [self._shapes[number] for number in numbers]
            rules = language_called(self._language).names if imports else None
            text = "\n".join([*shapes, rules.imports] if rules is not None else shapes)
            query = self._compiled[key] = compiled(text, self._language)
            if len(self._compiled) > _KEPT:
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(key)
        return query


class SearchLimits(NamedTuple):
    """Bounds on the search of one file.

    `matches` bounds what tree-sitter keeps in progress for one shape; `rows` the matches, `text` the characters
    that they bind, and `steps` the comparisons of one selector; `width` the children of a node in a tree with
    syntax errors.
    """

    matches: int = 256
    rows: int = 10_000
    text: int = 16_000_000
    steps: int = 1_000_000
    width: int = 2_000


LIMITS = SearchLimits()


class _Member(NamedTuple):
    """One pattern of one selector: which selector, what tree-sitter finds for it, and what must hold then."""

    selector: int
    probe: PatternProbe
    matcher: Matcher | None
    rest: tuple[Predicate, ...]  # the predicates that the table of its group hasn't answered yet
    words: tuple[bytes, ...] = ()  # what the text of a node must hold before it is compared


class _Group(Struct):
    """The members that share a shape; `tables` lead from the text or name of a capture to members.

    `wild` does so for names with `*`, by the capture, the number of segments and which of them are open; `regexes` for
    `#match?`. `named` has the members that names have led to.
    """

    shape: str
    captures: tuple[str, ...]
    always: list[_Member] = field(default_factory=list)
    tables: dict[tuple[int, str], dict[str, list[_Member]]] = field(default_factory=dict)
    wild: dict[int, dict[int, dict[tuple[int, ...], dict[str, list[_Member]]]]] = field(default_factory=dict)
    regexes: dict[int, Regexes[_Member]] = field(default_factory=dict)  # by capture
    selectors: set[int] = field(default_factory=set)
    follows: bool = False  # whether a member asks what names stand for
    harmless: bool = True  # whether it has no more matches than a file has nodes
    followed: dict[int, None] = field(default_factory=dict)  # captures by whose names members are looked up
    named: dict[tuple[int, tuple[str, ...]], tuple[_Member, ...]] = field(default_factory=dict)

    def add(self, selector: int, probe: PatternProbe, matcher: Matcher | None, words: tuple[bytes, ...]) -> None:
        """Takes a member in, under the texts that it wants where one of its predicates lists them."""
        self.selectors.add(selector)
        self.harmless &= probe.free == 1 or matcher is not None
        self.follows |= any(predicate.test == "resolves-to" for predicate in probe.predicates)
        for predicate in sorted(probe.predicates, key=lambda predicate: predicate.test == "match"):
            if _can_be_looked_up(predicate, probe):
                rest = tuple(other for other in probe.predicates if other is not predicate)
                member = _Member(selector, probe, matcher, rest, words)
                if predicate.test == "match":
                    self.regexes.setdefault(predicate.capture, Regexes()).add(predicate.values[0], member)
                    return
                for value in set(predicate.values):
                    self._table(predicate, value).setdefault(value, []).append(member)
                return
        self.always.append(_Member(selector, probe, matcher, probe.predicates, words))

    def _table(self, predicate: Predicate, value: str) -> dict[str, list[_Member]]:
        """Return the table in which a text that a predicate wants is looked up."""
        if predicate.test != "resolves-to":
            return self.tables.setdefault((predicate.capture, "text"), {})
        self.followed[predicate.capture] = None
        if "*" not in value:
            return self.tables.setdefault((predicate.capture, "name"), {})
        segments = value.split(".")
        places = tuple(number for number, segment in enumerate(segments) if segment == "*")
        return self.wild.setdefault(predicate.capture, {}).setdefault(len(segments), {}).setdefault(places, {})

    def members(self, nodes: Captured, names: Callable[[], Names], rules: SnippetRules) -> Sequence[_Member]:
        """Return the members in the tables that may match `nodes`."""
        found: Sequence[_Member] = ()
        for capture in self.followed:
            known = names().of(nodes[capture][0])
            led = self.named.get((capture, known))
            if led is None:
                led = self._remembered(capture, known)
            found = [*found, *led] if found and led else led or found
        for (capture, form), table in self.tables.items():
            if form == "name":
                continue
            node = nodes[capture][0]
            more = table.get((node.text or b"").decode("utf-8", "replace"))
            if more:
                found = [*found, *more]
            if node.type in rules.grouping or node.type in rules.erased:  # to a snippet they make no difference
                inner = (unwrapped(node, rules.grouping, rules.erased).text or b"").decode("utf-8", "replace")
                found = [*found, *(member for member in table.get(inner, ()) if member.matcher is not None)]
        for capture, regexes in self.regexes.items():
            found = [*found, *regexes.items(nodes[capture][0].text)]
        return found

    def _remembered(self, capture: int, names: tuple[str, ...]) -> tuple[_Member, ...]:
        """Return the members that any of some names leads to. NOTE: most nodes of most files have names seen before."""
        if len(self.named) >= _MOST_NAMED:
            self.named.clear()
        members = tuple(self._by_names(capture, names))
        if sum(map(len, names)) <= _NAMES_LENGTH:
            self.named[capture, names] = members
        return members

    def _by_names(self, capture: int, names: tuple[str, ...]) -> Iterator[_Member]:
        table = self.tables.get((capture, "name"), {})
        for name in names:
            yield from table.get(name, ())
        by_length = self.wild.get(capture, {})
        for name in names if by_length else ():
            segments = name.split(".")
            for places, opened in by_length.get(len(segments), {}).items():
                parts = ["*" if number in places else segment for number, segment in enumerate(segments)]
                yield from opened.get(".".join(parts), ())


def _follows(syntax: Syntax) -> bool:
    """Return whether what a selector finds may depend on what names stand for."""
    return any(
        any(predicate.test == "resolves-to" for predicate in probe.predicates)
        or (syntax.resolve and any(isinstance(part, Name) and "." in part.text for part in walk(shape)))
        for probe, shape, _ in syntax.alternatives
    )


def _can_be_looked_up(predicate: Predicate, probe: PatternProbe) -> bool:
    listed = bool(predicate.values)
    single = probe.captures[predicate.capture] in probe.single
    return listed and single and not (predicate.negated or predicate.any)


class QuerySet:
    """Selectors of one language, merged; the numbers of selectors are their places in the sequence given.

    Nothing is compiled before the first search, so that a set can be made in one process and used in
    another.
    """

    def __init__(self, syntaxes: Sequence[Syntax], limits: SearchLimits = LIMITS) -> None:
        self.syntaxes = tuple(syntaxes)
        self.limits = limits
        self._groups: list[_Group] | None = None
        self._queries: Queries | None = None
        self._numbers: dict[frozenset[int], list[int]] = {}

    def __getstate__(self) -> tuple[tuple[Syntax, ...], SearchLimits]:
        return self.syntaxes, self.limits

    def __setstate__(self, state: tuple[tuple[Syntax, ...], SearchLimits]) -> None:
        self.__init__(*state)  # type: ignore[misc]

    def search(self, tree: Tree, wanted: Collection[int] | None = None) -> dict[int, SearchResult]:
        """What each selector (of `wanted`, or all) finds in `tree`, matches in order of place."""
        selectors = frozenset(range(len(self.syntaxes)) if wanted is None else wanted)
        root = tree.tree.root_node
        broken = tree.misread
        if root.has_error:
            broken = broken or f"syntax error at line {first_error(tree)}"
            if too_wide(tree, self.limits.width):
                return dict.fromkeys(selectors, SearchResult((), broken))
        roots, is_whole = beginnings(tree)
        if not is_whole:
            broken = f"nested more than {MOST_LEVELS:,} levels deep"
        readings = readings_of(tree)
        embedded = readings.embedded
        roots += embedded.roots
        groups = self._groups_of(selectors)
        search = _Search(self, tree, selectors, roots)
        if groups and not search.run(groups):
            # NOTE: only a search of its own tells which shape has lost matches
            search = _Search(self, tree, selectors, roots)
            for number in groups:
                if not search.run([number]):
                    search.stop(self._grouped()[number].selectors, f"match limit {self.limits.matches} exceeded")
        unparsed = [(part, _words_in(tree, part)) for part in embedded.unparsed]
        for selector in selectors if unparsed else ():
            reason = _unparsed_reason(self.syntaxes[selector], tree, unparsed, search.rows_of(selector))
            if reason:
                search.stop([selector], reason)
        if readings.unclear:
            search.stop([each for each in selectors if self.syntaxes[each].kind == "pattern"], readings.unclear)
        names = known_names(tree)
        if names is not None and names.unclear:
            search.stop([number for number in selectors if _follows(self.syntaxes[number])], names.unclear)
        # NOTE: of most selectors there is nothing in most files
        results = dict.fromkeys(sorted(selectors), SearchResult((), broken))
        for selector, rows in search.rows.items():
            results[selector] = rows.result(broken)
        return results

    def _groups_of(self, selectors: frozenset[int]) -> list[int]:
        """Return the numbers of the groups that some selectors have patterns in."""
        numbers = self._numbers.get(selectors)
        if numbers is None:
            if len(self._numbers) >= _KEPT:
                self._numbers.clear()
            numbers = [number for number, group in enumerate(self._grouped()) if group.selectors & selectors]
            self._numbers[selectors] = numbers
        return numbers

    def _grouped(self) -> list[_Group]:
        if self._groups is None:
            groups: dict[str, _Group] = {}
            for selector, syntax in enumerate(self.syntaxes):
                for probe, shape, _ in syntax.alternatives:
                    numbers = tuple(f"c{number}" for number in range(probe.width))
                    words = words_of(shape, syntax.language) if shape is not None else ()
                    matcher = matcher_of(shape, syntax.language, syntax.resolve) if shape is not None else None
                    groups.setdefault(probe.shape, _Group(probe.shape, numbers)).add(selector, probe, matcher, words)
            self._groups = list(groups.values())
        return self._groups

    @property
    def queries(self) -> Queries:
        """What searches for the shapes of the groups."""
        if self._queries is None:
            groups = self._grouped()
            harmless = [number for number, group in enumerate(groups) if group.harmless]
            language = self.syntaxes[0].language
            self._queries = Queries(language, [group.shape for group in groups], harmless, self.limits.matches)
        return self._queries

    def group(self, number: int) -> _Group:
        """Return the selectors' patterns of one shape."""
        return self._grouped()[number]


def _numbered(matches: Sequence[Captures], names: Sequence[str]) -> list[Captured]:
    """Return the nodes of each match by the numbers of captures; none for a capture that a match lacks."""
    try:
        if len(names) == 1:
            return [(captures[names[0]],) for captures in matches]
        return list(map(itemgetter(*names), matches)) if names else [()] * len(matches)
    except KeyError:
        return [[captures.get(name, ()) for name in names] for captures in matches]


def _words_in(tree: Tree, part: Unparsed) -> frozenset[str]:
    return frozenset(_WORD.findall(tree.source.utf8[part.start : part.end].decode("utf-8", "replace")))


def _unparsed_reason(
    syntax: Syntax, tree: Tree, unparsed: Sequence[tuple[Unparsed, frozenset[str]]], rows: Rows
) -> str:
    """Return why a selector may have a match among tokens that couldn't be parsed; empty where it can't have one.

    It can where every word that a match of it needs stands there, and none of its matches does.
    """
    if not syntax.literals:
        return ""
    places = [(row[0], row[1]) for row in rows.rows]
    places += [
        (nodes[0].start_byte, nodes[0].end_byte) for _, taken in rows.taken for many in taken for nodes in many if nodes
    ]
    for part, words in unparsed:
        if all(any(word.removesuffix("(") in words for word in clause) for clause in syntax.literals) and not any(
            part.start <= start and end <= part.end for start, end in places
        ):
            line = tree.source.line_of(tree.source.span_of_bytes(part.start, part.start).start)
            return f"line {line}: {part.what} can't be parsed, and may hold a match"
    return ""


def _may_hold(node: Node, word: bytes) -> bool:
    """Return whether a word may be in the text of a node. NOTE: nodes in one another repeat their text, so long ones
    are not read.
    """
    return node.end_byte - node.start_byte > _MOST_READ or word in (node.text or b"")


class _NamesOf:
    """The names of a file, worked out when they are first asked for."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._names: Names | None = None

    def __call__(self) -> Names:
        if self._names is None:
            self._names = names_of(self._tree)
        return self._names


class _Search:
    """One query set over one tree."""

    def __init__(self, query_set: QuerySet, tree: Tree, selectors: frozenset[int], roots: Sequence[Node]) -> None:
        self.query_set = query_set
        self.tree = tree
        self.rows: dict[int, Rows] = {}  # of the selectors of which there is something
        self.roots = roots
        self.bare: Bare | None = None  # where what is dealt is of the file without what a snippet needn't write
        self._selectors = selectors
        self._columns = Columns(tree.source)
        self.work: dict[tuple[int, bool], Work] = {}  # of each selector
        self.names = _NamesOf(tree)

    def run(self, numbers: list[int]) -> bool:
        """Searches for the shapes with these numbers; False when tree-sitter has lost matches."""
        groups = [self.query_set.group(number) for number in numbers]
        follows = any(group.follows for group in groups) and known_names(self.tree) is None
        searched = self.query_set.queries.search(self.tree, self.roots, numbers, follows)
        if not searched.complete and len(numbers) > 1:
            return False
        if follows and searched.complete:
            names_of(self.tree, [captures["import"][0] for captures in searched.imports])
        self._deal_all(searched, numbers, groups)
        self.bare = readings_of(self.tree).bare if searched.complete else None
        if self.bare is None:
            return searched.complete
        searched = self.query_set.queries.run([self.bare.tree.root_node], numbers, imports=False)
        self._deal_all(searched, numbers, groups)
        self.bare = None
        return searched.complete

    def _deal_all(self, searched: Searched, numbers: Sequence[int], groups: Sequence[_Group]) -> None:
        """Give the matches of the shapes with these numbers to the selectors that want them."""
        for number, group in zip(numbers, groups, strict=True):
            if matches := searched.matches[number]:
                self._deal(group, _numbered(matches, group.captures))

    def _deal(self, group: _Group, matches: Sequence[Captured]) -> None:
        """Gives the matches of one shape to the selectors that want them."""
        for member in group.always:
            self._give(member, matches)
        if not (group.tables or group.regexes or group.wild):
            return
        wanted: dict[int, tuple[_Member, list[Captured]]] = {}
        rules = language_called(self.tree.language).snippet
        for nodes in matches:
            for member in group.members(nodes, self.names, rules):
                wanted.setdefault(id(member), (member, []))[1].append(nodes)
        for member, dealt in wanted.values():
            self._give(member, dealt)

    def _give(self, member: _Member, matches: Sequence[Captured]) -> None:
        """Add those that hold among some matches to a selector's rows."""
        if member.selector not in self._selectors:
            return
        rows = self.rows_of(member.selector)
        if rows.stopped:
            return
        if member.rest:
            matches = [
                nodes for nodes in matches if all(predicate.holds(nodes, self.names) for predicate in member.rest)
            ]
        matcher = member.matcher
        if matcher is None:
            if self.bare is None:
                rows.take(member.probe, matches)
            return
        root = member.probe.roots[0]
        roots = [nodes[root][0] for nodes in matches]
        for word in member.words:
            roots = [node for node in roots if _may_hold(node, word)]
        if not roots:
            return
        work = self._work_of(member.selector)
        try:
            if self.bare is not None:
                self._give_bare(rows, matches_of_shape(matcher, work, roots))
            else:
                rows.add(matches_of_shape(matcher, work, roots))
        except TooMuchWork:
            rows.stopped = f"limit of {self.query_set.limits.steps:,} comparisons exceeded"

    def _give_bare(self, rows: Rows, more: Iterable[Row]) -> None:
        """Add the matches in a bare file, but for those that the file itself has: what that says of them is more."""
        assert self.bare is not None  # INVARIANT: nothing else is given here
        ends: dict[int, list[int]] = {}
        for start, end, *_ in rows.rows:
            ends.setdefault(start, []).append(end)
        for row in more:
            start, end, *_ = row
            if not any(known >= end and self.bare.is_blank(end, known) for known in ends.get(start, ())):
                rows.add([row])

    def _work_of(self, selector: int) -> Work:
        """Return the work of comparing snippets for one selector, with what is left of its steps."""
        is_bare = self.bare is not None
        work = self.work.get((selector, is_bare))
        if work is None:
            code = self.tree.source.utf8 if is_bare else None
            work = self.work[selector, is_bare] = Work(self.names, self.query_set.limits.steps, code)
        return work

    def stop(self, selectors: Collection[int], why: str) -> None:
        """Notes for `selectors` that their search is not complete."""
        for selector in self._selectors.intersection(selectors):
            rows = self.rows_of(selector)
            rows.stopped = rows.stopped or why

    def rows_of(self, selector: int) -> Rows:
        """Return what collects the matches of a selector."""
        rows = self.rows.get(selector)
        if rows is None:
            limits = self.query_set.limits
            rows = self.rows[selector] = Rows(self.tree, limits.rows, limits.text, self._columns)
        return rows
