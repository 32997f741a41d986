"""Mutations of JMESPath expressions, on their trees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from msgspec.structs import replace

from polcheck.authoring.mutants.edits import Variant
from polcheck.authoring.mutants.regexes import regex_variants
from polcheck.policy.plan import GROUP
from polcheck.selectors.jmespath.nodes import (
    Both,
    Call,
    Chain,
    Comparison,
    Current,
    Each,
    Either,
    Field,
    Filter,
    Literal,
    Node,
    Not,
    Slice,
    Variable,
    text_of,
)
from polcheck.selectors.jmespath.parser import parse
from polcheck.selectors.jmespath.values import ExpressionError

_OTHER = {"eq": "ne", "ne": "eq", "lt": "lte", "lte": "lt", "gt": "gte", "gte": "gt"}
# functions, and which of their arguments is a regular expression
_REGEX = {"matches": 1, "regex_match": 0, "regex_replace_all": 0, "regex_replace_all_literal": 0, "replace": 1}
# functions that give a string for a string, or a number for what stands for one
_PLAIN = frozenset(
    {
        "basename", "dirname", "lower", "path_canonicalize", "quantity", "replace", "replace_all", "round", "stem",
        "to_lower", "to_upper", "trim", "trim_prefix", "truncate", "url_decode",
    }
)  # fmt: skip
_PAIRED = {"add": "subtract", "divide": "multiply", "time_after": "time_before"}
_SWAPPED = {**_PAIRED, **{other: name for name, other in _PAIRED.items()}}


class _Change(NamedTuple):
    operator: str
    node: Node
    before: str
    after: str


def expression_variants(text: str) -> Iterator[Variant]:
    """Yield the expression with a filter or a condition dropped, a comparison flipped, or a function left out."""
    try:
        node = parse(text).node
    except ExpressionError:
        return
    for change in _changes(node):
        yield Variant(change.operator, text_of(change.node), change.before, change.after)


def group_variants(text: str) -> Iterator[Variant]:
    """Yield the expression with only the first of the rows of `group`, and with none."""
    try:
        node = parse(text).node
    except ExpressionError:
        return
    for operator, most in (("group-of-one", 1), ("no-group", 0)):
        cut = Each(Chain((Field(GROUP), Slice(None, most, None))), Current(implied=True))
        changed = _replaced(
            node, lambda part: part.name == GROUP if isinstance(part, (Field, Variable)) else False, cut
        )
        if changed is not node:
            yield Variant(operator, text_of(changed), GROUP, text_of(cut))


def _replaced(node: Node, chosen: Callable[[Node], bool], new: Node) -> Node:
    """Return the node with `new` in place of every chosen one; itself where there is none."""
    if chosen(node):
        return new
    parts: dict[str, Any] = {}
    for name in node.__struct_fields__:
        value = getattr(node, name)
        items = value if isinstance(value, tuple) else (value,)
        others = tuple(_replaced(item, chosen, new) if isinstance(item, Node) else item for item in items)
        if any(one is not other for one, other in zip(items, others, strict=True)):
            parts[name] = others if isinstance(value, tuple) else others[0]
    return replace(node, **parts) if parts else node


def negated(text: str) -> str | None:
    """Return the condition that holds where `text` doesn't; None for what is no expression."""
    try:
        node = parse(text).node
    except ExpressionError:
        return None
    return text_of(node.item if isinstance(node, Not) else Not(node))


def _changes(node: Node) -> Iterator[_Change]:
    """Yield the node with one change, in it or somewhere below."""
    yield from _own(node)
    for name in node.__struct_fields__:
        value = getattr(node, name)
        if isinstance(value, Node):
            for change in _changes(value):
                yield change._replace(node=_with(node, name, change.node))
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                for change in _changes(item) if isinstance(item, Node) else ():
                    items = (*value[:index], change.node, *value[index + 1 :])
                    yield change._replace(node=_with(node, name, items))


def _with(node: Node, field: str, value: Node | tuple[Node, ...]) -> Node:
    parts: dict[str, Any] = {field: value}
    return replace(node, **parts)


def _own(node: Node) -> Iterator[_Change]:
    match node:
        case Filter(base, _, right):
            yield _change("drop-filter", node, Each(base, right))
        case Both(items) | Either(items):
            for index in range(len(items)):
                left = (*items[:index], *items[index + 1 :])
                yield _change("drop-condition", node, left[0] if len(left) == 1 else replace(node, items=left))
        case Comparison(operator):
            yield _change("flip-comparison", node, replace(node, operator=_OTHER[operator]))
        case Variable(name):
            yield _change("bare-name", node, Field(name))
            yield _change("null-name", node, Literal(None))
        case Call(name, arguments) if arguments:
            yield from _call(node, name, arguments)


def _call(node: Call, name: str, arguments: tuple[Node, ...]) -> Iterator[_Change]:
    if name in _PLAIN:
        yield _change("drop-function", node, arguments[0])
    if name in _SWAPPED:
        yield _change("swap-function", node, replace(node, name=_SWAPPED[name]))
    if name == "days_between":
        yield _change("swap-dates", node, replace(node, arguments=arguments[::-1]))
    place = _REGEX.get(name, len(arguments))
    argument = arguments[place] if place < len(arguments) else None
    if isinstance(argument, Literal) and isinstance(argument.value, str):
        for variant in regex_variants(argument.value):
            changed = replace(node, arguments=(*arguments[:place], Literal(variant.text), *arguments[place + 1 :]))
            yield _Change(variant.operator, changed, variant.before, variant.after)


def _change(operator: str, before: Node, after: Node) -> _Change:
    return _Change(operator, after, text_of(before), text_of(after))
