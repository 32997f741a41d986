"""Conjunctions told step by step, from what judge noted and from the matches that it worked with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polcheck.explain.journal import Event, Journal
from polcheck.explain.looked import Looker
from polcheck.explain.places import Places, pointer_text
from polcheck.explain.told import Branch, Document, Lost, Match, Sample, Selected, Step
from polcheck.explain.words import kind_of, selector_name, words_of
from polcheck.judge import Row, World
from polcheck.judge.merge import distinct
from polcheck.locate import Locator
from polcheck.misses import Misses
from polcheck.policy import plan
from polcheck.records import record
from polcheck.report import Location, Miss
from polcheck.selectors.syntax import Syntax


@record(frozen=True)
class Teller:
    """Tells steps of one policy over one submission; at most `most` rows of each are shown."""

    world: World
    locator: Locator
    misses: Misses
    looker: Looker
    journal: Journal
    places: Places
    most: int

    def conjunction(self, steps: plan.Conjunction, first_only: bool = False) -> tuple[Step, ...]:
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

    def _step(self, step: plan.Step, first_only: bool) -> Step:
        event = self.journal.of(step)
        lost = self._lost(event, first_only)
        selected = self._selected(step, event)
        near = selected is not None and selected.found.total == 0
        return Step(
            at=_at(step),
            place=self.places.of(step.at),
            kind=kind_of(step, self.world.plan),
            words=words_of(step, self.world.plan),
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

    def _near(self, step: plan.Step, row: Row) -> Miss | None:
        return self.misses.of_row(step, row) if isinstance(step, plan.Join) else None

    def _note(self, step: plan.Step, event: Event | None) -> str:
        """What is to be known of the rows that came out."""
        if event is None:
            return ""
        unsure = sum(not row.certain for row in event.after) if isinstance(step, plan.Absence) else 0
        if unsure:
            return f"{unsure:,} without certainty: what `not` looks for may stand where it could not be searched"
        if isinstance(step, plan.Join) and isinstance(step.source, plan.Used) and not self._first_use(step.source):
            return "what the selector finds is shown where it is used first"
        return ""

    def _first_use(self, source: plan.Used) -> bool:
        """Whether the selector was evaluated for this use; judge does that once for all that use it alike."""
        return not source.what or self.journal.of(source.what[0]) is not None

    def _selected(self, step: plan.Step, event: Event | None) -> Selected | None:
        if isinstance(step, plan.Join):
            return self._source(step, _anchors(step, event))
        if isinstance(step, plan.Within):
            return Selected(queries=self._queries(step.probe))
        if isinstance(step, plan.Relate) and not isinstance(step.target, str):
            first = step.target[0]
            return self._source(first, _anchors(step, event)) if isinstance(first, plan.Join) else None
        return None

    def _source(self, step: plan.Join, anchors: frozenset[str] | None) -> Selected | None:
        """What a source gives by itself, in the files of the rows that it extends where it keeps to them."""
        source = step.source
        if isinstance(source, plan.Find):
            relation = self.world.find(source, step)
            rows = [row for row in relation.rows if anchors is None or row.spots[0].path in anchors]
            return Selected(
                self.looker.documents(source, relation, anchors),
                self.looker.left_out(source, relation, anchors),
                self._queries(source.probe),
                self.sample(rows),
                None if rows else self.misses.of_source(step),
            )
        if isinstance(source, plan.Listing):
            relation = self.world.listing(source)
            unseen = tuple(Document(gap.path, 0, gap.reason, open=True) for gap in relation.gaps)
            near = None if relation.rows else self.misses.of_source(step)
            return Selected(unseen, self.looker.not_listed(source.files), (), self.sample(relation.rows), near)
        if isinstance(source, plan.Values):
            return Selected(found=self.sample(self.world.values(source, step).rows))
        last = source.what[-1] if source.what else None
        event = self.journal.of(last) if last is not None else None
        return Selected(found=self.sample(distinct(event.after))) if event else None

    def _queries(self, probe: int) -> tuple[str, ...]:
        what = self.world.plan.probes[probe].what
        return tuple(dict.fromkeys(what.queries)) if isinstance(what, Syntax) and what.kind == "pattern" else ()

    def _below(self, step: plan.Step, first_only: bool) -> Iterable[Branch]:
        if isinstance(step, plan.Union):
            for number, branch in enumerate(step.branches):
                yield Branch(f"branch {number + 1}", self.conjunction(branch, first_only and not step.renames))
        elif isinstance(step, plan.Absence):
            yield Branch("looked for", self.conjunction(step.what, first_only=True))
        elif isinstance(step, plan.Relate) and not isinstance(step.target, str) and len(step.target) > 1:
            yield Branch("of these", self.conjunction(step.target[1:]))
        elif isinstance(step, plan.Join):
            if isinstance(step.source, plan.Used):
                name = selector_name(step.source)
                if self.journal.of(step) is None or self._first_use(step.source):
                    yield Branch(f"selector `{name}`", self.conjunction(step.source.what))
            if step.own:
                yield Branch("of its own matches", self.conjunction(step.own))


def _at(step: plan.Step) -> str:
    """Where a step is written: its pointer, and the keyword of a relation, which stands below it."""
    text = pointer_text(step.at)
    return f"{text}.{step.relation}" if isinstance(step, plan.Relate) else text


def _joins(step: plan.Step, event: Event | None) -> tuple[str, ...]:
    """The names on which a step was joined with what came before."""
    if event is None or not isinstance(step, plan.Join | plan.Within):
        return ()
    own = step.binds | step.optional if isinstance(step, plan.Join) else step.binds
    return tuple(sorted({name for row in event.before for name in row.names} & own))


def _anchors(step: plan.Step, event: Event | None) -> frozenset[str] | None:
    """The files to which a step keeps: those of the rows that it extends; None where it looks in any."""
    if event is None:
        return None
    if isinstance(step, plan.Relate):
        return frozenset(row.current.path for row in event.before if row.current)
    if not isinstance(step, plan.Join) or not all(row.subject for row in event.before):
        return None
    source = step.source
    roams = isinstance(source, plan.Find) and source.files is None
    keeps = roams or bool(step.scope) or step.near is not None or (isinstance(source, plan.Used) and source.anchored)
    return frozenset(row.subject.path for row in event.before if row.subject) if keeps else None
