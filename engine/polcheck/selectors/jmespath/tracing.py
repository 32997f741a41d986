"""Evaluation with source positions: traced values, and functions that keep the positions of their arguments' parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, cast

from polcheck.formats.values import Json, Pointer
from polcheck.selectors.jmespath.compiler import Code, Nodes, compiled
from polcheck.selectors.jmespath.functions import (
    FUNCTIONS,
    ROW_KEYS,
    Step,
    ascending,
    below,
    direct,
    extreme,
    first_of_each,
    refuse_null,
    row,
)
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
)
from polcheck.selectors.jmespath.objects import key_in, pointer_of, taken_apart
from polcheck.selectors.jmespath.values import (
    Budget,
    EvaluationError,
    LimitError,
    TypeMismatchError,
    equal,
    ordered,
    truth,
)


class Origin(NamedTuple):
    """A place in the value that was searched; `key`: of the key itself, not of what stands under it."""

    pointer: Pointer
    key: bool = False


Origins = tuple[Origin, ...]


class TracedValue:
    """A value and its origin.

    `at` is its pointer, for a value that stands in the document. `inside` are the traced values of the elements or
    entries of a list or object that the expression made. Otherwise `sources` are what it was made from, and
    what is in it came from there as well.
    """

    __slots__ = ("_inside", "_origin", "at", "sources", "value")

    def __init__(
        self,
        value: Json,
        at: Pointer | None = None,
        inside: Inside | None = None,
        sources: Sequence[TracedValue] = (),
        origin: Origins | None = None,
    ) -> None:
        self.value = value
        self.at = at
        self.sources = sources
        self._inside = inside
        self._origin = origin

    @property
    def inside(self) -> Inside | None:
        """The elements or entries that the expression put together; None where it built no list or object."""
        return self._inside

    @property
    def origin(self) -> Origins:
        """The origins of the value: its place in the document, or those of everything it was built from."""
        if self._origin is None:
            self._origin = self._origin_of_parts()
        return self._origin

    def _origin_of_parts(self) -> Origins:
        if self.at is not None:
            return (Origin(self.at),)
        within = self.inside.values() if isinstance(self.inside, dict) else self.inside
        return union(within) if within else union(self.sources)

    def child(self, key: str | int) -> TracedValue:
        """Return the traced value of an entry or element that exists."""
        inside = self.inside
        if inside is not None:
            return cast("dict[str | int, TracedValue]", inside)[key]
        value = cast("dict[str | int, Json]", self.value)[key]
        if self.at is not None:
            return TracedValue(value, (*self.at, key))
        return TracedValue(value, sources=(self,))

    def items(self) -> list[TracedValue]:
        """Return the traced values of a list's elements or of an object's entries."""
        inside = self.inside
        if inside is not None:
            return list(inside.values() if isinstance(inside, dict) else inside)
        holder, at = self.value, self.at
        pairs = holder.items() if isinstance(holder, dict) else enumerate(cast("list[Json]", holder))
        if at is not None:
            return [TracedValue(value, (*at, key)) for key, value in pairs]
        return [TracedValue(value, sources=(self,)) for _, value in pairs]

    def traced_key(self, key: str) -> TracedValue:
        """Return the traced value of the key itself, as a text."""
        child = self.child(key)
        if child.at and child.at[-1] == key:
            return TracedValue(key, origin=(Origin(child.at, True),))
        return TracedValue(key, origin=child.origin)

    def missing(self) -> TracedValue:
        """Return null for an element or entry that isn't there, with the origin of this value."""
        return TracedValue(None, sources=(self,))


def listed(traced_values: list[TracedValue], sources: Sequence[TracedValue] = ()) -> TracedValue:
    """Return the list of these traced values, made from `sources`."""
    return TracedValue([traced.value for traced in traced_values], inside=traced_values, sources=sources)


def keyed(
    traced_values: dict[str, TracedValue], sources: Sequence[TracedValue] = (), origin: Origins | None = None
) -> TracedValue:
    """Return the object of these traced values."""
    return TracedValue(
        {key: traced.value for key, traced in traced_values.items()}, None, traced_values, sources, origin
    )


def union(traced_values: Iterable[TracedValue]) -> Origins:
    """Return the origins of all the traced values, each once, in order."""
    return tuple(dict.fromkeys(origin for traced in traced_values for origin in traced.origin))


Inside = list[TracedValue] | dict[str, TracedValue]


Apply = Callable[[TracedValue], TracedValue]
Argument = TracedValue | Apply
_Special = Callable[[list[Any], Budget], TracedValue]


def called(name: str, arguments: Sequence[Argument], strict: bool, budget: Budget) -> TracedValue:
    """Return the result of a function, with places. Raises EvaluationError that says where a wrong value stands."""
    function = FUNCTIONS[name]
    traced_values = [argument for argument in arguments if isinstance(argument, TracedValue)]
    values = [argument.value if isinstance(argument, TracedValue) else argument for argument in arguments]
    try:
        checked = function.checked(values, strict, budget)
        if checked is None:
            return TracedValue(None, sources=[each for each in traced_values if each.value is None])
        special = _SPECIAL.get(name)
        if special is None or (name == "reverse" and isinstance(values[0], str)):
            result = function.computed(checked, budget)
            return TracedValue(result, sources=traced_values[:1] if function.place == "first" else traced_values)
        traced = special(list(arguments), budget)
        if isinstance(traced.value, (list, dict)) and not function.spends:
            budget.spend(len(traced.value))
        return traced
    except TypeMismatchError as error:
        raise EvaluationError(error.message, _place(error, arguments)) from None


def _place(error: TypeMismatchError, arguments: Sequence[Argument]) -> Pointer | None:
    """Return the place of the value that an error is about; None where it isn't known."""
    traced = arguments[error.argument]
    if not isinstance(traced, TracedValue):
        return None
    if error.item is not None and isinstance(traced.value, list):
        traced = traced.items()[error.item]
    return traced.origin[0].pointer if traced.origin else None


def _keys(arguments: list[TracedValue], budget: Budget) -> TracedValue:
    (subject,) = arguments
    return listed([subject.traced_key(str(key)) for key in _plain_object(subject)], (subject,))


def _plain_object(traced: TracedValue) -> dict[str, Any]:
    assert isinstance(traced.value, dict)
    return traced.value


def _values(arguments: list[TracedValue], budget: Budget) -> TracedValue:
    return listed(arguments[0].items(), arguments)


def _reverse(arguments: list[TracedValue], budget: Budget) -> TracedValue:
    return listed(arguments[0].items()[::-1], arguments)


def _sort(arguments: list[TracedValue], budget: Budget) -> TracedValue:
    items = arguments[0].items()
    order = ascending([item.value for item in items], "sort")
    return listed([items[index] for index in order if items[index].value is not None], arguments)


def _min(arguments: list[TracedValue], budget: Budget) -> TracedValue:
    return _picked(arguments[0], arguments[0].items(), "min")


def _max(arguments: list[TracedValue], budget: Budget) -> TracedValue:
    return _picked(arguments[0], arguments[0].items(), "max")


def _min_by(arguments: list[Any], budget: Budget) -> TracedValue:
    return _picked(arguments[0], _applied(*arguments), "min_by")


def _max_by(arguments: list[Any], budget: Budget) -> TracedValue:
    return _picked(arguments[0], _applied(*arguments), "max_by")


def _picked(subject: TracedValue, keys: list[TracedValue], name: str) -> TracedValue:
    """Return the element whose key is the largest or smallest."""
    try:
        index = extreme([key.value for key in keys], name, most=name.startswith("max"))
    except TypeMismatchError as error:
        raise _of_key(error, keys) from None
    return subject.missing() if index is None else subject.items()[index]


def _sort_by(arguments: list[Any], budget: Budget) -> TracedValue:
    subject, keys = arguments[0], _applied(*arguments)
    try:
        order = ascending([key.value for key in keys], "sort_by")
    except TypeMismatchError as error:
        raise _of_key(error, keys) from None
    items = subject.items()
    return listed([items[index] for index in order], (subject,))


def _applied(subject: TracedValue, apply: Apply) -> list[TracedValue]:
    return [apply(item) for item in subject.items()]


def _of_key(error: TypeMismatchError, keys: list[TracedValue]) -> EvaluationError:
    """Return the error at the place of the key that can't be compared."""
    origin = keys[error.item or 0].origin
    return EvaluationError(error.message, origin[0].pointer if origin else None)


def _map(arguments: list[Any], budget: Budget) -> TracedValue:
    apply, subject = arguments
    return listed(_applied(subject, apply), (subject,))


def _merge(arguments: list[TracedValue], budget: Budget) -> TracedValue:
    merged: dict[str, TracedValue] = {}
    for argument in arguments:
        merged.update(zip(_plain_object(argument), argument.items(), strict=True))
    return keyed(merged, arguments)


def _not_null(arguments: list[TracedValue], budget: Budget) -> TracedValue:
    result = next((traced for traced in arguments if traced.value is not None), None)
    return result if result is not None else TracedValue(None, sources=arguments)


def _to_array(arguments: list[TracedValue], budget: Budget) -> TracedValue:
    (traced,) = arguments
    return traced if isinstance(traced.value, list) else listed([traced])


def _unique(arguments: list[TracedValue], budget: Budget) -> TracedValue:
    items = arguments[0].items()
    order = first_of_each(budget, [item.value for item in items])
    return listed([items[index] for index in order], arguments)


def _leaves(arguments: list[TracedValue], budget: Budget) -> TracedValue:
    return _rows(arguments[0], below(budget, arguments[0].value, leaves_only=True))


def _nodes(arguments: list[TracedValue], budget: Budget) -> TracedValue:
    return _rows(arguments[0], below(budget, arguments[0].value, leaves_only=False))


def _entries(arguments: list[TracedValue], budget: Budget) -> TracedValue:
    return _rows(arguments[0], direct(arguments[0].value))


def _get(arguments: list[TracedValue], budget: Budget) -> TracedValue:
    subject, key = arguments
    place = key_in(cast("dict[str, Json]", subject.value), cast("str", key.value))
    return subject.missing() if place is None else subject.child(place)


def _items(arguments: list[TracedValue], budget: Budget) -> TracedValue:
    subject, key_name, value_name = arguments
    traced_values = subject.items()
    keys: list[TracedValue]
    if isinstance(subject.value, dict):
        keys = [subject.traced_key(key) for key in subject.value]
    else:
        keys = [TracedValue(number, origin=traced.origin) for number, traced in enumerate(traced_values)]
    names = str(key_name.value), str(value_name.value)
    rows = (zip(names, pair, strict=True) for pair in zip(keys, traced_values, strict=True))
    return listed([keyed(dict(row), (subject,)) for row in rows], (subject,))


def _pairs(arguments: list[TracedValue], budget: Budget) -> TracedValue:
    subject, separator = arguments
    rows: list[TracedValue] = []
    for pair in taken_apart(cast("dict[str, Json]", subject.value), str(separator.value)):
        holder = subject.child(pair.way[0]) if isinstance(pair.way[0], int) else subject
        if pair.step:
            key, value = holder.traced_key(pair.key), holder.child(pair.step)
        else:
            key, value = (TracedValue(part, origin=holder.origin) for part in (pair.key, pair.value))
        pointer = TracedValue(pointer_of(pair.way), origin=value.origin)
        rows.append(keyed(dict(zip(ROW_KEYS, (key, value, pointer), strict=True)), (subject,), value.origin))
    return listed(rows, (subject,))


def _rows(subject: TracedValue, steps: list[Step]) -> TracedValue:
    return listed([_Row(subject, step) for step in steps], (subject,))


class _Row(TracedValue):
    """A row `{key, value, pointer}`, from where the value stands; its key from where the key does.

    NOTE: most rows are filtered out again, so what is in them is made when it is asked for.
    """

    __slots__ = ("_step", "_subject")

    def __init__(self, subject: TracedValue, step: Step) -> None:
        super().__init__(row(step))
        self._subject = subject
        self._step = step

    def _origin_of_parts(self) -> Origins:
        return self._value().origin

    @property
    def inside(self) -> Inside:
        """The traced values of the row; the number of a list's element comes from where the element stands."""
        if self._inside is None:
            value = self._value()
            key, _, pointer = row(self._step).values()
            origin = value.origin
            if self._step.way and value.at and isinstance(key, str) and value.at[-1] == key:
                origin = (Origin(value.at, True),)
            traced_values = TracedValue(key, origin=origin), value, TracedValue(pointer, origin=value.origin)
            self._inside = dict(zip(ROW_KEYS, traced_values, strict=True))
        return self._inside

    def _value(self) -> TracedValue:
        """Return the traced value of the value that the step leads to."""
        result = self._subject
        if result.at is not None:
            return TracedValue(self._step.value, (*result.at, *self._step.way))
        for part in self._step.way:
            result = result.child(part)
        return result


_SPECIAL: Mapping[str, _Special] = MappingProxyType(
    {
        "entries": _entries,
        "get": _get,
        "items": _items,
        "keys": _keys,
        "leaves": _leaves,
        "map": _map,
        "max": _max,
        "max_by": _max_by,
        "lookup": _get,
        "merge": _merge,
        "min": _min,
        "min_by": _min_by,
        "nodes": _nodes,
        "not_null": _not_null,
        "pairs": _pairs,
        "reverse": _reverse,
        "sort": _sort,
        "sort_by": _sort_by,
        "to_array": _to_array,
        "unique": _unique,
        "values": _values,
    }
)


_NOTHING = TracedValue(None)


class Tracer:
    """One evaluation with places.

    In the projections that are `tolerant`, an element that can't be evaluated is skipped, as in compiled expressions.
    """

    def __init__(self, budget: Budget, strict: bool = False, tolerant: Nodes = frozenset()) -> None:
        self._budget = budget
        self._strict = strict
        self._tolerant = tolerant

    def run(self, node: Node, traced: TracedValue) -> TracedValue:
        """Return what `node` gives for the traced value. Raises EvaluationError, with a pointer where that is known."""
        return _EVALUATORS[type(node)](self, node, traced)

    def _current(self, node: Current, traced: TracedValue) -> TracedValue:
        return traced

    def _literal(self, node: Literal, traced: TracedValue) -> TracedValue:
        return TracedValue(node.value)

    def _variable(self, node: Variable, traced: TracedValue) -> TracedValue:
        return TracedValue(self._budget.names.get(node.name))

    def _field(self, node: Field, traced: TracedValue) -> TracedValue:
        if type(traced.value) is dict and node.name in traced.value:
            return traced.child(node.name)
        return traced.missing()

    def _index(self, node: Index, traced: TracedValue) -> TracedValue:
        if type(traced.value) is not list or not -len(traced.value) <= node.number < len(traced.value):
            return traced.missing()
        return traced.child(node.number % len(traced.value))

    def _slice(self, node: Slice, traced: TracedValue) -> TracedValue:
        if type(traced.value) is not list:
            return traced.missing()
        indices = range(len(traced.value))[node.start : node.stop : node.step]
        return listed([traced.child(index) for index in indices], (traced,))

    def _steps(self, node: Chain | Pipe, traced: TracedValue) -> TracedValue:
        for step in node.steps:
            traced = _EVALUATORS[type(step)](self, step, traced)
        return traced

    def _listing(self, node: Listing, traced: TracedValue) -> TracedValue:
        if traced.value is None:
            return traced.missing()
        return listed([self.run(item, traced) for item in node.items], (traced,))

    def _hash(self, node: Hash, traced: TracedValue) -> TracedValue:
        if traced.value is None:
            return traced.missing()
        pairs = zip(node.names, node.items, strict=True)
        return keyed({name: self.run(item, traced) for name, item in pairs}, (traced,))

    def _call(self, node: Call, traced: TracedValue) -> TracedValue:
        given = [self._argument(argument, traced, node.name) for argument in node.arguments]
        return called(node.name, given, self._strict, self._budget)

    def _argument(self, node: Node, traced: TracedValue, function: str) -> Argument:
        if not isinstance(node, Reference):
            return self.run(node, traced)
        body = node.body
        if not (self._strict and function.endswith("_by")):
            return lambda item: self.run(body, item)

        def key(item: TracedValue) -> TracedValue:
            result = self.run(body, item)
            refuse_null(result.value, function)
            return result

        return key

    def _projection(self, node: Each | Filter | Values | Flatten, traced: TracedValue) -> TracedValue:
        base = self.run(node.base, traced)
        holder = base.value
        if not isinstance(holder, dict if isinstance(node, Values) else list):
            return base.missing()
        self._budget.spend(len(holder))
        if isinstance(node, Flatten):
            return self._flattened(base)
        items = self._filtered(node, base) if isinstance(node, Filter) else base.items()
        right = node.right
        if not isinstance(right, Current):
            run = _EVALUATORS[type(right)]
            items = self._each(node, items, lambda item: run(self, right, item))
        return listed([item for item in items if item.value is not None], (base,))

    def _filtered(self, node: Filter, base: TracedValue) -> list[TracedValue]:
        """Return the elements that meet the condition; it runs without places, unless it fails and they are wanted."""
        holds = _condition(node.condition, self._strict)

        def tested(item: TracedValue) -> TracedValue:
            try:
                return item if truth(holds(item.value, self._budget)) else _NOTHING
            except LimitError:
                raise
            except EvaluationError:
                self.run(node.condition, item)
                raise

        return [item for item in self._each(node, base.items(), tested) if item is not _NOTHING]

    def _each(self, node: Node, items: list[TracedValue], apply: Apply) -> list[TracedValue]:
        """Return what `apply` gives for each item; where `node` is tolerant, without those that can't be evaluated."""
        if node not in self._tolerant:
            return [apply(item) for item in items]
        results = []
        for item in items:
            try:
                results.append(apply(item))
            except LimitError:
                raise
            except EvaluationError as error:
                self._budget.skip(error)
        return results

    def _flattened(self, base: TracedValue) -> TracedValue:
        merged: list[TracedValue] = []
        for item in base.items():
            if type(item.value) is list:
                self._budget.spend(len(item.value))
                merged += item.items()
            else:
                merged.append(item)
        return listed(merged, (base,))

    def _logic(self, node: Either | Both, traced: TracedValue) -> TracedValue:
        stop = isinstance(node, Either)
        result = traced
        for item in node.items:
            result = self.run(item, traced)
            if truth(result.value) is stop:
                break
        return result

    def _not(self, node: Not, traced: TracedValue) -> TracedValue:
        result = self.run(node.item, traced)
        return TracedValue(not truth(result.value), sources=(result,))

    def _comparison(self, node: Comparison, traced: TracedValue) -> TracedValue:
        left, right = self.run(node.left, traced), self.run(node.right, traced)
        if node.operator in ("eq", "ne"):
            same = equal(left.value, right.value, self._budget)
            return TracedValue(same is (node.operator == "eq"), sources=(left, right))
        result = ordered(node.operator, left.value, right.value, self._strict)
        return TracedValue(result, sources=(left, right))


@lru_cache(maxsize=1024)
def _condition(node: Node, strict: bool) -> Code:
    """Return the condition of a filter, made once for all elements."""
    return compiled(node, strict)


# NOTE: a table, since a `match` over all forms costs more than the step it leads to; and not one for each evaluation,
# which would lie in a circle with it.
_EVALUATORS: dict[type, Callable[[Tracer, Any, TracedValue], TracedValue]] = {
    Current: Tracer._current,
    Variable: Tracer._variable,
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
