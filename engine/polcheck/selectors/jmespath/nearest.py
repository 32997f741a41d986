"""Near misses of an expression: the longest prefix that finds something, and what fails after it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from polcheck.formats.values import Json, Pointer
from polcheck.selectors.jmespath.nodes import (
    Both,
    Call,
    Chain,
    Current,
    Each,
    Either,
    Field,
    Filter,
    Flatten,
    Hash,
    Literal,
    Node,
    Pipe,
    Reference,
    Values,
    text_of,
)
from polcheck.selectors.jmespath.tracing import TracedValue, Tracer
from polcheck.selectors.jmespath.values import Budget, EvaluationError, common_prefix

_CLOSE = 0.6


class Nearest(Struct, frozen=True):
    """The longest beginning of an expression that resolves, and the step after it that doesn't.

    `text` is that beginning (`@` when nothing resolves), `pointer` where it leads: the common holder when that is
    several places. `failed` is the next step, empty when all resolves; `closest` is the existing key that is most
    like it, when it is a field and there is one (`pointer` then leads to the object that has it).
    """

    text: str
    pointer: Pointer
    failed: str = ""
    closest: str | None = None


def nearest(node: Node, value: Json) -> Nearest:
    """Return how far `node` resolves in `value`. Never raises: what can't be evaluated counts as not resolved."""
    root = TracedValue(value, ())
    tracer = Tracer(Budget())
    best: tuple[Node, TracedValue] = (Current(), root)
    failed: Node | None = None
    for prefix in _prefixes(node):
        traced = _resolved(tracer, prefix, root)
        if traced is None:
            failed = failed or prefix
        else:
            best, failed = (prefix, traced), None
    prefix, traced = best
    ends = _ends(traced)
    place = common_prefix([origin.pointer for end in ends for origin in end.origin])
    text = text_of(prefix) or "@"
    if failed is None:
        return Nearest(text, place)
    step = _step(failed, text_of(prefix))
    key, holder = _closest(failed, ends)
    return Nearest(text, place if holder is None else holder, step, key)


def _resolved(tracer: Tracer, node: Node, root: TracedValue) -> TracedValue | None:
    try:
        traced = tracer.run(node, root)
    except (EvaluationError, RecursionError):
        return None
    return traced if any(_is_something(end) for end in _ends(traced)) else None


def _is_something(traced: TracedValue) -> bool:
    """Return whether there is anything in it; an object that the expression made of nothing but nulls has nothing."""
    if isinstance(traced.value, dict) and traced.at is None:
        return any(value is not None for value in traced.value.values())
    return traced.value is not None and traced.value not in ("", [], {})


def _prefixes(node: Node) -> Iterator[Node]:
    """Yield the beginnings of `node`, from short to long; each is an expression of its own."""
    match node:
        case Chain(steps) | Pipe(steps):
            done: tuple[Node, ...] = ()
            for step in steps:
                for part in _prefixes(step):
                    yield type(node)((*done, part)) if done else part
                done = (*done, step)
        case Each(base, right) | Values(base, right) | Filter(base, _, right):
            yield from _prefixes(base)
            for part in (Current(implied=True), *_prefixes(right)):
                yield replace(node, right=part)
        case Flatten(base):
            yield from _prefixes(base)
        case Call(_, arguments):
            given = [item for item in arguments if not isinstance(item, (Reference, Literal))]
            for argument in given[:1]:
                yield from _prefixes(argument)
            yield node
        case Either((first, *_)) | Both((first, *_)):
            yield from _prefixes(first)
            yield node
        case Current():
            return
        case _:
            yield node


def _ends(traced: TracedValue) -> list[TracedValue]:
    """Return the places that the traced value leads to: itself, or the elements of a list that the expression made."""
    if isinstance(traced.value, list) and traced.at is None:
        return [item for item in traced.items() if item.value is not None]
    return [traced]


def _step(failed: Node, resolved: str) -> str:
    """Return the last step of `failed`, as text."""
    last = _last(failed)
    if isinstance(last, (Field, Hash, Call)):
        return text_of(last)
    text = text_of(failed)
    return text[len(resolved) :].lstrip(" |.") if text.startswith(resolved) else text


def _last(node: Node) -> Node:
    """Return the step that `node` ends with."""
    while True:
        match node:
            case Chain((*_, last)) | Pipe((*_, last)):
                node = last
            case Each(_, right) | Values(_, right) | Filter(_, _, right) if not isinstance(right, Current):
                node = right
            case _:
                return node


@lru_cache(maxsize=4096)
def _likeness(name: str, key: str) -> float:
    """Return the likeness of two names, from 0 to 1. NOTE: a thousand documents of one kind have the same keys."""
    return difflib.SequenceMatcher(None, name.lower(), key.lower()).ratio()


def _closest(failed: Node, ends: list[TracedValue]) -> tuple[str | None, Pointer | None]:
    """Return the existing key most like the missing field, and the object that has it."""
    last = _last(failed)
    if not isinstance(last, Field):
        return None, None
    best, score, holder = None, _CLOSE, None
    for end in ends:
        if isinstance(end.value, dict) and last.name in end.value:
            return None, None  # NOTE: it is there, and holds nothing that was looked for
        for key in end.value if isinstance(end.value, dict) else ():
            if 2 * min(len(last.name), len(key)) <= score * (len(last.name) + len(key)):
                continue  # NOTE: texts of such lengths have too little in common
            likeness = _likeness(last.name, key)
            if likeness > score:
                best, score, holder = key, likeness, end.origin[0].pointer if end.origin else None
    return best, holder
