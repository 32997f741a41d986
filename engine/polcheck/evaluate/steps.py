"""Extending rows by steps: joins, unions, anti-joins, conditions, and how matches lie to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.evaluate.budget import Budget, ExaminedFiles
from polcheck.evaluate.context import JoinContext
from polcheck.evaluate.positions import lies, related
from polcheck.evaluate.relations import Relation, UnsearchedFile, unsearched_by
from polcheck.evaluate.rows import (
    BoundValue,
    Row,
    SourceRef,
    distinct,
    exported,
    inner_row,
    merged,
    narrowed,
    text_of,
    truth,
)
from polcheck.evaluate.scope import Scopes
from polcheck.formats.values import Json
from polcheck.policy.plan import (
    AntiJoin,
    Conjunction,
    Find,
    Join,
    Let,
    Listing,
    SearchInValue,
    SelectorRef,
    SpanFilter,
    Step,
    Union,
    Values,
    Where,
)
from polcheck.selectors.jmespath.expression import Expression
from polcheck.selectors.jmespath.values import EvaluationError

Journal = Callable[[Step, Sequence[Row], "Result"], None]  # told of every step: what went in, what came out
_Keep = Callable[[Row], bool]


class Result(Struct):
    """The rows that extend the given ones, and the origins whose search did not come to its end."""

    rows: list[Row]
    open: set[int] = field(default_factory=set)


class Evaluator(Struct):
    """Evaluates conjunctions for the policies of one pack over one world; remembers what it looked at."""

    world: JoinContext
    scopes: Scopes
    relations: dict[int, Relation] = field(default_factory=dict)
    used: dict[str, Relation] = field(default_factory=dict)
    looked: ExaminedFiles = field(default_factory=ExaminedFiles)
    looked_before: ExaminedFiles = field(
        default_factory=ExaminedFiles
    )  # for subjects; `looked` is then for what they need
    gaps: dict[tuple[str, str], None] = field(default_factory=dict)
    journal: Journal | None = None
    work: Budget = field(default_factory=Budget)

    def conjunction(self, steps: Conjunction, rows: Sequence[Row], exists: bool = False) -> Result:
        """Extends `rows` by each step in turn. With `exists`, one certain row for each origin is enough."""
        result = Result(list(rows))
        for number, step in enumerate(steps):
            last = exists and number == len(steps) - 1
            after = self._step(step, result.rows, last)
            if self.journal is not None:
                self.journal(step, result.rows, after)
            result = Result(after.rows, result.open | after.open)
            most = self.work.limits.rows
            if len(result.rows) > most:
                self._note(
                    UnsearchedFile("", {}, f"more than {most:,} rows in a join (the limit `rows`)"), rows, result.open
                )
                result.rows = result.rows[:most]
            if not result.rows:
                break
        return result

    def _step(self, step: Step, rows: list[Row], exists: bool) -> Result:
        if isinstance(step, Join):
            return self._join(step, rows, exists)
        if isinstance(step, Union):
            return self._union(step, rows, exists)
        if isinstance(step, AntiJoin):
            return self._absence(step, rows)
        if isinstance(step, Where):
            return self._where(step, rows)
        if isinstance(step, Let):
            return self._let(step, rows)
        if isinstance(step, SearchInValue):
            return self._within(step, rows)
        return self._relate(step, rows)

    def _note(self, gap: UnsearchedFile, rows: Iterable[Row], into: set[int]) -> None:
        self.gaps[(gap.path, gap.reason)] = None
        into.update(row.origin for row in rows)

    def relation(self, join: Join) -> Relation:
        """The rows of a join's source; made once. Whoever uses them says what was `looked` at."""
        if id(join) not in self.relations:
            made = self._made(join)
            if join.own:
                inner = replace(self, gaps={})
                result = inner.conjunction(join.own, [row.but(origin=i) for i, row in enumerate(made.rows)])
                rows = result.rows
                # INVARIANT: a row whose condition could not be evaluated is a gap for all that it could have joined
                open_ = [unsearched_by(made.rows[number], inner.gaps) for number in sorted(result.open)]
                made = Relation(lambda: rows, [*made.gaps, *open_], made.looked)
            self.relations[id(join)] = made
        return self.relations[id(join)]

    def _made(self, join: Join) -> Relation:
        source = join.source
        if isinstance(source, Find):
            return self.world.find(source, join)
        if isinstance(source, Listing):
            return self.world.listing(source)
        if isinstance(source, Values):
            return self.world.values(source, join)
        return self._of_selector(source, join)

    def _of_selector(self, source: SelectorRef, join: Join) -> Relation:
        alias = self._alias(source, join)
        if alias is not None:
            return alias
        if source.name not in self.used:
            inner = replace(self, looked=ExaminedFiles(), gaps={})
            result = inner.conjunction(source.what, [Row()])
            gaps = [UnsearchedFile(path, {}, reason) for path, reason in inner.gaps]
            found = distinct(result.rows)
            self.used[source.name] = Relation(lambda: found, gaps, inner.looked.all())
        base = self.used[source.name]
        if not join.renames:
            return base  # NOTE: with what it was indexed by for others
        rows = [
            row.but(names={join.renames.get(name, name): cell for name, cell in row.names.items()}) for row in base.rows
        ]
        return Relation(lambda: rows, base.gaps, base.looked)

    def _alias(self, source: SelectorRef, join: Join) -> Relation | None:
        """The rows of a selector that is but one search, under the names of the join: none is made unless asked for."""
        only = source.what[0]
        if self.journal is not None or len(source.what) > 1 or not isinstance(only, Join) or _is_more(only):
            return None
        assert isinstance(only.source, Find)
        renames = {old: new for old, new in join.renames.items() if old not in only.renames}
        renames |= {old: join.renames.get(new, new) for old, new in only.renames.items()}
        value_as = join.renames.get(only.value_as, only.value_as)
        return self.world.find(only.source, replace(only, renames=renames, value_as=value_as))

    def _join(self, step: Join, rows: list[Row], exists: bool) -> Result:
        relation = self.relation(step)
        names = step.binds | step.optional
        roams = not self._same_file(step)
        out: list[Row] = []
        open_: set[int] = set()
        met: set[int] = set()
        for row in rows:
            if exists and row.origin in met:
                continue
            if len(out) > self.work.limits.rows:
                break
            path = None if roams or row.subject is None else row.subject.path
            self.looked.add(relation.looked, path)
            shared = tuple(sorted(name for name in names if name in row.names))
            keep = self._keep(step, row)
            self.work.spend()
            for other in relation.joined(shared, row, path):
                self.work.spend()
                if not keep(other):
                    continue
                longer = merged(row, other, step.name)
                out.append(longer)
                if exists and longer.certain:
                    met.add(row.origin)
                    break
                if len(out) > self.work.limits.rows:
                    break
            self._gaps(relation, row, path, open_)
        return Result(out, open_ - met)

    def _same_file(self, step: Join) -> bool:
        source = step.source
        roams = (isinstance(source, Find) and source.files is None) or (
            isinstance(source, SelectorRef) and source.anchored
        )
        return roams or bool(step.scope) or step.near is not None

    def _keep(self, step: Join, row: Row) -> _Keep:
        """Whether a row of the source is where `scope: subject` and `near` want it."""
        subject = row.subject
        if subject is None or (step.scope != "subject" and step.near is None):
            return lambda other: True
        first, last = self.world.line(subject)

        def keep(other: Row) -> bool:
            spot = other.spots[0]
            if step.scope == "subject" and not (subject.span and spot.span and subject.span.holds(spot.span)):
                return False
            if step.near is None:
                return True
            start, end = self.world.line(spot)
            return start - last <= step.near and first - end <= step.near

        return keep

    def _gaps(self, relation: Relation, row: Row, path: str | None, into: set[int]) -> None:
        gaps = relation.open.open_to(row, path)
        if gaps:
            into.add(row.origin)
        for gap in gaps:
            self.work.spend()
            self.gaps[(gap.path, gap.reason)] = None

    def _union(self, step: Union, rows: list[Row], exists: bool) -> Result:
        out: list[Row] = []
        open_: set[int] = set()
        renames = dict(step.renames)
        numbered = [row.but(origin=index) for index, row in enumerate(rows)]
        for branch in step.branches:
            result = self.conjunction(branch, numbered, exists and not renames)
            self.work.spend(len(result.rows))
            open_ |= {rows[index].origin for index in result.open}
            for row in result.rows:
                given = rows[row.origin]
                names = exported(given, row, step.binds, renames)
                if names is not None:
                    out.append(row.but(names=names, origin=given.origin))
        return Result(distinct(out), open_)

    def _absence(self, step: AntiJoin, rows: list[Row]) -> Result:
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

    def _within(self, step: SearchInValue, rows: list[Row]) -> Result:
        out: list[Row] = []
        open_: set[int] = set()
        for row in rows:
            cell = row.names.get(step.source)
            if cell is None:
                continue
            self.work.spend()
            self.work.look()
            found = self.world.inside(step.probe, step.language, cell.value)
            if found.incomplete:
                self._note(UnsearchedFile(cell.path, {}, found.incomplete), [row], open_)
            for hit in found.hits:
                self.work.spend()
                if len(out) > self.work.limits.rows:
                    break
                other = inner_row(hit, cell, step)
                if all(
                    text_of(row.names[name].value) == text_of(value.value)
                    for name, value in other.names.items()
                    if name in row.names
                ):
                    out.append(merged(narrowed(row, cell), other, step.name))
        return Result(out, open_)

    def _where(self, step: Where, rows: list[Row]) -> Result:
        out: list[Row] = []
        open_: set[int] = set()
        for row in rows:
            if truth(self._evaluated(step.condition, row, open_)):
                out.append(row)
        return Result(out, open_)

    def _let(self, step: Let, rows: list[Row]) -> Result:
        out: list[Row] = []
        open_: set[int] = set()
        for row in rows:
            names = dict(row.names)
            for name, expression in step.names:
                value = self._evaluated(expression, row.but(names=names), open_)
                if name in names and text_of(names[name].value) != text_of(value):
                    break
                spot = row.current or SourceRef("")
                names.setdefault(name, BoundValue(value, spot.path, spot.span, spot.ref, spot.inner))
            else:
                out.append(row.but(names=names))
        return Result(out, open_)

    def _evaluated(self, expression: Expression, row: Row, into: set[int]) -> Json:
        self.work.spend()
        path = row.current.path if row.current else ""
        reason = self.world.unknown(path, expression) if "file" in expression.names else ""
        if not reason:
            try:
                return expression.evaluate(self.scopes.of(row, expression.names))
            except EvaluationError as error:
                reason = f"`{expression.text}`: {error}"
        self._note(UnsearchedFile(path, {}, reason), [row], into)
        return None

    def _relate(self, step: SpanFilter, rows: list[Row]) -> Result:
        if isinstance(step.target, str):
            return Result([row for row in rows if lies(step, row)])
        out: list[Row] = []
        open_: set[int] = set()
        first, rest = step.target[0], step.target[1:]
        assert isinstance(first, Join)
        relation = self.relation(first)
        stops = [self.relation(until) for until in step.until]
        names = first.binds | first.optional
        for row in rows:
            spot = row.current
            if spot is None or spot.span is None:
                continue
            self.looked.add(relation.looked, spot.path)
            self._gaps(relation, row, spot.path, open_)
            for other in related(step, relation, stops, spot, self.work):
                if all(
                    text_of(row.names[n].value) == text_of(other.names[n].value)
                    for n in names
                    if n in row.names and n in other.names
                ):
                    result = self.conjunction(rest, [merged(row, other, first.name)])
                    open_ |= result.open
                    out += [found.but(current=spot) for found in result.rows]
        return Result(out, open_)


def _is_more(join: Join) -> bool:
    """Whether a join is more than the matches of one probe: by conditions, a place, a name, or what a path captures."""
    source = join.source
    if not isinstance(source, Find) or (source.files and source.files.names):
        return True
    return bool(join.own or join.scope or join.name) or join.near is not None
