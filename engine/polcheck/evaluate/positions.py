"""Relations between the places of matches: the same, inside, around, after; and what ends the search in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from polcheck.base.spans import Span
from polcheck.evaluate.budget import Budget
from polcheck.evaluate.relations import Relation
from polcheck.evaluate.rows import Interval, Row, SourceRef, SpanIndex
from polcheck.policy import plan
from polcheck.policy.plan import SpanFilter

Locate = Callable[[SourceRef], Span | None]
"""Returns the exact place of a match in its file; None where it isn't known."""


def related(
    step: SpanFilter,
    relation: Relation,
    stops: Sequence[Relation],
    path: str,
    item: Interval,
    core: Span,
    budget: Budget,
) -> Iterable[Row]:
    """Yield the rows of `relation` that lie to a match as the step says, with none of `stops` in between.

    `item` is the place of the match in the file at `path`, `core` the same without parentheses and `await`. Raises
    BudgetExceeded.
    """
    if step.relation == "is":
        for row in relation.same(path, core):
            budget.spend()
            yield row
        return
    candidates, index = relation.near(path)
    between = [stop.near(path)[1] for stop in stops]
    for number in _candidates(step.relation, item, index):
        budget.spend(1 + len(stops))
        other = index.intervals[number]
        if not holds(step.relation, item, other):
            continue
        if not between or not any(_stopped(step, other, item, stop) for stop in between):
            yield candidates[number]


def _candidates(relation: plan.Relation, item: Interval, index: SpanIndex) -> list[int]:
    """Return the indices of the matches that may lie to a match as the relation says, nearest first where it nests."""
    if relation == "inside":
        return index.around(item)
    return index.within(item) if relation == "has" else index.before(item.start)


def holds(relation: plan.Relation, item: Interval, other: Interval) -> bool:
    """Return whether a match lies to another one as the relation says; a node isn't inside itself."""
    if relation == "is":
        return item[:2] == other[:2]
    if relation == "inside":
        return other.around(item)
    if relation == "has":
        return item.around(other)
    return other.end <= item.start


def _stopped(step: SpanFilter, target: Interval, item: Interval, stops: SpanIndex) -> bool:
    """Return whether an `until` lies between the target and the item."""
    if step.relation == "after":
        return bool(stops.within(Span(target.end, item.start)))
    outer, inner = (target, item) if step.relation == "inside" else (item, target)
    held = (stops.intervals[index] for index in stops.around(inner))
    return any(outer.around(stop) and stop.around(inner) for stop in held)


def is_stopped(step: SpanFilter, target: Interval, item: Interval, stops: Iterable[Interval]) -> bool:
    """Return whether one of the places in `stops` lies between the target and the item."""
    return _stopped(step, target, item, SpanIndex(list(stops)))


def lies(step: SpanFilter, place: SourceRef, target: SourceRef, locate: Locate) -> bool | None:
    """Return whether a match lies to a capture, or the subject, as the step says; None where that isn't known."""
    if place.path != target.path or not (is_placed(place) and is_placed(target)):
        return False
    pair = in_one_text(place, target, step.relation == "is", locate)
    if pair is None:
        return None
    item, other = pair
    if step.relation == "inside":
        return Span(*other[:2]).holds(Span(*item[:2]))
    if step.relation == "has":
        return Span(*item[:2]).holds(Span(*other[:2]))
    return holds(step.relation, item, other)


def is_placed(place: SourceRef) -> bool:
    """Return whether a match stands somewhere in its file, and isn't the file as a whole."""
    return bool(place.span or place.ref or place.inner)


def in_one_text(place: SourceRef, other: SourceRef, cores: bool, locate: Locate) -> tuple[Interval, Interval] | None:
    """Return where two matches of one file stand in one text: in that of a value, where both are in it, else the file.

    With `cores` without the parentheses and `await` around them. None where that isn't known.
    """
    if place.inner is not None and other.inner is not None and place.inner.is_beside(other.inner):
        return _in_value(place, cores), _in_value(other, cores)
    one, two = interval_of(place, cores, locate), interval_of(other, cores, locate)
    return (one, two) if one is not None and two is not None else None


def interval_of(place: SourceRef, cores: bool, locate: Locate) -> Interval | None:
    """Return where a match stands in its file, with `cores` without the parentheses and `await` around it."""
    if cores and place.core is not None:
        inner = place.inner.part(place.core) if place.inner is not None else None
        place = place._replace(span=place.core if inner is None else place.span, inner=inner)
    span = locate(place)
    return Interval(*span, place.weight) if span is not None else None


def _in_value(place: SourceRef, cores: bool) -> Interval:
    assert place.inner is not None and place.inner.stretch is not None
    start, end = place.core if cores and place.core is not None else place.inner.stretch
    return Interval(start, end, place.weight)
