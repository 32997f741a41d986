"""A compiled expression, applied to many values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from msgspec import Struct

from polcheck.base.cached import cached_property
from polcheck.formats.values import Json
from polcheck.selectors.jmespath.compiler import Code, Nodes, compiled, tolerant_projections
from polcheck.selectors.jmespath.nodes import Call, Field, Hash, Listing, Literal, Node, Pipe, children, walk
from polcheck.selectors.jmespath.tracing import Origin, TracedValue
from polcheck.selectors.jmespath.values import MAX_STEPS, NO_NAMES, Budget, ExpressionError, LimitError

if TYPE_CHECKING:  # NOTE: an expression of a cached plan was parsed and checked before
    from polcheck.selectors.jmespath.nearest import Nearest

# NOTE: beyond so many copies of one value a result is counted: shared lists print as often as they occur.
_MANY_COPIES = 1_000
_T = TypeVar("_T")


class Traced(Struct, frozen=True):
    """A row and where it came from; for a row that is an object, also where each of its entries did."""

    value: Json
    origin: tuple[Origin, ...]
    parts: dict[str, tuple[Origin, ...]]


class Rows(NamedTuple):
    """The rows that an expression finds in a value, and why some may be missing; empty when none are."""

    rows: list[Any]
    missing: str = ""


# INVARIANT: the state of an expression that crosses processes, in one order for writing and for reading
_STATE = ("text", "_strict", "names", "variables", "binds", "literals", "comparison", "today")


class Expression:
    """A compiled JMESPath expression.

    `names` are the fields it reads from the value it is given, `variables` the names that it writes `$name`. `binds`
    are the keys of its rows, None where they aren't known. `literals`: unless one key of each set occurs in a value,
    the result is null or an empty list. `comparison`: whether it gives a truth value, so that a false one is a row too.
    `today` is the date that `today()` gives, as YYYY-MM-DD; empty in an expression that doesn't ask for it.
    """

    text: str
    names: frozenset[str]
    variables: frozenset[str]
    binds: frozenset[str] | None
    literals: tuple[frozenset[str], ...]
    comparison: bool
    today: str

    def __init__(self, text: str, strict: bool = False, today: str = "") -> None:
        """Raises ExpressionError. `strict`: no null tolerance, and nothing refused but what can never run."""
        from polcheck.selectors.jmespath.analysis import (
            binds,
            is_comparison,
            needed_keys,
            refuse_calls,
            refuse_misleading,
            root_names,
            shape_of,
            variables,
        )
        from polcheck.selectors.jmespath.parser import parse

        node, tokens = parse(text)
        try:
            refuse_calls(node)
            if not strict:
                refuse_misleading(node, tokens)
            shape = None if strict else shape_of(node)
            self.names = root_names(node)
            self.variables = variables(node)
            self.literals = () if strict else needed_keys(node)
            self._code = compiled(node, strict)
        except RecursionError:
            raise ExpressionError("the expression is nested too deeply") from None
        self.text = text
        self.binds = binds(shape) if shape else None
        self.comparison = is_comparison(node)
        self.today = today if any(isinstance(part, Call) and part.name == "today" for part in walk(node)) else ""
        self.node = node
        self._strict = strict

    def __getstate__(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in _STATE)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        for name, value in zip(_STATE, state, strict=True):
            setattr(self, name, value)

    @property
    def reads(self) -> frozenset[str]:
        """Every name that it reads where its value is the row: with or without `$`."""
        return self.names | self.variables

    @cached_property
    def node(self) -> Node:
        """The parsed expression; parsed again, when it is asked for, in an expression that was cached."""
        from polcheck.selectors.jmespath.parser import parse

        return parse(self.text)[0]

    @cached_property
    def _code(self) -> Code:
        return compiled(self.node, self._strict)

    @cached_property
    def _tolerant(self) -> Nodes:
        return tolerant_projections(self.node)

    @cached_property
    def _search(self) -> Code:
        """The code of searches, in which an element that can't be evaluated leaves the others as they are."""
        return compiled(self.node, self._strict, self._tolerant)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every string that it names: fields and literals."""
        strings: set[str] = set()
        for node in walk(self.node):
            if isinstance(node, Field):
                strings.add(node.name)
            elif isinstance(node, Literal) and isinstance(node.value, str):
                strings.add(node.value)
        return frozenset(strings)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    @cached_property
    def _copies(self) -> bool:
        """Whether the result may hold very many copies of a part of the value."""
        return _factor(self.node) > _MANY_COPIES

    def evaluate(self, value: Json, names: Mapping[str, Json] = NO_NAMES) -> Json:
        """Return the result for `value`; `names` are the values of `$name`.

        Raises EvaluationError for a value of the wrong type, and LimitError.
        """
        return self._run(self._code, value, Budget(names=names, today=self.today))

    def _run(self, code: Code, value: Json, budget: Budget) -> Json:
        result: Json = _bounded(lambda: code(value, budget))
        if self._copies:
            budget.tree(result)
        return result

    def rows(self, value: Json, names: Mapping[str, Json] = NO_NAMES) -> list[Json]:
        """Return the elements of a list, or anything else as one row; null is none. Raises as `evaluate` does."""
        return _rows(self.evaluate(value, names))

    def search(self, value: Json, names: Mapping[str, Json] = NO_NAMES) -> Rows:
        """Return the same rows but for those of elements that can't be evaluated, and why those are missing.

        Raises EvaluationError where the expression as a whole can't be evaluated, and LimitError.
        """
        budget = Budget(names=names, today=self.today)
        return Rows(_rows(self._run(self._search, value, budget)), _missing(budget))

    def trace(self, value: Json, steps: int = MAX_STEPS) -> Rows:
        """Return what `search` does, each row as a `Traced`: with its origins.

        Raises EvaluationError that says where the wrong value stands.
        """
        budget = Budget(steps, today=self.today)
        rows = _bounded(lambda: [_row(traced) for traced in self._traced_rows(value, budget)])
        return Rows(rows, _missing(budget))

    def traced_rows(
        self, value: Json | TracedValue, names: Mapping[str, Json] = NO_NAMES, steps: int = MAX_STEPS
    ) -> list[TracedValue]:
        """Return the rows that `search` finds as parts of the value, which may be traced itself.

        Then their origins are those in its source. Raises EvaluationError that says where the wrong value stands.
        """
        return self._traced_rows(value, Budget(steps, names, self.today))

    def _traced_rows(self, value: Json | TracedValue, budget: Budget) -> list[TracedValue]:
        traced = _bounded(lambda: self._traced(value, budget))
        if self._copies:
            budget.tree(traced.value)
        traced_values = traced.items() if isinstance(traced.value, list) else [traced]
        return [item for item in traced_values if item.value is not None]

    def nearest(self, value: Json) -> Nearest:
        """Return the longest beginning of the expression that finds something, and what failed after it."""
        from polcheck.selectors.jmespath.nearest import nearest

        return nearest(self.node, value)

    def _traced(self, value: Json | TracedValue, budget: Budget) -> TracedValue:
        from polcheck.selectors.jmespath.tracing import TracedValue, Tracer

        root = value if isinstance(value, TracedValue) else TracedValue(value, ())
        return Tracer(budget, self._strict, self._tolerant).run(self.node, root)


@lru_cache(maxsize=2048)
def compile_expression(text: str, today: str = "") -> Expression:
    """Return the compiled expression; the same one for the same text and day. Raises ExpressionError.

    `today` is the date (YYYY-MM-DD) that `today()` gives; without it, `today()` can't be evaluated.
    """
    return Expression(text, today=today)


def _bounded(run: Callable[[], _T]) -> _T:
    """Return what `run` does. Raises LimitError where the value is too deep for the interpreter's stack."""
    try:
        return run()
    except RecursionError:
        raise LimitError("the value is nested too deeply for this expression") from None


def _rows(result: Json) -> list[Json]:
    if isinstance(result, list):
        return [row for row in result if row is not None]
    return [] if result is None else [result]


def _missing(budget: Budget) -> str:
    """Return why rows may be missing from what was searched with this budget."""
    if budget.error is None:
        return ""
    return str(budget.error) + (f" (and {budget.skipped - 1:,} more like it)" if budget.skipped > 1 else "")


def _row(traced: TracedValue) -> Traced:
    parts: dict[str, tuple[Origin, ...]] = {}
    if isinstance(traced.value, dict):
        parts = {key: traced.child(key).origin for key in traced.value}
    return Traced(traced.value, traced.origin, parts)


def _factor(node: Node) -> int:
    """Return a bound on the copies of one part of the value that lists and objects of the result hold."""
    inner = [_factor(child) for child in children(node)]
    if isinstance(node, (Listing, Hash)):
        return sum(inner)
    if isinstance(node, Pipe) or len(inner) > 1:
        product = 1
        for count in inner:
            product *= max(count, 1)
        return product
    return inner[0] if inner else 1
