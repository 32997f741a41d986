"""Extending rows by steps: joins, unions, anti-joins, conditions, and how matches lie to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from polcheck.documents.config import Json
from polcheck.extract import VALUE, WHOLE
from polcheck.judge.rows import Cell, Inner, Nest, Row, Spot, text_of
from polcheck.judge.world import Gap, Relation, World
from polcheck.policy.plan import (
    Absence,
    Conjunction,
    Find,
    Join,
    Let,
    Listing,
    Relate,
    Step,
    Union,
    Used,
    Values,
    Where,
    Within,
)
from polcheck.selectors.found import Hit
from polcheck.selectors.jmes import EvaluationError, Expression
from polcheck.source import Span

MAX_ROWS = 200_000
_Keep = Callable[[Row], bool]


@dataclass
class Result:
    """The rows that extend the given ones, and the origins whose search did not come to its end."""

    rows: list[Row]
    open: set[int] = field(default_factory=set)


@dataclass
class Evaluator:
    """Evaluates conjunctions for the policies of one pack over one world; remembers what it looked at."""

    world: World
    params: Mapping[str, Json]
    tables: Mapping[str, Json]
    relations: dict[int, Relation] = field(default_factory=dict)
    used: dict[str, Relation] = field(default_factory=dict)
    looked: set[str] = field(default_factory=set)
    looked_before: set[str] = field(default_factory=set)  # for subjects; `looked` is then for what they need
    gaps: dict[tuple[str, str], None] = field(default_factory=dict)

    def conjunction(self, steps: Conjunction, rows: Sequence[Row], exists: bool = False) -> Result:
        """Extends `rows` by each step in turn. With `exists`, one certain row for each origin is enough."""
        result = Result(list(rows))
        for number, step in enumerate(steps):
            last = exists and number == len(steps) - 1
            after = self._step(step, result.rows, last)
            result = Result(after.rows, result.open | after.open)
            if len(result.rows) > MAX_ROWS:
                self._note(Gap("", {}, f"more than {MAX_ROWS} rows in a join"), rows, result.open)
                result.rows = result.rows[:MAX_ROWS]
            if not result.rows:
                break
        return result

    def _step(self, step: Step, rows: list[Row], exists: bool) -> Result:
        if isinstance(step, Join):
            return self._join(step, rows, exists)
        if isinstance(step, Union):
            return self._union(step, rows, exists)
        if isinstance(step, Absence):
            return self._absence(step, rows)
        if isinstance(step, Where):
            return self._where(step, rows)
        if isinstance(step, Let):
            return self._let(step, rows)
        if isinstance(step, Within):
            return self._within(step, rows)
        return self._relate(step, rows)

    def _note(self, gap: Gap, rows: Iterable[Row], into: set[int]) -> None:
        self.gaps[(gap.path, gap.reason)] = None
        into.update(row.origin for row in rows)

    # --- sources ---------------------------------------------------------------------------------------------------

    def relation(self, join: Join) -> Relation:
        """The rows of a join's source; made once."""
        if id(join) not in self.relations:
            made = self._made(join)
            if join.own:
                result = self.conjunction(join.own, [replace(row, origin=i) for i, row in enumerate(made.rows)])
                made = Relation(result.rows, made.gaps, made.looked)
            self.relations[id(join)] = made
        found = self.relations[id(join)]
        self.looked |= found.looked
        return found

    def _made(self, join: Join) -> Relation:
        source = join.source
        if isinstance(source, Find):
            return self.world.find(source, join)
        if isinstance(source, Listing):
            return self.world.listing(source)
        if isinstance(source, Values):
            return self.world.values(source, join)
        return self._of_selector(source, join)

    def _of_selector(self, source: Used, join: Join) -> Relation:
        if source.name not in self.used:
            inner = replace(self, looked=set(), gaps={})
            result = inner.conjunction(source.what, [Row()])
            gaps = [Gap(path, {}, reason) for path, reason in inner.gaps]
            self.used[source.name] = Relation(distinct(result.rows), gaps, frozenset(inner.looked))
        base = self.used[source.name]
        if not join.renames:
            return Relation(base.rows, base.gaps, base.looked)
        rows = [
            replace(row, names={join.renames.get(name, name): cell for name, cell in row.names.items()})
            for row in base.rows
        ]
        return Relation(rows, base.gaps, base.looked)

    # --- joins -----------------------------------------------------------------------------------------------------

    def _join(self, step: Join, rows: list[Row], exists: bool) -> Result:
        relation = self.relation(step)
        names = step.binds | step.optional
        out: list[Row] = []
        open_: set[int] = set()
        met: set[int] = set()
        for row in rows:
            if exists and row.origin in met:
                continue
            path = row.subject.path if row.subject and self._same_file(step) else None
            shared = tuple(sorted(name for name in names if name in row.names))
            keep = self._keep(step, row)
            for other in relation.joined(shared, row, path):
                if not keep(other):
                    continue
                merged = _merged(row, other, step.name)
                out.append(merged)
                if exists and merged.certain:
                    met.add(row.origin)
                    break
            self._gaps(relation, row, path, open_)
        return Result(out, open_ - met)

    def _same_file(self, step: Join) -> bool:
        source = step.source
        roams = (isinstance(source, Find) and source.files is None) or (isinstance(source, Used) and source.anchored)
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
        for gap in relation.gaps:
            if (path is None or not gap.path or gap.path == path) and gap.may_join(row):
                self._note(gap, [row], into)

    def _union(self, step: Union, rows: list[Row], exists: bool) -> Result:
        out: list[Row] = []
        open_: set[int] = set()
        renames = dict(step.renames)
        numbered = [replace(row, origin=index) for index, row in enumerate(rows)]
        for branch in step.branches:
            result = self.conjunction(branch, numbered, exists and not renames)
            open_ |= {rows[index].origin for index in result.open}
            for row in result.rows:
                given = rows[row.origin]
                names = _exported(given, row, step.binds, renames)
                if names is not None:
                    out.append(replace(row, names=names, origin=given.origin))
        return Result(distinct(out), open_)

    def _absence(self, step: Absence, rows: list[Row]) -> Result:
        result = self.conjunction(
            step.what, [replace(row, origin=index) for index, row in enumerate(rows)], exists=True
        )
        certain = {row.origin for row in result.rows if row.certain}
        unsure = {row.origin for row in result.rows} | result.open
        return Result(
            [
                replace(row, certain=False) if index in unsure else row
                for index, row in enumerate(rows)
                if index not in certain
            ]
        )

    def _within(self, step: Within, rows: list[Row]) -> Result:
        out: list[Row] = []
        open_: set[int] = set()
        for row in rows:
            cell = row.names.get(step.source)
            if cell is None:
                continue
            found = self.world.inside(step.probe, step.language, cell.value)
            if found.incomplete:
                self._note(Gap(cell.path, {}, found.incomplete), [row], open_)
            for hit in found.hits:
                other = _inner_row(hit, cell, step)
                if all(
                    text_of(row.names[name].value) == text_of(value.value)
                    for name, value in other.names.items()
                    if name in row.names
                ):
                    out.append(_merged(row, other, step.name))
        return Result(out, open_)

    # --- conditions --------------------------------------------------------------------------------------------------

    def _where(self, step: Where, rows: list[Row]) -> Result:
        out: list[Row] = []
        open_: set[int] = set()
        for row in rows:
            if _true(self._evaluated(step.condition, row, open_)):
                out.append(row)
        return Result(out, open_)

    def _let(self, step: Let, rows: list[Row]) -> Result:
        out: list[Row] = []
        open_: set[int] = set()
        for row in rows:
            names = dict(row.names)
            for name, expression in step.names:
                value = self._evaluated(expression, replace(row, names=names), open_)
                if name in names and text_of(names[name].value) != text_of(value):
                    break
                spot = row.current or Spot("")
                names.setdefault(name, Cell(value, spot.path, spot.span, spot.ref, spot.inner))
            else:
                out.append(replace(row, names=names))
        return Result(out, open_)

    def _evaluated(self, expression: Expression, row: Row, into: set[int]) -> Json:
        try:
            return expression.evaluate(self.scope(row, expression.names))
        except EvaluationError as error:
            path = row.current.path if row.current else ""
            self._note(Gap(path, {}, f"`{expression.text}`: {error}"), [row], into)
            return None

    def scope(self, row: Row, wanted: Iterable[str] | None = None) -> dict[str, Json]:
        """What expressions and messages see of a row."""
        scope: dict[str, Json] = {name: cell.value for name, cell in (*row.shown.items(), *row.names.items())}
        scope["params"] = dict(self.params)
        scope["tables"] = dict(self.tables)
        for alias, named in row.aliases.items():
            scope[alias] = {
                **self._spot_facts(named.current),
                **{name: cell.value for name, cell in named.names.items()},
            }
        if row.current is not None:
            scope |= {name: value for name, value in self._spot_facts(row.current).items() if name not in scope}
            if wanted is None or "file" in wanted:
                scope["file"] = self._file(row.current.path)
        if row.subject is not None and (wanted is None or "subject" in wanted):
            scope["subject"] = self._spot_facts(row.subject)
        return scope

    def _spot_facts(self, spot: Spot | None) -> dict[str, Json]:
        if spot is None:
            return {}
        return {
            "path": spot.path,
            "line": self.world.line(spot)[0] or None,
            "column": self.world.column(spot) or None,
        }

    def _file(self, path: str) -> Json:
        rows = self.world.rows.get(path)
        facts = rows.facts if rows else None
        if facts is None:
            return {"name": path.rstrip("/").rsplit("/", 1)[-1], "dir": path.rstrip("/").rpartition("/")[0]}
        return {name: getattr(facts, name) for name in facts.__slots__}

    # --- how matches lie to each other -------------------------------------------------------------------------------

    def _relate(self, step: Relate, rows: list[Row]) -> Result:
        if isinstance(step.target, str):
            return Result([row for row in rows if _lies(step, row)])
        out: list[Row] = []
        open_: set[int] = set()
        first, rest = step.target[0], step.target[1:]
        assert isinstance(first, Join)
        relation = self.relation(first)
        names = first.binds | first.optional
        for row in rows:
            spot = row.current
            if spot is None or spot.span is None:
                continue
            self._gaps(relation, row, spot.path, open_)
            for other in self._related(step, relation, spot.path, spot.span):
                if all(
                    text_of(row.names[n].value) == text_of(other.names[n].value)
                    for n in names
                    if n in row.names and n in other.names
                ):
                    result = self.conjunction(rest, [_merged(row, other, first.name)])
                    open_ |= result.open
                    out += [replace(found, current=spot) for found in result.rows]
        return Result(out, open_)

    def _related(self, step: Relate, relation: Relation, path: str, span: Span) -> Iterable[Row]:
        candidates, nest = relation.near(path)
        chosen = {"inside": nest.around, "has": nest.within}.get(step.relation)
        indices = chosen(span) if chosen else nest.before(span.start)
        stops = [self.relation(until).near(path) for until in step.until]
        for index in indices:
            other = candidates[index].spots[0].span
            if other is None or (other == span and step.relation != "after"):
                continue
            if not any(_stopped(step, other, span, rows, around) for rows, around in stops):
                yield candidates[index]


def _stopped(step: Relate, target: Span, item: Span, rows: list[Row], nest: Nest) -> bool:
    """Whether an `until` lies between the target and the item."""
    if step.relation == "after":
        return bool(nest.within(Span(target.end, item.start)))
    outer, inner = (target, item) if step.relation == "inside" else (item, target)
    spans = (rows[index].spots[0].span for index in nest.around(inner))
    return any(span is not None and outer.holds(span) and span not in (outer, inner) for span in spans)


def _lies(step: Relate, row: Row) -> bool:
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


def _merged(row: Row, other: Row, alias: str) -> Row:
    """`row` extended by a row of a source."""
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


def _inner_row(hit: Hit, cell: Cell, step: Within) -> Row:
    """A hit inside a value as a row; its places are stretches of the value's text."""
    text = text_of(cell.value)

    def inner(span: Span | None) -> Inner | None:
        return Inner(text, span.start, span.end) if span else cell.inner

    spot = Spot(cell.path, cell.span, None, cell.ref, inner(hit.span))
    names: dict[str, Cell] = {}
    shown: dict[str, Cell] = {}
    for key, bound in hit.bindings:
        made = Cell(bound.value, cell.path, cell.span, cell.ref, inner(bound.span))
        if key == WHOLE or (key == VALUE and step.value_as):
            names[step.value_as] = made
        elif key == VALUE and VALUE not in step.binds:
            shown[VALUE] = made
        else:
            names[step.renames.get(key, key)] = made
    return Row(names, (spot,), spot, shown=shown)


def _exported(given: Row, row: Row, binds: frozenset[str], renames: Mapping[str, str]) -> dict[str, Cell] | None:
    """The names that a branch's row gives: those of every branch; None when a renamed one differs from the given."""
    names = dict(given.names)
    for name, cell in row.names.items():
        new = renames.get(name, name) if name not in given.names else name
        if new not in binds:
            continue
        if new in names and text_of(names[new].value) != text_of(cell.value):
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


def _true(value: Json) -> bool:
    """JMESPath's truth: false, null, and what is empty are false; zero is true."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return True
    return bool(value)
