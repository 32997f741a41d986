"""Extending rows by steps: joins, unions, anti-joins, conditions, and how matches lie to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.spans import Span, on_one_line
from polcheck.evaluate.budget import Budget, ExaminedFiles
from polcheck.evaluate.closure import ClosureRows
from polcheck.evaluate.context import JoinContext
from polcheck.evaluate.positions import holds, in_one_text, interval_of, is_placed, is_stopped, lies, related
from polcheck.evaluate.relations import DynamicPlaces, Relation, UnsearchedFile, unsearched_by
from polcheck.evaluate.rows import (
    NOT_GIVEN,
    BoundValue,
    GivenNames,
    Interval,
    PartialRow,
    Row,
    SourceRef,
    distinct,
    exported,
    given_names,
    inner_row,
    joins,
    merged,
    narrowed,
    place_of,
    truth,
)
from polcheck.evaluate.scope import Scopes
from polcheck.formats.values import Json
from polcheck.policy.order import Binding, bindings_of, is_fixed
from polcheck.policy.plan import (
    SOURCES,
    AntiJoin,
    Closure,
    Conjunction,
    Find,
    Join,
    Let,
    Listing,
    Modifiers,
    Names,
    SearchInValue,
    SelectorRef,
    SpanFilter,
    Step,
    Union,
    Values,
    Where,
    handlers,
)
from polcheck.selectors.jmespath.expression import Expression
from polcheck.selectors.jmespath.values import EvaluationError
from polcheck.selectors.results import SearchResult
from polcheck.sources.trees import path_in

Journal = Callable[[Step, Sequence[Row], "Result"], None]  # called for every step: what went in, what came out
_Keep = Callable[[Row], bool]
_UNPLACED = "where a match stands isn't known: it is in a value that isn't written as it is"
_R = TypeVar("_R")
_SAMPLE = 32  # rows by which the cost of a step is estimated


class Result(Struct):
    """The rows that extend the given ones, and the origins whose search did not come to its end."""

    rows: list[Row]
    open: set[int] = field(default_factory=set)


class Evaluator(Struct):
    """Evaluates conjunctions for the policies of one pack in one context; remembers what it examined."""

    context: JoinContext
    scopes: Scopes
    relations: dict[int, Relation] = field(default_factory=dict)
    used: dict[str, Relation] = field(default_factory=dict)
    examined: ExaminedFiles = field(default_factory=ExaminedFiles)
    examined_for_subjects: ExaminedFiles = field(
        default_factory=ExaminedFiles
    )  # for subjects; `looked` is then for what they need
    unsearched: dict[tuple[str, str], None] = field(default_factory=dict)
    dynamic: DynamicPlaces = field(default_factory=DynamicPlaces)
    counted: set[int] = field(default_factory=set)  # the numbers of steps whose dynamic places are all among them
    journal: Journal | None = None
    budget: Budget = field(default_factory=Budget)

    def conjunction(self, steps: Conjunction, rows: Sequence[Row], exists: bool = False) -> Result:
        """Return the rows that extend `rows` by all steps. With `exists`, one certain row for each origin is enough.

        The steps are evaluated in the order that makes the fewest rows, but as written where a journal records them;
        the result is the same.
        """
        if rows:
            self._count_dynamic(steps)
        bindings = self._bindings(steps) if self.journal is None else None
        if bindings is not None:
            return self._best_order(steps, bindings, rows, exists)
        result = Result(list(rows))
        for number, step in enumerate(steps):
            last = exists and number == len(steps) - 1
            after = _EXTEND[type(step)](self, step, result.rows, last)
            if self.journal is not None:
                self.journal(step, result.rows, after)
            result = Result(self._limited(after.rows, rows, after.open), result.open | after.open)
            if not result.rows:
                break
        return result

    def _count_dynamic(self, steps: Conjunction) -> None:
        """Take in the dynamic places of steps that look in files of their own, whichever of them are evaluated.

        NOTE: which steps are is a matter of their order, where one of them has no rows.
        """
        if not self.context.plan.steps_with_constants:
            return
        for step in steps:
            if step.number in self.counted or step.join is not step or step.keeps_to_file:
                continue
            self.counted.add(step.number)
            if step.number in self.context.plan.steps_with_constants:
                self.dynamic.add(self.relation(step.join).dynamic)

    def _limited(self, rows: list[_R], origins: Iterable[Row], open_: set[int]) -> list[_R]:
        """Return the rows, as many as the limit `rows` allows; where they are more, all origins are open."""
        most = self.budget.limits.rows
        if len(rows) <= most:
            return rows
        self._note(UnsearchedFile("", {}, f"more than {most:,} rows in a join (the limit `rows`)"), origins, open_)
        return rows[:most]

    def _bindings(self, steps: Conjunction) -> tuple[Binding, ...] | None:
        """Return what the steps are bound to; None where they have one order alone."""
        if len(steps) < 2:
            return None
        orders, key = self.context.plan.orders, steps[0].number
        if key not in orders:
            bindings = bindings_of(steps)
            orders[key] = None if is_fixed(bindings) else bindings
        return orders[key]

    def _best_order(self, steps: Conjunction, bindings: Sequence[Binding], rows: Sequence[Row], exists: bool) -> Result:
        """Evaluate the steps, each time the one that makes the fewest rows of those whose referents are evaluated."""
        result = Result(list(rows))
        partial: list[PartialRow] | None = None
        pending = list(range(len(steps)))
        while pending and (result.rows if partial is None else partial):
            ready = [index for index in pending if bindings[index].before.isdisjoint(pending)]
            weak = {index: self._weak(steps, pending, index, rows[0]) for index in ready}
            sample = result.rows if partial is None else partial
            sample = sample[:: max(1, len(sample) // _SAMPLE)]
            chosen = self._cheapest(steps, bindings, ready, sample, weak)
            step, last = steps[chosen], exists and len(pending) == 1
            if partial is not None and bindings[chosen].whole:
                result.rows, partial = _assembled(partial), None
            if partial is None and chosen != pending[0]:
                partial = [PartialRow(row, n, row.names, row.certain, {}) for n, row in enumerate(result.rows)]
            pending.remove(chosen)
            if partial is None:
                after = _EXTEND[type(step)](self, step, result.rows, last)
                result = Result(self._limited(after.rows, rows, after.open), result.open | after.open)
                continue
            views = [row.view(chosen, bindings[chosen], weak[chosen]) for row in partial]
            after = _EXTEND[type(step)](self, step, views, last)
            partial = self._limited(
                [_advanced(row, step, chosen, bindings[chosen]) for row in after.rows], rows, after.open
            )
            result.open |= after.open
        self._examine(steps, pending)
        if partial is not None:
            result.rows = _assembled(partial)
        return result

    def _weak(self, steps: Conjunction, pending: Sequence[int], index: int, base: Row) -> Names:
        """Return the names that are bound already, but by steps which are written after this one."""
        evaluated = [number for number in range(len(steps)) if number not in pending]
        if not evaluated or evaluated[-1] < index:
            return frozenset()
        before = base.names.keys() | {
            name for number in evaluated if number < index for name in steps[number].row_names
        }
        return frozenset(
            name for number in evaluated if number > index for name in steps[number].row_names if name not in before
        )

    def _cheapest(
        self,
        steps: Conjunction,
        bindings: Sequence[Binding],
        ready: Sequence[int],
        sample: Sequence[Row] | Sequence[PartialRow],
        weak: Mapping[int, Names],
    ) -> int:
        """Return the index of the step that makes the fewest rows of each one; conditions are cheapest.

        NOTE: the choice depends on the matches and on what the steps say, never on where they stand, so that a policy
        has the same outcome in every order of its items, also where some files could not be searched.
        """
        conditions = [index for index in ready if steps[index].fan_out == 0]
        if conditions:
            return conditions[0]
        if len(ready) == 1:
            return ready[0]
        empty = [index for index in ready if not self._size(steps[index]) and not self._is_open(steps[index])]
        if empty:
            return empty[0]

        def cost(index: int) -> tuple[object, ...]:
            views = [
                row.view(index, bindings[index], weak[index]) if isinstance(row, PartialRow) else row for row in sample
            ]
            # NOTE: what could not be searched to its end comes late, when more is known of what it would have to join
            return self._is_open(steps[index]), self._fan_out(steps[index], views), self._text(steps[index]), index

        return min(ready, key=cost)

    def _is_open(self, step: Step) -> bool:
        """Return whether something in which a step looks could not be searched to its end."""
        return step.join is step and bool(self.relation(step.join).unsearched)

    def _fan_out(self, step: Step, sample: Sequence[Row]) -> float:
        """Return about how many rows a step makes of each one."""
        self.budget.spend(len(sample))
        if step.fan_out is not None:
            return step.fan_out
        if step.join is None:
            return sum(self._fan_out(branch[0], sample) for branch in step.inner if branch)
        relation = self.relation(step.join)
        total = 0
        for row in sample:
            path = _file_of(step.join, row)
            total += relation.count(_shared(step.join, row), row, path)
        return total / len(sample)

    def _size(self, step: Step) -> int:
        """Return a number of rows that a step doesn't exceed, as far as it takes nothing to know; 1 where it does."""
        if step.join is None or step.join is not step:
            return 1
        return _SIZES[type(step.join.source)](self.context, step.join.source, step.join)

    def _text(self, step: Step) -> tuple[object, ...]:
        """Return what a step says, wherever it is written."""
        probes, texts = self.context.plan.probes, self.context.plan.texts
        if step.number not in texts:
            inner = tuple(self._text(one) for part in step.nested for one in part.steps)
            texts[step.number] = step.kind(probes), step.words(probes), inner
        return texts[step.number]

    def _examine(self, steps: Conjunction, pending: Sequence[int]) -> None:
        """Count the documents of steps that no row came to as examined, as far as evaluation in order would have."""
        last = max((index for index in range(len(steps)) if index not in pending), default=0)
        for index in pending:
            step = steps[index]
            if index < last and step.search is not None and step.join is step and not step.keeps_to_file:
                self.examined.add(self.context.examined(step.search, step.join.modifiers))

    def _note(self, entry: UnsearchedFile, rows: Iterable[Row], into: set[int]) -> None:
        self.unsearched[(entry.path, entry.reason)] = None
        into.update(row.origin for row in rows)

    def relation(self, join: Join) -> Relation:
        """Return the rows of a join's source; relation once. Whoever uses them says what was `looked` at."""
        if join.number not in self.relations:
            relation = _ROWS[type(join.source)](self, join.source, join)
            if join.modifiers.own:
                inner = replace(self, unsearched={})
                numbered = [row.but(origin=i) for i, row in enumerate(relation.rows)]
                result = inner.conjunction(join.modifiers.own, numbered)
                rows = result.rows
                # INVARIANT: a row whose condition could not be evaluated is a gap for all that it could have joined
                open_ = [unsearched_by(relation.rows[number], inner.unsearched) for number in sorted(result.open)]
                relation = Relation(lambda: rows, [*relation.unsearched, *open_], relation.examined, relation.dynamic)
            self.relations[join.number] = relation
        return self.relations[join.number]

    def matches(self, source: Find, join: Join) -> Relation:
        """Return the matches of a search."""
        return self.context.find(source, join)

    def paths(self, source: Listing, join: Join) -> Relation:
        """Return the paths of the submission."""
        return self.context.listing(source, join.modifiers)

    def values(self, source: Values, join: Join) -> Relation:
        """Return the rows that are written down."""
        return self.context.values(source, join)

    def selector_rows(self, source: SelectorRef, join: Join) -> Relation:
        """Return the rows of a selector that is used by name."""
        alias = self._alias(source, join)
        if alias is not None:
            return alias
        if source.name not in self.used:
            inner = replace(self, examined=ExaminedFiles(), unsearched={}, dynamic=DynamicPlaces(), counted=set())
            if source.params is not None and source.tables is not None:
                inner.scopes = replace(self.scopes, params=source.params, tables=source.tables)
            result = inner.conjunction(source.what, [Row()])
            unsearched = [UnsearchedFile(path, {}, reason) for path, reason in inner.unsearched]
            selected = distinct(result.rows)
            self.used[source.name] = Relation(lambda: selected, unsearched, inner.examined.all(), inner.dynamic.all())
        base = self.used[source.name]
        renames = join.modifiers.renames
        if not renames and source.only is None:
            return base  # NOTE: with what it was indexed by for others
        rows = [
            row.but(
                names={
                    renames.get(name, name): bound
                    for name, bound in row.names.items()
                    if source.only is None or name in source.only
                }
            )
            for row in base.rows
        ]
        return Relation(lambda: rows, base.unsearched, base.examined, base.dynamic)

    def pairs(self, source: Closure, join: Join) -> Relation:
        """Return the pairs of which one can be reached from the other.

        Where the edges were not searched to their end, a pair that is missing may be one.
        """
        inner = replace(self, examined=ExaminedFiles(), unsearched={}, dynamic=DynamicPlaces())
        edges = distinct(inner.conjunction(source.edges, [Row()]).rows)
        rows = ClosureRows(edges, source.start, source.end, self.budget.spend)
        unsearched = [UnsearchedFile(path, {}, reason) for path, reason in inner.unsearched]
        return Relation(lambda: rows, unsearched, inner.examined.all(), inner.dynamic.all())

    def _alias(self, source: SelectorRef, join: Join) -> Relation | None:
        """Return the rows of a selector that is but one search, under the names of the join: no row is made unless
        asked for.
        """
        only = source.what[0].join if len(source.what) == 1 else None
        search = source.what[0].search
        if self.journal is not None or only is None or search is None or not only.modifiers.are_only_names:
            return None
        if source.only is not None:
            return None
        if search.files and search.files.names:  # NOTE: a path capture may rule a match out, or double it
            return None
        outer, inner = join.modifiers.renames, only.modifiers
        renames = {old: new for old, new in outer.items() if old not in inner.renames}
        renames |= {old: outer.get(new, new) for old, new in inner.renames.items()}
        value_as = outer.get(inner.value_as, inner.value_as)
        return self.context.find(search, replace(only, modifiers=replace(inner, renames=renames, value_as=value_as)))

    def join(self, step: Join, rows: list[Row], exists: bool) -> Result:
        """Extends each row by those of the source that agree with it on the names that both bind."""
        relation = self.relation(step)
        name = step.modifiers.name
        out: list[Row] = []
        open_: set[int] = set()
        met: set[int] = set()
        if not relation.rows and not relation.unsearched:
            for path in {_file_of(step, row) for row in rows}:
                self.examined.add(relation.examined, path)
                self.dynamic.add(relation.dynamic, path)
            self.budget.spend(len(rows))
            return Result(out)
        for row in rows:
            if exists and row.origin in met:
                continue
            if len(out) > self.budget.limits.rows:
                break
            path = _file_of(step, row)
            self.examined.add(relation.examined, path)
            self.dynamic.add(relation.dynamic, path)
            shared = _shared(step, row)
            keep = self._keep(step.modifiers, row)
            self.budget.spend()
            for other in relation.joined(shared, row, path):
                self.budget.spend()
                if not keep(other):
                    continue
                longer = merged(row, other, name)
                out.append(longer)
                if exists and longer.certain:
                    met.add(row.origin)
                    break
                if len(out) > self.budget.limits.rows:
                    break
            self._note_unsearched(relation, row, path, open_)
        return Result(out, open_ - met)

    def _keep(self, modifiers: Modifiers, row: Row) -> _Keep:
        """Return whether a row of the source is where `scope: subject` and `near` want it."""
        subject, within, near = row.subject, modifiers.scope == "subject", modifiers.near
        if subject is None or not modifiers.compares_places:
            return lambda other: True
        first, last = self.context.line(subject)
        around = self.context.span(subject)

        def keep(other: Row) -> bool:
            place = other.places[0]
            span = self.context.span(place) if within else None
            if within and not (around and span and around.holds(span)):
                return False
            if near is None:
                return True
            start, end = self.context.line(place)
            return start - last <= near and first - end <= near

        return keep

    def _note_unsearched(self, relation: Relation, row: Row, path: str | None, into: set[int]) -> None:
        if not relation.unsearched:
            return
        unsearched = relation.open.open_to(row, path)
        if unsearched:
            into.add(row.origin)
        for entry in unsearched:
            self.budget.spend()
            self.unsearched[(entry.path, entry.reason)] = None

    def union(self, step: Union, rows: list[Row], exists: bool) -> Result:
        """Extends each row by every branch that matches."""
        out: list[Row] = []
        open_: set[int] = set()
        renames = dict(step.renames)
        numbered = [row.but(origin=index) for index, row in enumerate(rows)]
        for branch in step.branches:
            result = self.conjunction(branch, numbered, exists and not renames)
            self.budget.spend(len(result.rows))
            open_ |= {rows[index].origin for index in result.open}
            for row in result.rows:
                given = rows[row.origin]
                names = exported(given, row, step.binds, renames)
                if names is not None:
                    out.append(row.but(names=names))
        return Result([row.but(origin=rows[row.origin].origin) for row in distinct(out)], open_)

    def anti_join(self, step: AntiJoin, rows: list[Row], exists: bool) -> Result:
        """Lets the rows through that the conjunction surely doesn't extend, and those of which that is open."""
        result = self.conjunction(step.what, [row.but(origin=index) for index, row in enumerate(rows)], exists=True)
        certain = {row.origin for row in result.rows if row.certain}
        unsure = {row.origin for row in result.rows} | result.open
        return Result(
            [
                row.but(certain=False) if index in unsure else row
                for index, row in enumerate(rows)
                if index not in certain
            ]
        )

    def search_in_value(self, step: SearchInValue, rows: list[Row], exists: bool) -> Result:
        """Extends each row by the matches inside the value that it binds."""
        out: list[Row] = []
        open_: set[int] = set()
        for row in rows:
            bound = row.names.get(step.source)
            if bound is None or bound.value is None:
                continue
            self.budget.spend()
            self.budget.look()
            given, unknown = self._given(step, row)
            if unknown:
                self._note(UnsearchedFile(bound.path, {}, unknown), [row], open_)
                continue
            result = self.context.inside(step.probe, bound, given)
            keep = self._keep(step.modifiers, row)
            if result.incomplete:
                reason = f"`{step.source}`: {result.incomplete}, in `{on_one_line(bound.text)}`"
                self._note(UnsearchedFile(bound.path, {}, reason), [row], open_)
            outer = narrowed(row, bound)
            for number, match in enumerate(result.matches):
                self.budget.spend()
                if len(out) > self.budget.limits.rows:
                    break
                constant, places = self.context.constant_matches(SearchResult((match,)), bound.path, step.probe, step)
                for dynamic, _ in places if step.modifiers.dynamic != "ignored" else ():
                    self.dynamic.add([dynamic._replace(place=inner_row(match, number, bound, step, given).places[0])])
                    if step.modifiers.dynamic == "undecided":
                        self._note(UnsearchedFile(bound.path, {}, self.context.why_dynamic(dynamic)), [row], open_)
                if places:
                    continue
                other = inner_row(constant.matches[0], number, bound, step, given, result.cores)
                if keep(other) and all(
                    joins(row.names[name], value) for name, value in other.names.items() if name in row.names
                ):
                    out.append(merged(outer, other, step.modifiers.name))
        return Result(out, open_)

    def _given(self, step: SearchInValue, row: Row) -> tuple[GivenNames, str]:
        """Return what the row gives to the names of a search in its value, and why one of them isn't known."""
        if not step.reads:
            return NOT_GIVEN, ""
        expression: Any = self.context.plan.probes[step.probe].what
        path = row.current.path if row.current else ""
        unknown = self.context.unknown(path, expression) if "file" in step.reads else ""
        return given_names(row, self.scopes.of(row, step.reads), step.reads), unknown

    def where(self, step: Where, rows: list[Row], exists: bool) -> Result:
        """Lets the rows through for which the condition holds."""
        out: list[Row] = []
        open_: set[int] = set()
        for row in rows:
            if truth(self._evaluated(step.test, row, open_)):
                out.append(row)
        return Result(out, open_)

    def let(self, step: Let, rows: list[Row], exists: bool) -> Result:
        """Extends each row by the names that are computed from it."""
        out: list[Row] = []
        open_: set[int] = set()
        for row in rows:
            names = dict(row.names)
            unknown: set[int] = set()
            for name, expression in step.names:
                value = self._evaluated(expression, row.but(names=names), unknown)
                place = row.current or SourceRef("")
                computed = BoundValue(value, place.path, place.span, place.ref, place.inner)
                if not joins(names.setdefault(name, computed), computed) and names[name] is not computed:
                    break
            else:
                # INVARIANT: what rests on a value that could not be computed is uncertain, for it isn't null
                out.append(row.but(names=names, certain=False if unknown else None))
            open_ |= unknown
        return Result(out, open_)

    def _evaluated(self, expression: Expression, row: Row, into: set[int]) -> Json:
        self.budget.spend()
        path = row.current.path if row.current else ""
        reason = self.context.unknown(path, expression) if "file" in expression.reads else ""
        if not reason:
            try:
                scope = self.scopes.of(row, expression.reads)
                return expression.evaluate(scope, scope)
            except EvaluationError as error:
                reason = f"`{expression.text}`: {error}"
        self._note(UnsearchedFile(path, {}, reason), [row], into)
        return None

    def span_filter(self, step: SpanFilter, rows: list[Row], exists: bool) -> Result:
        """Extend each row by the targets to which its match, or what `of` names, lies as the relation says."""
        out: list[Row] = []
        open_: set[int] = set()
        for row in rows:
            self.budget.spend()
            place = place_of(row, step.of) if step.of else row.current
            if place is None or not is_placed(place):
                continue
            if step.target is None:
                target = place_of(row, step.capture)
                state = lies(step, place, target, self.context.locate) if target is not None else False
                if state is None:
                    self._note(UnsearchedFile(place.path, {}, _UNPLACED), [row], open_)
                elif state:
                    out.append(row)
            elif step.join is not None:
                out += self._related_in_file(step, step.join, row, place, open_)
            else:
                out += self._related_in_value(step, row, place, open_)
        return Result(out, open_)

    def _related_in_file(
        self, step: SpanFilter, target: Join, row: Row, place: SourceRef, open_: set[int]
    ) -> Iterable[Row]:
        """Yield a row with each target in its file to which a match lies as the relation says."""
        item = interval_of(place, False, self.context.locate)
        core = interval_of(place, True, self.context.locate) if step.relation == "is" else item
        if item is None or core is None:
            self._note(UnsearchedFile(place.path, {}, _UNPLACED), [row], open_)
            return
        relation = self.relation(target)
        stops = [self.relation(stop) for until in step.until if (stop := until.join) is not None]
        names, name = target.names, target.modifiers.name
        self.examined.add(relation.examined, place.path)
        self.dynamic.add(relation.dynamic, place.path)
        self._note_unsearched(relation, row, place.path, open_)
        for other in related(step, relation, stops, place.path, item, Span(*core[:2]), self.budget):
            if all(joins(row.names[n], other.names[n]) for n in names if n in row.names and n in other.names):
                result = self.conjunction(step.rest, [merged(row, other, name)])
                open_ |= result.open
                yield from (longer.but(current=row.current) for longer in result.rows)

    def _related_in_value(self, step: SpanFilter, row: Row, place: SourceRef, open_: set[int]) -> Iterable[Row]:
        """Yield a row with each target in the same value to which a match lies as the relation says."""
        result = self.conjunction(step.conjunction, [row])
        stops = [self.conjunction((until,), [row]) for until in step.until]
        open_ |= result.open.union(*(stop.open for stop in stops))
        ends = [longer.current for stop in stops for longer in stop.rows]
        for longer in result.rows:
            self.budget.spend(1 + len(ends))
            pair = self._in_one_text(step, place, longer.current)
            if pair is None:
                self._note(UnsearchedFile(place.path, {}, _UNPLACED), [row], open_)
                continue
            between = [stop[1] for end in ends if (stop := self._in_one_text(step, place, end)) is not None]
            item, other = pair
            if holds(step.relation, item, other) and not is_stopped(step, other, item, between):
                yield longer.but(current=row.current)

    def _in_one_text(
        self, step: SpanFilter, place: SourceRef, other: SourceRef | None
    ) -> tuple[Interval, Interval] | None:
        return in_one_text(place, other, step.relation == "is", self.context.locate) if other is not None else None


def _shared(step: Join, row: Row) -> tuple[str, ...]:
    """Return the names on which a join compares a row, in order."""
    return tuple(sorted(name for name in step.names if name in row.names))


def _file_of(step: Join, row: Row) -> str | None:
    """Return the path of the one file in which a join looks for a row; None where it looks in all."""
    if not step.keeps_to_file or row.subject is None:
        return None
    return path_in(row.subject.path, step.modifiers.revision)  # NOTE: the subject's file may be one of the other tree


def _assembled(rows: Iterable[PartialRow]) -> list[Row]:
    """Return the rows as evaluation in the order as written would have made them."""
    return [row.assembled() for row in sorted(rows, key=PartialRow.order)]


def _advanced(row: Row, step: Step, index: int, binding: Binding) -> PartialRow:
    """Return the partial row of which a step saw a view, after the step made `row` of that."""
    partial = row.partial
    assert partial is not None
    if step.is_filter:
        return partial._replace(certain=row.certain)
    return partial.extended(row, index, binding, partial.names[step.holder] if step.holder else None)


_Extend = Callable[[Evaluator, Any, list[Row], bool], Result]
_EXTEND: Mapping[type, _Extend] = handlers(
    {
        Join: Evaluator.join,
        SearchInValue: Evaluator.search_in_value,
        Union: Evaluator.union,
        AntiJoin: Evaluator.anti_join,
        Where: Evaluator.where,
        Let: Evaluator.let,
        SpanFilter: Evaluator.span_filter,
    }
)
_Rows = Callable[[Evaluator, Any, Join], Relation]
_ROWS: Mapping[type, _Rows] = handlers(
    {
        Find: Evaluator.matches,
        Listing: Evaluator.paths,
        Values: Evaluator.values,
        SelectorRef: Evaluator.selector_rows,
        Closure: Evaluator.pairs,
    },
    SOURCES,
)
_SIZES: Mapping[type, Callable[[JoinContext, Any, Join], int]] = handlers(
    {
        Find: lambda context, source, join: context.count(source, join.modifiers),
        Listing: lambda context, source, join: len(context.matches(source.files, join.modifiers)),
        Values: lambda context, source, join: len(source.rows),
        SelectorRef: lambda context, source, join: 1,
        Closure: lambda context, source, join: 1,
    },
    SOURCES,
)
