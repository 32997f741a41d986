"""Rows of a join: the values that names have so far, the places they came from, and whether that is certain."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.spans import Span
from polcheck.formats.values import Json, text_of
from polcheck.policy.plan import SearchInValue
from polcheck.scan.rows import VALUE, WHOLE
from polcheck.selectors.jmespath.values import NO_NAMES, kind_of
from polcheck.selectors.results import Match

if TYPE_CHECKING:
    from polcheck.policy.order import Binding


class Ref(NamedTuple):
    """Where a place that is worked out only for findings can be located again: a match of a probe, a key of it."""

    path: str
    probe: int
    match: int
    key: str = ""


class GivenNames(NamedTuple):
    """The values that a row gives to the names (`$name`) of an expression that looks in one of its values.

    `key` is equal exactly when all of the values are.
    """

    key: str = ""
    values: Mapping[str, Json] = NO_NAMES


NOT_GIVEN = GivenNames()


class Inner:
    """Where a match lies inside a bound value, its `holder`, in which `in` looked.

    It is a match of a probe, or what that match binds to `key`; of a probe over texts also a
    stretch of the holder's text. `given` are the names of the row that the probe reads. Where it is in the file is
    worked out for findings only.

    INVARIANT: two of them are equal when they are one place, whatever the values are: rows are distinguished by this.
    """

    __slots__ = ("_identity", "given", "holder", "key", "match", "probe", "stretch")

    def __init__(
        self,
        holder: BoundValue,
        probe: int,
        match: int,
        key: str = "",
        stretch: tuple[int, int] | None = None,
        given: GivenNames = NOT_GIVEN,
    ) -> None:
        self.holder = holder
        self.probe = probe
        self.match = match
        self.key = key
        self.stretch = stretch
        self.given = given
        self._identity: tuple[object, ...] | None = None

    @property
    def identity(self) -> tuple[object, ...]:
        """What is equal for two places exactly when they are one. NOTE: most places are never compared."""
        if self._identity is None:
            holder = self.holder
            where = (holder.path, holder.span, holder.ref, holder.inner)
            placed = holder.span or holder.ref or holder.inner
            probed = self.stretch or (self.probe, self.match, self.key, self.given.key)
            self._identity = (where, "" if placed else holder.text, probed)
        return self._identity

    def part(self, stretch: Span) -> Inner:
        """Return another stretch of the same text."""
        return Inner(self.holder, self.probe, self.match, self.key, (stretch.start, stretch.end), self.given)

    def is_beside(self, other: Inner) -> bool:
        """Return whether both are stretches of one text, so that they can be compared there."""
        return self.stretch is not None and other.stretch is not None and self.identity[:2] == other.identity[:2]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Inner) and self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity)


class BoundValue(Struct, eq=False):
    """The value of a name, with its place as far as it is known by now.

    `search_ref` is the match of a search in configuration that bound it, also where its place is known already.
    `core` is as in SourceRef. `ref` is of matches in configuration, also of those whose `span` is known.
    """

    value: Json
    path: str = ""
    span: Span | None = None
    ref: Ref | None = None
    inner: Inner | None = None
    search_ref: Ref | None = None
    core: Span | None = None
    _text: str | None = None

    @property
    def text(self) -> str:
        """The value as a text. NOTE: a whole document may be bound in thousands of rows, and is written out once."""
        if self._text is None:
            self._text = text_of(self.value)
        return self._text

    @property
    def key(self) -> str | None:
        """The text by which joins compare it; None for null, which is equal to nothing, not even to null.

        NOTE: as in SQL. A misspelled key gives null on each side, and must not turn a policy green.
        """
        return None if self.value is None else self.text


ABSENT = BoundValue(None)
"""The value of a name that other rows of the same source bind: null in expressions and joins, not shown in findings."""


class PathValue(BoundValue, eq=False):
    """A list that is put together by `make` when it is read."""

    make: Callable[[], Json] = list

    @property  # type: ignore[misc]  # it is only ever read
    def value(self) -> Json:  # type: ignore[override]
        """The list."""
        return self.make()


class SourceRef(NamedTuple):
    """The place of one match. `point` is where a finding should point if that is elsewhere; `weight` as in Match.

    `core` is where the expression stands without parentheses and `await`, where those are and somebody asks; of an
    inner match it is a stretch of the holder's text, as there.
    """

    path: str
    span: Span | None = None
    point: Span | None = None
    ref: Ref | None = None
    inner: Inner | None = None
    weight: int = 0
    core: Span | None = None


class Row(Struct):
    """One way to satisfy the items so far.

    `current` is the match of the item before. `origin` numbers the row that this one extends. `shown` are values
    that are visible in messages and join nothing. Where items are evaluated in another order than written, `partial` is
    the row of which this one shows a step what it may see, and `weak` are the names that later items bound: a step that
    binds them, too, decides their value and place.
    """

    names: dict[str, BoundValue] = field(default_factory=dict)
    places: tuple[SourceRef, ...] = ()
    current: SourceRef | None = None
    certain: bool = True
    origin: int = 0
    aliases: dict[str, Row] = field(default_factory=dict)
    shown: dict[str, BoundValue] = field(default_factory=dict)
    partial: PartialRow | None = None
    weak: frozenset[str] = frozenset()

    @property
    def public(self) -> dict[str, BoundValue]:
        """What the row binds and shows under public names, without names that only other rows of its source bind.

        NOTE: a private name may hold the whole file, so that each edit of it would make another finding.
        """
        cells = {**self.shown, **self.names}
        return {name: cell for name, cell in cells.items() if cell is not ABSENT and not name.startswith("_")}

    @property
    def public_values(self) -> tuple[tuple[str, str], ...]:
        """The public names in order with their values as texts: what tells findings at one place apart."""
        return tuple(sorted((name, cell.text) for name, cell in self.public.items()))

    @property
    def subject(self) -> SourceRef | None:
        """The first place of the row: the subject, or the list's first item."""
        return self.places[0] if self.places else None

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
            self.places,
            self.current if current is None else current,
            self.certain if certain is None else certain,
            self.origin if origin is None else origin,
            self.aliases,
            self.shown,
            self.partial,
            self.weak,
        )

    def order(self) -> tuple[object, ...]:
        """A key that sorts rows by place: rows of no place first, in the order in which they came."""
        place = self.subject
        if place is None:
            return ("", -1, -1)
        return _order_of(place)[:3]

    def text_order(self) -> tuple[object, ...]:
        """A key that sorts rows by all of their places; rows without one keep the order in which they came."""
        return tuple(_order_of(place) for place in self.places)

    def key(self) -> tuple[object, ...]:
        """A key that is equal for two rows with the same places and bindings."""
        names = tuple(sorted((name, bound.key) for name, bound in self.names.items()))
        return self.places, names


def given_names(row: Row, scope: Mapping[str, Json], names: Iterable[str]) -> GivenNames:
    """Return the values of some names in the scope of a row; null for those that it lacks."""
    values = {name: scope.get(name) for name in sorted(names)}
    # NOTE: what is bound is written out once, whatever number of rows and searches read it
    texts = (row.names[name].text if name in row.names else text_of(value) for name, value in values.items())
    kinds = (kind_of(value) for value in values.values())
    return GivenNames("\0".join(f"{kind} {len(text)} {text}" for kind, text in zip(kinds, texts, strict=True)), values)


def place_of(row: Row, name: str) -> SourceRef | None:
    """Return the place of what a name stands for: a value, a match that `name` names, or the subject."""
    if name == "subject":
        return row.subject
    bound = row.names.get(name)
    if bound is not None:
        return SourceRef(bound.path, bound.span, None, bound.ref, bound.inner, 0, bound.core)
    named = row.aliases.get(name)
    return named.current if named is not None else None


class Contribution(NamedTuple):
    """What one step added to a row. `holder` is the value in which it searched, where it is an `in`."""

    names: dict[str, BoundValue]
    places: tuple[SourceRef, ...]
    current: SourceRef | None
    aliases: dict[str, Row]
    shown: dict[str, BoundValue]
    holder: BoundValue | None


class PartialRow(NamedTuple):
    """A row of which some steps were evaluated before others that are written before them.

    `base` is the row before the first of these steps, `number` its position, and `added` what each step added, by the
    step's index.
    """

    base: Row
    number: int
    names: dict[str, BoundValue]
    certain: bool
    added: Mapping[int, Contribution]

    def view(self, index: int, binding: Binding, weak: frozenset[str]) -> Row:
        """Return the row as the step with this index may see it, bound to the items that it refers to as written."""
        current: SourceRef | None = None
        aliases: dict[str, Row] = {}
        shown: dict[str, BoundValue] = {}
        before = self._before(index)
        if binding.reads_match:
            current = next((one.current for one in reversed(before) if one.current), self.base.current)
        if binding.reads_names:
            aliases, shown = dict(self.base.aliases), dict(self.base.shown)
            for one in before:
                aliases |= one.aliases
                shown |= one.shown
        return Row(
            self.names,
            self._subject(index, binding),
            current,
            self.certain,
            self.base.origin,
            aliases,
            shown,
            self,
            weak,
        )

    def _before(self, index: int) -> list[Contribution]:
        return [one for number, one in sorted(self.added.items()) if number < index]

    def _subject(self, index: int, binding: Binding) -> tuple[SourceRef, ...]:
        return self._places(self._before(index))[:1] if binding.reads_subject else ()

    def _places(self, contributions: Iterable[Contribution]) -> tuple[SourceRef, ...]:
        places = self.base.places
        for one in contributions:
            places = (places if one.holder is None else without_holder(places, one.holder)) + one.places
        return places

    def extended(self, row: Row, index: int, binding: Binding, holder: BoundValue | None) -> PartialRow:
        """Return the partial row after a step made `row` of its view of this one."""
        subject = len(self._subject(index, binding))
        names = {name: bound for name, bound in row.names.items() if self.names.get(name) is not bound}
        one = Contribution(names, row.places[subject:], row.current, row.aliases, row.shown, holder)
        return PartialRow(self.base, self.number, row.names, row.certain, {**self.added, index: one})

    def order(self) -> tuple[object, ...]:
        """A key that sorts rows as evaluation in the order of the items would have made them."""
        places = (place for _, one in sorted(self.added.items()) for place in one.places)
        return self.number, [_order_of(place) for place in places]

    def assembled(self) -> Row:
        """Return the row as if the steps had been evaluated in the order in which they are written."""
        base = self.base
        names, current, aliases, shown = base.names, base.current, base.aliases, base.shown
        every = [one for _, one in sorted(self.added.items())]
        for one in every:
            names = {**one.names, **names}
            current = one.current or current
            aliases = {**aliases, **one.aliases} if one.aliases else aliases
            shown = {**shown, **one.shown} if one.shown else shown
        places = self._places(every)
        return Row(names, places, current, self.certain, base.origin, aliases, shown, base.partial, base.weak)


def _order_of(place: SourceRef) -> tuple[object, ...]:
    """A key that sorts places as the matches of one selector are sorted."""
    inner = place.inner
    # INVARIANT: a match in configuration has its number, also where its place is known: see `row_of`
    start, end = (place.span if place.ref is None else None) or (-1, -1)
    return place.path, start, place.ref.match if place.ref else -1, inner.match if inner else -1, end


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

    def __init__(self, intervals: Sequence[Interval]) -> None:
        self.intervals = intervals
        keys = [(start, -end) for start, end, _ in intervals]
        self._order = sorted(range(len(intervals)), key=keys.__getitem__)
        self._spans = [intervals[i] for i in self._order]
        self._starts = [span[0] for span in self._spans]
        self._ends: list[tuple[int, int]] | None = None  # NOTE: few are asked what is before, or around
        self._nesting: tuple[list[int], bool] | None = None

    def around(self, span: Span | Interval) -> list[int]:
        """Return the indices of the matches that hold `span`, the innermost first."""
        last = bisect_right(self._starts, span.start) - 1
        if self._nesting is None:
            self._nesting = _parents(self._spans)
        parents, nested = self._nesting
        if not nested:
            return [self._order[i] for i in range(last, -1, -1) if self._spans[i].end >= span.end]
        indices: list[int] = []
        while last >= 0:
            if self._spans[last].end >= span.end:
                indices.append(self._order[last])
            last = parents[last]
        return indices

    def within(self, span: Span | Interval) -> list[int]:
        """Return the indices of the matches that lie in `span`, in order of place."""
        first, last = bisect_left(self._starts, span.start), bisect_right(self._starts, span.end)
        return [self._order[i] for i in range(first, last) if self._spans[i].end <= span.end]

    def before(self, offset: int) -> list[int]:
        """Return the indices of the matches that end at `offset` or before."""
        if self._ends is None:
            self._ends = sorted((span[1], i) for i, span in zip(self._order, self._spans, strict=True))
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
    if not (
        row.places or row.names or row.shown or row.aliases or row.partial or alias
    ):  # NOTE: the first item of a list
        same = other.origin == row.origin and (row.certain or not other.certain)
        return other if same else other.but(origin=row.origin, certain=row.certain and other.certain)
    aliases = {**row.aliases, alias: other} if alias else row.aliases
    return Row(
        {**other.names, **row.names} if not row.weak else _with_weak(row, other.names),
        row.places + other.places,
        other.current or row.current,
        row.certain and other.certain,
        row.origin,
        {**aliases, **other.aliases} if other.aliases else aliases,
        {**row.shown, **other.shown},
        row.partial,
        row.weak,
    )


def _with_weak(row: Row, names: Mapping[str, BoundValue]) -> dict[str, BoundValue]:
    """Return the names of a row and of a match, which decides those that are weak."""
    return {**names, **{name: bound for name, bound in row.names.items() if name not in row.weak or name not in names}}


def narrowed(row: Row, bound: BoundValue) -> Row:
    """`row` without the place of the match that bound `cell`: a match inside of the value takes its place."""
    places = without_holder(row.places, bound)
    return replace(row, places=places) if places is not row.places else row


def without_holder(places: tuple[SourceRef, ...], bound: BoundValue) -> tuple[SourceRef, ...]:
    """Return the places of a row without that of the match that bound a value, if it is the first of them."""
    others = tuple(place for place in places if not _binds(place, bound))
    return others if places[:1] != others[:1] else places


def _binds(place: SourceRef, bound: BoundValue) -> bool:
    """Return whether a match is the one that bound a value, and is no more than that."""
    if place.inner is not None and bound.inner is not None:
        one, other = place.inner, bound.inner
        return one.holder is other.holder and (one.probe, one.match, one.given.key) == (
            other.probe,
            other.match,
            other.given.key,
        )
    if place.ref is not None and bound.ref is not None:  # NOTE: whichever part of the match the value is
        return place.inner is bound.inner and place.ref == bound.ref._replace(key="")
    return place.inner is bound.inner and place[:2] == (bound.path, bound.span) and place.ref is bound.ref


def inner_row(
    match: Match,
    number: int,
    holder: BoundValue,
    step: SearchInValue,
    given: GivenNames = NOT_GIVEN,
    cores: Mapping[Span, Span] | None = None,
) -> Row:
    """Return match `number` inside a value, its `holder`, as a row; its place in the file is worked out later."""

    def inner(span: Span | None, key: str = "") -> Inner:
        return Inner(holder, step.probe, number, key, (span.start, span.end) if span else None, given)

    def core(span: Span | None) -> Span | None:
        return cores.get(span) if cores and span is not None else None

    weight = match.weight
    place = SourceRef(holder.path, holder.span, None, holder.ref, inner(match.span), weight, core(match.span))
    names: dict[str, BoundValue] = {}
    shown: dict[str, BoundValue] = {}
    for key, bound in match.bindings:
        value = BoundValue(
            bound.value, holder.path, holder.span, holder.ref, inner(bound.span, key), core=core(bound.span)
        )
        if key == WHOLE or (key == VALUE and step.modifiers.value_as):
            names[step.modifiers.value_as] = value
        elif key == VALUE and VALUE not in step.binds and VALUE not in step.modifiers.renames:
            shown[VALUE] = value
        else:
            names[step.modifiers.renames.get(key, key)] = value
    return Row(names, (place,), place, shown=shown)


def exported(given: Row, row: Row, binds: frozenset[str], renames: Mapping[str, str]) -> dict[str, BoundValue] | None:
    """Return the names that a branch's row gives: those of every branch; None when a renamed one differs from the
    given.
    """
    names = dict(given.names)
    for name, bound in row.names.items():
        new = renames.get(name, name) if name not in given.names else name
        if new not in binds:
            continue
        if new in names and not (names[new] is bound or joins(names[new], bound)):
            return None
        if new in given.weak:
            names[new] = bound
        else:
            names.setdefault(new, bound)
    return names


def distinct(rows: Iterable[Row]) -> list[Row]:
    """Rows that differ in origin, place or bindings; a certain one goes before its uncertain twin."""
    by_key: dict[tuple[object, ...], Row] = {}
    for row in rows:
        key = (row.origin, *row.key())
        if key not in by_key or (row.certain and not by_key[key].certain):
            by_key[key] = row
    return list(by_key.values())


def truth(value: Json) -> bool:
    """JMESPath's truth: false, null, and what is empty are false; zero is true."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return True
    return bool(value)
