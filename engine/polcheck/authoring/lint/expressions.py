"""Checks of expressions that are always false or empty, and of regular expressions that match too much."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from polcheck.authoring.lint.view import View, at_index
from polcheck.formats.values import Json, Pointer
from polcheck.policy.model import Item
from polcheck.policy.origin import SourceMap
from polcheck.policy.plan import Conjunction, Names, Step, below, every_step
from polcheck.selectors.jmespath.analysis import ANY, Shape, shape_of
from polcheck.selectors.jmespath.expression import Expression
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
    Flatten,
    Literal,
    Node,
    Not,
    Pipe,
    Reference,
    Values,
    children,
    position_of,
    text_of,
)
from polcheck.selectors.jmespath.parser import parse
from polcheck.selectors.jmespath.values import ExpressionError, kind_of

_EITHER = frozenset({True, False})
_KINDS = frozenset({"array", "boolean", "null", "number", "object", "string"})
_ORDERINGS = frozenset({"lt", "lte", "gt", "gte"})

# what YAML makes of an escape in double quotes, where the regular expression's escape of the same letter was meant
_CONTROLS = re.compile("[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f\x85\u2028\u2029]")
_MEANT = {"\x08": "b", "\x0c": "f", "\x0b": "v", "\x07": "a", "\x1b": "e", "\x00": "0"}
_WITH_REGEX = ("text", "data", "where", "code")


def check_expressions(view: View) -> None:
    """Warns of conditions and filters that nothing meets, and of control characters in regular expressions."""
    for origin, item in view.items:
        for at, text in _texts(origin, item):
            _controls(origin, at, text)
    for origin, step in view.steps():
        for at, expression in step.expressions:
            _empty(origin, at, expression, is_condition=expression in step.tests)
        for probe in step.probes:
            what = view.probes[probe].what
            if isinstance(what, Expression):
                _empty(origin, _data_at(origin, step), what, is_condition=False)


def check_row_names(view: View) -> None:
    """Warns of bare names inside projections that look like names of the row, and are keys of the element."""
    for origin, steps, bound in _scopes(view):
        for step in below(steps, elsewhere=False):
            for at, expression in step.expressions:
                _bare_names(origin, at, expression, bound)
            for probe in step.probes if step.holder else ():
                what = view.probes[probe].what
                if isinstance(what, Expression):
                    _bare_names(origin, _data_at(origin, step), what, bound)


def _scopes(view: View) -> Iterator[tuple[SourceMap, Conjunction, Names]]:
    """Yield the conjunctions of each policy and selector, with all names that their rows may bind."""
    for entry in view.entries:
        policy = entry.compiled
        if policy is not None:
            bound = frozenset(name for step in every_step(policy) for name in step.exports)
            for part in (policy.when, policy.subjects or (), policy.grouped, policy.demand):
                yield entry.origin, part, bound
    for origin, steps in view.pack.selectors.values():
        yield origin, steps, frozenset(name for step in below(steps) for name in step.exports)


def _bare_names(origin: SourceMap, at: Pointer, expression: Expression, bound: Names) -> None:
    """Warns of a bare name that is related to its element where the row binds it."""
    for node, name in _related_names(expression.node, ANY, bound, inside=False):
        message = f"`{name}` in `{text_of(node)}` is a key of the element, not the name that the row binds"
        help = f"write `${name}` for the name of the row, `@.{name}` for the key of the element"
        origin.warning(at, message, help, position_of(node))


def _related_names(node: Node, here: Shape, bound: Names, *, inside: bool) -> Iterator[tuple[Node, str]]:
    """Yield the comparisons and calls inside projections that relate an element, or a part of it, to a bare bound name.

    A name that stands there alone, or with literals, is a key of the element; so is one that each is known to have.
    """
    if inside and isinstance(node, (Comparison, Call)):
        operands = children(node)
        names = [_leading_name(operand) for operand in operands]
        known = here.entries or {}
        for index, name in enumerate(names):
            others = (*operands[:index], *operands[index + 1 :])
            if name in bound and name not in known and any(_reads_element(other, bound) for other in others):
                yield node, name
    match node:
        case Chain(steps) | Pipe(steps):
            for step in steps:
                yield from _related_names(step, here, bound, inside=inside)
                here = shape_of(step, here)
        case Filter(base, condition, right):
            yield from _related_names(base, here, bound, inside=inside)
            items = shape_of(base, here).items
            for part in (condition, right):
                yield from _related_names(part, items, bound, inside=True)
        case Each(base, right) | Values(base, right):
            yield from _related_names(base, here, bound, inside=inside)
            items = shape_of(base, here).items if isinstance(node, Each) else ANY
            yield from _related_names(right, items, bound, inside=True)
        case Reference(body):
            yield from _related_names(body, ANY, bound, inside=True)
        case _:
            for child in children(node):
                yield from _related_names(child, here, bound, inside=inside)


def _leading_name(node: Node) -> str:
    """Return the key of the current value that an operand begins with; empty where it begins otherwise."""
    while isinstance(node, (Chain, Pipe, Each, Filter, Values, Flatten)):
        node = node.steps[0] if isinstance(node, (Chain, Pipe)) else node.base
    return node.name if isinstance(node, Field) else ""


def _reads_element(node: Node, bound: Names) -> bool:
    """Return whether an operand reads the current value: as a whole, or by a key that is no bound name."""
    name = _leading_name(node)
    if name or isinstance(node, (Literal, Reference)):
        return bool(name) and name not in bound
    return isinstance(node, Current) or any(_reads_element(child, bound) for child in children(node))


def _data_at(origin: SourceMap, step: Step) -> Pointer:
    """Return where the expression of a `data`, or of `values` beside `in`, is written."""
    item: Json = origin.document
    for part in step.at:
        item = cast("dict[str | int, Json]", item)[part]
    return (*step.at, "data" if isinstance(item, dict) and "data" in item else "values")


def _texts(origin: SourceMap, item: Item) -> Iterator[tuple[Pointer, str]]:
    """Yield the texts of an item that are, or hold, regular expressions."""
    for key in _WITH_REGEX:
        provided = getattr(item, key)
        for index, text in enumerate(provided if isinstance(provided, tuple) else (provided,)):
            if text:
                yield at_index(origin, (*item.at, key), index), text
    if isinstance(item.values, str):
        yield (*item.at, "values"), item.values
    for name, text in item.let.items():
        yield (*item.at, "let", name), text


def _controls(origin: SourceMap, at: Pointer, text: str) -> None:
    """Warns of the first control character of a text, but for tabs and ends of lines, which can be meant."""
    match = _CONTROLS.search(text)
    if match is not None:
        letter = _MEANT.get(match[0])
        message = f"there is a control character here: U+{ord(match[0]):04X}"
        if letter:
            message += f", which YAML writes `\\{letter}` in double quotes"
        help = f"write the string in single quotes, where `\\{letter or 'x'}` stays as it is"
        origin.warning(at, message, help, match.start())


def _empty(origin: SourceMap, at: Pointer, expression: Expression, *, is_condition: bool) -> None:
    """Warns of what can only be false in an expression: the condition itself, or a filter."""
    try:
        node, _ = parse(expression.text)
        filters = list(_filters(node, ANY))
        conditions = [(each.condition, items) for each, items in filters]
        for condition, items in conditions:
            if _answers(condition, items) == {False}:
                reason, help = _why(condition, items)
                message = f"no element meets `[?{text_of(condition)}]`: {reason}"
                origin.warning(at, message, help, position_of(condition))
        if is_condition and _answers(node, ANY) == {False} and not isinstance(node, Literal):
            reason, help = _why(node, ANY)
            origin.warning(at, f"this never holds: {reason}", help, position_of(node))
    except ExpressionError:
        return  # noted when it was compiled


def _filters(node: Node, here: Shape) -> Iterator[tuple[Filter, Shape]]:
    """Yield every filter of an expression, and what is known of the elements that it sees."""
    match node:
        case Chain(steps) | Pipe(steps):
            for step in steps:
                yield from _filters(step, here)
                here = shape_of(step, here)
        case Filter(base, condition, right):
            yield from _filters(base, here)
            items = shape_of(base, here).items
            yield node, items
            yield from _filters(condition, items)
            yield from _filters(right, items)
        case Each(base, right):
            yield from _filters(base, here)
            yield from _filters(right, shape_of(base, here).items)
        case Values(base, right):
            yield from _filters(base, here)
            yield from _filters(right, ANY)
        case Reference(body):
            yield from _filters(body, ANY)
        case _:
            for child in children(node):
                yield from _filters(child, here)


def _answers(node: Node, here: Shape) -> frozenset[bool]:
    """Return the possible results of a condition on a value of this shape: true, false or either."""
    match node:
        case Both(items):
            return _combined([_answers(item, here) for item in items], False)
        case Either(items):
            return _combined([_answers(item, here) for item in items], True)
        case Not(item):
            return frozenset(not answer for answer in _answers(item, here))
        case Comparison():
            return _EITHER if _reason(node, here) is None else frozenset({node.operator == "ne"})
        case _:
            return _EITHER


def _combined(answers: list[frozenset[bool]], decides: bool) -> frozenset[bool]:
    """Return the possible results of `||` (which one True decides) or `&&` (one False)."""
    if any(each == {decides} for each in answers):
        return frozenset({decides})
    return frozenset({not decides}) if all(each == {not decides} for each in answers) else _EITHER


def _reason(node: Comparison, here: Shape) -> tuple[str, str] | None:
    """Return why a comparison has the same result for every value of a shape, and what to do; None when it varies."""
    if node.operator in _ORDERINGS:
        return None
    for side, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(other, Literal) and not isinstance(side, Literal):
            return _unequal(side, other, here)
    return None


def _unequal(side: Node, literal: Literal, here: Shape) -> tuple[str, str] | None:
    """Return why an expression's value never equals a literal."""
    provided, kind = text_of(side), kind_of(literal.value)
    if isinstance(side, Call) and side.name == "type" and isinstance(literal.value, str):
        if literal.value not in _KINDS:
            return f"there is no type `{literal.value}`", "one of " + ", ".join(f"`{name}`" for name in sorted(_KINDS))
        known = shape_of(side.arguments[0], here).kind
        if known not in ("any", literal.value) and literal.value != "null":
            article = "an" if known[0] in "ao" else "a"
            return (
                f"`{text_of(side.arguments[0])}` is always {article} {known} here",
                "drop the filter, or ask of a part",
            )
        return None
    known = shape_of(side, here).kind
    if known not in ("any", kind) and kind != "null":
        help = "write the number in backquotes: `` `1` ``" if known == "number" else f"compare it with a {known}"
        return f"`{provided}` is a {known}, and `{text_of(literal)}` a {kind}", help
    return None


def _why(node: Node, here: Shape) -> tuple[str, str]:
    """Return the first reason, in a condition that never holds, and what to do."""
    if isinstance(node, Comparison):
        result = _reason(node, here)
        if result is not None:
            return result
    for child in children(node):
        result = _why(child, here)
        if result[0]:
            return result
    return "", ""
