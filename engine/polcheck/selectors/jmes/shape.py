"""What is known of an expression's result before it meets a value: lists, rows and their keys.

What is always null is refused: a step that the value before it can never take.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from polcheck.documents.config import Json
from polcheck.records import record
from polcheck.selectors.jmes.below import ROW_KEYS
from polcheck.selectors.jmes.errors import ExpressionError
from polcheck.selectors.jmes.functions import FUNCTIONS
from polcheck.selectors.jmes.nodes import (
    Both,
    Call,
    Chain,
    Comparison,
    Current,
    Each,
    Either,
    Field,
    Filter,
    Flatten,
    Hash,
    Index,
    Listing,
    Literal,
    Node,
    Not,
    Pipe,
    Reference,
    Slice,
    Values,
    position_of,
)
from polcheck.selectors.jmes.signature import wrong_type
from polcheck.selectors.jmes.values import KINDS, kind_of
from polcheck.selectors.jmes.writing import text_of


@record(frozen=True)
class Shape:
    """A kind of value (`any` when open); of a list what its items are, of an object its known entries."""

    kind: str = "any"
    item: Shape | None = None
    entries: Mapping[str, Shape] | None = field(default=None)

    @property
    def items(self) -> Shape:
        """What the items of the list are."""
        return self.item or ANY


ANY = Shape()
BOOLEAN = Shape("boolean")
TEXT = Shape("string")
_ROWS = Shape(
    "array",
    Shape("object", entries=dict(zip(ROW_KEYS, (ANY, ANY, TEXT), strict=True))),
)
_SAME = {"reverse", "sort", "sort_by", "unique"}
_PICKING = {"max", "min", "max_by", "min_by"}
_REFERRING = {"max_by", "min_by", "sort_by"}


def shape_of(node: Node, here: Shape = ANY) -> Shape:
    """The shape of what `node` gives for a value of shape `here`.

    Raises ExpressionError when a step of it can only ever give null.
    """
    match node:
        case Current():
            return here
        case Field():
            return _entry(node, here)
        case Literal(value):
            return _of_value(value)
        case Chain(steps) | Pipe(steps):
            for step in steps:
                here = shape_of(step, here)
            return here
        case Index(number):
            return _list(here, f"[{number}]", node).items
        case Slice():
            return Shape("array", _list(here, text_of(node), node).items)
        case Each() | Filter() | Values() | Flatten():
            return _projection(node, here)
        case Listing(items):
            return Shape("array", _joined([shape_of(item, here) for item in items]))
        case Hash(names, items):
            shapes = [shape_of(item, here) for item in items]
            return Shape("object", entries=dict(zip(names, shapes, strict=True)))
        case Call():
            return _call(node, here)
        case _:
            return _logic(node, here)


def binds(shape: Shape) -> frozenset[str] | None:
    """The keys that each row of such a result binds; None when they aren't known."""
    row = shape.items if shape.kind == "array" else shape
    return frozenset(row.entries) if row.entries else None


def judges(node: Node) -> bool:
    """Whether `node` gives a truth value: a comparison, and, or, not with one, or such a function."""
    match node:
        case Comparison() | Not():
            return True
        case Either(items) | Both(items):
            return any(judges(item) for item in items)
        case Pipe(steps) | Chain(steps):
            return judges(steps[-1])
        case Call(name):
            return FUNCTIONS[name].returns == "boolean"
        case _:
            return False


def _refused(step: str, here: Shape, node: Node) -> ExpressionError:
    article = "an" if here.kind[0] in "ao" else "a"
    message = f"`{step}` of {article} {here.kind} is always null"
    # NOTE: the library takes one step after `.*` or a hash for each item, and what follows for the whole list.
    text = f"for each item of the list, write ` | [*]{step}`" if here.kind == "array" else ""
    if here.kind == "boolean":
        text = "`!` binds closer than `.`: put what follows it in parentheses"
    return ExpressionError(message, position_of(node), text)


def _entry(node: Field, here: Shape) -> Shape:
    if here.kind not in ("any", "object"):
        raise _refused(f".{node.name}", here, node)
    if here.entries is None:
        return ANY
    if node.name not in here.entries:
        known = ", ".join(f"`{name}`" for name in here.entries)
        raise ExpressionError(
            f"`{node.name}` is always null here",
            node.position,
            f"there are {known}; a text is written in single quotes",
        )
    return here.entries[node.name]


def _list(here: Shape, step: str, node: Node) -> Shape:
    if here.kind not in ("any", "array"):
        raise _refused(step, here, node)
    return here


def _projection(node: Each | Filter | Values | Flatten, here: Shape) -> Shape:
    base = shape_of(node.base, here)
    match node:
        case Flatten():
            items = _list(base, "[]", node).items
            return Shape("array", items.items if items.kind == "array" else items)
        case Each(_, right):
            return Shape("array", shape_of(right, _list(base, "[*]", node).items))
        case Filter(_, condition, right):
            items = _list(base, "[?…]", node).items
            shape_of(condition, items)
            return Shape("array", shape_of(right, items))
        case Values(_, right):
            if base.kind not in ("any", "object"):
                raise _refused(".*", base, node)
            items = _joined(list(base.entries.values())) if base.entries else ANY
            return Shape("array", shape_of(right, items))


def _logic(node: Node, here: Shape) -> Shape:
    match node:
        case Either(items) | Both(items):
            return _joined([shape_of(item, here) for item in items])
        case Not(item):
            shape_of(item, here)
            return BOOLEAN
        case Comparison(_, left, right):
            shape_of(left, here)
            shape_of(right, here)
            return BOOLEAN
        case Reference(body):
            shape_of(body, ANY)
    return ANY


def _joined(shapes: list[Shape], depth: int = 3) -> Shape:
    """What all of them have in common, looked at `depth` levels deep."""
    first = shapes[0] if shapes else ANY
    for other in shapes[1:]:
        if first is not other:
            first = _common(first, other, depth)
    return first


def _common(one: Shape, other: Shape, depth: int) -> Shape:
    mine, others = one.entries or {}, other.entries or {}
    if not depth or one.kind != other.kind or mine.keys() != others.keys():
        return ANY
    entries = {key: _joined([mine[key], others[key]], depth - 1) for key in mine}
    item = _joined([one.items, other.items], depth - 1) if one.kind == "array" else None
    return Shape(one.kind, item, entries or None)


def _of_value(value: Json) -> Shape:
    if value is None:
        return ANY
    if isinstance(value, dict):
        return Shape("object", entries={key: _of_value(item) for key, item in value.items()})
    if isinstance(value, list):
        return Shape("array", _joined([_of_value(item) for item in value]))
    return Shape(kind_of(value))


def _call(node: Call, here: Shape) -> Shape:
    function = FUNCTIONS[node.name]
    given = [ANY if isinstance(argument, Reference) else shape_of(argument, here) for argument in node.arguments]
    for index, shape in enumerate(given):
        parameter = function.parameter(index)
        if shape.kind != "any" and not any(KINDS[taken] == shape.kind for taken in parameter.types):
            text = text_of(node.arguments[index])
            message = wrong_type(node.name, parameter, shape.kind, text).replace(f'"{text}"', text)
            raise ExpressionError(message, position_of(node.arguments[index]) or node.position)
    return _result(node, given)


def _result(node: Call, given: list[Shape]) -> Shape:
    name = node.name
    if name == "map":
        body = node.arguments[0]
        return Shape("array", shape_of(body.body if isinstance(body, Reference) else body, given[1].items))
    if name in _REFERRING and isinstance(node.arguments[1], Reference):
        shape_of(node.arguments[1].body, given[0].items)
    if name in _SAME:
        return given[0]
    if name in _PICKING:
        return given[0].items
    if name in ("leaves", "nodes", "entries"):
        return _ROWS
    if name in ("keys", "lines", "split"):
        return Shape("array", TEXT)
    if name == "not_null":
        return _joined(given)
    if name == "to_array":
        return given[0] if given[0].kind == "array" else Shape("array", given[0] if given[0].kind != "any" else ANY)
    if name == "merge":
        return _merged(given)
    returns = FUNCTIONS[name].returns
    return Shape(returns) if returns != "any" else ANY


def _merged(given: list[Shape]) -> Shape:
    if any(shape.entries is None for shape in given):
        return Shape("object")
    return Shape("object", entries={key: item for shape in given for key, item in (shape.entries or {}).items()})
