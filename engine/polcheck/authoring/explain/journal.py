"""Record the rows that go into and come out of each step during evaluation."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from polcheck.evaluate.rows import Row
from polcheck.evaluate.steps import Result
from polcheck.policy.plan import Step

_Signature = tuple[int, frozenset[str]]


class Event(Struct):
    """All rows that went through one step, however often it was evaluated."""

    before: list[Row] = field(default_factory=list)
    after: list[Row] = field(default_factory=list)
    lost: list[Row] = field(default_factory=list)


class Journal(Struct):
    """A journal for evaluation, asked by step afterwards."""

    _events: dict[int, Event] = field(default_factory=dict)

    def __call__(self, step: Step, rows: Sequence[Row], result: Result) -> None:
        """Notes one evaluation of a step."""
        event = self._events.setdefault(step.number, Event())
        event.before += rows
        event.after += result.rows
        event.lost += lost(step, rows, result.rows)

    def of(self, step: Step) -> Event | None:
        """Return the event of the step; None when it was never reached."""
        return self._events.get(step.number)


def lost(step: Step, before: Sequence[Row], after: Sequence[Row]) -> list[Row]:
    """Return the rows of `before` that none of `after` extends.

    NOTE: where one match for each origin is enough, judge stops at the first; so rows whose origin has one count as
    extended when they are many.
    """
    origins = {row.origin for row in after}
    apart = len({row.origin for row in before}) > 1
    if apart or not after:
        return [row for row in before if row.origin not in origins]
    placed = not step.replaces_place
    signatures = {(len(row.places) if placed else 0, frozenset(row.names)) for row in before}
    known = {signature: {_shape(row, signature) for row in after} for signature in signatures}
    return [
        row
        for row in before
        if _shape(row, signature := (len(row.places) if placed else 0, frozenset(row.names))) not in known[signature]
    ]


def _shape(row: Row, signature: _Signature) -> tuple[object, ...]:
    """Return a row as far as a row with this many places and these names shows of it."""
    from polcheck.formats.values import text_of

    spots, names = signature
    values = tuple((name, text_of(row.names[name].value)) for name in sorted(names) if name in row.names)
    return row.places[:spots], values
