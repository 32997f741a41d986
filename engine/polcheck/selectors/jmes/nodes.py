"""The syntax tree of an expression: one small class a form, in the order in which the text has them."""

from __future__ import annotations

from polcheck.documents.config import Json
from polcheck.records import record


@record(frozen=True, slots=True, eq=False)
class Current:
    """`@`; `implied` where nothing is written, as before `[0]` at the start of a projection's right side."""

    implied: bool = False


@record(frozen=True, slots=True, eq=False)
class Field:
    """A key of the current object."""

    name: str
    position: int = 0


@record(frozen=True, slots=True, eq=False)
class Literal:
    """A value written in the expression."""

    value: Json
    position: int = 0


@record(frozen=True, slots=True, eq=False)
class Index:
    """`[n]`: one item of the current list."""

    number: int


@record(frozen=True, slots=True, eq=False)
class Slice:
    """`[start:stop:step]`."""

    start: int | None
    stop: int | None
    step: int | None


@record(frozen=True, slots=True, eq=False)
class Chain:
    """Steps one after the other, each on what the one before gave: `a.b[0]`."""

    steps: tuple[Node, ...]


@record(frozen=True, slots=True, eq=False)
class Pipe:
    """`a | b | c`: as a chain, and each step sees a projection's result as one list."""

    steps: tuple[Node, ...]


@record(frozen=True, slots=True, eq=False)
class Each:
    """A projection over a list: `base[*]`, `base[]` (then `base` is Flatten) or a slice."""

    base: Node
    right: Node


@record(frozen=True, slots=True, eq=False)
class Filter:
    """`base[?condition]` and what follows it."""

    base: Node
    condition: Node
    right: Node
    position: int = 0


@record(frozen=True, slots=True, eq=False)
class Values:
    """`base.*` and what follows it."""

    base: Node
    right: Node


@record(frozen=True, slots=True, eq=False)
class Flatten:
    """The list of `base` with the lists in it opened."""

    base: Node
    position: int = 0


@record(frozen=True, slots=True, eq=False)
class Listing:
    """`[a, b]`."""

    items: tuple[Node, ...]


@record(frozen=True, slots=True, eq=False)
class Hash:
    """`{key: a, …}`."""

    names: tuple[str, ...]
    items: tuple[Node, ...]


@record(frozen=True, slots=True, eq=False)
class Either:
    """`a || b || c`."""

    items: tuple[Node, ...]


@record(frozen=True, slots=True, eq=False)
class Both:
    """`a && b && c`."""

    items: tuple[Node, ...]


@record(frozen=True, slots=True, eq=False)
class Not:
    """`!a`."""

    item: Node


@record(frozen=True, slots=True, eq=False)
class Comparison:
    """`a == b` and its like; `operator` is eq, ne, lt, lte, gt or gte."""

    operator: str
    left: Node
    right: Node


@record(frozen=True, slots=True, eq=False)
class Call:
    """`name(argument, …)`."""

    name: str
    arguments: tuple[Node, ...]
    position: int = 0


@record(frozen=True, slots=True, eq=False)
class Reference:
    """`&a`: an expression that a function applies to each item."""

    body: Node


Node = (
    Current
    | Field
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


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below `node`, in the order of the text."""
    match node:
        case Chain(items) | Pipe(items) | Either(items) | Both(items) | Listing(items):
            return items
        case Hash(_, items) | Call(_, items):
            return items
        case Each(base, right) | Values(base, right) | Comparison(_, base, right):
            return (base, right)
        case Filter(base, condition, right):
            return (base, condition, right)
        case Flatten(item) | Not(item) | Reference(item):
            return (item,)
        case _:
            return ()


def position_of(node: Node) -> int:
    """The offset of the first thing in `node` whose place is known; 0 when there is none."""
    match node:
        case Field() | Literal() | Call():
            return node.position
        case Filter(base) | Flatten(base) if isinstance(base, Current):
            return node.position
        case _:
            return next((place for place in map(position_of, children(node)) if place), 0)
