"""The compiler of expressions to nested functions, built once and run for every value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from polcheck.selectors.jmespath.functions import FUNCTIONS, refuse_null
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
    Variable,
    walk,
)
from polcheck.selectors.jmespath.values import Budget, EvaluationError, LimitError, equal, ordered, truth

Code = Callable[[Any, Budget], Any]
Nodes = frozenset[Node]
_NONE: Nodes = frozenset()


def tolerant_projections(node: Node) -> Nodes:
    """Return the projections in which an element that can't be evaluated leaves the other rows of `node` as they are.

    They are those of which each element only adds rows of its own to the result. An element that is counted, summed,
    negated, indexed or compared with others is not: without it the result would be another.
    """
    projections: set[Node] = set()
    _mark(node, 1, projections)
    return frozenset(projections)


def _mark(node: Node, depth: int, projections: set[Node]) -> None:
    """Add the projections of `node` of which, in so many levels of lists, each element is on its own."""
    if depth == 0:
        return
    match node:
        case Each(base, right) | Filter(base, _, right):
            projections.add(node)
            _mark(base, 1, projections)
            _mark(right, depth - 1, projections)
        case Values(_, right):
            projections.add(node)
            _mark(right, depth - 1, projections)
        case Flatten(base):
            _mark(base, depth + 1, projections)
        case Chain(steps) | Pipe(steps):
            for step in reversed(steps):
                _mark(step, depth, projections)
                depth = _opened(step, depth)
        case _:
            pass


def _opened(node: Node, depth: int) -> int:
    """Return in how many levels of lists a step takes the elements of the value before it one by one."""
    match node:
        case Current():
            return depth
        case Each(base) | Filter(base):
            return _opened(base, min(depth, 1))
        case Flatten(base):
            return _opened(base, depth + 1 if depth else 0)
        case _:
            return 0


def compiled(node: Node, strict: bool = False, tolerant: Nodes = _NONE) -> Code:
    """Return a function of a value and a budget that gives what `node` gives; `strict` is without null tolerance.

    In the projections that are `tolerant`, an element that can't be evaluated is skipped and noted in the budget.
    """
    match node:
        case Field(name):
            return _field(name)
        case Variable(name):
            return lambda value, budget: budget.names.get(name)
        case Current():
            return lambda value, budget: value
        case Literal(literal):
            return lambda value, budget: literal
        case Chain(steps) | Pipe(steps):
            return _steps(steps, strict, tolerant)
        case Each() | Filter() | Values() | Flatten():
            return _projection(node, strict, tolerant)
        case Index(number):
            return _index(number)
        case Slice(start, stop, step):
            cut = slice(start, stop, step)
            return lambda value, budget: value[cut] if type(value) is list else None
        case Call():
            return _call(node, strict)
        case Listing() | Hash():
            return _constructor(node, strict)
        case _:
            return _logic(node, strict)


def _field(name: str) -> Code:
    return lambda value, budget: value.get(name) if type(value) is dict else None


def _index(number: int) -> Code:
    def index(value: Any, budget: Budget) -> Any:
        if type(value) is not list or not -len(value) <= number < len(value):
            return None
        return value[number]

    return index


def _steps(steps: tuple[Node, ...], strict: bool, tolerant: Nodes) -> Code:
    if all(isinstance(step, Field) for step in steps):
        return _path(tuple(step.name for step in steps if isinstance(step, Field)))
    codes = [compiled(step, strict, tolerant) for step in steps if not isinstance(step, Current)]
    if len(codes) == 1:
        return codes[0]
    if len(codes) == 2:
        first, second = codes
        return lambda value, budget: second(first(value, budget), budget)

    def chain(value: Any, budget: Budget) -> Any:
        for code in codes:
            value = code(value, budget)
        return value

    return chain


def _path(names: tuple[str, ...]) -> Code:
    def path(value: Any, budget: Budget) -> Any:
        for name in names:
            if type(value) is not dict:
                return None
            value = value.get(name)
        return value

    return path


def _projection(node: Each | Filter | Values | Flatten, strict: bool, tolerant: Nodes) -> Code:
    base = compiled(node.base, strict, tolerant)
    if isinstance(node, Flatten):
        return _flatten(base)
    skips = node in tolerant

    def part(inner: Node) -> Code:
        """Return the code of what is evaluated for each element."""
        code = compiled(inner, strict, tolerant)
        return _skipping(code) if skips and _may_fail(inner) else code

    match node:
        case Each(_, Field(name)):
            return _each_field(base, name)
        case Each(_, Current()):
            return _each_itself(base)
        case Each(_, right):
            return _each(base, part(right))
        case Filter(_, condition, right):
            return _filter(base, part(condition), part(right))
        case Values(_, right):
            return _values(base, part(right))


def _may_fail(node: Node) -> bool:
    """Return whether there is a value for which `node` raises an error."""
    return any(isinstance(part, (Call, Comparison)) for part in walk(node))


def _skipping(code: Code) -> Code:
    """Return code that gives null, which projections leave out, for an element that can't be evaluated."""

    def skipping(value: Any, budget: Budget) -> Any:
        try:
            return code(value, budget)
        except LimitError:
            raise
        except EvaluationError as error:
            budget.skip(error)
            return None

    return skipping


def _flatten(base: Code) -> Code:
    def flatten(value: Any, budget: Budget) -> Any:
        items = base(value, budget)
        if type(items) is not list:
            return None
        merged: list[Any] = []
        for item in items:
            if type(item) is list:
                # NOTE: paid first, so that doubling lists stop before they fill the memory.
                budget.spend(len(item))
                merged += item
            else:
                merged.append(item)
        budget.spend(len(items))
        return merged

    return flatten


def _each(base: Code, code: Code) -> Code:
    def each(value: Any, budget: Budget) -> Any:
        items = base(value, budget)
        if type(items) is not list:
            return None
        budget.spend(len(items))
        return [result for item in items if (result := code(item, budget)) is not None]

    return each


def _each_field(base: Code, name: str) -> Code:
    def each_field(value: Any, budget: Budget) -> Any:
        items = base(value, budget)
        if type(items) is not list:
            return None
        budget.spend(len(items))
        return [result for item in items if type(item) is dict and (result := item.get(name)) is not None]

    return each_field


def _each_itself(base: Code) -> Code:
    def each_itself(value: Any, budget: Budget) -> Any:
        items = base(value, budget)
        if type(items) is not list:
            return None
        budget.spend(len(items))
        return [item for item in items if item is not None]

    return each_itself


def _filter(base: Code, condition: Code, code: Code) -> Code:
    def filtered(value: Any, budget: Budget) -> Any:
        items = base(value, budget)
        if type(items) is not list:
            return None
        budget.spend(len(items))
        return [
            result for item in items if truth(condition(item, budget)) and (result := code(item, budget)) is not None
        ]

    return filtered


def _values(base: Code, code: Code) -> Code:
    def values(value: Any, budget: Budget) -> Any:
        items = base(value, budget)
        if type(items) is not dict:
            return None
        budget.spend(len(items))
        return [result for item in items.values() if (result := code(item, budget)) is not None]

    return values


def _constructor(node: Listing | Hash, strict: bool) -> Code:
    codes = [compiled(item, strict) for item in node.items]
    if isinstance(node, Listing):
        return lambda value, budget: None if value is None else [code(value, budget) for code in codes]
    pairs = list(zip(node.names, codes, strict=True))
    return lambda value, budget: None if value is None else {name: code(value, budget) for name, code in pairs}


def _logic(node: Node, strict: bool) -> Code:
    match node:
        case Either(items):
            return _first([compiled(item, strict) for item in items], stop=True)
        case Both(items):
            return _first([compiled(item, strict) for item in items], stop=False)
        case Not(item):
            code = compiled(item, strict)
            return lambda value, budget: not truth(code(value, budget))
        case Comparison():
            return _comparison(node, strict)
    raise AssertionError(f"{type(node).__name__} has no value")


def _first(codes: list[Code], stop: bool) -> Code:
    def first(value: Any, budget: Budget) -> Any:
        result = None
        for code in codes:
            result = code(value, budget)
            if truth(result) is stop:
                return result
        return result

    return first


def _comparison(node: Comparison, strict: bool) -> Code:
    left, right, operator = compiled(node.left, strict), compiled(node.right, strict), node.operator
    if operator == "eq":
        return lambda value, budget: equal(left(value, budget), right(value, budget), budget)
    if operator == "ne":
        return lambda value, budget: not equal(left(value, budget), right(value, budget), budget)
    return lambda value, budget: ordered(operator, left(value, budget), right(value, budget), strict)


def _call(node: Call, strict: bool) -> Code:
    function = FUNCTIONS[node.name]
    codes = [_argument(argument, strict, node.name) for argument in node.arguments]
    return lambda value, budget: function.call([code(value, budget) for code in codes], strict, budget)


def _argument(node: Node, strict: bool, function: str) -> Code:
    """Return the code of an argument; for `&x` it gives a function of one value."""
    if not isinstance(node, Reference):
        return compiled(node, strict)
    code = compiled(node.body, strict)
    if strict and function.endswith("_by"):
        return lambda value, budget: lambda item: refuse_null(code(item, budget), function)
    return lambda value, budget: lambda item: code(item, budget)
