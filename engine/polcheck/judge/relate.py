"""How matches lie to each other: inside, around, after; and what stops the search in between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polcheck.judge.relation import Relation
from polcheck.judge.rows import Cell, Nest, Row, Spot
from polcheck.judge.work import Work
from polcheck.policy.plan import Relate
from polcheck.source import Span


def related(step: Relate, relation: Relation, stops: Sequence[Relation], spot: Spot, work: Work) -> Iterable[Row]:
    """The rows of `relation` that lie to a match as the step says, with none of `stops` in between.

    Raises TooMuchWork.
    """
    if spot.span is None:
        return
    candidates, nest = relation.near(spot.path)
    chosen = {"inside": nest.around, "has": nest.within}.get(step.relation)
    indices = chosen(spot.span) if chosen else nest.before(spot.span.start)
    between = [stop.near(spot.path) for stop in stops]
    for index in indices:
        work.spend(1 + len(stops))
        other = candidates[index].spots[0]
        if step.relation != "after" and not (
            _around(other, spot) if step.relation == "inside" else _around(spot, other)
        ):
            continue
        if not any(_stopped(step, other, spot, rows, around) for rows, around in between):
            yield candidates[index]


def _around(outer: Spot, inner: Spot) -> bool:
    """Whether a match is around another one, and not the same node."""
    if outer.span is None or inner.span is None:
        return False
    return outer.span.holds(inner.span) and (outer.span != inner.span or outer.weight > inner.weight)


def _stopped(step: Relate, target: Spot, item: Spot, rows: Sequence[Row], nest: Nest) -> bool:
    """Whether an `until` lies between the target and the item."""
    if target.span is None or item.span is None:
        return False
    if step.relation == "after":
        return bool(nest.within(Span(target.span.end, item.span.start)))
    outer, inner = (target, item) if step.relation == "inside" else (item, target)
    stops = (rows[index].spots[0] for index in nest.around(inner.span or Span(0, 0)))
    return any(_around(outer, stop) and _around(stop, inner) for stop in stops)


def lies(step: Relate, row: Row) -> bool:
    """Whether the item before lies to a capture, or the subject, as the step says."""
    spot = row.current
    if step.target == "subject":
        target: Spot | Cell | None = row.subject
    else:
        target = row.names.get(str(step.target))
    if spot is None or target is None or spot.span is None or target.span is None or spot.path != target.path:
        return False
    if step.relation == "inside":
        return target.span.holds(spot.span)
    if step.relation == "has":
        return spot.span.holds(target.span)
    return target.span.end <= spot.span.start
