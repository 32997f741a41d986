"""Whether a node is what a snippet's shape says, and every way in which it is.

The depth of the recursion is the snippet's, never the file's; the work on one file is bounded by
`Matcher.steps`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

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


class Matcher:
    """Matches shapes in one file; `steps` is the work left.

    `code` is the file where the nodes are of a tree of something else than it says.
    """

    def __init__(
        self, language: str, names: Callable[[], Names], resolve: bool, steps: int, code: bytes | None = None
    ) -> None:
        self.language = language_called(language)
        self.rules = self.language.snippet
        self.name_rules = self.language.names
        self.wrappers = self.rules.grouping.union(self.rules.erased)
        self.ignored = IGNORED | self.language.comments | self.rules.punctuation
        self.names = names
        self.resolve = resolve
        self.steps = steps
        self.code = code

    def matches(self, shape: Shape, node: Node) -> Iterator[Match]:
        """Yield every way in which `node` is `shape`. Raises TooMuchWork when the steps are used up."""
        if isinstance(shape, Statements):
            yield from self._statements(shape, node)
        elif isinstance(shape, Terminated):
            parent = node.parent
            while parent is not None and parent.type in self.rules.grouping:
                parent = parent.parent
            whole = parent if parent is not None and parent.type in self.rules.expression_statements else node
            for match in self.matches(shape.expression, node):
                yield Match(whole.start_byte, whole.end_byte, match.binds)
        elif not _inside_a_name(shape, node):
            for binds in self.match(shape, node, {}):
                yield Match(node.start_byte, node.end_byte, binds)

    def _statements(self, shape: Statements, node: Node) -> Iterator[Match]:
        following = [node]
        most = _MOST_STATEMENTS if _has_many(shape.items) else len(shape.items)
        after = node.next_named_sibling
        while after is not None and len(following) < most:
            if after.type not in self.ignored:
                following.append(after)
            after = after.next_named_sibling
        for binds, count in self._sequence(shape.items, following, {}, whole=False):
            yield Match(node.start_byte, following[count - 1].end_byte, binds)

    def match(self, shape: Shape, node: Node, binds: Binds) -> Iterable[Binds]:
        """Return the bindings, added to `binds`, with which `node` is `shape`."""
        self.steps -= 1
        if self.steps < 0:
            raise TooMuchWork
        if self.rules.grouping:
            if node.type in self.wrappers:
                node = self._core(shape, node)
            types = self.rules.types
            if node.type in types and not (isinstance(shape, Branch) and not types.isdisjoint(shape.kinds)):
                node = only_child(node) or node
        return _BY_SHAPE[type(shape)](self, shape, node, binds)

    def _core(self, shape: Shape, node: Node) -> Node:
        """Return a node without parentheses, and without types that the snippet leaves out."""
        node = unwrapped(node, self.rules.grouping)
        erased = self.rules.erased
        while node.type in erased and not isinstance(shape, Hole | Many):
            if isinstance(shape, Branch) and node.type in shape.kinds:
                break
            node = unwrapped(parts_of(node)[erased[node.type]], self.rules.grouping)
        return node

    def _hole(self, shape: Hole, node: Node, binds: Binds) -> Sequence[Binds]:
        if node.is_named or node.type in self.rules.expression_words:
            return self._bind(shape.name, node, binds)
        return ()

    def _bind(self, name: str | None, node: Node, binds: Binds) -> Sequence[Binds]:
        if name is None:
            return (binds,)
        literal = self.language.literal(self._one(node))
        text = (node.text or b"") if self.code is None else self.code[node.start_byte : node.end_byte]
        value = literal.value if literal else text.decode("utf-8", "replace")
        return _added(binds, name, Bind(value, node.start_byte, node.end_byte, literal is not None))

    def _one(self, node: Node) -> Node:
        """What a list of one thing holds; any other node itself."""
        while node.type in self.rules.lists_of_one and node.named_child_count == 1:
            node = node.named_children[0]
        return node

    def _leaf(self, shape: Leaf, node: Node, binds: Binds) -> Sequence[Binds]:
        if shape.kind in self.rules.words and self.language.word_value is not None:
            same = self.language.word_value(node) == shape.text.decode("utf-8", "replace")
        else:
            same = node.type == shape.kind and (node.text == shape.text or self._same_word(shape, node))
        return (binds,) if same else ()

    def _same_word(self, shape: Leaf, node: Node) -> bool:
        """Return whether a leaf is the snippet's where the case of its letters means nothing."""
        ignores_case = self.rules.ignores_case
        if ignores_case is None or not ignores_case(shape.kind):
            return False
        if self.rules.keeps_case is not None and self.rules.keeps_case(node):
            return False
        return (node.text or b"").decode("utf-8", "replace").lower() == shape.text.decode("utf-8", "replace").lower()

    def _word(self, shape: Word, node: Node, binds: Binds) -> Sequence[Binds]:
        alike = self.rules.alike_words.get(shape.text, ())
        same = (node.type == shape.text and not node.is_named) or node.type in alike
        return (binds,) if same else ()

    def _name(self, shape: Name, node: Node, binds: Binds) -> Iterator[Binds]:
        follow = self.resolve and "." in shape.text
        kinds = self.rules.chain.kinds if self.rules.chain is not None else ()
        named = node.type in kinds or (follow and node.type == "named_expression")
        written = self.name_rules.dotted(node) if named and self.name_rules is not None else ""
        if not written:
            return
        for name in self.names().of(node) if follow else (written,):
            if names_match(shape.text, name):
                segments = name.split(".")
                options = [binds]
                for index, hole in shape.holes:
                    bind = _segment(node, written, segments, index)
                    options = [more for known in options for more in _added(known, hole, bind)]
                yield from options

    def _quoted(self, shape: Quoted, node: Node, binds: Binds) -> Iterator[Binds]:
        literal = self.language.literal(node)
        if literal is None or not literal.plain:
            return
        parts = shape.parts(literal.value)
        if parts is None:
            return
        for name, part in zip(shape.names, parts, strict=True):
            if name is None:
                continue
            bind = Bind(part, node.start_byte, node.end_byte, None)
            if name in binds and not binds[name].agrees(bind):
                return
            binds = binds if name in binds else {**binds, name: bind}
        yield binds

    def _formatted(self, shape: Formatted, node: Node, binds: Binds) -> Iterator[Binds]:
        if node.type not in self.language.strings or self.language.formatted is None:
            return
        theirs = self.language.formatted(node)
        if len(theirs) != len(shape.pieces):
            return
        options = [binds]
        for ours, piece in zip(shape.pieces, theirs, strict=True):
            if isinstance(ours, str) or isinstance(piece, str):
                options = options if ours == piece else []
                continue
            if piece.expression is None or piece.form != ours[1]:
                return
            options = [more for known in options for more in self.match(ours[0], piece.expression, known)]
        yield from options

    def _branch(self, shape: Branch, node: Node, binds: Binds) -> Iterator[Binds]:
        if node.type not in shape.kinds:
            return
        children = [c for c in node.children if (kind := c.type) not in self.ignored and kind not in shape.unasked]
        if shape.unasked_fields:
            left_out = {c.id for field in shape.unasked_fields for c in node.children_by_field_name(field)}
            children = [child for child in children if child.id not in left_out]
        if self._may_be(shape.items, children):
            for inner, _ in self._sequence(shape.items, children, binds, whole=True):
                yield inner
        while taken := self._prefix(node.type, children):
            children = children[taken:]
            for inner, _ in self._sequence(shape.items, children, binds, whole=True):
                yield inner

    def _may_be(self, shapes: Sequence[Shape], nodes: Sequence[Node]) -> bool:
        """Return whether `nodes` may be `shapes`, by their number and kinds alone.

        One in parentheses may be anything. NOTE: comparing binds, which is dear.
        """
        for shape, node in zip(shapes, nodes, strict=False):
            form = type(shape)
            if form is Many:
                return True  # what comes after it is compared with any of the nodes
            if form is Hole:
                continue
            kind = node.type
            rules = self.rules
            if kind in rules.grouping or kind in rules.types or kind in rules.erased:
                continue
            kinds: Collection[str]
            if isinstance(shape, Branch):
                kinds = shape.kinds
            elif isinstance(shape, Quoted):
                kinds = self.language.strings
            elif isinstance(shape, Word) and kind != shape.text:
                kinds = self.rules.alike_words.get(shape.text, ())
            else:
                continue
            if kind not in kinds:
                return False
        return len(shapes) == len(nodes) or _has_many(shapes)

    def _prefix(self, kind: str, words: Sequence[Node]) -> int:
        """Return how many words of a command only say how the next one is run."""
        value = self.language.word_value
        if not self.rules.word_prefixes or value is None or len(words) < 2:
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

    def _sequence(
        self, shapes: Sequence[Shape], nodes: Sequence[Node], binds: Binds, whole: bool, at: int = 0
    ) -> Iterator[tuple[Binds, int]]:
        """Yield the bindings with which `nodes`, from `at` on, are `shapes`, and how many nodes that took."""
        if not shapes:
            if not whole or at == len(nodes):
                yield binds, at
            return
        if whole and Many not in map(type, shapes):
            if len(shapes) == len(nodes) - at:
                yield from ((bound, len(nodes)) for bound in self._in_turn(shapes, nodes[at:], binds))
            return
        first, rest = shapes[0], shapes[1:]
        if isinstance(first, Many):
            if not rest:
                yield binds, len(nodes)
                return
            fixed = whole and not _has_many(rest)
            for start in range(max(at, len(nodes) - len(rest)) if fixed else at, len(nodes) + 1):
                yield from self._sequence(rest, nodes, binds, whole, start)
        elif at < len(nodes):
            for inner in self.match(first, nodes[at], binds):
                yield from self._sequence(rest, nodes, inner, whole, at + 1)

    def _in_turn(self, shapes: Sequence[Shape], nodes: Sequence[Node], binds: Binds) -> Sequence[Binds]:
        """Return the bindings with which each of `nodes` is the shape in its place, none of which is for many."""
        options: Sequence[Binds] = [binds]
        for shape, node in zip(shapes, nodes, strict=True):
            options = [more for known in options for more in self.match(shape, node, known)]
            if not options:
                break
        return options

    def _each(
        self,
        shapes: Sequence[Shape],
        nodes: Sequence[Node],
        binds: Binds,
        more: bool,
        used: tuple[int, ...] = (),
    ) -> Iterator[Binds]:
        """Yield the bindings with which each of `shapes` is another one of `nodes`; `more`: some may be left over."""
        if len(used) == len(shapes):
            if more or len(used) == len(nodes):
                yield binds
            return
        for index, node in enumerate(nodes):
            if index not in used:
                for inner in self.match(shapes[len(used)], node, binds):
                    yield from self._each(shapes, nodes, inner, more, (*used, index))

    def _arguments(self, shape: Arguments, node: Node, binds: Binds) -> Iterator[Binds]:
        if node.type == "argument_list":
            nodes = [child for child in node.named_children if child.type not in self.ignored]
        elif node.type == "generator_expression":
            nodes = [node]
        else:
            return
        named = [child for child in nodes if child.type in ("keyword_argument", "dictionary_splat")]
        if len(named) < len(shape.keywords) or (len(named) > len(shape.keywords) and not shape.open):
            return
        placed = [child for child in nodes if child.type not in ("keyword_argument", "dictionary_splat")]
        for inner, _ in self._sequence(shape.positional, placed, binds, whole=True):
            yield from self._each(shape.keywords, named, inner, shape.open)

    def _generic(self, shape: Generic, node: Node, binds: Binds) -> Iterator[Binds]:
        if node.type not in ("subscript", "generic_type"):
            return
        name, *rest = [child for child in node.named_children if child.type not in self.ignored]
        if node.type == "generic_type":
            rest = [child for part in rest for child in part.named_children if child.type not in self.ignored]
        for inner in self.match(shape.value, name, binds):
            for bound, _ in self._sequence(shape.arguments, rest, inner, whole=True):
                yield bound

    def _keyword(self, shape: Keyword, node: Node, binds: Binds) -> Iterator[Binds]:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if node.type == "keyword_argument" and name is not None and value is not None:
            for inner in self.match(shape.name, name, binds):
                yield from self.match(shape.value, value, inner)

    def _mapping(self, shape: Mapping, node: Node, binds: Binds) -> Iterator[Binds]:
        if node.type in self.rules.mappings:
            pairs = [child for child in node.named_children if child.type not in self.ignored]
            if len(pairs) >= len(shape.pairs):
                yield from self._each(shape.pairs, pairs, binds, shape.open)

    def _parameter(self, shape: Parameter, node: Node, binds: Binds) -> Iterator[Binds]:
        if node.type in ("positional_separator", "keyword_separator"):
            return
        name, annotation, default = parameter_parts(node)
        if isinstance(shape.name, Hole) and name.type != "identifier":
            return
        options = list(self.match(shape.name, name, binds))
        for wanted, given in ((shape.annotation, annotation), (shape.default, default)):
            if isinstance(wanted, Many) or wanted is None:
                continue
            options = [more for known in options if given is not None for more in self.match(wanted, given, known)]
        yield from options

    def _import(self, shape: Import, node: Node, binds: Binds) -> Iterator[Binds]:
        future = node.type == "future_import_statement" and shape.kind == "import_from_statement"
        if node.type != shape.kind and not future:
            return
        options = [binds]
        origin = node.child_by_field_name("module_name")
        if future:
            origin = next((child for child in node.children if child.type == "__future__"), None)
        if shape.module is not None:
            options = list(self._module(shape.module, origin, binds)) if origin is not None else []
        items = node.children_by_field_name("name")
        items += [child for child in node.named_children if child.type == "wildcard_import"]
        for known in options:
            yield from self._imported(shape.names, items, known)

    def _module(self, shape: Hole | Leaf, node: Node, binds: Binds) -> Iterator[Binds]:
        written = _squeezed(node)
        absolute = self.names().modules(written) if self.resolve else (written,)
        if isinstance(shape, Leaf):
            if shape.text.decode() in (written, *absolute):
                yield binds
        elif shape.name is None:
            yield binds
        else:
            yield from _added(binds, shape.name, Bind(absolute[0], node.start_byte, node.end_byte, False))

    def _imported(
        self,
        shapes: Sequence[tuple[Hole | Leaf, Hole | Leaf | None]],
        items: Sequence[Node],
        binds: Binds,
        used: tuple[int, ...] = (),
    ) -> Iterator[Binds]:
        """Yield the bindings with which each of `shapes` is another one of the imported `items`."""
        if len(used) == len(shapes):
            yield binds
            return
        for index, item in enumerate(items):
            self.steps -= 1
            if index not in used:
                for inner in self._imported_item(*shapes[len(used)], item, binds):
                    yield from self._imported(shapes, items, inner, (*used, index))

    def _imported_item(self, name: Hole | Leaf, alias: Hole | Leaf | None, item: Node, binds: Binds) -> Iterator[Binds]:
        aliased = item.type == "aliased_import"
        theirs = item.child_by_field_name("name") if aliased else item
        other = item.child_by_field_name("alias") if aliased else None
        if theirs is None or (alias is not None and other is None):
            return
        for inner in self._imported_name(name, theirs, binds):
            if alias is None or other is None:
                yield inner
            else:
                yield from self._imported_name(alias, other, inner)

    def _imported_name(self, shape: Hole | Leaf, node: Node, binds: Binds) -> Iterator[Binds]:
        if isinstance(shape, Leaf):
            if _squeezed(node) == shape.text.decode():
                yield binds
        elif node.type != "wildcard_import":
            yield from self._bind(shape.name, node, binds)

    def _many(self, shape: Many, node: Node, binds: Binds) -> Iterator[Binds]:
        yield binds


_BY_SHAPE: dict[type, Callable[..., Iterable[Binds]]] = {
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


def _inside_a_name(shape: Shape, node: Node) -> bool:
    """Return whether `node` is no use of a bare name (it is defined or imported, say), or half a string."""
    if not isinstance(shape, Name | Quoted) or (parent := node.parent) is None:
        return False
    if isinstance(shape, Quoted):
        return parent.type == "concatenated_string"
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
