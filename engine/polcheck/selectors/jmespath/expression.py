"""A compiled expression, applied to many values."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from polcheck.formats.values import Json
from polcheck.selectors.jmespath.compiler import Code, compiled
from polcheck.selectors.jmespath.nodes import Field, Hash, Listing, Literal, Node, Pipe, children
from polcheck.selectors.jmespath.tracing import Origin, TracedValue
from polcheck.selectors.jmespath.values import MAX_STEPS, Budget, ExpressionError, LimitError

if TYPE_CHECKING:  # NOTE: an expression of a plan that was kept has been parsed and refused nothing
    from polcheck.selectors.jmespath.nearest import Nearest

# NOTE: beyond so many copies of one value a result is counted: shared lists print as often as they occur.
_MANY_COPIES = 1_000
_T = TypeVar("_T")


class Traced(Struct, frozen=True):
    """A row and where it came from; for a row that is an object, also where each of its entries did."""

    value: Json
    origin: tuple[Origin, ...]
    parts: dict[str, tuple[Origin, ...]]


class Expression:
    """A compiled JMESPath expression.

    `names` are the fields it reads from the value it is given. `binds` are the keys of its rows, None where they
    aren't known. `literals`: unless one key of each set occurs in a value, the result is null or an empty list.
    `comparison`: whether it gives a truth value, so that a false one is a row too.
    """

    text: str
    names: frozenset[str]
    binds: frozenset[str] | None
    literals: tuple[frozenset[str], ...]
    comparison: bool

    def __init__(self, text: str, strict: bool = False) -> None:
        """Raises ExpressionError. `strict`: no null tolerance, and nothing refused but what can never run."""
        from polcheck.selectors.jmespath.analysis import (
            binds,
            is_comparison,
            needed_keys,
            refuse_calls,
            refuse_misleading,
            root_names,
            shape_of,
        )
        from polcheck.selectors.jmespath.parser import parse

        node, tokens = parse(text)
        try:
            refuse_calls(node)
            if not strict:
                refuse_misleading(node, tokens)
            shape = None if strict else shape_of(node)
            self.names = root_names(node)
            self.literals = () if strict else needed_keys(node)
            self._code = compiled(node, strict)
        except RecursionError:
            raise ExpressionError("the expression is nested too deeply") from None
        self.text = text
        self.binds = binds(shape) if shape else None
        self.comparison = is_comparison(node)
        self._node = node
        self._strict = strict

    def __getstate__(self) -> tuple[object, ...]:
        return self.text, self._strict, self.names, self.binds, self.literals, self.comparison

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.text, self._strict, self.names, self.binds, self.literals, self.comparison = state

    @cached_property
    def _node(self) -> Node:
        """The parsed expression; parsed again, when it is asked for, in an expression that was kept."""
        from polcheck.selectors.jmespath.parser import parse

        return parse(self.text)[0]

    @property
    def node(self) -> Node:
        """The root of the parsed expression."""
        return self._node

    @cached_property
    def _code(self) -> Code:
        return compiled(self._node, self._strict)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every string that it names: fields and literals."""
        found: set[str] = set()
        pending = [self._node]
        while pending:
            node = pending.pop()
            pending.extend(children(node))
            if isinstance(node, Field):
                found.add(node.name)
            elif isinstance(node, Literal) and isinstance(node.value, str):
                found.add(node.value)
        return frozenset(found)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    @cached_property
    def _copies(self) -> bool:
        """Whether the result may hold very many copies of a part of the value."""
        return _factor(self._node) > _MANY_COPIES

    def evaluate(self, value: Json) -> Json:
        """Return the result for `value`. Raises EvaluationError for a value of the wrong type, and LimitError."""
        budget = Budget()
        result: Json = _bounded(lambda: self._code(value, budget))
        if self._copies:
            budget.tree(result)
        return result

    def rows(self, value: Json) -> list[Json]:
        """Return the elements of a list result, or anything else as one row; null is none. Raises as `evaluate`
        does.
        """
        result = self.evaluate(value)
        if isinstance(result, list):
            return [row for row in result if row is not None]
        return [] if result is None else [result]

    def trace(self, value: Json, steps: int = MAX_STEPS) -> list[Traced]:
        """Return the same rows, with their origins. Raises EvaluationError that says where the wrong value stands."""
        return _bounded(lambda: [_row(cell) for cell in self.traced_rows(value, steps)])

    def traced_rows(self, value: Json | TracedValue, steps: int = MAX_STEPS) -> list[TracedValue]:
        """Return the same rows as parts of the value, which may be traced itself: then their origins are those in
        its source.

        Raises EvaluationError that says where the wrong value stands.
        """
        budget = Budget(steps)
        cell = _bounded(lambda: self._traced(value, budget))
        if self._copies:
            budget.tree(cell.value)
        cells = cell.items() if isinstance(cell.value, list) else [cell]
        return [item for item in cells if item.value is not None]

    def nearest(self, value: Json) -> Nearest:
        """Return the longest beginning of the expression that finds something, and what failed after it."""
        from polcheck.selectors.jmespath.nearest import nearest

        return nearest(self._node, value)

    def _traced(self, value: Json | TracedValue, budget: Budget) -> TracedValue:
        from polcheck.selectors.jmespath.tracing import TracedValue, Tracer

        root = value if isinstance(value, TracedValue) else TracedValue(value, ())
        return Tracer(budget, self._strict).run(self._node, root)


@lru_cache(maxsize=2048)
def compile_expression(text: str) -> Expression:
    """Return the compiled expression; the same one for the same text. Raises ExpressionError."""
    return Expression(text)


def _bounded(run: Callable[[], _T]) -> _T:
    """What `run` gives; a value too deep for the interpreter's stack is a limit that was hit."""
    try:
        return run()
    except RecursionError:
        raise LimitError("the value is nested too deeply for this expression") from None


def _row(cell: TracedValue) -> Traced:
    parts: dict[str, tuple[Origin, ...]] = {}
    if isinstance(cell.value, dict):
        parts = {key: cell.child(key).origin for key in cell.value}
    return Traced(cell.value, cell.origin, parts)


def _factor(node: Node) -> int:
    """At most how many copies of one part of the value the result holds, as far as lists and objects copy."""
    inner = [_factor(child) for child in children(node)]
    if isinstance(node, (Listing, Hash)):
        return sum(inner)
    if isinstance(node, Pipe) or len(inner) > 1:
        product = 1
        for count in inner:
            product *= max(count, 1)
        return product
    return inner[0] if inner else 1
