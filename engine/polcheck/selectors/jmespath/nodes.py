"""The nodes of an expression's tree, and unparsing: the text of a tree."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from msgspec import Struct

from polcheck.formats.values import Json
from polcheck.selectors.jmespath.values import SIGNS


class Current(Struct, frozen=True, eq=False):
    """`@`; `implied` where nothing is written, as before `[0]` at the start of a projection's right side."""

    implied: bool = False


class Field(Struct, frozen=True, eq=False):
    """A key of the current object."""

    name: str
    position: int = 0


class Variable(Struct, frozen=True, eq=False):
    """`$name`: what a name is bound to outside of the expression, wherever it stands in it (as in JEP 18)."""

    name: str
    position: int = 0


class Literal(Struct, frozen=True, eq=False):
    """A value written in the expression."""

    value: Json
    position: int = 0


class Index(Struct, frozen=True, eq=False):
    """`[n]`: one item of the current list."""

    number: int


class Slice(Struct, frozen=True, eq=False):
    """`[start:stop:step]`."""

    start: int | None
    stop: int | None
    step: int | None


class Chain(Struct, frozen=True, eq=False):
    """Steps one after the other, each on what the one before gave: `a.b[0]`."""

    steps: tuple[Node, ...]


class Pipe(Struct, frozen=True, eq=False):
    """`a | b | c`: as a chain, and each step sees a projection's result as one list."""

    steps: tuple[Node, ...]


class Each(Struct, frozen=True, eq=False):
    """A projection over a list: `base[*]`, `base[]` (then `base` is Flatten) or a slice."""

    base: Node
    right: Node


class Filter(Struct, frozen=True, eq=False):
    """`base[?condition]` and what follows it."""

    base: Node
    condition: Node
    right: Node
    position: int = 0


class Values(Struct, frozen=True, eq=False):
    """`base.*` and what follows it."""

    base: Node
    right: Node


class Flatten(Struct, frozen=True, eq=False):
    """The list of `base` with the lists in it opened."""

    base: Node
    position: int = 0


class Listing(Struct, frozen=True, eq=False):
    """`[a, b]`."""

    items: tuple[Node, ...]


class Hash(Struct, frozen=True, eq=False):
    """`{key: a, …}`."""

    names: tuple[str, ...]
    items: tuple[Node, ...]


class Either(Struct, frozen=True, eq=False):
    """`a || b || c`."""

    items: tuple[Node, ...]


class Both(Struct, frozen=True, eq=False):
    """`a && b && c`."""

    items: tuple[Node, ...]


class Not(Struct, frozen=True, eq=False):
    """`!a`."""

    item: Node


class Comparison(Struct, frozen=True, eq=False):
    """`a == b` and its like; `operator` is eq, ne, lt, lte, gt or gte."""

    operator: str
    left: Node
    right: Node


class Call(Struct, frozen=True, eq=False):
    """`name(argument, …)`."""

    name: str
    arguments: tuple[Node, ...]
    position: int = 0


class Reference(Struct, frozen=True, eq=False):
    """`&a`: an expression that a function applies to each item."""

    body: Node


Node = (
    Current
    | Field
    | Variable
    | Literal
    | Index
    | Slice
    | Chain
    | Pipe
    | Each
    | Filter
    | Values
    | Flatten
    | Listing
    | Hash
    | Either
    | Both
    | Not
    | Comparison
    | Call
    | Reference
)


_CHILDREN: Mapping[type, Callable[[Any], tuple[Node, ...]]] = {
    **dict.fromkeys((Chain, Pipe), attrgetter("steps")),
    **dict.fromkeys((Either, Both, Listing, Hash), attrgetter("items")),
    Call: attrgetter("arguments"),
    **dict.fromkeys((Each, Values), attrgetter("base", "right")),
    Comparison: attrgetter("left", "right"),
    Filter: attrgetter("base", "condition", "right"),
    Flatten: lambda node: (node.base,),
    Not: lambda node: (node.item,),
    Reference: lambda node: (node.body,),
    **dict.fromkeys((Current, Field, Variable, Literal, Index, Slice), lambda node: ()),
}


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes right below `node`, in the order of the text."""
    return _CHILDREN[type(node)](node)


def walk(node: Node) -> Iterator[Node]:
    """Yield `node` and every node below it."""
    pending = [node]
    while pending:
        part = pending.pop()
        yield part
        pending.extend(children(part))


def position_of(node: Node) -> int:
    """Return the offset of the first thing in `node` whose place is known; 0 when there is none."""
    match node:
        case Field() | Variable() | Literal() | Call():
            return node.position
        case Filter(base) | Flatten(base) if isinstance(base, Current):
            return node.position
        case _:
            return next((place for place in map(position_of, children(node)) if place), 0)


_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LOOSE = (Pipe, Either, Both, Comparison, Not, Reference)
_PROJECTIONS = (Each, Filter, Values)


def text_of(node: Node) -> str:
    """Return an expression that parses to `node` again."""
    match node:
        case Current(implied):
            return "" if implied else "@"
        case Field(name):
            return name_text(name)
        case Variable(name):
            return f"${name}"
        case Literal(value):
            return _literal(value)
        case Index(number):
            return f"[{number}]"
        case Slice(start, stop, step):
            bounds = ":".join("" if bound is None else str(bound) for bound in (start, stop))
            return f"[{bounds}]" if step is None else f"[{bounds}:{step}]"
        case Chain(steps):
            return _start(steps[0]) + "".join(_tail(step) for step in steps[1:])
        case Each() | Filter() | Values() | Flatten():
            return _projection(node)
        case _:
            return _composed(node)


def name_text(name: str) -> str:
    """`name` as an identifier, quoted where it has to be."""
    return name if _PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _literal(value: object) -> str:
    if isinstance(value, str) and "\\" not in value:
        return "'" + value.replace("'", "\\'") + "'"
    return "`" + json.dumps(value).replace("`", "\\`") + "`"


def _projection(node: Each | Filter | Values | Flatten) -> str:
    match node:
        case Flatten(base):
            return (text_of(base) if isinstance(base, _PROJECTIONS) else _start(base)) + "[]"
        case Each(Flatten() as base, right):
            return text_of(base) + _tail(right)
        case Each(Chain((*_, Slice())) as base, right):
            return text_of(base) + _tail(right)
        case Each(base, right):
            return _start(base) + "[*]" + _tail(right)
        case Filter(base, condition, right):
            return f"{_start(base)}[?{text_of(condition)}]{_tail(right)}"
        case Values(base, right):
            start = _start(base)
            return (start + ".*" if start else "*") + _tail(right)


def _composed(node: Node) -> str:
    match node:
        case Pipe(steps):
            return " | ".join(_operand(step, Pipe) for step in steps)
        case Either(items):
            return " || ".join(_operand(item, Pipe, Either) for item in items)
        case Both(items):
            return " && ".join(_operand(item, Pipe, Either, Both) for item in items)
        case Comparison(operator, left, right):
            signs = (Pipe, Either, Both, Comparison)
            return f"{_operand(left, *signs)} {SIGNS[operator]} {_operand(right, *signs)}"
        case Not(item):
            return "!" + _operand(item, Pipe, Either, Both, Comparison, *_PROJECTIONS)
        case Reference(item):
            return "&" + text_of(item)
        case Listing(items):
            return "[" + ", ".join(text_of(item) for item in items) + "]"
        case Hash(names, items):
            pairs = zip(names, items, strict=True)
            return "{" + ", ".join(f"{name_text(name)}: {text_of(item)}" for name, item in pairs) + "}"
        case Call(name, arguments):
            return f"{name}({', '.join(text_of(argument) for argument in arguments)})"
    raise AssertionError(f"can't print {type(node).__name__}")


def _operand(node: Node, *looser: type) -> str:
    text = text_of(node)
    return f"({text})" if isinstance(node, looser) else text


def _start(node: Node) -> str:
    """`node` where something is applied to it; a projection in parentheses, or it would go on inside."""
    return _operand(node, *_LOOSE, *_PROJECTIONS)


def _tail(node: Node) -> str:
    """`node` as the continuation of a chain or of a projection."""
    if isinstance(node, (Index, Slice)) or _starts_implied(node):
        text = text_of(node)
        return text if text.startswith("[") or not text else "." + text
    text = text_of(node)
    return f".{text}"


def _starts_implied(node: Node) -> bool:
    """Return whether the leftmost thing of `node` is the current value, unwritten: then it begins with a bracket."""
    match node:
        case Current(implied):
            return implied
        case Chain((first, *_)):
            return _starts_implied(first)
        case Each(base) | Filter(base) | Values(base) | Flatten(base):
            return _starts_implied(base)
        case _:
            return False
