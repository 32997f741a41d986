"""Evaluation with places: the same values as without, each with where it came from."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from polcheck.selectors.jmes.cells import Cell, keyed, listed
from polcheck.selectors.jmes.errors import EvaluationError, LimitError
from polcheck.selectors.jmes.fast import Code, compiled
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
)
from polcheck.selectors.jmes.standard import refuse_null
from polcheck.selectors.jmes.traced_calls import Argument, called
from polcheck.selectors.jmes.values import Budget, equal, ordered, truth


class Tracer:
    """One evaluation with places."""

    def __init__(self, budget: Budget, strict: bool = False) -> None:
        self._budget = budget
        self._strict = strict

    def run(self, node: Node, cell: Cell) -> Cell:
        """What `node` gives for the cell. Raises EvaluationError, with a pointer where that is known."""
        return _WAYS[type(node)](self, node, cell)

    def _current(self, node: Current, cell: Cell) -> Cell:
        return cell

    def _literal(self, node: Literal, cell: Cell) -> Cell:
        return Cell(node.value)

    def _field(self, node: Field, cell: Cell) -> Cell:
        if type(cell.value) is dict and node.name in cell.value:
            return cell.child(node.name)
        return cell.missing()

    def _index(self, node: Index, cell: Cell) -> Cell:
        if type(cell.value) is not list or not -len(cell.value) <= node.number < len(cell.value):
            return cell.missing()
        return cell.child(node.number % len(cell.value))

    def _slice(self, node: Slice, cell: Cell) -> Cell:
        if type(cell.value) is not list:
            return cell.missing()
        indices = range(len(cell.value))[node.start : node.stop : node.step]
        return listed([cell.child(index) for index in indices], (cell,))

    def _steps(self, node: Chain | Pipe, cell: Cell) -> Cell:
        for step in node.steps:
            cell = _WAYS[type(step)](self, step, cell)
        return cell

    def _listing(self, node: Listing, cell: Cell) -> Cell:
        if cell.value is None:
            return cell.missing()
        return listed([self.run(item, cell) for item in node.items], (cell,))

    def _hash(self, node: Hash, cell: Cell) -> Cell:
        if cell.value is None:
            return cell.missing()
        pairs = zip(node.names, node.items, strict=True)
        return keyed({name: self.run(item, cell) for name, item in pairs}, (cell,))

    def _call(self, node: Call, cell: Cell) -> Cell:
        given = [self._argument(argument, cell, node.name) for argument in node.arguments]
        return called(node.name, given, self._strict, self._budget)

    def _argument(self, node: Node, cell: Cell, function: str) -> Argument:
        if not isinstance(node, Reference):
            return self.run(node, cell)
        body = node.body
        if not (self._strict and function.endswith("_by")):
            return lambda item: self.run(body, item)

        def key(item: Cell) -> Cell:
            found = self.run(body, item)
            refuse_null(found.value, function)
            return found

        return key

    def _projection(self, node: Each | Filter | Values | Flatten, cell: Cell) -> Cell:
        base = self.run(node.base, cell)
        holder = base.value
        if not isinstance(holder, dict if isinstance(node, Values) else list):
            return base.missing()
        self._budget.spend(len(holder))
        if isinstance(node, Flatten):
            return self._flattened(base)
        items = self._filtered(node, base) if isinstance(node, Filter) else base.items()
        right = node.right
        if not isinstance(right, Current):
            run = _WAYS[type(right)]
            items = [run(self, right, item) for item in items]
        return listed([item for item in items if item.value is not None], (base,))

    def _filtered(self, node: Filter, base: Cell) -> list[Cell]:
        """The elements that meet the condition; it runs without places, unless it fails and they are wanted."""
        holds = _condition(node.condition, self._strict)
        kept = []
        for item in base.items():
            try:
                if truth(holds(item.value, self._budget)):
                    kept.append(item)
            except LimitError:
                raise
            except EvaluationError:
                self.run(node.condition, item)
                raise
        return kept

    def _flattened(self, base: Cell) -> Cell:
        merged: list[Cell] = []
        for item in base.items():
            if type(item.value) is list:
                self._budget.spend(len(item.value))
                merged += item.items()
            else:
                merged.append(item)
        return listed(merged, (base,))

    def _logic(self, node: Either | Both, cell: Cell) -> Cell:
        stop = isinstance(node, Either)
        found = cell
        for item in node.items:
            found = self.run(item, cell)
            if truth(found.value) is stop:
                break
        return found

    def _not(self, node: Not, cell: Cell) -> Cell:
        found = self.run(node.item, cell)
        return Cell(not truth(found.value), sources=(found,))

    def _comparison(self, node: Comparison, cell: Cell) -> Cell:
        left, right = self.run(node.left, cell), self.run(node.right, cell)
        if node.operator in ("eq", "ne"):
            same = equal(left.value, right.value, self._budget)
            return Cell(same is (node.operator == "eq"), sources=(left, right))
        result = ordered(node.operator, left.value, right.value, self._strict)
        return Cell(result, sources=(left, right))


@lru_cache(maxsize=1024)
def _condition(node: Node, strict: bool) -> Code:
    """The condition of a filter, made once for all elements."""
    return compiled(node, strict)


# NOTE: a table, since a `match` over all forms costs more than the step it leads to; and not one for each evaluation,
# which would lie in a circle with it.
_WAYS: dict[type, Callable[[Tracer, Any, Cell], Cell]] = {
    Current: Tracer._current,
    Literal: Tracer._literal,
    Field: Tracer._field,
    Chain: Tracer._steps,
    Pipe: Tracer._steps,
    Each: Tracer._projection,
    Filter: Tracer._projection,
    Values: Tracer._projection,
    Flatten: Tracer._projection,
    Index: Tracer._index,
    Slice: Tracer._slice,
    Listing: Tracer._listing,
    Hash: Tracer._hash,
    Call: Tracer._call,
    Either: Tracer._logic,
    Both: Tracer._logic,
    Not: Tracer._not,
    Comparison: Tracer._comparison,
}
