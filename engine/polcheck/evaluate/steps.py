"""Extending rows by steps: joins, unions, anti-joins, conditions, and how matches lie to each other."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import accumulate
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
Extend = Callable[["Evaluator", Sequence[Row], bool], "Result"]  # with `exists`, as `Evaluator.conjunction`
_Keep = Callable[[Row], bool]
_UNPLACED = "where a match stands isn't known: it is in a value that isn't written as it is"
_R = TypeVar("_R")
_S = TypeVar("_S", bound=Step)
_V = TypeVar("_V")
_SAMPLE = 32  # rows by which the cost of a step is estimated
_CHUNK = 64  # pairs of rows after which they are counted
_NO_NAMES: Names = frozenset()
_NOT_OF_ROW = frozenset({"file", "params", "tables", "subject"})  # names of a scope that no row binds
_MOST_VALUES = 1_000  # that are remembered of one expression
_UNKNOWN: Any = object()
_SHORT = 200  # characters of a string in such a value


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
        if not steps or (not rows and self.journal is None):
            return Result(list(rows))
        compiled = self._compiled(steps)
        if rows and compiled.with_constants:
            self._count_dynamic(compiled.with_constants)
        if self.journal is None and len(steps) == 1:
            after = compiled.functions[0](self, rows, exists)
            return Result(self._limited(after.rows, rows, after.open), after.open)
        if self.journal is None and compiled.bindings is not None:
            return self._best_order(steps, compiled, rows, exists)
        result = Result(list(rows))
        for number, step in enumerate(steps):
            last = exists and number == len(steps) - 1
            after = compiled.functions[number](self, result.rows, last)
            if self.journal is not None:
                self.journal(step, result.rows, after)
            result = Result(self._limited(after.rows, rows, after.open), result.open | after.open)
            if not result.rows:
                break
        return result

    def _compiled(self, steps: Conjunction) -> CompiledConjunction:
        """Return the functions that evaluate some steps, which are made once for each plan."""
        key = (steps[0].number, len(steps))
        compiled: CompiledConjunction | None = self.context.plan.compiled.get(key)
        if compiled is None:
            compiled = CompiledConjunction.of(steps, self.context.plan.steps_with_constants)
            self.context.plan.compiled[key] = compiled
        return compiled

    def _count_dynamic(self, steps: Sequence[Join]) -> None:
        """Take in the dynamic places of steps that look in files of their own, whichever of them are evaluated.

        NOTE: which steps are is a matter of their order, where one of them has no rows.
        """
        for step in steps:
            if step.number not in self.counted:
                self.counted.add(step.number)
                self.dynamic.add(self.relation(step).dynamic)

    def _limited(self, rows: list[_R], origins: Iterable[Row], open_: set[int]) -> list[_R]:
        """Return the rows, as many as the limit `rows` allows; where they are more, all origins are open."""
        most = self.budget.limits.rows
        if len(rows) <= most:
            return rows
        self._note(UnsearchedFile("", {}, f"more than {most:,} rows in a join (the limit `rows`)"), origins, open_)
        return rows[:most]

    def _best_order(
        self, steps: Conjunction, compiled: CompiledConjunction, rows: Sequence[Row], exists: bool
    ) -> Result:
        """Evaluate the steps, each time the one that makes the fewest rows of those whose referents are evaluated."""
        bindings = compiled.bindings
        assert bindings is not None
        result = Result(list(rows))
        partial: list[PartialRow] | None = None
        pending = list(range(len(steps)))
        while pending and (result.rows if partial is None else partial):
            ready = [index for index in pending if bindings[index].before.isdisjoint(pending)]
            # INVARIANT: while no row is partial, the steps were evaluated as written, so that no name is weak
            weak = {index: self._weak(steps, pending, index, rows[0]) for index in ready if partial is not None}
            sample = result.rows if partial is None else partial
            sample = sample[:: max(1, len(sample) // _SAMPLE)]
            chosen = self._cheapest(steps, bindings, ready, sample, weak)
            step, extend, last = steps[chosen], compiled.functions[chosen], exists and len(pending) == 1
            if partial is not None and bindings[chosen].whole:
                result.rows, partial = _assembled(partial), None
            if partial is None and chosen != pending[0]:
                partial = [PartialRow(row, n, row.names, row.certain, {}) for n, row in enumerate(result.rows)]
            pending.remove(chosen)
            if partial is None:
                after = extend(self, result.rows, last)
                result = Result(self._limited(after.rows, rows, after.open), result.open | after.open)
                continue
            views = [row.view(chosen, bindings[chosen], weak.get(chosen, _NO_NAMES)) for row in partial]
            after = extend(self, views, last)
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
            names = weak.get(index, _NO_NAMES)
            views = [row.view(index, bindings[index], names) if isinstance(row, PartialRow) else row for row in sample]
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
        relation, names = self.relation(step.join), tuple(sorted(step.join.names))
        total = 0
        for row in sample:
            path = _file_of(step.join, row)
            total += relation.count(_shared(names, row), row, path)
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
        relation = self.relations.get(join.number)
        if relation is None:
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
        return relation

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
            unsearched = inner.gaps_of(source.what)
            selected = distinct(result.rows)
            self.used[source.name] = Relation(lambda: selected, unsearched, inner.examined.all(), inner.dynamic.all())
        base = self.used[source.name]
        renames = join.modifiers.renames
        if not renames and source.only is None:
            return base  # NOTE: with what it was indexed by for others
        rows = [row.but(names=_exported(row.names, renames, source.only)) for row in base.rows]
        gaps = [entry._replace(names=_exported(entry.names, renames, source.only)) for entry in base.unsearched]
        return Relation(lambda: rows, gaps, base.examined, base.dynamic)

    def gaps_of(self, what: Conjunction) -> list[UnsearchedFile]:
        """Return the gaps of a conjunction after its evaluation, with the path captures that a row would have there.

        INVARIANT: where it is more than one search, a row may be missing whatever the captures are: a gap of one step
        and one of another may have the same file and reason.
        """
        noted = dict(self.unsearched)
        known: list[UnsearchedFile] = []
        step = what[0]
        if len(what) == 1 and step.join is step and step.join.source.search is not None:
            names = step.row_names
            for entry in self.relation(step.join).unsearched:
                noted.pop((entry.path, entry.reason), None)
                known.append(entry._replace(names={name: text for name, text in entry.names.items() if name in names}))
        return [*known, *(UnsearchedFile(path, {}, reason) for path, reason in noted)]

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
        aliases = self.context.plan.aliases
        if join.number not in aliases:
            aliases[join.number] = search_behind(source, join)
        search = aliases[join.number] if self.journal is None else None
        return self.context.find(search.source, search) if search is not None else None  # type: ignore[arg-type]

    def keep(self, modifiers: Modifiers, row: Row) -> _Keep:
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

    def examine(self, relation: Relation, path: str | None = None) -> None:
        """Take in the documents of a relation as examined, or the one at `path`, and what is no constant there."""
        self.examined.add(relation.examined, path)
        self.dynamic.add(relation.dynamic, path)

    def examine_files(self, relation: Relation, paths: Iterable[str | None]) -> None:
        """Take in the documents at some paths as examined; all of those of the relation for a path that is None."""
        for path in paths:
            self.examine(relation, path)

    def note_unsearched(self, relation: Relation, row: Row, path: str | None, into: set[int]) -> None:
        """Take in the files that were not searched to their end in which a match could have joined a row."""
        if not relation.unsearched:
            return
        unsearched = relation.open.open_to(row, path)
        if unsearched:
            into.add(row.origin)
        for entry in unsearched:
            self.budget.spend()
            self.unsearched[(entry.path, entry.reason)] = None

    def search_in_value(self, step: SearchInValue, rows: Sequence[Row], exists: bool) -> Result:
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
            keep = self.keep(step.modifiers, row)
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

    def evaluated(self, expression: Expression, reads: Names, row: Row, into: set[int]) -> Json:
        """Return the value of an expression that reads these names in a row; null, with the row open, if there is none.

        Raises BudgetExceeded.
        """
        self.budget.spend()
        path = row.current.path if row.current else ""
        reason = self.context.unknown(path, expression) if "file" in reads else ""
        if not reason:
            try:
                scope = self.scopes.of(row, reads)
                return expression.evaluate(scope, scope)
            except EvaluationError as error:
                reason = f"`{expression.text}`: {error}"
        self._note(UnsearchedFile(path, {}, reason), [row], into)
        return None

    def span_filter(self, step: SpanFilter, rows: Sequence[Row], exists: bool) -> Result:
        """Extend each row by the targets in the same value to which its match, or what `of` names, lies as it should.

        Without a target, let the rows through whose match lies so to a capture or the subject.
        """
        out: list[Row] = []
        open_: set[int] = set()
        for row in rows:
            self.budget.spend()
            place = place_of(row, step.of) if step.of else row.current
            if place is None or not is_placed(place):
                continue
            if step.target is not None:
                out += self._related_in_value(step, row, place, open_)
                continue
            target = place_of(row, step.capture)
            state = lies(step, place, target, self.context.locate) if target is not None else False
            if state is None:
                self.note_unplaced(place, row, open_)
            elif state:
                out.append(row)
        return Result(out, open_)

    def note_unplaced(self, place: SourceRef, row: Row, into: set[int]) -> None:
        """Take in a row as open of which nobody knows where its match stands."""
        self._note(UnsearchedFile(place.path, {}, _UNPLACED), [row], into)

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


def _shared(names: Sequence[str], row: Row) -> tuple[str, ...]:
    """Return those of the names, in order, on which a row is compared."""
    return tuple([name for name in names if name in row.names])


def search_behind(source: SelectorRef, join: Join) -> Join | None:
    """Return the join for the one search that a selector is, under the names of the join that uses it, or None."""
    only = source.what[0].join if len(source.what) == 1 else None
    search = source.what[0].search
    if only is None or search is None or not only.modifiers.are_only_names or source.only is not None:
        return None
    if search.files and search.files.names:  # NOTE: a path capture may rule a match out, or double it
        return None
    outer, inner = join.modifiers.renames, only.modifiers
    renames = {old: new for old, new in outer.items() if old not in inner.renames}
    renames |= {old: outer.get(new, new) for old, new in inner.renames.items()}
    value_as = outer.get(inner.value_as, inner.value_as)
    return replace(only, modifiers=replace(inner, renames=renames, value_as=value_as))


# A plan is compiled to functions: what a step says is looked up once, when its function is made, and the function does
# what is left to do for rows. Each class of steps has a function here that makes those of its steps.


def _numbered(rows: Sequence[Row]) -> list[Row]:
    """Return rows whose origins are their places among them."""
    return [row if row.origin == index else row.but(origin=index) for index, row in enumerate(rows)]


def _exported(names: Mapping[str, _V], renames: Mapping[str, str], only: Collection[str] | None) -> dict[str, _V]:
    """Return what the names of a selector's row are bound to where it is used: under other names, or some alone."""
    return {renames.get(name, name): value for name, value in names.items() if only is None or name in only}


class _Nearby:
    """The rows of a source by file, for asking which may be within `most` lines of a subject: a stretch of them is."""

    def __init__(self, context: JoinContext, relation: Relation, most: int) -> None:
        self._line = context.line
        self._relation = relation
        self._most = most
        self._files: dict[str, tuple[list[Row], list[int], list[int]]] = {}

    def rows(self, row: Row, path: str) -> Sequence[Row]:
        """Return rows of the file at `path`, in order, among which are all that are near enough to a row's subject."""
        if path not in self._files:
            rows = list(self._relation.joined((), row, path))
            lines = [self._line(each.places[0]) for each in rows]
            # the first line of each row and of all behind it, and the last line of each and of all before it
            firsts = list(accumulate((first for first, _ in reversed(lines)), min))[::-1]
            self._files[path] = rows, firsts, list(accumulate((last for _, last in lines), max))
        rows, firsts, lasts = self._files[path]
        if row.subject is None:
            return rows
        first, last = self._line(row.subject)
        return rows[bisect_left(lasts, first - self._most) : bisect_right(firsts, last + self._most)]


def _candidates(
    relation: Relation, row: Row, shared: tuple[str, ...], path: str | None, nearby: _Nearby | None
) -> Iterable[Row]:
    """Return the rows that may extend a row: those that agree on the shared names and lie in the file at `path`."""
    if not shared and nearby is not None and path is not None:
        return nearby.rows(row, path)
    return relation.joined(shared, row, path)


def _joining(step: Join) -> Extend:
    """Return the function that extends rows by those of a source that agree with them on the names that both bind."""
    names, name, modifiers = tuple(sorted(step.names)), step.modifiers.name, step.modifiers
    in_one_file, by_place, near = step.keeps_to_file, modifiers.compares_places, modifiers.near

    def join(evaluator: Evaluator, rows: Sequence[Row], exists: bool) -> Result:
        relation, budget = evaluator.relation(step), evaluator.budget
        matches, unsearched, most = relation.rows, relation.unsearched, budget.limits.rows
        if not in_one_file and rows:
            evaluator.examine(relation)
        if not matches and not unsearched:
            evaluator.examine_files(relation, {_file_of(step, row) for row in rows} if in_one_file else ())
            budget.spend(len(rows))
            return Result([])
        out: list[Row] = []
        open_: set[int] = set()
        met: set[int] = set()
        path = None
        nearby = _Nearby(evaluator.context, relation, near) if near is not None else None
        for row in rows:
            if exists and row.origin in met:
                continue
            if len(out) > most:
                break
            if in_one_file:
                path = _file_of(step, row)
                evaluator.examine(relation, path)
            shared = _shared(names, row)
            keep = evaluator.keep(modifiers, row) if by_place else None
            pairs = 1
            for other in _candidates(relation, row, shared, path, nearby):
                pairs += 1
                if pairs > _CHUNK:
                    budget.spend(pairs)
                    pairs = 0
                if keep is not None and not keep(other):
                    continue
                longer = merged(row, other, name)
                out.append(longer)
                if exists and longer.certain:
                    met.add(row.origin)
                    break
                if len(out) > most:
                    break
            budget.spend(pairs)
            if unsearched:
                evaluator.note_unsearched(relation, row, path, open_)
        return Result(out, open_ - met)

    return join


def _uniting(step: Union) -> Extend:
    """Return the function that extends each row by every branch that matches."""
    branches, binds, renames = step.branches, step.binds, dict(step.renames)

    def union(evaluator: Evaluator, rows: Sequence[Row], exists: bool) -> Result:
        out: list[Row] = []
        open_: set[int] = set()
        numbered = _numbered(rows)
        for branch in branches:
            result = evaluator.conjunction(branch, numbered, exists and not renames)
            evaluator.budget.spend(len(result.rows))
            open_ |= {rows[index].origin for index in result.open}
            for row in result.rows:
                given = rows[row.origin]
                names = exported(given, row, binds, renames) if row.names is not given.names else row.names
                if names is not None:
                    out.append(row.but(names=names))
        rest = distinct(out) if len(out) > 1 else out
        return Result([row.but(origin=rows[row.origin].origin) for row in rest], open_)

    return union


def _excluding(step: AntiJoin) -> Extend:
    """Return the function that lets rows through which a conjunction surely doesn't extend, and those where that is
    open.
    """
    what = step.what

    def anti_join(evaluator: Evaluator, rows: Sequence[Row], exists: bool) -> Result:
        result = evaluator.conjunction(what, _numbered(rows), exists=True)
        if not result.rows and not result.open:
            return Result(list(rows))
        certain = {row.origin for row in result.rows if row.certain}
        unsure = {row.origin for row in result.rows} | result.open
        return Result(
            [
                row.but(certain=False) if index in unsure else row
                for index, row in enumerate(rows)
                if index not in certain
            ]
        )

    return anti_join


_Value = Callable[["Evaluator", Row, set[int]], Json]


def _valuing(expression: Expression) -> _Value:
    """Return the function that evaluates an expression in a row, and marks the row as open where it can't.

    Values that follow from strings alone are remembered: many policies ask the same of the same names.
    """
    reads = expression.reads
    names = tuple(sorted(reads))
    # NOTE: `@` and `*` read names that they don't spell
    plain = bool(names) and reads.isdisjoint(_NOT_OF_ROW) and not any(sign in expression.text for sign in "@*")
    known: dict[tuple[str | None, ...], Any] = {}

    def value(evaluator: Evaluator, row: Row, into: set[int]) -> Json:
        key = _strings(row, names) if plain else None
        if key is None:
            return evaluator.evaluated(expression, reads, row, into)
        result: Json = known.get(key, _UNKNOWN)
        if result is _UNKNOWN:
            result = evaluator.evaluated(expression, reads, row, into)
            if row.origin not in into and (result is None or type(result) in (bool, str)):
                if len(known) >= _MOST_VALUES:
                    known.clear()
                known[key] = result
        else:
            evaluator.budget.spend()
        return result

    return value


def _strings(row: Row, names: Iterable[str]) -> tuple[str | None, ...] | None:
    """Return the values of names in a row if each is bound to a short string or null; None otherwise."""
    values: list[str | None] = []
    for name in names:
        bound = row.names.get(name)
        if bound is None or name in row.aliases:
            return None
        value = bound.value
        if value is not None and (type(value) is not str or len(value) > _SHORT):
            return None
        values.append(value)
    return tuple(values)


def _testing(step: Where) -> Extend:
    """Return the function that lets the rows through for which a condition holds."""
    value = _valuing(step.test)

    def where(evaluator: Evaluator, rows: Sequence[Row], exists: bool) -> Result:
        open_: set[int] = set()
        return Result([row for row in rows if truth(value(evaluator, row, open_))], open_)

    return where


def _computing(step: Let) -> Extend:
    """Return the function that extends each row by the names that are computed from it."""
    values = [(name, _valuing(expression)) for name, expression in step.names]

    def let(evaluator: Evaluator, rows: Sequence[Row], exists: bool) -> Result:
        out: list[Row] = []
        open_: set[int] = set()
        for row in rows:
            names = dict(row.names)
            unknown: set[int] = set()
            for name, value in values:
                result = value(evaluator, row.but(names=names), unknown)
                place = row.current or SourceRef("")
                computed = BoundValue(result, place.path, place.span, place.ref, place.inner)
                if not joins(names.setdefault(name, computed), computed) and names[name] is not computed:
                    break
            else:
                # INVARIANT: what rests on a value that could not be computed is uncertain, for it isn't null
                out.append(row.but(names=names, certain=False if unknown else None))
            open_ |= unknown
        return Result(out, open_)

    return let


def _relating(step: SpanFilter) -> Extend:
    """Return the function that extends each row by the targets to which its match, or what `of` names, lies as it
    should.
    """
    target, of, rest = step.join, step.of, step.rest
    if target is None or step.target is None:
        return _as_written(Evaluator.span_filter)(step)
    names, name, among_cores = tuple(sorted(target.names)), target.modifiers.name, step.relation == "is"

    def span_filter(evaluator: Evaluator, rows: Sequence[Row], exists: bool) -> Result:
        out: list[Row] = []
        open_: set[int] = set()
        locate, budget = evaluator.context.locate, evaluator.budget
        relation: Relation | None = None
        stops: list[Relation] = []
        path: str | None = None
        for row in rows:
            budget.spend()
            place = place_of(row, of) if of else row.current
            if place is None or not is_placed(place):
                continue
            item = interval_of(place, False, locate)
            core = interval_of(place, True, locate) if among_cores else item
            if item is None or core is None:
                evaluator.note_unplaced(place, row, open_)
                continue
            if relation is None:  # NOTE: it is not made for rows that are nowhere
                relation = evaluator.relation(target)
                stops = [evaluator.relation(stop) for until in step.until if (stop := until.join) is not None]
            if place.path != path:
                path = place.path
                evaluator.examine(relation, path)
            if relation.unsearched:
                evaluator.note_unsearched(relation, row, path, open_)
            for other in related(step, relation, stops, path, item, Span(core.start, core.end), budget):
                if not all(joins(row.names[n], other.names[n]) for n in names if n in row.names and n in other.names):
                    continue
                longer = merged(row, other, name)
                if rest:
                    result = evaluator.conjunction(rest, [longer])
                    open_ |= result.open
                    out += [each.but(current=row.current) for each in result.rows]
                    continue
                out.append(longer.but(current=row.current))
                if exists and longer.certain:
                    break
        return Result(out, open_)

    return span_filter


def _as_written(extend: Callable[[Evaluator, _S, Sequence[Row], bool], Result]) -> Callable[[_S], Extend]:
    """Return what makes the function of a step that is evaluated by a method, which asks the step itself."""
    return lambda step: lambda evaluator, rows, exists: extend(evaluator, step, rows, exists)


_COMPILE: Mapping[type, Callable[[Any], Extend]] = handlers(
    {
        Join: _joining,
        SearchInValue: _as_written(Evaluator.search_in_value),
        Union: _uniting,
        AntiJoin: _excluding,
        Where: _testing,
        Let: _computing,
        SpanFilter: _relating,
    }
)


class CompiledConjunction(Struct, frozen=True):
    """A conjunction as functions, one a step, what these are bound to, and the joins whose dynamic places count anyway.

    `bindings` is None where the steps have one order alone.
    """

    functions: tuple[Extend, ...]
    bindings: tuple[Binding, ...] | None
    with_constants: tuple[Join, ...]

    @classmethod
    def of(cls, steps: Conjunction, constants: frozenset[int]) -> CompiledConjunction:
        """Return the steps compiled; `constants` are the numbers of those below which constants are asked for."""
        bindings = bindings_of(steps) if len(steps) > 1 else ()
        return cls(
            tuple(_COMPILE[type(step)](step) for step in steps),
            None if len(steps) < 2 or is_fixed(bindings) else bindings,
            tuple(
                step.join for step in steps if step.number in constants and step.join is step and not step.keeps_to_file
            ),
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
        Find: lambda context, source, join: context.count(source, join),
        Listing: lambda context, source, join: len(context.matches(source.files, join.modifiers)),
        Values: lambda context, source, join: len(source.rows),
        SelectorRef: lambda context, source, join: 1,
        Closure: lambda context, source, join: 1,
    },
    SOURCES,
)
