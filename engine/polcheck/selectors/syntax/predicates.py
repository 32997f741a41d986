"""The predicates of a query, evaluated here and not by tree-sitter's binding.

NOTE: the binding takes unknown predicates for true, crashes on some, and matches regular expressions in
exponential time. Over a capture that holds several nodes a predicate speaks of all of them, `any-` of at
least one; over a capture that holds none it is true, as it is in tree-sitter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import re2
from msgspec import Struct

from polcheck.base.cached import cached_property
from polcheck.base.spans import on_one_line
from polcheck.languages.registry import language as language_called
from polcheck.selectors.syntax.problem import SyntaxProblem, did_you_mean

if TYPE_CHECKING:
    from tree_sitter import Node

    from polcheck.languages.names import Names
    from polcheck.selectors.syntax.query import Call, Token


_Item = TypeVar("_Item")
_FEW = 2  # which are searched for one by one
_MEMORY = 16 << 20  # bytes, for one set


class OnePass:
    """Regular expressions of RE2 as one set; `plain`: over bytes as they are, not over UTF-8. `memory` is in bytes."""

    def __init__(self, patterns: Sequence[bytes], memory: int, *, plain: bool = False) -> None:
        self._always = len(patterns)
        self._set = _search_set(patterns, memory, plain)

    def occurring(self, text: bytes) -> frozenset[int] | None:
        """Return the numbers of the patterns that occur in `text`; None when that could not be found out.

        INVARIANT: RE2 gives nothing at all when its memory runs out; the last pattern is found in every text, and one
        in which it isn't was not searched.
        """
        numbers = frozenset(self._set.Match(text) or ()) if self._set is not None else frozenset[int]()
        return numbers - {self._always} if self._always in numbers else None


def _search_set(patterns: Sequence[bytes], memory: int, plain: bool) -> Any:
    """Return the set; None when all of them together are too large for it."""
    options = re2.Options()
    if plain:
        options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = memory
    search_set = re2.Set.SearchSet(options)
    for pattern in (*patterns, b""):
        search_set.Add(pattern)
    try:
        search_set.Compile()
    except re2.error:
        return None
    return search_set


class Regexes(Generic[_Item]):
    """Items, each behind a regular expression (of RE2, as `#match?` takes it) that a text must hold."""

    def __init__(self) -> None:
        self._patterns: dict[str, list[_Item]] = {}

    def add(self, pattern: str, item: _Item) -> None:
        """Put an item behind a pattern, before anything is looked up."""
        self._patterns.setdefault(pattern, []).append(item)

    def items(self, text: bytes | None) -> Iterator[_Item]:
        """Yield the items whose patterns occur in `text`."""
        numbers = self._set.occurring(text) if self._set is not None and text is not None else None
        if numbers is not None:
            for number in numbers:
                yield from self._by_number[number]
            return
        for pattern, items in self._patterns.items():
            if regex(pattern).search(text) is not None:
                yield from items

    @cached_property
    def _by_number(self) -> list[list[_Item]]:
        return list(self._patterns.values())

    @cached_property
    def _set(self) -> OnePass | None:
        """All patterns at once; None for a few."""
        if len(self._patterns) <= _FEW:
            return None
        return OnePass([pattern.encode("utf-8", "surrogatepass") for pattern in self._patterns], _MEMORY)


_TEXT = {"eq?": "eq", "match?": "match", "any-of?": "any-of", "resolves-to?": "resolves-to"}
KNOWN = (
    *(
        "#eq?",
        "#not-eq?",
        "#any-eq?",
        "#any-not-eq?",
        "#match?",
        "#not-match?",
        "#any-match?",
        "#any-not-match?",
    ),
    *("#any-of?", "#not-any-of?", "#resolves-to?", "#not-resolves-to?"),
)
_DOTTED = re.compile(r"[^\W\d]\w*(\.([^\W\d]\w*|\*))*")


class Predicate(Struct, frozen=True):
    """One predicate: `values` holds its strings, `other` the second capture of `#eq?` where it has one.

    `capture` and `other` are numbers of captures in their pattern.
    """

    name: str
    test: str  # "eq", "match", "any-of" or "resolves-to"
    negated: bool
    any: bool
    capture: int
    label: str
    values: tuple[str, ...] = ()
    other: int | None = None

    def holds(self, nodes: Sequence[Sequence[Node]], names: Callable[[], Names]) -> bool:
        """Return whether the predicate is true of `nodes`, the nodes of each capture."""
        mine = nodes[self.capture]
        if not mine:
            return True
        if self.other is not None:
            return self._same_text(mine, nodes[self.other])
        if self.test == "resolves-to":
            table = names()
            truths = (self._resolves(table.of(node)) for node in mine)
        elif self.test == "match":
            search = regex(self.values[0]).search
            truths = (search(node.text) is not None for node in mine)
        else:
            wanted = _encoded(self.values)
            truths = (node.text in wanted for node in mine)
        return self._over(truths)

    def _over(self, truths: Iterable[bool]) -> bool:
        signed = (truth is not self.negated for truth in truths)
        return any(signed) if self.any else all(signed)

    def _same_text(self, mine: Sequence[Node], others: Sequence[Node]) -> bool:
        if not self.any and len(mine) != len(others):
            return not others
        return not others or self._over(one.text == two.text for one, two in zip(mine, others, strict=False))

    def _resolves(self, names: tuple[str, ...]) -> bool:
        return any(names_match(wanted, name) for wanted in self.values for name in names)

    def describe(self, nodes: Sequence[Sequence[Node]], written: bool = True) -> str:
        """What the predicate asks for, and the text that it met; with its name if the author has `written` it."""
        here = (nodes[self.capture][0].text or b"").decode("utf-8", "replace") if nodes[self.capture] else ""
        wanted = " or ".join(f"`{value}`" for value in self.values) or "the same text as its other capture"
        verb = "refuses" if self.negated else "wants"
        subject = f"`{self.name} @{self.label}` " if written else ""
        return f"{subject}{verb} {wanted}, here `{on_one_line(here)}`"


@lru_cache(maxsize=4096)
def _encoded(values: tuple[str, ...]) -> frozenset[bytes]:
    return frozenset(value.encode("utf-8", "surrogatepass") for value in values)


@lru_cache(maxsize=4096)
def regex(pattern: str) -> Any:
    """`pattern` compiled by RE2. Raises re2.error when RE2 doesn't take it."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


@lru_cache(maxsize=4096)
def names_match(wanted: str, name: str) -> bool:
    """Return whether the dotted name `name` is `wanted`, in which `*` stands for any one segment."""
    if "*" not in wanted:
        return wanted == name
    ours, theirs = wanted.split("."), name.split(".")
    return len(ours) == len(theirs) and all(a in ("*", b) for a, b in zip(ours, theirs, strict=True))


def read_predicate(call: Call, captures: Sequence[str], language: str) -> Predicate:
    """Return the predicate that `call` writes, over a pattern's `captures`. Raises SyntaxProblem."""
    from polcheck.selectors.syntax.query import unquoted  # NOTE: a search needs nothing that reads queries

    if call.name not in KNOWN:
        raise _unknown(call)
    bare = call.name[1:]
    negated = "not-" in bare
    bare = bare.replace("not-", "")
    some = bare in ("any-eq?", "any-match?")
    test = _TEXT[bare.removeprefix("any-") if some else bare]
    if not call.arguments or call.arguments[0].kind != "capture":
        raise SyntaxProblem(f"`{call.name}` needs a capture first", call.start, f'write `({call.name} @name "text")`')
    numbers = [_number(token, captures) for token in call.arguments if token.kind == "capture"]
    strings = tuple(unquoted(token.text) for token in call.arguments if token.kind != "capture")
    _check_arguments(call, test, len(numbers), len(strings))
    _check_values(call, test, strings, language)
    other = numbers[1] if len(numbers) == 2 else None
    label = call.arguments[0].text[1:]
    return Predicate(call.name, test, negated, some, numbers[0], label, strings, other)


def _unknown(call: Call) -> SyntaxProblem:
    if call.name.endswith("!") or call.name in ("#is?", "#is-not?"):
        return SyntaxProblem(
            f"`{call.name}` has no meaning in a policy",
            call.start,
            "directives are for editors: leave it out",
        )
    known = ", ".join(f"`{name}`" for name in KNOWN)
    return SyntaxProblem(
        f"unknown predicate `{call.name}`", call.start, did_you_mean(call.name, KNOWN, f"known: {known}")
    )


def _number(token: Token, captures: Sequence[str]) -> int:
    name = token.text[1:]
    if name not in captures:
        raise SyntaxProblem(
            f"`@{name}` is not captured in this pattern",
            token.start,
            did_you_mean(name, captures, "a predicate sees the captures of its own pattern only"),
        )
    return captures.index(name)


def _check_arguments(call: Call, test: str, captures: int, strings: int) -> None:
    if test == "eq":
        right, wanted = captures + strings == 2, "a capture and a string, or two captures"
    elif test == "match":
        right, wanted = captures == strings == 1, "a capture and one regular expression"
    elif test == "any-of":
        right, wanted = captures == 1 and strings > 0, "a capture and one string or more"
    else:
        right, wanted = captures == 1 and strings > 0, "a capture and one dotted name or more"
    if not right:
        raise SyntaxProblem(f"`{call.name}` takes {wanted}", call.start, f"given: {len(call.arguments)} arguments")


def _check_values(call: Call, test: str, strings: tuple[str, ...], language: str) -> None:
    place = call.arguments[-1].start
    if test == "match":
        try:
            regex(strings[0])
        except (re2.error, UnicodeEncodeError) as error:
            raise SyntaxProblem(
                f"`{strings[0]}` is not a regular expression: {_reason(error)}",
                place,
                "RE2 syntax: no look-around, no backreferences",
            ) from error
    if test != "resolves-to":
        return
    if not language_called(language).follows_imports:
        raise SyntaxProblem(
            f"`{call.name}` follows the imports of Python, this is {language}", call.start, "write `#eq?`"
        )
    for value in strings:
        if not _DOTTED.fullmatch(value):
            raise SyntaxProblem(
                f"`{value}` is not a dotted name", place, "write `torch.load`; `*` stands for one whole segment"
            )


def _reason(error: Exception) -> str:
    first = error.args[0] if error.args else ""
    return first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
