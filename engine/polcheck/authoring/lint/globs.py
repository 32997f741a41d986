"""Overlap of path patterns: whether some path matches one list and not another.

Each pattern becomes a small automaton; all of them walk together over the paths that there can be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import product

from polcheck.sources.path_patterns import alternatives

Wanted = Callable[[tuple[bool, ...]], bool]
_OTHER = "\0"  # stands for every character that no pattern names
_ANY = "any"
_SEGMENT = "segment"  # any character but `/`
_WILD = re.compile(r"\*+|\?|\{[^}]*\}")
_MOST_WAYS = 8
_MOST_STATES = 5_000


class Glob:
    """One pattern, without its `!`, as an automaton that is worked out as far as it is walked; state 0 is a dead end.

    `exact` is False where the pattern takes fewer paths than its automaton: a capture that stands in it twice.
    """

    def __init__(self, text: str, nodes: _Nodes) -> None:
        self.ways = tuple(alternatives(text.rstrip("/")))
        self._nodes = nodes
        self._known: list[frozenset[int]] = [frozenset()]
        self._number: dict[frozenset[int], int] = {frozenset(): 0}
        self._moves: dict[tuple[int, str], int] = {}
        self._chars: list[frozenset[str]] = [frozenset()]
        self.ends: list[bool] = [False]
        self.folder = text.endswith("/")
        self.exact = nodes.exact
        self.begin = self._numbered(nodes.starts)

    def step(self, state: int, char: str) -> int:
        """Return the state after one more character."""
        result = self._moves.get((state, char))
        if result is None:
            targets = (
                target
                for node in self._known[state]
                for taken, target in self._nodes.edges[node]
                if taken in (char, _ANY) or (taken == _SEGMENT and char != "/")
            )
            result = self._moves[(state, char)] = self._numbered(targets)
        return result

    def takes(self, path: str, folder: bool) -> bool:
        """Return whether the pattern takes a path, which has no `/` at its end even where it is a folder's."""
        state = self.begin
        for char in path:
            state = self.step(state, char)
        return self.folder == folder and self.ends[state]

    def chars(self, state: int) -> frozenset[str]:
        """Return the characters that the pattern names here."""
        return self._chars[state]

    def _numbered(self, nodes: Iterable[int]) -> int:
        """Return the state in which the automaton is at these nodes, and at those that follow for nothing."""
        closed: set[int] = set()
        pending = list(nodes)
        while pending:
            node = pending.pop()
            if node not in closed:
                closed.add(node)
                pending.extend(self._nodes.free[node])
        state = frozenset(closed)
        if state not in self._number:
            self._number[state] = len(self._known)
            self._known.append(state)
            self._chars.append(
                frozenset(taken for node in state for taken, _ in self._nodes.edges[node] if len(taken) == 1)
            )
            self.ends.append(not state.isdisjoint(self._nodes.ends))
        return self._number[state]


@lru_cache(maxsize=4096)
def glob(text: str) -> Glob:
    """Return the automaton of a pattern, which compiles. Raises FilesProblem for one that doesn't."""
    body = text.removeprefix("!")
    nodes = _Nodes()
    for way in alternatives(body.rstrip("/")):
        nodes.add(way)
    return Glob(body, nodes)


def some_path(globs: Sequence[Glob], wanted: Wanted, needed: int = 1) -> bool | None:
    """Return whether there is a path for which the patterns' answers are `wanted`; None when that would take too
    long.

    INVARIANT: what is wanted is taken by one of the first `needed` patterns.
    """
    folders = sorted({each.folder for each in globs})
    for path in _examples(globs):
        if any(wanted(tuple(each.takes(path, folder) for each in globs)) for folder in folders):
            return True
    answers = [_search(globs, wanted, folder, needed) for folder in folders]
    return True if True in answers else None if None in answers else False


def within(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether surely every path that the list `one` takes is taken by the list `other`."""
    return _within(tuple(one), tuple(other))


@lru_cache(maxsize=4096)
def _within(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    inside, outside = _split(one)
    theirs, but = _split(other)
    globs = [*inside, *outside, *theirs, *but]
    if not all(each.exact for each in (*outside, *theirs)):
        return False
    first, second, third = len(inside), len(inside) + len(outside), len(inside) + len(outside) + len(theirs)

    def escapes(taken: tuple[bool, ...]) -> bool:
        mine = any(taken[:first]) and not any(taken[first:second])
        return mine and not (any(taken[second:third]) and not any(taken[third:]))

    return some_path(globs, escapes, first) is False


def _split(texts: Sequence[str]) -> tuple[list[Glob], list[Glob]]:
    """Return the including and the excluding patterns of a list; a list that only excludes includes every file."""
    inside = [glob(text) for text in texts if not text.startswith("!")]
    return inside or [glob("**")], [glob(text) for text in texts if text.startswith("!")]


def _examples(globs: Sequence[Glob]) -> Iterator[str]:
    """Paths that come to mind, made of the patterns' parts: trying them is much quicker than a search."""
    ways = [way for each in globs for way in each.ways[:_MOST_WAYS]]
    heads = list(dict.fromkeys(["", *(_filled(way.partition("**")[0].rpartition("/")[0]) for way in ways)]))
    bodies = list(dict.fromkeys(_filled(way) for way in ways))
    tails = list(dict.fromkeys(_filled(way.rpartition("/")[2]) for way in ways))
    yield from bodies
    for head, body, tail in product(heads, ["", *bodies], tails):
        path = "/".join(part for part in (head, body.rpartition("/")[0], tail) if part)
        if path:
            yield path


def _filled(way: str) -> str:
    """Return a path that an alternative takes, its holes filled."""
    return "/".join(part for part in _WILD.sub("0", way.replace("**/", "")).split("/") if part)


def _search(globs: Sequence[Glob], wanted: Wanted, folder: bool, needed: int) -> bool | None:
    """Return whether there is such a path, of a folder or of a file."""
    pending = [(tuple(each.begin for each in globs), True)]
    visited = set(pending)
    while pending:
        states, fresh = pending.pop()  # fresh: no character of this segment yet
        if not fresh and wanted(
            tuple(each.ends[at] and each.folder == folder for each, at in zip(globs, states, strict=True))
        ):
            return True
        for char in _chars(globs, states):
            if fresh and char == "/":
                continue  # no path has an empty segment
            after = (tuple(each.step(at, char) for each, at in zip(globs, states, strict=True)), char == "/")
            if after not in visited and any(after[0][:needed]):
                visited.add(after)
                pending.append(after)
        if len(visited) > _MOST_STATES:
            return None
    return False


def _chars(globs: Sequence[Glob], states: Sequence[int]) -> list[str]:
    """Return the characters that make a difference here, and one that stands for all others."""
    return sorted({"/", _OTHER}.union(*(each.chars(at) for each, at in zip(globs, states, strict=True))))


class _Nodes:
    """A pattern's alternatives as nodes: `edges` are (what it takes, where it leads), `free` leads for nothing."""

    def __init__(self) -> None:
        self.edges: list[list[tuple[str, int]]] = []
        self.free: list[list[int]] = []
        self.starts: set[int] = set()
        self.ends: set[int] = set()
        self.exact = True

    def add(self, way: str) -> None:
        """Takes in one alternative."""
        at = self._state()
        self.starts.add(at)
        names: set[str] = set()
        for kind, value in _pieces(way):
            if kind == "char":
                at = self._then(at, value)
            elif kind == "many":
                self.edges[at].append((value, at))
            elif kind == "folders":
                at = self._folders(at)
            else:
                name, each = value.split("\0")
                self.exact = self.exact and name not in names
                names.add(name)
                at = self._then(at, each)
                self.edges[at].append((each, at))
            at = self._after(at)
        self.ends.add(at)

    def _state(self) -> int:
        self.edges.append([])
        self.free.append([])
        return len(self.edges) - 1

    def _then(self, at: int, taken: str) -> int:
        target = self._state()
        self.edges[at].append((taken, target))
        return target

    def _after(self, at: int) -> int:
        """Return a state that is reached from `at` for nothing, so that loops of the next piece stay its own."""
        target = self._state()
        self.free[at].append(target)
        return target

    def _folders(self, at: int) -> int:
        """`**/`: any number of whole segments, each with its `/`."""
        inner = self._then(at, _SEGMENT)
        self.edges[inner].append((_SEGMENT, inner))
        self.edges[inner].append(("/", at))
        return at


def _pieces(way: str) -> Iterator[tuple[str, str]]:
    """Yield one alternative, piece by piece, as `polcheck.sources.path_patterns` reads it."""
    index = 0
    while index < len(way):
        char = way[index]
        if char == "\\" and index + 1 < len(way):
            yield "char", way[index + 1]
            index += 2
        elif way.startswith("**/", index) and (index == 0 or way[index - 1] == "/"):
            yield "folders", ""
            index += 3
        elif way.startswith("**", index):
            yield "many", _ANY
            index += 2
        elif char == "{":
            end = way.index("}", index)
            name, _, deep = way[index + 1 : end].partition(":")
            yield "capture", f"{name}\0{_ANY if deep else _SEGMENT}"
            index = end + 1
        else:
            yield ("many", _SEGMENT) if char == "*" else ("char", _SEGMENT if char == "?" else char)
            index += 1
