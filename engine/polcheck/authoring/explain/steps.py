"""Conjunctions told step by step, from what judge noted and from the matches that it worked with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from polcheck.authoring.explain.files import FileFilter
from polcheck.authoring.explain.journal import Event, Journal
from polcheck.authoring.explain.model import Branch, Document, ExplainedStep, Lost, Match, Sample, Selected
from polcheck.authoring.explain.places import Places, pointer_text
from polcheck.evaluate.context import JoinContext
from polcheck.evaluate.rows import Row, distinct, text_of
from polcheck.findings.finding import Location, NearMiss
from polcheck.findings.near_misses import NearMisses
from polcheck.findings.places import Locator
from polcheck.formats.values import Json
from polcheck.policy.plan import (
    AntiJoin,
    Conjunction,
    Find,
    Join,
    Let,
    Listing,
    Plan,
    Probe,
    SearchInValue,
    SelectorRef,
    SpanFilter,
    Step,
    Union,
    Values,
    Where,
)
from polcheck.selectors.syntax.selector import Syntax

Words = tuple[tuple[str, str], ...]
_MOST_ROWS = 5
_MOST_ROW = 60  # characters


def kind_of(step: Step, plan: Plan) -> str:
    """The keyword of a step: that of its selector, or `any`, `not`, `where`, `let`, `inside`, `has`, `after`."""
    if isinstance(step, Join):
        source = step.source
        if isinstance(source, Find):
            return plan.probes[source.probe].kind
        return "files" if isinstance(source, Listing) else "values" if isinstance(source, Values) else "use"
    if isinstance(step, SearchInValue):
        return plan.probes[step.probe].kind
    if isinstance(step, SpanFilter):
        return step.relation
    return {Union: "any", AntiJoin: "not", Where: "where", Let: "let"}[type(step)]


def describe_step(step: Step, plan: Plan) -> Words:
    """What is written of a step, key by key."""
    if isinstance(step, Join):
        return (*_source(step, plan), *_modifiers(step))
    if isinstance(step, SearchInValue):
        return (("in", step.source), *_probe(plan.probes[step.probe]), *_names(step.value_as, dict(step.renames)))
    if isinstance(step, Where):
        return (("where", step.condition.text),)
    if isinstance(step, Let):
        return tuple((f"let {name}", expression.text) for name, expression in step.names)
    if isinstance(step, SpanFilter):
        return _relation(step, plan)
    return ()


def _relation(step: SpanFilter, plan: Plan) -> Words:
    if isinstance(step.target, str):
        return ((step.relation, step.target),)
    first = step.target[0]
    target = describe_step(first, plan)
    until = tuple(("until", text) for stop in step.until for _, text in describe_step(stop, plan))
    return (*((f"{step.relation} {key}", text) for key, text in target), *until)


def _source(step: Join, plan: Plan) -> Words:
    source = step.source
    if isinstance(source, Find):
        files = (("files", ", ".join(source.files.texts)),) if source.files else ()
        return (*files, *_probe(plan.probes[source.probe]))
    if isinstance(source, Listing):
        return (("files", ", ".join(source.files.texts)),)
    if isinstance(source, Values):
        return (("values", _rows(source.rows)),)
    return (("use", selector_name(source)),)


def selector_name(source: SelectorRef) -> str:
    """The name of a used selector, without what tells its uses apart."""
    return source.name.split("\0", 1)[0]


def _probe(probe: Probe) -> Words:
    texts = ((probe.kind, text) for text in probe.texts)
    language = (("language", probe.language),) if probe.forced else ()
    return (*texts, *language)


def _modifiers(step: Join) -> Words:
    path_as = step.source.path_as if isinstance(step.source, Find | Listing) else ""
    words = _names(step.value_as or path_as, dict(step.renames))
    if step.scope:
        words = (*words, ("scope", step.scope))
    if step.near is not None:
        words = (*words, ("near", str(step.near)))
    return words


def _names(value_as: str, renames: dict[str, str]) -> Words:
    texts = [value_as] if value_as else [f"{old}: {new}" for old, new in sorted(renames.items())]
    return (("as", ", ".join(texts)),) if texts else ()


def _rows(rows: tuple[Json, ...]) -> str:
    texts = [text_of(row) for row in rows[:_MOST_ROWS]]
    shown = ", ".join(text if len(text) <= _MOST_ROW else text[:_MOST_ROW] + "…" for text in texts)
    rest = f", … ({len(rows):,} rows)" if len(rows) > _MOST_ROWS else ""
    return shown + rest


class StepExplainer(Struct, frozen=True):
    """Tells steps of one policy over one submission; at most `most` rows of each are shown."""

    world: JoinContext
    locator: Locator
    misses: NearMisses
    looker: FileFilter
    journal: Journal
    places: Places
    most: int

    def conjunction(self, steps: Conjunction, first_only: bool = False) -> tuple[ExplainedStep, ...]:
        """The steps. With `first_only`, judge stopped at the first match of each row."""
        return tuple(self._step(step, first_only and number == len(steps) - 1) for number, step in enumerate(steps))

    def sample(self, rows: Iterable[Row]) -> Sample:
        """The rows, the first of them with their places."""
        every = list(rows)
        return Sample(len(every), tuple(self.match(row) for row in every[: self.most]))

    def match(self, row: Row) -> Match:
        """One row with its places."""
        places: dict[Location, None] = dict.fromkeys(self.locator.location(spot) for spot in row.spots)
        bindings = {name: cell.value for name, cell in {**row.shown, **row.names}.items()}
        return Match(tuple(places), bindings, row.certain)

    def _step(self, step: Step, first_only: bool) -> ExplainedStep:
        event = self.journal.of(step)
        lost = self._lost(event, first_only)
        selected = self._selected(step, event)
        near = selected is not None and selected.found.total == 0
        return ExplainedStep(
            at=_at(step),
            place=self.places.of(step.at),
            kind=kind_of(step, self.world.plan),
            words=describe_step(step, self.world.plan),
            selected=selected,
            joins=_joins(step, event),
            note=self._note(step, event),
            reached=event is not None,
            before=len(event.before) if event else 0,
            after=len(event.after) if event else 0,
            lost=tuple(Lost(self.match(row), None if near else self._near(step, row)) for row in lost[: self.most]),
            lost_total=len(lost),
            below=tuple(self._below(step, first_only)),
        )

    def _lost(self, event: Event | None, first_only: bool) -> Sequence[Row]:
        """The rows that a step did not let through; judge has not tried all of them where it stopped at the first."""
        if event is None or (first_only and event.after and len({row.origin for row in event.before}) == 1):
            return ()
        return [row for row in event.lost if row.spots or row.names]

    def _near(self, step: Step, row: Row) -> NearMiss | None:
        return self.misses.of_row(step, row) if isinstance(step, Join) else None

    def _note(self, step: Step, event: Event | None) -> str:
        """What is to be known of the rows that came out."""
        if event is None:
            return ""
        unsure = sum(not row.certain for row in event.after) if isinstance(step, AntiJoin) else 0
        if unsure:
            return f"{unsure:,} without certainty: what `not` looks for may stand where it could not be searched"
        if isinstance(step, Join) and isinstance(step.source, SelectorRef) and not self._first_use(step.source):
            return "what the selector finds is shown where it is used first"
        return ""

    def _first_use(self, source: SelectorRef) -> bool:
        """Whether the selector was evaluated for this use; judge does that once for all that use it alike."""
        return not source.what or self.journal.of(source.what[0]) is not None

    def _selected(self, step: Step, event: Event | None) -> Selected | None:
        if isinstance(step, Join):
            return self._source(step, _anchors(step, event))
        if isinstance(step, SearchInValue):
            return Selected(queries=self._queries(step.probe))
        if isinstance(step, SpanFilter) and not isinstance(step.target, str):
            first = step.target[0]
            return self._source(first, _anchors(step, event)) if isinstance(first, Join) else None
        return None

    def _source(self, step: Join, anchors: frozenset[str] | None) -> Selected | None:
        """What a source gives by itself, in the files of the rows that it extends where it keeps to them."""
        source = step.source
        if isinstance(source, Find):
            relation = self.world.find(source, step)
            rows = [row for row in relation.rows if anchors is None or row.spots[0].path in anchors]
            return Selected(
                self.looker.documents(source, relation, anchors),
                self.looker.left_out(source, relation, anchors),
                self._queries(source.probe),
                self.sample(rows),
                None if rows else self.misses.of_source(step),
            )
        if isinstance(source, Listing):
            relation = self.world.listing(source)
            unseen = tuple(Document(gap.path, 0, gap.reason, open=True) for gap in relation.gaps)
            near = None if relation.rows else self.misses.of_source(step)
            return Selected(unseen, self.looker.not_listed(source.files), (), self.sample(relation.rows), near)
        if isinstance(source, Values):
            return Selected(found=self.sample(self.world.values(source, step).rows))
        last = source.what[-1] if source.what else None
        event = self.journal.of(last) if last is not None else None
        return Selected(found=self.sample(distinct(event.after))) if event else None

    def _queries(self, probe: int) -> tuple[str, ...]:
        what = self.world.plan.probes[probe].what
        return tuple(dict.fromkeys(what.queries)) if isinstance(what, Syntax) and what.kind == "pattern" else ()

    def _below(self, step: Step, first_only: bool) -> Iterable[Branch]:
        if isinstance(step, Union):
            for number, branch in enumerate(step.branches):
                yield Branch(f"branch {number + 1}", self.conjunction(branch, first_only and not step.renames))
        elif isinstance(step, AntiJoin):
            yield Branch("looked for", self.conjunction(step.what, first_only=True))
        elif isinstance(step, SpanFilter) and not isinstance(step.target, str) and len(step.target) > 1:
            yield Branch("of these", self.conjunction(step.target[1:]))
        elif isinstance(step, Join):
            if isinstance(step.source, SelectorRef):
                name = selector_name(step.source)
                if self.journal.of(step) is None or self._first_use(step.source):
                    yield Branch(f"selector `{name}`", self.conjunction(step.source.what))
            if step.own:
                yield Branch("of its own matches", self.conjunction(step.own))


def _at(step: Step) -> str:
    """Where a step is written: its pointer, and the keyword of a relation, which stands below it."""
    text = pointer_text(step.at)
    return f"{text}.{step.relation}" if isinstance(step, SpanFilter) else text


def _joins(step: Step, event: Event | None) -> tuple[str, ...]:
    """The names on which a step was joined with what came before."""
    if event is None or not isinstance(step, Join | SearchInValue):
        return ()
    own = step.binds | step.optional if isinstance(step, Join) else step.binds
    return tuple(sorted({name for row in event.before for name in row.names} & own))


def _anchors(step: Step, event: Event | None) -> frozenset[str] | None:
    """The files to which a step keeps: those of the rows that it extends; None where it looks in any."""
    if event is None:
        return None
    if isinstance(step, SpanFilter):
        return frozenset(row.current.path for row in event.before if row.current)
    if not isinstance(step, Join) or not all(row.subject for row in event.before):
        return None
    source = step.source
    roams = isinstance(source, Find) and source.files is None
    keeps = roams or bool(step.scope) or step.near is not None or (isinstance(source, SelectorRef) and source.anchored)
    return frozenset(row.subject.path for row in event.before if row.subject) if keeps else None
