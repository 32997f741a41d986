"""Relations between the places of matches: inside, around, after; and what ends the search in between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polcheck.base.spans import Span
from polcheck.evaluate.budget import Budget
from polcheck.evaluate.relations import Relation
from polcheck.evaluate.rows import BoundValue, Interval, Row, SourceRef, SpanIndex
from polcheck.policy.plan import SpanFilter


def related(
    step: SpanFilter, relation: Relation, stops: Sequence[Relation], place: SourceRef, budget: Budget
) -> Iterable[Row]:
    """Yield the rows of `relation` that lie to a match as the step says, with none of `stops` in between.

    Raises TooMuchWork.
    """
    if place.span is None:
        return
    item = Interval(*place.span, place.weight)
    candidates, nest = relation.near(place.path)
    chosen = {"inside": nest.around, "has": nest.within}.get(step.relation)
    between = [stop.near(place.path)[1] for stop in stops]
    for index in chosen(item) if chosen else nest.before(item.start):
        budget.spend(1 + len(stops))
        other = nest.stretches[index]
        if step.relation != "after" and not (other.around(item) if step.relation == "inside" else item.around(other)):
            continue
        if not any(_stopped(step, other, item, stop) for stop in between):
            yield candidates[index]


def _stopped(step: SpanFilter, target: Interval, item: Interval, stops: SpanIndex) -> bool:
    """Return whether an `until` lies between the target and the item."""
    if step.relation == "after":
        return bool(stops.within(Span(target.end, item.start)))
    outer, inner = (target, item) if step.relation == "inside" else (item, target)
    held = (stops.stretches[index] for index in stops.around(inner))
    return any(outer.around(stop) and stop.around(inner) for stop in held)


def lies(step: SpanFilter, row: Row) -> bool:
    """Return whether the item before lies to a capture, or the subject, as the step says."""
    place = row.current
    if step.capture == "subject":
        target: SourceRef | BoundValue | None = row.subject
    else:
        target = row.names.get(step.capture)
    if place is None or target is None or place.span is None or target.span is None or place.path != target.path:
        return False
    if step.relation == "inside":
        return target.span.holds(place.span)
    if step.relation == "has":
        return place.span.holds(target.span)
    return target.span.end <= place.span.start
