"""Rows of a join: the values that names have so far, the places they came from, and whether that is certain."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.spans import Span
from polcheck.formats.values import Json, text_of
from polcheck.policy.plan import SearchInValue
from polcheck.scan.rows import VALUE, WHOLE
from polcheck.selectors.results import Match


class Ref(NamedTuple):
    """Where a place that is worked out only for findings can be found again: a hit of a probe, a key of it."""

    path: str
    probe: int
    hit: int
    key: str = ""


class Inner:
    """Where a match lies inside a bound value, its `holder`, in which `in` looked.

    It is a hit of a probe, or what that hit binds to `key`; of a probe over texts also a stretch of the holder's text.
    Where that is in the file is worked out for findings only.

    INVARIANT: two of them are equal when they are one place, whatever the values are: rows are told apart by this.
    """

    __slots__ = ("_identity", "hit", "holder", "key", "probe", "stretch")

    def __init__(
        self, holder: BoundValue, probe: int, hit: int, key: str = "", stretch: tuple[int, int] | None = None
    ) -> None:
        self.holder = holder
        self.probe = probe
        self.hit = hit
        self.key = key
        self.stretch = stretch
        where = (holder.path, holder.span, holder.ref, holder.inner)
        placed = holder.span or holder.ref or holder.inner
        self._identity = (where, "" if placed else holder.text, stretch or (probe, hit, key))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Inner) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)


class BoundValue(Struct, eq=False):
    """The value of a name, with its place as far as it is known by now.

    `found` is the hit of a search in configuration that bound it, also where its place is known already.
    """

    value: Json
    path: str = ""
    span: Span | None = None
    ref: Ref | None = None
    inner: Inner | None = None
    found: Ref | None = None
    _text: str | None = None

    @property
    def text(self) -> str:
        """The value as a text. NOTE: a whole document may be bound in thousands of rows, and is written out once."""
        if self._text is None:
            self._text = text_of(self.value)
        return self._text

    @property
    def key(self) -> str | None:
        """What it is compared by in joins; None for null, which is equal to nothing, not even to null.

        NOTE: as in SQL. A misspelled key gives null on each side, and must not turn a policy green.
        """
        return None if self.value is None else self.text


class SourceRef(NamedTuple):
    """The place of one match. `point` is where a finding should point if that is elsewhere; `weight` as in Hit."""

    path: str
    span: Span | None = None
    point: Span | None = None
    ref: Ref | None = None
    inner: Inner | None = None
    weight: int = 0


class Row(Struct):
    """One way to satisfy the items so far.

    `current` is the match of the item before. `origin` numbers the row that this one extends. `shown` are values
    that are visible in messages and join nothing.
    """

    names: dict[str, BoundValue] = field(default_factory=dict)
    spots: tuple[SourceRef, ...] = ()
    current: SourceRef | None = None
    certain: bool = True
    origin: int = 0
    aliases: dict[str, Row] = field(default_factory=dict)
    shown: dict[str, BoundValue] = field(default_factory=dict)

    @property
    def subject(self) -> SourceRef | None:
        """The first place of the row: the subject, or the list's first item."""
        return self.spots[0] if self.spots else None

    def but(
        self,
        *,
        names: dict[str, BoundValue] | None = None,
        current: SourceRef | None = None,
        certain: bool | None = None,
        origin: int | None = None,
    ) -> Row:
        """Return the same row with other parts. NOTE: `dataclasses.replace` takes ten times as long, for each of
        many rows.
        """
        return Row(
            self.names if names is None else names,
            self.spots,
            self.current if current is None else current,
            self.certain if certain is None else certain,
            self.origin if origin is None else origin,
            self.aliases,
            self.shown,
        )

    def order(self) -> tuple[object, ...]:
        """What sorts rows by place: rows of no place first, in the order in which they came."""
        spot = self.subject
        if spot is None:
            return ("", -1, -1)
        return (spot.path, spot.span.start if spot.span else -1, spot.ref.hit if spot.ref else -1)

    def key(self) -> tuple[object, ...]:
        """What makes two rows the same: their places and bindings."""
        names = tuple(sorted((name, cell.key) for name, cell in self.names.items()))
        return self.spots, names


class Interval(NamedTuple):
    """Where a match begins and ends in its file, and how many nodes it holds."""

    start: int
    end: int
    weight: int = 0

    def around(self, other: Interval) -> bool:
        """Return whether this match is around another one, and not the same node."""
        if self.start > other.start or other.end > self.end:
            return False
        return self[:2] != other[:2] or self.weight > other.weight


class SpanIndex:
    """Matches in one file, made for asking which of them are around a place, or lie in one."""

    def __init__(self, stretches: Sequence[Interval]) -> None:
        self.stretches = stretches
        self._order = sorted(range(len(stretches)), key=lambda i: (stretches[i].start, -stretches[i].end))
        self._spans = [stretches[i] for i in self._order]
        self._starts = [span.start for span in self._spans]
        self._ends = sorted((span.end, i) for i, span in zip(self._order, self._spans, strict=True))
        self._parents, self._nested = _parents(self._spans)

    def around(self, span: Span | Interval) -> list[int]:
        """Return the indices of the matches that hold `span`, the innermost first."""
        last = bisect_right(self._starts, span.start) - 1
        if not self._nested:
            return [self._order[i] for i in range(last, -1, -1) if self._spans[i].end >= span.end]
        found: list[int] = []
        while last >= 0:
            if self._spans[last].end >= span.end:
                found.append(self._order[last])
            last = self._parents[last]
        return found

    def within(self, span: Span | Interval) -> list[int]:
        """Return the indices of the matches that lie in `span`, in order of place."""
        first, last = bisect_left(self._starts, span.start), bisect_right(self._starts, span.end)
        return [self._order[i] for i in range(first, last) if self._spans[i].end <= span.end]

    def before(self, offset: int) -> list[int]:
        """Return the indices of the matches that end at `offset` or before."""
        return [index for _, index in self._ends[: bisect_right(self._ends, (offset, len(self._order)))]]


def _parents(spans: Sequence[Interval]) -> tuple[list[int], bool]:
    """For spans in order, the index of the span right around each, and whether no two overlap in part."""
    parents: list[int] = []
    stack: list[int] = []
    nested = True
    for index, span in enumerate(spans):
        while stack and spans[stack[-1]].end <= span.start and spans[stack[-1]][:2] != span[:2]:
            stack.pop()
        if stack and spans[stack[-1]].end < span.end:
            nested = False
        parents.append(stack[-1] if stack else -1)
        stack.append(index)
    return parents, nested


def joins(one: BoundValue, other: BoundValue) -> bool:
    """Return whether two values that are bound to one name let their rows join: null is equal to nothing."""
    return one.value is not None and other.value is not None and (one is other or one.text == other.text)


def merged(row: Row, other: Row, alias: str) -> Row:
    """`row` extended by a row of a source."""
    if not (row.spots or row.names or row.shown or row.aliases or alias):  # NOTE: the first item of a list
        same = other.origin == row.origin and (row.certain or not other.certain)
        return other if same else other.but(origin=row.origin, certain=row.certain and other.certain)
    aliases = {**row.aliases, alias: other} if alias else row.aliases
    return Row(
        {**other.names, **row.names},
        row.spots + other.spots,
        other.current or row.current,
        row.certain and other.certain,
        row.origin,
        {**aliases, **other.aliases} if other.aliases else aliases,
        {**row.shown, **other.shown},
    )


def narrowed(row: Row, cell: BoundValue) -> Row:
    """`row` without the place of the match that bound `cell`: a match inside of the value takes its place."""
    spots = tuple(spot for spot in row.spots if not _binds(spot, cell))
    return replace(row, spots=spots) if row.spots[:1] != spots[:1] else row


def _binds(spot: SourceRef, cell: BoundValue) -> bool:
    """Return whether a match is the one that bound a value, and is no more than that."""
    if spot.inner is not None and cell.inner is not None:
        one, other = spot.inner, cell.inner
        return one.holder is other.holder and (one.probe, one.hit) == (other.probe, other.hit)
    ref = cell.ref._replace(key="") if cell.ref else None
    return spot.inner is cell.inner and (spot.path, spot.span, spot.ref) == (cell.path, cell.span, ref)


def inner_row(hit: Match, number: int, cell: BoundValue, step: SearchInValue) -> Row:
    """Hit `number` inside a value as a row; where that is in the file is worked out for findings."""

    def inner(span: Span | None, key: str = "") -> Inner:
        return Inner(cell, step.probe, number, key, (span.start, span.end) if span else None)

    spot = SourceRef(cell.path, cell.span, None, cell.ref, inner(hit.span))
    names: dict[str, BoundValue] = {}
    shown: dict[str, BoundValue] = {}
    for key, bound in hit.bindings:
        made = BoundValue(bound.value, cell.path, cell.span, cell.ref, inner(bound.span, key))
        if key == WHOLE or (key == VALUE and step.modifiers.value_as):
            names[step.modifiers.value_as] = made
        elif key == VALUE and VALUE not in step.binds:
            shown[VALUE] = made
        else:
            names[step.modifiers.renames.get(key, key)] = made
    return Row(names, (spot,), spot, shown=shown)


def exported(given: Row, row: Row, binds: frozenset[str], renames: Mapping[str, str]) -> dict[str, BoundValue] | None:
    """Return the names that a branch's row gives: those of every branch; None when a renamed one differs from the
    given.
    """
    names = dict(given.names)
    for name, cell in row.names.items():
        new = renames.get(name, name) if name not in given.names else name
        if new not in binds:
            continue
        if new in names and not (names[new] is cell or joins(names[new], cell)):
            return None
        names.setdefault(new, cell)
    return names


def distinct(rows: Iterable[Row]) -> list[Row]:
    """Rows that differ in origin, place or bindings; a certain one goes before its uncertain twin."""
    found: dict[tuple[object, ...], Row] = {}
    for row in rows:
        key = (row.origin, *row.key())
        if key not in found or (row.certain and not found[key].certain):
            found[key] = row
    return list(found.values())


def truth(value: Json) -> bool:
    """JMESPath's truth: false, null, and what is empty are false; zero is true."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return True
    return bool(value)
