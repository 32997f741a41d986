"""The outcome of each policy: from rows to pass, fail, not-applicable or undecided."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from polcheck.base.errors import internal_error
from polcheck.base.limits import DEFAULT_RUN_LIMITS, RunLimits
from polcheck.base.timings import Timings
from polcheck.evaluate.budget import Budget, BudgetExceeded, ExaminedFiles
from polcheck.evaluate.context import JoinContext
from polcheck.evaluate.relations import DynamicPlace, DynamicPlaces, Relation
from polcheck.evaluate.rows import BoundValue, Row, SourceRef, distinct, place_of
from polcheck.evaluate.scope import Scopes
from polcheck.evaluate.steps import Evaluator, Journal
from polcheck.formats.values import Json
from polcheck.policy.plan import GROUP, CompiledPack, CompiledPolicy, Step
from polcheck.sources.trees import path_behind, plain_path

Outcome = Literal["pass", "fail", "not-applicable", "undecided"]


class Failure(Struct, frozen=True):
    """One way in which a policy fails: where it points, other places that show it, and what messages see.

    `place` is None where nothing has a place: then something is missing (`missing`) from the submission. `others` are
    further rows that are the same failure, with what messages see of each: a fix is of all of them.
    """

    place: SourceRef | None
    related: tuple[SourceRef, ...]
    row: Row
    scope: dict[str, Json]
    missing: bool
    others: tuple[tuple[Row, dict[str, Json]], ...] = ()


class PolicyResult(Struct, frozen=True):
    """The result of one policy.

    `subjects` and `documents` count what was examined; `reasons` are the documents (path, why) that could not be
    searched to their end and keep the outcome open, or might have; `searched` are the documents that the policy's
    `require` or `forbid` searched for every subject, `searched_alone` those that it searched for the subjects in them
    only. `open`: something beside the failures is undecided. `more` counts the failures that the limit `findings` left
    out. `fault`: polcheck itself failed, as the last of the reasons says. `dynamic` are the places that gave no match
    because what has to be a constant isn't one there.
    """

    policy: CompiledPolicy
    outcome: Outcome
    failures: tuple[Failure, ...] = ()
    subjects: int = 0
    documents: frozenset[str] = frozenset()
    reasons: tuple[tuple[str, str], ...] = ()
    searched: frozenset[str] = frozenset()
    searched_alone: frozenset[str] = frozenset()
    open: bool = False
    more: int = 0
    fault: bool = False
    dynamic: tuple[DynamicPlace, ...] = ()

    def with_reasons(self, reasons: tuple[tuple[str, str], ...]) -> PolicyResult:
        """Return the result where only these of its reasons count; one that is undecided for no other passes."""
        outcome: Outcome = "pass" if self.outcome == "undecided" and not reasons else self.outcome
        return replace(self, outcome=outcome, reasons=reasons, open=self.open and bool(reasons))

    def seen_from(self, folder: str) -> PolicyResult:
        """Return the result of a policy about a folder with the paths of the project, without what has other places.

        Its failures and what is no constant are reported before.
        """
        return replace(
            self,
            failures=(),
            dynamic=(),
            documents=frozenset(path_behind(folder, path) for path in self.documents),
            searched=frozenset(path_behind(folder, path) for path in self.searched),
            searched_alone=frozenset(path_behind(folder, path) for path in self.searched_alone),
            reasons=tuple((path and path_behind(folder, path), why) for path, why in self.reasons),
        )


def evaluate(
    context: JoinContext,
    packs: Sequence[CompiledPack],
    journal_of: Callable[[CompiledPolicy], Journal] | None = None,
    limits: RunLimits = DEFAULT_RUN_LIMITS,
    timings: Timings | None = None,
    known: Mapping[str, PolicyResult] | None = None,
    relations: dict[str, KnownRelations] | None = None,
    proceed: Callable[[], None] | None = None,
) -> list[PolicyResult]:
    """Return one result a policy, in the packs' order. `journal_of` gives a function that is
    called for every step of a policy, in the order as written.

    A policy that is over the limits, or that polcheck fails on, is undecided; the others are evaluated. `known` are
    results of policies (by `pack:id`) that need no evaluation; `relations` has what is known of selectors, by pack, and
    takes what is worked out; `proceed` is called before each of the others, and may
    raise what ends all.
    """
    results: list[PolicyResult] = []
    clock = limits.of_run(len(context.paths))
    for pack in packs:
        kept = KnownRelations.none() if relations is None else relations.setdefault(pack.name, KnownRelations.none())
        base = Evaluator(context, Scopes(context, pack.params, pack.tables), kept.relations, kept.used)
        journaled = Evaluator(context, Scopes(context, pack.params, pack.tables))
        for policy in pack.policies:
            if known and policy.ref in known:
                results.append(known[policy.ref])
                continue
            if proceed is not None:
                proceed()
            began = time.perf_counter()
            results.append(_contained(policy, _fresh(base, Budget(limits, clock.within(limits.seconds)))))
            if timings is not None:
                timings.judged(policy.ref, time.perf_counter() - began)
            if journal_of is not None:  # NOTE: again, in the order as written, which may be a slow one
                budget = Budget(limits, clock.within(limits.seconds))
                _contained(policy, replace(_fresh(journaled, budget), journal=journal_of(policy)))
    return results


class KnownRelations(NamedTuple):
    """The rows of the sources of one pack, by the numbers of their joins, and of selectors that are used by name."""

    relations: dict[int, Relation]
    used: dict[str, Relation]

    @classmethod
    def none(cls) -> KnownRelations:
        """Return what is known before anything was evaluated."""
        return cls({}, {})


def _fresh(base: Evaluator, budget: Budget) -> Evaluator:
    """Return an evaluator that shares its relations with `base`, for one policy."""
    return replace(
        base,
        examined=ExaminedFiles(),
        examined_for_subjects=ExaminedFiles(),
        unsearched={},
        dynamic=DynamicPlaces(),
        counted=set(),
        budget=budget,
    )


def _contained(policy: CompiledPolicy, evaluator: Evaluator) -> PolicyResult:
    """Return the result of one policy; undecided when its evaluation could not be brought to its end."""
    try:
        evaluator.budget.look()
        return _evaluated(policy, evaluator)
    except BudgetExceeded as limit:
        return undecided_result(_result(policy, evaluator, "undecided"), str(limit))
    except Exception as error:  # NOTE: whatever goes wrong with one policy must neither pass it nor hide the others
        return undecided_result(
            _result(policy, evaluator, "undecided"), internal_error("evaluation", error), fault=True
        )


def undecided_result(result: PolicyResult, reason: str, *, fault: bool = False) -> PolicyResult:
    """Return the result of the same policy when something, for this reason, could not be brought to its end."""
    reasons = (*result.reasons, ("", reason))
    return replace(result, outcome="undecided", failures=(), reasons=reasons, open=True, fault=fault)


def _evaluated(policy: CompiledPolicy, evaluator: Evaluator) -> PolicyResult:
    if policy.needs_base and evaluator.context.base is None:
        return _result(policy, evaluator, "not-applicable")
    if policy.when:
        result = evaluator.conjunction(policy.when, [Row()], exists=True)
        if not any(row.certain for row in result.rows):
            undecided = bool(result.rows or result.open)
            return _result(policy, evaluator, "undecided" if undecided else "not-applicable")
        evaluator.examined = ExaminedFiles()
        evaluator.unsearched.clear()
    groups, unseen = _subjects(policy, evaluator)
    if not groups:
        return _result(policy, evaluator, "undecided" if unseen else "not-applicable")
    evaluator.examined_for_subjects, evaluator.examined = evaluator.examined, ExaminedFiles()
    if policy.forbids:
        return _forbidden(policy, evaluator, groups, unseen)
    return _required(policy, evaluator, groups, unseen)


def _result(
    policy: CompiledPolicy,
    evaluator: Evaluator,
    outcome: Outcome,
    failures: Iterable[Failure] = (),
    subjects: int = 0,
    open_: bool = False,
    more: int = 0,
) -> PolicyResult:
    left = f"{more:,} more findings than reported (the limit `findings`)"
    return PolicyResult(
        policy=policy,
        outcome=outcome,
        failures=tuple(failures),
        subjects=subjects,
        documents=evaluator.examined.all(evaluator.examined_for_subjects),
        reasons=(*sorted(evaluator.unsearched), *((("", left),) if more else ())),
        searched=evaluator.examined.whole,
        searched_alone=evaluator.examined.single,
        open=open_ or outcome == "undecided" or more > 0,  # NOTE: accepting those that are reported must not pass it
        more=more,
        dynamic=evaluator.dynamic.all(),
    )


def _subjects(policy: CompiledPolicy, evaluator: Evaluator) -> tuple[list[list[Row]], bool]:
    """Return the subjects, each a group of rows that are one, and whether there may be more."""
    if policy.subjects is None:
        return [[Row()]], False
    result = evaluator.conjunction(policy.subjects, [Row()])
    rows = sorted((row.but(origin=0) for row in distinct(result.rows)), key=Row.order)
    groups: dict[object, list[Row]] = {}
    for number, row in enumerate(rows):
        key: object = number
        if policy.per:
            key = tuple(row.names[name].key if name in row.names else None for name in policy.per)
        groups.setdefault(key, []).append(row)
    found = list(groups.values())
    return _computed(policy, evaluator, found, bool(result.open)) if policy.grouped else (found, bool(result.open))


def _computed(
    policy: CompiledPolicy, evaluator: Evaluator, groups: list[list[Row]], unseen: bool
) -> tuple[list[list[Row]], bool]:
    """Return the groups of which the conditions hold, with the names computed from all of their rows.

    A group that may have more rows than were found, or of which something can't be computed, is uncertain.
    """
    rows: list[Row] = []
    for number, group in enumerate(groups):
        evaluator.budget.spend(len(group))
        first = group[0]
        members: list[Json] = [
            {
                **{name: bound.value for name, bound in row.names.items()},
                "path": plain_path(row.current.path) if row.current else None,
            }
            for row in group
        ]
        names = {name: first.names[name] for name in policy.per if name in first.names}
        certain = not unseen and all(row.certain for row in group)
        held = replace(first, names={**names, GROUP: BoundValue(members)}, certain=certain, origin=number)
        rows.append(held)
    result = evaluator.conjunction(policy.grouped, rows)
    met = {row.origin: row for row in result.rows}
    found: list[list[Row]] = []
    for number, group in enumerate(groups):
        held_row = met.get(number)
        # NOTE: what is unknown of a group may be what a `forbid` looks for, so that finding nothing decides nothing
        unseen = unseen or not rows[number].certain or number in result.open
        if held_row is None:
            continue
        names = {name: bound for name, bound in held_row.names.items() if name != GROUP}
        certain = held_row.certain and number not in result.open
        found.append([row.but(names={**row.names, **names}, certain=None if certain else False) for row in group])
    return found, unseen


def _numbered(groups: list[list[Row]]) -> tuple[list[Row], list[int]]:
    """Return the rows of all groups with origins of their own, and the group of each origin."""
    rows: list[Row] = []
    owners: list[int] = []
    for number, group in enumerate(groups):
        for row in group:
            rows.append(row.but(origin=len(rows), current=_subject(row)))
            owners.append(number)
    return rows, owners


def _subject(row: Row) -> SourceRef | None:
    """Return the match that `inside`, `has` and `after` speak of first: the subject, unless it is a path alone."""
    return next((place for place in row.places if place.span or place.ref), row.current)


def _required(policy: CompiledPolicy, evaluator: Evaluator, groups: list[list[Row]], unseen: bool) -> PolicyResult:
    rows, owners = _numbered(groups)
    result = evaluator.conjunction(policy.demand, rows, exists=policy.count is None)
    states = _met(policy, result.rows, owners, len(groups)) if policy.count else _states(result.rows, owners)
    open_ = {owners[origin] for origin in result.open}
    bounded = policy.count is not None and policy.count[1] is not None
    failing: list[list[Row]] = []
    undecided = unseen
    for number, group in enumerate(groups):
        state = states.get(number)
        if state is True and not (bounded and number in open_):
            continue
        sure = any(row.certain for row in group)
        if state is None and (policy.count is None or _may_grow(policy, result.rows, owners, number)):
            sure = sure and number not in open_
        if state is not None or not sure:
            undecided = True
        else:
            failing.append(group)
    subjects = len(groups) if policy.subjects is not None else 0
    most = evaluator.budget.limits.findings
    failures = [_failure(policy, evaluator, group, group[0], group[1:], missing=True) for group in failing[:most]]
    more = max(len(failing) - most, 0)
    outcome: Outcome = "fail" if failures else "undecided" if undecided else "pass"
    return _result(policy, evaluator, outcome, failures, subjects, undecided, more)


def _states(rows: Iterable[Row], owners: Sequence[int]) -> dict[int, bool | str]:
    """For each group that has a match: True, or `unsure` when only uncertain ones."""
    states: dict[int, bool | str] = {}
    for row in rows:
        owner = owners[row.origin]
        states[owner] = True if row.certain or states.get(owner) is True else "unsure"
    return states


def _met(policy: CompiledPolicy, rows: Iterable[Row], owners: Sequence[int], groups: int) -> dict[int, bool | str]:
    """For each group, whether it has as many distinct places as `count` asks for."""
    least, most = policy.count or (0, None)
    sure: dict[int, set[SourceRef]] = {}
    unsure: dict[int, set[SourceRef]] = {}
    for row in rows:
        if row.current is not None:
            (sure if row.certain else unsure).setdefault(owners[row.origin], set()).add(_place(row.current))
    states: dict[int, bool | str] = {}
    for number in range(groups):
        certain = len(sure.get(number, ()))
        possible = len(sure.get(number, set()) | unsure.get(number, set()))
        if most is not None and certain > most:
            continue
        if certain >= least and (most is None or possible <= most):
            states[number] = True
        elif possible >= least:
            states[number] = "unsure"
    return states


def _place(place: SourceRef) -> SourceRef:
    return place._replace(point=None, weight=0, core=None, ref=place.ref if place.span is None else None)


def _may_grow(policy: CompiledPolicy, rows: Iterable[Row], owners: Sequence[int], number: int) -> bool:
    """Return whether more matches, in what could not be searched, could still make the count right."""
    most = policy.count[1] if policy.count else None
    if most is None:
        return True
    places = {_place(row.current) for row in rows if row.current and row.certain and owners[row.origin] == number}
    return len(places) <= most


def _forbidden(policy: CompiledPolicy, evaluator: Evaluator, groups: list[list[Row]], unseen: bool) -> PolicyResult:
    rows, owners = _numbered(groups)
    alone = policy.subjects is None
    # NOTE: one match makes a failure, but a fix is of all
    result = evaluator.conjunction(policy.demand, rows, exists=not alone and policy.fix is None)
    certain: dict[int, list[Row]] = {}
    for row in distinct(result.rows):
        owner = owners[row.origin]
        if row.certain and any(member.certain for member in groups[owner]):
            certain.setdefault(owner, []).append(row)
    undecided = unseen or bool(result.open) or any(not row.certain for row in result.rows)
    most = evaluator.budget.limits.findings
    pairs: list[tuple[list[Row], list[Row]]] = []
    for owner in sorted(certain):
        if alone:
            matches = certain[owner] if len(certain[owner]) <= most else _first_of_each(policy, certain[owner])
            pairs += [([], [row]) for row in matches]
        else:
            pairs.append((groups[owner], certain[owner]))
    failures = [_failure(policy, evaluator, group, found[0], found[1:], missing=False) for group, found in pairs[:most]]
    more = max(len(pairs) - most, 0)
    if not failures and not undecided and alone and policy.demand and _nowhere(policy.demand[0], evaluator):
        return _result(policy, evaluator, "not-applicable")
    outcome: Outcome = "fail" if failures else "undecided" if undecided else "pass"
    return _result(policy, evaluator, outcome, failures, 0 if alone else len(groups), undecided, more)


def _first_of_each(policy: CompiledPolicy, matches: Iterable[Row]) -> list[Row]:
    """Return the first of the matches that make one finding: of one place, with the same values of public names.

    NOTE: a call after a thousand others matches a thousand times, and would use up the limit `findings` alone.
    """
    first: dict[object, Row] = {}
    for row in matches:
        first.setdefault((_shown_place(policy, row), row.public_values), row)
    return list(first.values())


def _nowhere(step: Step, evaluator: Evaluator) -> bool:
    """Return whether a step that looks into documents found none to look in."""
    if step.join is step and step.join.source.opens_documents:
        return not evaluator.relation(step.join).examined
    branches = [inner.steps for inner in step.nested if inner.role == "branch"]
    return bool(branches) and all(_nowhere(branch[0], evaluator) for branch in branches if branch)


def _shown_place(policy: CompiledPolicy, row: Row) -> SourceRef | None:
    """Return the place of what the policy's `at` names, or else the first place of a row; None where it has none."""
    named = place_of(row, policy.place) if policy.place else None
    return named if named is not None and named.path else row.subject


def _failure(
    policy: CompiledPolicy,
    evaluator: Evaluator,
    group: Sequence[Row],
    row: Row,
    others: Sequence[Row],
    *,
    missing: bool,
) -> Failure:
    """Return a failure; the other places of the row, and the first of the others of the group, are related.

    It points at what the policy's `at` names, or else at the first place of its row. `others` are of interest to a fix.
    """
    places = list(row.places)
    for member in group[1:]:
        place = _shown_place(policy, member)
        places += [place] if place is not None else []
    first = _shown_place(policy, row)
    related = tuple(dict.fromkeys(place for place in places if place != first))
    scopes = replace(evaluator.scopes, shown=True)
    scope = scopes.of(replace(row, current=first), policy.shown_names)
    if policy.fix is None:
        return Failure(first, related, row, scope, missing)
    rest = [(each, scopes.of(replace(each, current=_shown_place(policy, each)), policy.shown_names)) for each in others]
    return Failure(first, related, row, scope, missing, tuple(rest))
