"""Extending rows by steps: joins, unions, anti-joins, conditions, and how matches lie to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.spans import Span
from polcheck.evaluate.budget import Budget, ExaminedFiles
from polcheck.evaluate.context import JoinContext
from polcheck.evaluate.positions import holds, in_one_text, interval_of, is_placed, is_stopped, lies, related
from polcheck.evaluate.relations import DynamicPlaces, Relation, UnsearchedFile, unsearched_by
from polcheck.evaluate.rows import (
    NOT_GIVEN,
    BoundValue,
    GivenNames,
    Interval,
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
from polcheck.policy.plan import (
    SOURCES,
    AntiJoin,
    Conjunction,
    Find,
    Join,
    Let,
    Listing,
    Modifiers,
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


class Result(Struct):
    """The rows that extend the given ones, and the origins whose search did not come to its end."""

    rows: list[Row]
    open: set[int] = field(default_factory=set)


class Evaluator(Struct):
    """Evaluates conjunctions for the policies of one pack over one world; remembers what it looked at."""

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
    journal: Journal | None = None
    budget: Budget = field(default_factory=Budget)

    def conjunction(self, steps: Conjunction, rows: Sequence[Row], exists: bool = False) -> Result:
        """Extends `rows` by each step in turn. With `exists`, one certain row for each origin is enough."""
        result = Result(list(rows))
        for number, step in enumerate(steps):
            last = exists and number == len(steps) - 1
            after = _EXTEND[type(step)](self, step, result.rows, last)
            if self.journal is not None:
                self.journal(step, result.rows, after)
            result = Result(after.rows, result.open | after.open)
            most = self.budget.limits.rows
            if len(result.rows) > most:
                self._note(
                    UnsearchedFile("", {}, f"more than {most:,} rows in a join (the limit `rows`)"), rows, result.open
                )
                result.rows = result.rows[:most]
            if not result.rows:
                break
        return result

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
            inner = replace(self, examined=ExaminedFiles(), unsearched={}, dynamic=DynamicPlaces())
            result = inner.conjunction(source.what, [Row()])
            unsearched = [UnsearchedFile(path, {}, reason) for path, reason in inner.unsearched]
            selected = distinct(result.rows)
            self.used[source.name] = Relation(lambda: selected, unsearched, inner.examined.all(), inner.dynamic.all())
        base = self.used[source.name]
        renames = join.modifiers.renames
        if not renames:
            return base  # NOTE: with what it was indexed by for others
        rows = [
            row.but(names={renames.get(name, name): bound for name, bound in row.names.items()}) for row in base.rows
        ]
        return Relation(lambda: rows, base.unsearched, base.examined, base.dynamic)

    def _alias(self, source: SelectorRef, join: Join) -> Relation | None:
        """Return the rows of a selector that is but one search, under the names of the join: no row is made unless
        asked for.
        """
        only = source.what[0].join if len(source.what) == 1 else None
        search = source.what[0].search
        if self.journal is not None or only is None or search is None or not only.modifiers.are_only_names:
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
        names, keeps_to_file, name = step.names, step.keeps_to_file, step.modifiers.name
        revision = step.modifiers.revision
        out: list[Row] = []
        open_: set[int] = set()
        met: set[int] = set()
        for row in rows:
            if exists and row.origin in met:
                continue
            if len(out) > self.budget.limits.rows:
                break
            # NOTE: the subject's file may be one of the other tree
            path = path_in(row.subject.path, revision) if keeps_to_file and row.subject is not None else None
            self.examined.add(relation.examined, path)
            self.dynamic.add(relation.dynamic, path)
            shared = tuple(sorted(name for name in names if name in row.names))
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
                    out.append(row.but(names=names, origin=given.origin))
        return Result(distinct(out), open_)

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
                self._note(UnsearchedFile(bound.path, {}, result.incomplete), [row], open_)
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
                    out.append(merged(narrowed(row, bound), other, step.modifiers.name))
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
            for name, expression in step.names:
                value = self._evaluated(expression, row.but(names=names), open_)
                place = row.current or SourceRef("")
                computed = BoundValue(value, place.path, place.span, place.ref, place.inner)
                if not joins(names.setdefault(name, computed), computed) and names[name] is not computed:
                    break
            else:
                out.append(row.but(names=names))
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
    },
    SOURCES,
)
