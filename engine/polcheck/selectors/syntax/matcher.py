"""Whether a node is what a snippet's shape says, and every way in which it is.

The depth of the recursion is the snippet's, never the file's; the work on one file is bounded by
`Work.steps`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from polcheck.base.cached import cached_property
from polcheck.languages.language import SnippetRules
from polcheck.languages.names import Names, only_child, parts_of, unwrapped
from polcheck.languages.registry import language as language_called
from polcheck.selectors.syntax.predicates import names_match
from polcheck.selectors.syntax.shape import (
    IGNORED,
    Arguments,
    Branch,
    Formatted,
    Generic,
    Hole,
    Import,
    Keyword,
    Leaf,
    Many,
    Mapping,
    Name,
    Parameter,
    Shape,
    Statements,
    Terminated,
    Word,
)
from polcheck.selectors.syntax.snippet import Quoted, parameter_parts

if TYPE_CHECKING:
    from tree_sitter import Node


_ARGUMENTS = frozenset({"argument_list", "generator_expression"})
_NAMED = frozenset({"keyword_argument", "dictionary_splat"})
_MOST_MATCHERS = 2_000  # that are kept compiled
_MOST_STATEMENTS = 1000  # NOTE: how far apart two statements of a snippet with `...` between them may be


class TooMuchWork(Exception):
    """The bound on the work for one snippet on one file was hit."""


class Bind(NamedTuple):
    """What a hole stands for: its value, where (in bytes), and whether it is a string (None: part of one)."""

    value: str
    start: int
    end: int
    string: bool | None

    def agrees(self, other: Bind) -> bool:
        """Return whether both are the same text; a part of a string agrees with a name of that text."""
        same_form = self.string is None or other.string is None or self.string == other.string
        return same_form and self.value == other.value


Binds = dict[str, Bind]


class Match(NamedTuple):
    """One way to match: the bytes that it spans, and what it binds."""

    start: int
    end: int
    binds: Binds


class Work:
    """Comparing snippets with nodes of one file: `steps` is how many comparisons are left.

    `code` is the file where the nodes are of a tree of something else than it says.
    """

    __slots__ = ("code", "names", "steps")

    def __init__(self, names: Callable[[], Names], steps: int, code: bytes | None = None) -> None:
        self.names = names
        self.steps = steps
        self.code = code


_Compare = Callable[[Work, "Node", Binds], Sequence[Binds]]
"""Returns the bindings, added to some, with which a node is a shape. Raises TooMuchWork."""

_CompareAll = Callable[[Work, "Sequence[Node]", Binds], Iterable[Binds]]
"""Returns the bindings, added to some, with which nodes are shapes, none left over."""

_CompareSome = Callable[[Work, "Sequence[Node]", Binds], Iterator[tuple[Binds, int]]]
"""As that, with nodes left over: with how many of them are taken."""


class Matcher:
    """Matches one shape, which is compiled to functions when it is first compared with a node."""

    def __init__(self, shape: Shape, language: str, resolve: bool) -> None:
        self.shape = shape
        self.language = language_called(language)
        self.rules = self.language.snippet
        self.resolve = resolve
        self._ignored = IGNORED | self.language.comments | self.rules.punctuation
        self._wrappers = self.rules.grouping.union(self.rules.erased)
        self._opaque = self._wrappers.union(self.rules.types) if self.rules.grouping else frozenset[str]()

    @cached_property
    def matches(self) -> Callable[[Work, Node], Iterable[Match]]:
        """What returns every way in which a node is the shape. Raises TooMuchWork when the steps are used up."""
        return self._top(self.shape)

    def _top(self, shape: Shape) -> Callable[[Work, Node], Iterable[Match]]:
        if isinstance(shape, Statements):
            return self._statements(shape)
        if isinstance(shape, Terminated):
            return self._terminated(shape)
        compare = self._compare(shape)
        inside = _inside_a_string if isinstance(shape, Quoted) else _inside_a_name if isinstance(shape, Name) else None

        def matches(work: Work, node: Node) -> Iterable[Match]:
            if inside is not None and inside(node):
                return ()
            start, end = node.start_byte, node.end_byte
            return [Match(start, end, binds) for binds in compare(work, node, {})]

        return matches

    def _terminated(self, shape: Terminated) -> Callable[[Work, Node], Iterable[Match]]:
        expression = self._top(shape.expression)
        grouping, statements = self.rules.grouping, self.rules.expression_statements

        def matches(work: Work, node: Node) -> Iterator[Match]:
            parent = node.parent
            while parent is not None and parent.type in grouping:
                parent = parent.parent
            whole = parent if parent is not None and parent.type in statements else node
            for match in expression(work, node):
                yield Match(whole.start_byte, whole.end_byte, match.binds)

        return matches

    def _statements(self, shape: Statements) -> Callable[[Work, Node], Iterable[Match]]:
        sequence = self._some(shape.items)
        most = _MOST_STATEMENTS if _has_many(shape.items) else len(shape.items)
        ignored = self._ignored

        def matches(work: Work, node: Node) -> Iterator[Match]:
            following = [node]
            after = node.next_named_sibling
            while after is not None and len(following) < most:
                if after.type not in ignored:
                    following.append(after)
                after = after.next_named_sibling
            for binds, count in sequence(work, following, {}):
                yield Match(node.start_byte, following[count - 1].end_byte, binds)

        return matches

    def _compare(self, shape: Shape) -> _Compare:
        """Return what compares a node with a shape, without the parentheses and types that a snippet leaves out."""
        return self._unwrapping(shape, _BY_SHAPE[type(shape)](self, shape))

    def _unwrapping(self, shape: Shape, compare: _Compare) -> _Compare:
        """Return what compares a node with a shape by `compare`, which takes none in parentheses."""
        opaque, wrappers, types, core = self._opaque, self._wrappers, self.rules.types, self._core
        own_type = isinstance(shape, Branch) and not types.isdisjoint(shape.kinds)

        def compared(work: Work, node: Node, binds: Binds) -> Sequence[Binds]:
            work.steps -= 1
            if work.steps < 0:
                raise TooMuchWork
            if node.type in opaque:
                if node.type in wrappers:
                    node = core(shape, node)
                if node.type in types and not own_type:
                    node = only_child(node) or node
            return compare(work, node, binds)

        return compared

    def _core(self, shape: Shape, node: Node) -> Node:
        """Return a node without parentheses, and without types that the snippet leaves out."""
        node = unwrapped(node, self.rules.grouping)
        erased = self.rules.erased
        while node.type in erased and not isinstance(shape, Hole | Many):
            if isinstance(shape, Branch) and node.type in shape.kinds:
                break
            node = unwrapped(parts_of(node)[erased[node.type]], self.rules.grouping)
        return node

    def _hole(self, shape: Hole) -> _Compare:
        words, bind = self.rules.expression_words, self._bind(shape.name)

        def compare(work: Work, node: Node, binds: Binds) -> Sequence[Binds]:
            return bind(work, node, binds) if node.is_named or node.type in words else ()

        return compare

    def _bind(self, name: str | None) -> _Compare:
        """Return what binds a node to a name."""
        if name is None:
            return lambda work, node, binds: (binds,)
        literal_of, lists = self.language.literal, self.rules.lists_of_one

        def bind(work: Work, node: Node, binds: Binds) -> Sequence[Binds]:
            literal = literal_of(_one(node, lists) if lists else node)
            start, end = node.start_byte, node.end_byte
            if literal is not None:
                return _added(binds, name, Bind(literal.value, start, end, True))
            text = (node.text or b"") if work.code is None else work.code[start:end]
            return _added(binds, name, Bind(text.decode("utf-8", "replace"), start, end, False))

        return bind

    def _leaf(self, shape: Leaf) -> _Compare:
        kind, text, value = shape.kind, shape.text, self.language.word_value
        if kind in self.rules.words and value is not None:
            word = text.decode("utf-8", "replace")
            return lambda work, node, binds: (binds,) if value(node) == word else ()

        def compare(work: Work, node: Node, binds: Binds) -> Sequence[Binds]:
            same = node.type == kind and (node.text == text or self._same_word(shape, node))
            return (binds,) if same else ()

        return compare

    def _same_word(self, shape: Leaf, node: Node) -> bool:
        """Return whether a leaf is the snippet's where the case of its letters means nothing."""
        ignores_case = self.rules.ignores_case
        if ignores_case is None or not ignores_case(shape.kind):
            return False
        if self.rules.keeps_case is not None and self.rules.keeps_case(node):
            return False
        return (node.text or b"").decode("utf-8", "replace").lower() == shape.text.decode("utf-8", "replace").lower()

    def _word(self, shape: Word) -> _Compare:
        text, alike = shape.text, self.rules.alike_words.get(shape.text, frozenset())

        def compare(work: Work, node: Node, binds: Binds) -> Sequence[Binds]:
            kind = node.type
            return (binds,) if (kind == text and not node.is_named) or kind in alike else ()

        return compare

    def _name(self, shape: Name) -> _Compare:
        follow, wanted, rules = self.resolve and "." in shape.text, shape.text, self.language.names
        kinds = self._kinds(shape)
        if rules is None or kinds is None:
            return lambda work, node, binds: ()

        def compare(work: Work, node: Node, binds: Binds) -> Sequence[Binds]:
            if node.type not in kinds or not (written := rules.dotted(node)):
                return ()
            every: list[Binds] = []
            for name in work.names().of(node) if follow else (written,):
                if names_match(wanted, name):
                    segments = name.split(".")
                    options = [binds]
                    for index, hole in shape.holes:
                        bind = _segment(node, written, segments, index)
                        options = [more for known in options for more in _added(known, hole, bind)]
                    every += options
            return every

        return compare

    def _quoted(self, shape: Quoted) -> _Compare:
        literal_of = self.language.literal

        def compare(work: Work, node: Node, binds: Binds) -> Sequence[Binds]:
            literal = literal_of(node)
            if literal is None or not literal.plain:
                return ()
            parts = shape.parts(literal.value)
            if parts is None:
                return ()
            for name, part in zip(shape.names, parts, strict=True):
                if name is None:
                    continue
                bind = Bind(part, node.start_byte, node.end_byte, None)
                if name in binds and not binds[name].agrees(bind):
                    return ()
                binds = binds if name in binds else {**binds, name: bind}
            return (binds,)

        return compare

    def _formatted(self, shape: Formatted) -> _Compare:
        strings, formatted = self.language.strings, self.language.formatted
        ours = [piece if isinstance(piece, str) else (self._compare(piece[0]), piece[1]) for piece in shape.pieces]

        def compare(work: Work, node: Node, binds: Binds) -> Sequence[Binds]:
            if formatted is None or node.type not in strings:
                return ()
            theirs = formatted(node)
            if len(theirs) != len(ours):
                return ()
            options = [binds]
            for own, piece in zip(ours, theirs, strict=True):
                if isinstance(own, str) or isinstance(piece, str):
                    options = options if own == piece else []
                    continue
                if piece.expression is None or piece.form != own[1]:
                    return ()
                options = [more for known in options for more in own[0](work, piece.expression, known)]
            return options

        return compare

    def _branch(self, shape: Branch) -> _Compare:
        kinds, left_out, fields = shape.kinds, self._ignored | shape.unasked, shape.unasked_fields
        items, prefixes = self._all(shape.items), self.rules.word_prefixes

        def compare(work: Work, node: Node, binds: Binds) -> Sequence[Binds]:
            if node.type not in kinds:
                return ()
            children = [child for child in node.children if child.type not in left_out]
            if fields:
                unasked = {child.id for field in fields for child in node.children_by_field_name(field)}
                children = [child for child in children if child.id not in unasked]
            options = list(items(work, children, binds))
            while prefixes and (taken := self._prefix(node.type, children)):
                children = children[taken:]
                options += items(work, children, binds)
            return options

        return compare

    def _prefix(self, kind: str, words: Sequence[Node]) -> int:
        """Return how many words of a command only say how the next one is run."""
        value = self.language.word_value
        if value is None or len(words) < 2:
            return 0
        options = self.rules.word_prefixes.get((kind, value(unwrapped(words[0], self.rules.grouping)) or ""))
        at = 1
        while options is not None and at < len(words):
            text = value(unwrapped(words[at], self.rules.grouping)) or ""
            if text == "--":
                at += 1
                break
            if not text.startswith("-") or text == "-":
                break
            known = [options.find(flag) for flag in text[1:] if flag != ":"]
            if -1 in known or not known:
                return 0
            valued = next((index for index, place in enumerate(known) if options[place + 1 : place + 2] == ":"), None)
            at += 2 if valued == len(known) - 1 else 1
        return at if options is not None and at < len(words) else 0

    def _kinds(self, shape: Shape) -> Collection[str] | None:
        """Return the kinds of nodes that can be a shape, where they aren't in parentheses; None when any may be."""
        rules = self.rules
        if isinstance(shape, Branch):
            return shape.kinds
        if isinstance(shape, Quoted | Formatted):
            return self.language.strings
        if isinstance(shape, Word):
            return {shape.text}.union(rules.alike_words.get(shape.text, ()))
        if isinstance(shape, Leaf):
            return None if shape.kind in rules.words and self.language.word_value is not None else {shape.kind}
        if isinstance(shape, Name):
            followed = {"named_expression"} if self.resolve and "." in shape.text else set()
            return followed.union(rules.chain.kinds if rules.chain is not None else ())
        if isinstance(shape, Arguments):
            return _ARGUMENTS
        if isinstance(shape, Keyword):
            return {"keyword_argument"}
        return None

    def _may_be(self, shape: Shape) -> Collection[str] | None:
        """Return the kinds of nodes that are worth comparing with a shape; None for all.

        One in parentheses may be anything. NOTE: comparing binds, which is dear.
        """
        kinds = self._kinds(shape)
        rules = self.rules
        return None if kinds is None else frozenset(kinds).union(rules.grouping, rules.types, rules.erased)

    def _all(self, shapes: Sequence[Shape]) -> _CompareAll:
        """Return what compares nodes with shapes one after the other: those between `...` anywhere, in their order."""
        parts = _between_many(shapes)
        if len(parts) == 1:
            return self._in_turn(shapes)
        if not any(parts):
            return lambda work, nodes, binds: (binds,)
        first, *middle, last = parts
        if not first and not last and [len(part) for part in middle] == [1]:
            return self._anywhere(middle[0][0])
        sizes, starts, ends = (len(first), len(last)), self._in_turn(first), self._in_turn(last)
        floating = [(len(part), self._in_turn(part)) for part in middle]

        def compare(work: Work, nodes: Sequence[Node], binds: Binds) -> Iterator[Binds]:
            start, end = sizes[0], len(nodes) - sizes[1]
            if start > end:
                return
            for bound in starts(work, nodes[:start], binds):
                for inner, _ in _floating(floating, work, nodes, bound, start, end):
                    yield from ends(work, nodes[end:], inner)

        return compare

    def _some(self, shapes: Sequence[Shape]) -> _CompareSome:
        """Return what compares nodes from the first on with shapes, as `_all` does, and says how many that took."""
        first, *middle = _between_many(shapes)
        takes_rest = isinstance(shapes[-1], Many)
        size, starts = len(first), self._in_turn(first)
        floating = [(len(part), self._in_turn(part)) for part in (middle[:-1] if takes_rest else middle)]

        def compare(work: Work, nodes: Sequence[Node], binds: Binds) -> Iterator[tuple[Binds, int]]:
            for bound in starts(work, nodes[:size], binds):
                for inner, count in _floating(floating, work, nodes, bound, size, len(nodes)):
                    yield inner, len(nodes) if takes_rest else count

        return compare

    def _anywhere(self, shape: Shape) -> _CompareAll:
        """Return what compares each of some nodes with a shape."""
        kinds, compare_one = self._may_be(shape), self._compare(shape)

        def compare(work: Work, nodes: Sequence[Node], binds: Binds) -> Sequence[Binds]:
            worth = nodes if kinds is None else [node for node in nodes if node.type in kinds]
            return [more for node in worth for more in compare_one(work, node, binds)]

        return compare

    def _in_turn(self, shapes: Sequence[Shape]) -> _CompareAll:
        """Return what compares as many nodes with shapes, each with the one in its place; none of these is `...`."""
        size = len(shapes)
        tests = [(number, kinds) for number, kinds in enumerate(map(self._may_be, shapes)) if kinds is not None]
        inner = [_BY_SHAPE[type(shape)](self, shape) for shape in shapes]
        outer = [self._unwrapping(shape, compare) for shape, compare in zip(shapes, inner, strict=True)]
        opaque = self._opaque

        def compare(work: Work, nodes: Sequence[Node], binds: Binds) -> Sequence[Binds]:
            if len(nodes) != size:
                return ()
            types = [node.type for node in nodes]
            for number, kinds in tests:
                if types[number] not in kinds:
                    return ()
            work.steps -= size
            if work.steps < 0:
                raise TooMuchWork
            options: Sequence[Binds] = (binds,)
            for compare_one, node in zip(inner if opaque.isdisjoint(types) else outer, nodes, strict=True):
                if len(options) == 1:
                    options = compare_one(work, node, options[0])
                else:
                    work.steps -= len(options)
                    options = [more for known in options for more in compare_one(work, node, known)]
                if not options:
                    break
            return options

        return compare

    def _each(self, shapes: Sequence[Shape], more: bool) -> _CompareAll:
        """Return what compares each of `shapes` with another one of some nodes; `more`: some may be left over."""
        compares = [(self._may_be(shape), self._compare(shape)) for shape in shapes]

        def compare(work: Work, nodes: Sequence[Node], binds: Binds, used: tuple[int, ...] = ()) -> Iterator[Binds]:
            if len(used) == len(compares):
                if more or len(used) == len(nodes):
                    yield binds
                return
            kinds, compare_one = compares[len(used)]
            for index, node in enumerate(nodes):
                if index not in used and (kinds is None or node.type in kinds):
                    for inner in compare_one(work, node, binds):
                        yield from compare(work, nodes, inner, (*used, index))

        return compare

    def _arguments(self, shape: Arguments) -> _Compare:
        ignored, most = self._ignored, len(shape.keywords)
        positional, keywords = self._all(shape.positional), self._each(shape.keywords, shape.open)

        def compare(work: Work, node: Node, binds: Binds) -> Sequence[Binds]:
            if node.type == "argument_list":
                nodes = [child for child in node.named_children if child.type not in ignored]
            elif node.type == "generator_expression":
                nodes = [node]
            else:
                return ()
            named = [child for child in nodes if child.type in _NAMED]
            if len(named) < most or (len(named) > most and not shape.open):
                return ()
            placed = [child for child in nodes if child.type not in _NAMED] if named else nodes
            options = positional(work, placed, binds)
            return [more for inner in options for more in keywords(work, named, inner)] if most else list(options)

        return compare

    def _generic(self, shape: Generic) -> _Compare:
        value, arguments, ignored = self._compare(shape.value), self._all(shape.arguments), self._ignored

        def compare(work: Work, node: Node, binds: Binds) -> Sequence[Binds]:
            if node.type not in ("subscript", "generic_type"):
                return ()
            name, *rest = [child for child in node.named_children if child.type not in ignored]
            if node.type == "generic_type":
                rest = [child for part in rest for child in part.named_children if child.type not in ignored]
            return [bound for inner in value(work, name, binds) for bound in arguments(work, rest, inner)]

        return compare

    def _keyword(self, shape: Keyword) -> _Compare:
        compare_name, compare_value = self._compare(shape.name), self._compare(shape.value)

        def compare(work: Work, node: Node, binds: Binds) -> Sequence[Binds]:
            if node.type != "keyword_argument":
                return ()
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if name is None or value is None:
                return ()
            return [more for inner in compare_name(work, name, binds) for more in compare_value(work, value, inner)]

        return compare

    def _mapping(self, shape: Mapping) -> _Compare:
        mappings, ignored, pairs = self.rules.mappings, self._ignored, self._each(shape.pairs, shape.open)

        def compare(work: Work, node: Node, binds: Binds) -> Sequence[Binds]:
            if node.type not in mappings:
                return ()
            theirs = [child for child in node.named_children if child.type not in ignored]
            return list(pairs(work, theirs, binds)) if len(theirs) >= len(shape.pairs) else ()

        return compare

    def _parameter(self, shape: Parameter) -> _Compare:
        is_hole, compare_name = isinstance(shape.name, Hole), self._compare(shape.name)
        annotation, default = (
            None if part is None or isinstance(part, Many) else self._compare(part)
            for part in (shape.annotation, shape.default)
        )

        def compare(work: Work, node: Node, binds: Binds) -> Sequence[Binds]:
            if node.type in ("positional_separator", "keyword_separator"):
                return ()
            name, *given = parameter_parts(node)
            if is_hole and name.type != "identifier":
                return ()
            options = compare_name(work, name, binds)
            for wanted, part in zip((annotation, default), given, strict=True):
                if wanted is not None:
                    if part is None:
                        return ()
                    options = [more for known in options for more in wanted(work, part, known)]
            return options

        return compare

    def _import(self, shape: Import) -> _Compare:
        future_too = shape.kind == "import_from_statement"
        module = self._module(shape.module) if shape.module is not None else None
        names = [
            (self._imported_name(name), None if alias is None else self._imported_name(alias))
            for name, alias in shape.names
        ]

        def compare(work: Work, node: Node, binds: Binds) -> Sequence[Binds]:
            future = future_too and node.type == "future_import_statement"
            if node.type != shape.kind and not future:
                return ()
            options: Sequence[Binds] = (binds,)
            if module is not None:
                origin = node.child_by_field_name("module_name")
                if future:
                    origin = next((child for child in node.children if child.type == "__future__"), None)
                options = module(work, origin, binds) if origin is not None else ()
            if not options:
                return ()
            items = node.children_by_field_name("name")
            items += [child for child in node.named_children if child.type == "wildcard_import"]
            return [more for known in options for more in _imported(names, work, items, known)]

        return compare

    def _module(self, shape: Hole | Leaf) -> _Compare:
        resolve = self.resolve

        def compare(work: Work, node: Node, binds: Binds) -> Sequence[Binds]:
            if isinstance(shape, Hole) and shape.name is None:
                return (binds,)
            written = _squeezed(node)
            absolute = work.names().modules(written) if resolve else (written,)
            if isinstance(shape, Leaf):
                return (binds,) if shape.text.decode() in (written, *absolute) else ()
            assert shape.name is not None  # INVARIANT: as said above
            return _added(binds, shape.name, Bind(absolute[0], node.start_byte, node.end_byte, False))

        return compare

    def _imported_name(self, shape: Hole | Leaf) -> _Compare:
        if isinstance(shape, Leaf):
            text = shape.text.decode()
            return lambda work, node, binds: (binds,) if _squeezed(node) == text else ()
        bind = self._bind(shape.name)
        return lambda work, node, binds: bind(work, node, binds) if node.type != "wildcard_import" else ()

    def _many(self, shape: Many) -> _Compare:
        return lambda work, node, binds: (binds,)


_BY_SHAPE: dict[type, Callable[..., _Compare]] = {
    Hole: Matcher._hole,
    Leaf: Matcher._leaf,
    Word: Matcher._word,
    Name: Matcher._name,
    Quoted: Matcher._quoted,
    Formatted: Matcher._formatted,
    Branch: Matcher._branch,
    Generic: Matcher._generic,
    Arguments: Matcher._arguments,
    Keyword: Matcher._keyword,
    Mapping: Matcher._mapping,
    Parameter: Matcher._parameter,
    Import: Matcher._import,
    Many: Matcher._many,
}


def _between_many(shapes: Sequence[Shape]) -> list[list[Shape]]:
    """Return the shapes before, between and after each `...`."""
    parts: list[list[Shape]] = [[]]
    for shape in shapes:
        if isinstance(shape, Many):
            parts.append([])
        else:
            parts[-1].append(shape)
    return parts


def _floating(
    parts: Sequence[tuple[int, _CompareAll]], work: Work, nodes: Sequence[Node], binds: Binds, start: int, end: int
) -> Iterator[tuple[Binds, int]]:
    """Yield the bindings with which parts, each of a size, are anywhere in `nodes[start:end]` in their order.

    With the number of the node after the last one.
    """
    if not parts:
        yield binds, start
        return
    size, compare = parts[0]
    for first in range(start, end - size + 1):
        for inner in compare(work, nodes[first : first + size], binds):
            yield from _floating(parts[1:], work, nodes, inner, first + size, end)


def _imported(
    names: Sequence[tuple[_Compare, _Compare | None]],
    work: Work,
    items: Sequence[Node],
    binds: Binds,
    used: tuple[int, ...] = (),
) -> Iterator[Binds]:
    """Yield the bindings with which each of `names` is another one of the imported `items`."""
    if len(used) == len(names):
        yield binds
        return
    name, alias = names[len(used)]
    for index, item in enumerate(items):
        work.steps -= 1
        if index in used:
            continue
        aliased = item.type == "aliased_import"
        theirs = item.child_by_field_name("name") if aliased else item
        other = item.child_by_field_name("alias") if aliased else None
        if theirs is None or (alias is not None and other is None):
            continue
        for inner in name(work, theirs, binds):
            options = (inner,) if alias is None or other is None else alias(work, other, inner)
            for bound in options:
                yield from _imported(names, work, items, bound, (*used, index))


@lru_cache(_MOST_MATCHERS)
def matcher_of(shape: Shape, language: str, resolve: bool) -> Matcher:
    """Return the matcher of a shape, which is compiled once. NOTE: its functions hold it, in a circle."""
    return Matcher(shape, language, resolve)


def _one(node: Node, lists: frozenset[str]) -> Node:
    """Return what a list of one thing holds; any other node itself."""
    while node.type in lists and node.named_child_count == 1:
        node = node.named_children[0]
    return node


def _added(binds: Binds, name: str, bind: Bind) -> Sequence[Binds]:
    """Return the bindings with one more; none where the name is bound to something else."""
    known = binds.get(name)
    if known is None:
        return ({**binds, name: bind},)
    return (binds,) if known.agrees(bind) else ()


def _segment(node: Node, written: str, segments: list[str], index: int) -> Bind:
    """What segment `index` of a followed name binds; its place is the word in the file where there is one."""
    words = written.split(".")
    start, end = node.start_byte, node.end_byte
    own = index - (len(segments) - len(words))
    if (node.text or b"") == written.encode() and own >= 0 and words[own] == segments[index]:
        start += len(".".join(words[:own]).encode()) + (1 if own else 0)
        end = start + len(words[own].encode())
    return Bind(segments[index], start, end, False)


def _inside_a_string(node: Node) -> bool:
    """Return whether a string is a part of one."""
    parent = node.parent
    return parent is not None and parent.type == "concatenated_string"


def _inside_a_name(node: Node) -> bool:
    """Return whether `node` is no use of a bare name: it is defined or imported, say."""
    if (parent := node.parent) is None:
        return False
    if parent.type in ("dotted_name", "aliased_import", "parameters", "lambda_parameters", "typed_parameter"):
        return True
    field = {"attribute": "attribute"}.get(parent.type, "name")
    named = parent.child_by_field_name(field)
    return named is not None and named.id == node.id


def words_of(shape: Shape, language: str) -> tuple[bytes, ...]:
    """Return texts that the text of every node holds which a shape matches.

    NOTE: a name may be written otherwise where it is used, as may what stands in a string.
    """
    return tuple(dict.fromkeys(_words(shape, language_called(language).snippet)))


def _words(shape: Shape | None, rules: SnippetRules) -> Iterator[bytes]:
    if isinstance(shape, Leaf):
        if shape.kind not in rules.words and not (rules.ignores_case and rules.ignores_case(shape.kind)):
            yield shape.text
    elif isinstance(shape, Terminated):
        yield from _words(shape.expression, rules)
    else:
        for part in _parts(shape):
            yield from _words(part, rules)


def _parts(shape: Shape | None) -> Iterable[Shape | None]:
    """Return shapes that are in a node wherever this one is."""
    if isinstance(shape, Branch):
        return shape.items
    if isinstance(shape, Arguments):
        return (*shape.positional, *shape.keywords)
    if isinstance(shape, Keyword):
        return (shape.name, shape.value)
    if isinstance(shape, Mapping):
        return shape.pairs
    if isinstance(shape, Parameter):
        return (shape.name, shape.annotation, shape.default)
    if isinstance(shape, Generic):
        return (shape.value, *shape.arguments)
    if isinstance(shape, Statements):
        return shape.items[:1]  # NOTE: the others are beside the node
    return ()


def _has_many(shapes: Sequence[Shape]) -> bool:
    return any(isinstance(shape, Many) for shape in shapes)


def _squeezed(node: Node) -> str:
    return "".join((node.text or b"").decode("utf-8", "replace").replace("\\", "").split())
