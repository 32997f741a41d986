"""Conjunctions told step by step, from what judge noted and from the matches that it worked with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from polcheck.authoring.explain.files import FileFilter
from polcheck.authoring.explain.journal import Event, Journal
from polcheck.authoring.explain.model import Branch, Document, ExplainedStep, Lost, Match, Sample, Selected
from polcheck.authoring.explain.policy_lines import Places, pointer_text
from polcheck.evaluate.context import JoinContext
from polcheck.evaluate.rows import Row, distinct, place_of
from polcheck.findings.finding import Location, NearMiss
from polcheck.findings.near_misses import NearMisses
from polcheck.findings.places import Locator
from polcheck.policy.plan import (
    SOURCES,
    Closure,
    Conjunction,
    Find,
    Join,
    Listing,
    Nested,
    Role,
    SelectorRef,
    Step,
    Values,
    handlers,
)
from polcheck.render.wording import pluralize
from polcheck.selectors.syntax.selector import Syntax
from polcheck.sources.trees import path_in


class StepExplainer(Struct, frozen=True):
    """Tells steps of one policy over one submission; at most `most` rows of each are shown."""

    context: JoinContext
    locator: Locator
    misses: NearMisses
    looker: FileFilter
    journal: Journal
    places: Places
    most: int

    def conjunction(self, steps: Conjunction, first_only: bool = False) -> tuple[ExplainedStep, ...]:
        """Return the steps. With `first_only`, judge stopped at the first match of each row."""
        return tuple(self._step(step, first_only and number == len(steps) - 1) for number, step in enumerate(steps))

    def sample(self, rows: Iterable[Row]) -> Sample:
        """Return the rows, the first of them with their places."""
        every = list(rows)
        return Sample(len(every), tuple(self.match(row) for row in every[: self.most]))

    def match(self, row: Row) -> Match:
        """Return one row with its places."""
        places: dict[Location, None] = dict.fromkeys(self.locator.location(spot) for spot in row.places)
        bindings = {name: cell.value for name, cell in {**row.shown, **row.names}.items()}
        return Match(tuple(places), bindings, row.certain)

    def _step(self, step: Step, first_only: bool) -> ExplainedStep:
        event = self.journal.of(step)
        dropped = self._lost(event, first_only)
        selected = self._selected(step, event)
        near = selected is not None and selected.found.total == 0
        return ExplainedStep(
            at=_at(step),
            place=self.places.of(step.at),
            kind=step.kind(self.context.plan.probes),
            words=step.words(self.context.plan.probes),
            selected=selected,
            joins=_joins(step, event),
            note=self._note(step, event),
            reached=event is not None,
            before=len(event.before) if event else 0,
            after=len(event.after) if event else 0,
            lost=tuple(Lost(self.match(row), None if near else self._near(step, row)) for row in dropped[: self.most]),
            lost_total=len(dropped),
            below=tuple(self._below(step, first_only)),
        )

    def _lost(self, event: Event | None, first_only: bool) -> Sequence[Row]:
        """Return the rows that a step did not let through; judge has not tried all of them where it stopped at the
        first.
        """
        if event is None or (first_only and event.after and len({row.origin for row in event.before}) == 1):
            return ()
        return [row for row in event.lost if row.places or row.names]

    def _near(self, step: Step, row: Row) -> NearMiss | None:
        return self.misses.of_row(step.join, row) if step.join is step else None

    def _note(self, step: Step, event: Event | None) -> str:
        """Return the note about the rows that came out of a step."""
        if event is None:
            return ""
        unsure = sum(not row.certain for row in event.after) if step.kind(self.context.plan.probes) == "not" else 0
        if unsure:
            return f"{unsure:,} without certainty: what `not` looks for may stand where it could not be searched"
        join = step.join
        if join is not None and join.modifiers.constant and join.search is not None:
            many = len(self.context.find(join.search, join).dynamic)
            if many:
                names = " or ".join(f"`{name}`" for name in join.modifiers.constant)
                return f"{pluralize(many, 'place')} where {names} is not a constant gave no row"
        if any(inner.role == "selector" and not self._first_use(inner) for inner in step.nested):
            return "what the selector finds is shown where it is used first"
        return ""

    def _first_use(self, selector: Nested) -> bool:
        """Return whether the selector was evaluated for this use, which is done once for all that use it alike."""
        return not selector.steps or self.journal.of(selector.steps[0]) is not None

    def _selected(self, step: Step, event: Event | None) -> Selected | None:
        if step.join is not None:
            return _SELECTED[type(step.join.source)](self, step.join.source, step.join, _anchors(step, event))
        return Selected(queries=self._queries(step.probes[0])) if step.probes else None

    def found(self, source: Find, step: Join, anchors: frozenset[str] | None) -> Selected:
        """Return the rows of a search by itself, in the files of the rows that it extends where it is limited to
        them.
        """
        relation = self.context.find(source, step)
        rows = [row for row in relation.rows if anchors is None or row.places[0].path in anchors]
        return Selected(
            self.looker.documents(source, relation, anchors),
            self.looker.left_out(source, relation, anchors, step.modifiers),
            self._queries(source.probe),
            self.sample(rows),
            None if rows else self.misses.of_source(step),
        )

    def listed(self, source: Listing, step: Join, anchors: frozenset[str] | None) -> Selected:
        """Return the paths that a listing has, and why it leaves out the others."""
        relation = self.context.listing(source, step.modifiers)
        unseen = tuple(Document(gap.path, 0, gap.reason, open=True) for gap in relation.unsearched)
        near = None if relation.rows else self.misses.of_source(step)
        return Selected(
            unseen, self.looker.not_listed(source.files, step.modifiers), (), self.sample(relation.rows), near
        )

    def written(self, source: Values, step: Join, anchors: frozenset[str] | None) -> Selected:
        """Return the rows that are written down."""
        return Selected(found=self.sample(self.context.values(source, step).rows))

    def used(self, source: SelectorRef, step: Join, anchors: frozenset[str] | None) -> Selected | None:
        """Return the rows that came out of a selector that is used by name."""
        event = self.journal.of(source.what[-1]) if source.what else None
        if event is None:
            return None
        only = source.only
        rows = event.after
        if only is not None:
            rows = [row.but(names={name: bound for name, bound in row.names.items() if name in only}) for row in rows]
        return Selected(found=self.sample(distinct(rows)))

    def pairs(self, source: Closure, step: Join, anchors: frozenset[str] | None) -> Selected | None:
        """Return the edges over which pairs were looked for."""
        event = self.journal.of(source.edges[-1])
        return Selected(found=self.sample(distinct(event.after))) if event else None

    def _queries(self, probe: int) -> tuple[str, ...]:
        what = self.context.plan.probes[probe].what
        return tuple(dict.fromkeys(what.queries)) if isinstance(what, Syntax) and what.kind == "pattern" else ()

    def _below(self, step: Step, first_only: bool) -> Iterable[Branch]:
        """Yield the nested parts of a step under their titles, except those shown with the step itself."""
        renames = step.names_behind(step.exports)
        own_last = sorted(step.nested, key=lambda inner: inner.role == "own")
        for number, inner in enumerate(own_last, start=1):
            steps, title = inner.steps, _TITLES[inner.role].format(number=number, name=inner.name)
            if inner.role == "target":
                steps = steps[1:]
            hidden = inner.role == "selector" and self.journal.of(step) is not None and not self._first_use(inner)
            if title and steps and not hidden:
                first = inner.role == "absent" or (inner.role == "branch" and first_only and not renames)
                yield Branch(title, self.conjunction(steps, first))


# what the parts of a step are called; a part without a title is told in the words of the step
_TITLES: Mapping[Role, str] = {
    "branch": "branch {number}",
    "absent": "looked for",
    "target": "of these",
    "selector": "selector `{name}`",
    "edges": "edges",
    "own": "of its own matches",
    "until": "",
}
_Selected = Callable[[StepExplainer, Any, Join, frozenset[str] | None], Selected | None]
_SELECTED: Mapping[type, _Selected] = handlers(
    {
        Find: StepExplainer.found,
        Listing: StepExplainer.listed,
        Values: StepExplainer.written,
        SelectorRef: StepExplainer.used,
        Closure: StepExplainer.pairs,
    },
    SOURCES,
)


def _at(step: Step) -> str:
    """Return the pointer of a step, with the keyword of a relation, which stands below it."""
    text = pointer_text(step.at)
    return f"{text}.{step.relation_to}" if step.relation_to else text


def _joins(step: Step, event: Event | None) -> tuple[str, ...]:
    """Return the names on which a step was joined with what came before."""
    modifiers = step.item_modifiers
    if event is None or modifiers is None:
        return ()
    return tuple(sorted({name for row in event.before for name in row.names} & step.exports))


def _anchors(step: Step, event: Event | None) -> frozenset[str] | None:
    """Return the files to which a step keeps: those of the rows that it extends; None where it looks in any."""
    if event is None:
        return None
    if step.relation_to:
        about = (place_of(row, step.of) if step.of else row.current for row in event.before)
        return frozenset(place.path for place in about if place is not None)
    if not step.keeps_to_file or not all(row.subject for row in event.before):
        return None
    revision = step.item_modifiers.revision if step.item_modifiers else ""
    return frozenset(path_in(row.subject.path, revision) for row in event.before if row.subject)
