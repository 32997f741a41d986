"""The patterns of a query as people write it, each made into a probe or refused with what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from polcheck.base.cached import cached_property
from polcheck.languages.grammars import grammar
from polcheck.selectors.syntax.cost import free_of
from polcheck.selectors.syntax.predicates import Predicate, read_predicate
from polcheck.selectors.syntax.problem import SyntaxProblem, did_you_mean, refuse_reserved
from polcheck.selectors.syntax.query import MOST_CAPTURES, Element, ParsedPattern, blanked, read

if TYPE_CHECKING:
    from tree_sitter import Query


class PatternProbe(Struct, frozen=True, dict=True):
    """A pattern: its canonical query text, its captures by number, and its predicates.

    `roots` are the captures that a match spans, `public` those that bind; `certain` are the captures
    that every match holds, `here` is the one that moves the finding's place. `free` is the largest number of choices
    that a match makes: 1 where no two siblings are free.
    """

    shape: str
    captures: tuple[str, ...]
    roots: tuple[int, ...]
    public: tuple[tuple[int, str], ...]
    certain: frozenset[str]
    here: int | None
    predicates: tuple[Predicate, ...]
    single: frozenset[str]  # the captures that hold exactly one node in every match
    width: int  # how many captures the shape has, with the hidden ones
    kinds: tuple[tuple[int, str], ...]  # the node kind that each capture stands after, where it is one
    free: int

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names that a match binds."""
        return tuple(name for _, name in self.public)

    @cached_property
    def columns(self) -> tuple[int, ...]:
        """The captures by number of what a match spans, of what it binds, and of the finding's place, if any."""
        return (*self.roots, *(number for number, _ in self.public), *(() if self.here is None else (self.here,)))

    @property
    def always(self) -> frozenset[str]:
        """The names that every match binds."""
        return frozenset(name for number, name in self.public if self.captures[number] in self.certain)


@lru_cache(maxsize=1024)
def compiled(shape: str, language: str) -> Query:
    """Return the tree-sitter query of `shape`. Raises ValueError (QueryError) when tree-sitter refuses it."""
    from tree_sitter import Query

    return Query(grammar(language), shape)


MOST_CHOICES = 50  # NOTE: with 200 of them tree-sitter takes 5 s to read the query, with 2,000 forever
_ERROR = re.compile(
    r"(?P<what>Invalid (?P<kind>node type|field name|capture name|syntax)|Impossible pattern)"
    r" at row (?P<row>\d+), column (?P<column>\d+)(?:: (?P<name>.*))?",
    re.DOTALL,
)


def probes(text: str, language: str) -> tuple[PatternProbe, ...]:
    """Return the patterns of the query `text`. Raises SyntaxProblem, UnknownLanguage for `language`."""
    patterns = read(text)
    for pattern in patterns:
        _check_captures(pattern.element, 0)
        _check_choices(pattern.element)
    compiled_patterns = tuple(_probe(pattern, language) for pattern in patterns)
    try:
        for probe in compiled_patterns:
            compiled(probe.shape, language)
    except ValueError as error:
        raise _problem(error, text, patterns, language) from error
    return compiled_patterns


def _probe(pattern: ParsedPattern, language: str) -> PatternProbe:
    writer = _Canonical(pattern.element)
    names = tuple(writer.numbers)
    predicates = tuple(read_predicate(call, names, language) for call in pattern.calls)
    here = writer.numbers.get("here")
    public: dict[str, int] = {}
    for name, number in writer.numbers.items():
        bound = public_name(name)
        if bound is None:
            continue
        if bound in public:
            raise SyntaxProblem(f"`@{name}` and another capture both bind `{bound}`", pattern.element.start)
        public[bound] = number
    certain = guaranteed(pattern.element)
    numbered = tuple((number, name) for name, number in public.items())
    kinds = tuple((writer.numbers[name], kind) for name, kind in _kinds(pattern.element))
    return PatternProbe(
        shape=writer.text,
        captures=names,
        roots=writer.roots,
        public=numbered,
        certain=certain,
        here=here,
        predicates=predicates,
        single=certain - _repeated(pattern.element),
        width=len(writer.numbers) + len(writer.hidden),
        kinds=kinds,
        free=free_of(pattern.element),
    )


def public_name(capture: str) -> str | None:
    """Return the name that a capture binds, None for `here` and for those that start with `_`."""
    if capture.startswith("_") or capture == "here":
        return None
    return re.sub(r"[-.]", "_", capture)


def guaranteed(element: Element) -> frozenset[str]:
    """Return the captures that every match of `element` holds."""
    if set(element.quantifier) & set("?*"):
        return frozenset()
    inner = [guaranteed(part) for part in element.elements]
    if element.form == "alternation":
        joined = frozenset.intersection(*inner) if inner else frozenset[str]()
    else:
        joined = frozenset().union(*inner)
    return joined | {token.text[1:] for token in element.captures}


def _repeated(element: Element, within: bool = False) -> frozenset[str]:
    """Return the captures that may hold several nodes: under a quantifier, or written more than once."""
    within = within or bool(element.quantifier)
    own = [token.text[1:] for token in element.captures]
    inner = [_repeated(part, within) for part in element.elements]
    seen = [token.text[1:] for part in element.walk() for token in part.captures]
    twice = {name for name in seen if seen.count(name) > 1}
    return frozenset(own if within else ()).union(twice, *inner)


def _kinds(element: Element) -> Iterable[tuple[str, str]]:
    for part in element.walk():
        for token in part.captures if part.form == "node" else ():
            yield token.text[1:], str(part.parts[0])


def _check_captures(element: Element, outside: int) -> None:
    """Raises SyntaxProblem for a node with more captures than tree-sitter keeps, and for reserved names."""
    for token in element.captures:
        refuse_reserved(public_name(token.text[1:]) or "", token.start)
    total = outside + len(element.captures)
    if total > MOST_CAPTURES:
        raise SyntaxProblem(
            f"tree-sitter keeps {MOST_CAPTURES} captures of a node, here are {total}",
            element.captures[-1].start if element.captures else element.start,
            "leave one out, or capture another node",
        )
    for index, part in enumerate(element.elements):
        inherits = element.form == "alternation" or (element.form == "group" and index == 0)
        _check_captures(part, total if inherits else 0)


def _check_choices(element: Element) -> None:
    """Raises SyntaxProblem for more choices than tree-sitter's analysis of a query ends soon with."""
    choices = sum(bool(part.quantifier) + (part.form == "alternation") for part in element.walk())
    if choices > MOST_CHOICES:
        raise SyntaxProblem(
            f"more than {MOST_CHOICES} quantifiers and alternations in a pattern", element.start, "split the pattern"
        )


def _most_captures(element: Element) -> int:
    """Return the number of captures on the node of `element` that has most of them."""
    inner = 0
    if element.form == "alternation":
        inner = max(map(_most_captures, element.elements), default=0)
    elif element.form == "group":
        inner = _most_captures(element.elements[0]) if element.elements else 0
    return inner + len(element.captures)


class _Canonical:
    """The text of a pattern with numbered captures, and hidden ones on its outermost nodes."""

    def __init__(self, element: Element) -> None:
        self.numbers: dict[str, int] = {}
        times: dict[str, int] = {}
        for part in element.walk():
            for token in part.captures:
                times[token.text[1:]] = times.get(token.text[1:], 0) + 1
        for name in times:
            self.numbers[name] = len(self.numbers)
        self.hidden: dict[int, int] = {}
        roots: list[int] = []
        for top in _outermost(element):
            own = [token.text[1:] for token in top.captures if times[token.text[1:]] == 1]
            if own:
                roots.append(self.numbers[own[0]])
            elif _most_captures(top) < MOST_CAPTURES:
                self.hidden[id(top)] = len(self.numbers) + len(self.hidden)
                roots.append(self.hidden[id(top)])
        self.roots = tuple(roots)
        self.text = self.write(element)

    def write(self, element: Element) -> str:
        inside = " ".join(part if isinstance(part, str) else self.write(part) for part in element.parts)
        if element.form != "leaf":
            inside = f"[{inside}]" if element.form == "alternation" else f"({inside})"
        marks = [f"@c{self.numbers[token.text[1:]]}" for token in element.captures]
        if id(element) in self.hidden:
            marks.append(f"@c{self.hidden[id(element)]}")
        return " ".join([inside + element.quantifier, *marks])


def _outermost(element: Element) -> list[Element]:
    """Return the elements that a match spans: what stands in the outermost parentheses that aren't a node's."""
    if element.form != "group" or element.quantifier or element.captures:
        return [element]
    if len(element.elements) == 1:
        return _outermost(element.elements[0])
    return element.elements


def _problem(error: Exception, text: str, patterns: list[ParsedPattern], language: str) -> SyntaxProblem:
    """What tree-sitter says of the query as written, seen without predicates and every byte in its place."""
    data = blanked(text, patterns)
    try:
        compiled(data.decode(), language)
    except ValueError as again:
        error = again
    found = _ERROR.search(str(error))
    if found is None:
        return SyntaxProblem(f"tree-sitter refuses the query: {error}", len(text.rstrip()))
    lines = data.split(b"\n")
    row, column = int(found["row"]), int(found["column"])
    before = sum(len(line) + 1 for line in lines[:row]) + column
    offset = len(text.encode()[:before].decode("utf-8", "replace"))
    name = found["name"] or ""
    if found["kind"] == "node type":
        otherwise = f"`polcheck parse` shows the nodes of a file; this query is read as {language}"
        return SyntaxProblem(
            f"{language} has no node `{name}`", offset, lambda: did_you_mean(name, _node_kinds(language), otherwise)
        )
    if found["kind"] == "field name":
        otherwise = "`polcheck parse` shows the fields before the nodes of a file"
        return SyntaxProblem(
            f"{language} has no field `{name}`", offset, lambda: did_you_mean(name, _fields(language), otherwise)
        )
    if found["what"] == "Impossible pattern":
        return SyntaxProblem(
            f"no {language} tree has this structure",
            offset,
            "look at a tree first: `polcheck parse` prints it",
        )
    return SyntaxProblem("the query is not well formed here", offset)


@cache
def _node_kinds(language: str) -> frozenset[str]:
    tongue = grammar(language)
    return _named(tongue.node_kind_for_id, range(tongue.node_kind_count))


@cache
def _fields(language: str) -> frozenset[str]:
    tongue = grammar(language)
    return _named(tongue.field_name_for_id, range(1, tongue.field_count + 1))


def _named(name_of: Callable[[int], str | None], numbers: Iterable[int]) -> frozenset[str]:
    return frozenset(name for number in numbers if (name := name_of(number)) and not name.startswith("_"))
