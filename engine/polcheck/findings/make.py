"""From results to findings: places worked out, messages rendered, misses named."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.cached import cached_property
from polcheck.base.errors import internal_error
from polcheck.base.limits import Clock
from polcheck.evaluate.outcome import Failure, PolicyResult, undecided_result
from polcheck.evaluate.rows import BoundValue
from polcheck.findings.finding import Finding, Location, NearMiss, cut, shortened
from polcheck.findings.near_misses import NearMisses
from polcheck.findings.places import Locator, outline
from polcheck.findings.report import SEVERITIES, DynamicCapture, Notice, PolicyOutcome, not_constant
from polcheck.formats.values import Json
from polcheck.policy.plan import CompiledPolicy, Template
from polcheck.policy.templates import Beside, TemplateFault, TemplateOverrun, render, renderer
from polcheck.sources.trees import plain_path

if TYPE_CHECKING:
    from polcheck.findings.fixes import FixMaker

_MOST_RELATED = 20
_MOST_LOOKED_IN = 50
_LONGEST_MESSAGE = 10_000

_T = TypeVar("_T")
_Identity = tuple[object, object, tuple[tuple[str, str], ...]]
"""What tells findings of a policy apart: a location, the place where there is no exact one, and the bindings."""


class Findings(Struct, frozen=True, dict=True):
    """Makes findings of one run's results. `safe_packs` are the packs whose word that a fix is safe counts."""

    locator: Locator
    misses: NearMisses
    folder: str = ""  # that the paths of the results are seen from
    beside: Beside = field(default_factory=renderer)
    safe_packs: frozenset[str] = frozenset()
    _outlines: dict[int, tuple[BoundValue, str]] = field(default_factory=dict)  # by the `id` of a value, kept alive
    _overrun: dict[str, TemplateOverrun] = field(default_factory=dict)  # templates that are given up

    @cached_property
    def fixes(self) -> FixMaker:
        """What makes the fixes of findings. NOTE: few policies have one, and a run of the others imports none of it."""
        from polcheck.findings.fixes import FixMaker

        return FixMaker(self.locator, self.beside, self.safe_packs)

    def of(self, result: PolicyResult) -> list[Finding]:
        """Return the findings of one policy, in order of place.

        INVARIANT: a finding is the policy, its place and its bindings, never its message: what is at two places is two,
        and so is what isn't placed to the character and was found twice. Of alternatives at one place, the one
        that binds more is the finding.
        """
        by_identity: dict[_Identity, Finding] = {}
        searched = _SearchedFiles(result)
        clock = self.locator.clock.within(self.locator.limits.seconds)
        for failure in result.failures:
            finding = self._finding(result, failure, searched, clock).seen_from(self.folder)
            by_identity.setdefault(_identity(failure, finding.location), finding)
        return sorted(_without_parts(by_identity).values(), key=_order)

    def count(self, result: PolicyResult) -> tuple[int, PolicyResult]:
        """Return the number of findings that `contained` gives, and its result, without making their texts."""
        if len(result.failures) < 2:
            return len(result.failures), result
        searched = _SearchedFiles(result)
        try:
            located = (self._location(result.policy, failure, searched) for failure in result.failures)
            identities = map(_identity, result.failures, located)
            return len(_without_parts(dict.fromkeys(identities))), result
        except Exception as error:
            return 0, undecided_result(result, internal_error("reporting its findings", error), fault=True)

    def contained(self, result: PolicyResult) -> tuple[list[Finding], PolicyResult]:
        """Return the findings of one policy, and its result: undecided when polcheck fails to make them."""
        try:
            return self.of(result), result
        except Exception as error:  # NOTE: as in judging: one policy must not take the others with it
            return [], undecided_result(result, internal_error("reporting its findings", error), fault=True)

    def _finding(self, result: PolicyResult, failure: Failure, known: _SearchedFiles, clock: Clock) -> Finding:
        policy = result.policy
        searched = known.of(failure)
        location, nearest = self._located(policy, failure, searched)
        related = tuple(dict.fromkeys(self.locator.location(spot) for spot in failure.related[:_MOST_RELATED]))
        wanted = policy.message.names | policy.remedy.names  # NOTE: whole tables are in reach, and seldom read
        shown = location and location.seen_from(self.folder)
        scope = {**cut({name: failure.scope[name] for name in wanted & failure.scope.keys()}), **_place(shown)}
        bindings = {name: cell.value for name, cell in failure.row.public.items()}
        fingerprint, former = self._fingerprints(policy, failure)
        remedy = self._rendered(policy.remedy, scope, clock)
        fix = None
        if policy.fix:
            with clock.paused(), self.locator.clock.paused():
                fix = self.fixes.of(policy, failure, {**failure.scope, **_place(location)}, remedy)
        return Finding(
            pack=policy.pack,
            policy=policy.id,
            requirement=policy.requirement,
            severity=policy.severity,
            title=policy.title,
            message=self._rendered(policy.message, scope, clock),
            remedy=remedy,
            location=location,
            related=tuple(entry for entry in related if entry != location),
            bindings=cut(bindings),
            looked_in=tuple(str(Location.of_file(path)) for path in searched[:_MOST_LOOKED_IN]),
            looked_in_more=max(len(searched) - _MOST_LOOKED_IN, 0),
            nearest=nearest,
            see=policy.see,
            fingerprint=fingerprint,
            former_fingerprint=former,
            fix=fix,
        )

    def _location(self, policy: CompiledPolicy, failure: Failure, known: _SearchedFiles) -> Location | None:
        """Return where a finding is; what comes nearest is looked for only where it tells that."""
        location = self.locator.location(failure.place) if failure.place else None
        return location or self._located(policy, failure, known.of(failure))[0]

    def _located(
        self, policy: CompiledPolicy, failure: Failure, searched: tuple[str, ...]
    ) -> tuple[Location | None, NearMiss | None]:
        """Return where a finding is, and what comes nearest to what is missing there."""
        location = self.locator.location(failure.place) if failure.place else None
        nearest = self.misses.of(policy, failure) if failure.missing else None
        if location is None and nearest is not None:
            location = nearest.location
        if location is None and searched:
            location = Location.of_file(searched[0])
        return location, nearest

    def dynamic(self, result: PolicyResult) -> tuple[DynamicCapture, ...]:
        """Return the places of a policy that gave no match because a capture is no constant there."""
        captures: list[DynamicCapture] = []
        for place, name, reason in result.dynamic:
            location = self.locator.location(place)
            captures.append(DynamicCapture(name, reason, replace(location.seen_from(self.folder), excerpt=None)))
        return tuple(captures)

    def _fingerprints(self, policy: CompiledPolicy, failure: Failure) -> tuple[str, str]:
        """Return the fingerprint, and the one of version 1 of baselines where that is another one."""
        spot = failure.place
        shape = self.locator.shape(spot) if spot else ""
        former = self.locator.former_shape(spot) if spot and (spot.inner or not spot.span) else shape
        now = _fingerprint(policy, failure, shape, self._outlines)
        if former == shape:
            return now, ""
        return now, _fingerprint(policy, failure, former, self._outlines)

    def _rendered(self, template: Template, scope: Mapping[str, Any], clock: Clock) -> str:
        """Return the text for people; a template that runs out of fuel or time says so instead of its text."""
        if template.plain:
            return template.text.strip()
        try:
            if template.text in self._overrun:
                raise self._overrun[template.text]
            if clock.over:
                raise TemplateFault("no time left to render this")
            return shortened(render(template.text, scope, beside=self.beside).strip(), _LONGEST_MESSAGE)
        except TemplateFault as fault:
            if isinstance(fault, TemplateOverrun):
                self._overrun[template.text] = fault
            return f"{template.text.strip()} ({fault})"


def _place(location: Location | None) -> dict[str, Json]:
    return {
        "path": location.path if location else None,
        "line": location.line if location else None,
        "column": location.column if location else None,
    }


def _order(finding: Finding) -> tuple[object, ...]:
    location = finding.location
    place = location.place if location else None
    return (
        location.path if location else "",
        place.line if place else 0,
        place.column if place else 0,
        finding.message,
    )


def numbered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings; the second and later ones of one fingerprint get their number after it, as `…:2`."""
    seen: Counter[str] = Counter()
    result: list[Finding] = []
    for finding in findings:
        mark = finding.fingerprint
        seen[mark] += 1
        result.append(replace(finding, fingerprint=f"{mark}:{seen[mark]}") if seen[mark] > 1 else finding)
    return tuple(result)


class _SearchedFiles:
    """The files in which a policy looked for what its failures miss.

    NOTE: most failures share those of the whole policy, which are sorted once: there may be thousands of both.
    """

    def __init__(self, result: PolicyResult) -> None:
        self._result = result

    @cached_property
    def _shared(self) -> tuple[str, ...]:
        return tuple(sorted(self._result.searched))

    @cached_property
    def _all(self) -> tuple[str, ...]:
        return tuple(sorted(self._result.searched | self._result.searched_alone))

    @cached_property
    def _alone(self) -> dict[str, list[str]]:
        """The files that were searched for the subjects in them, by their paths in the project: a file may have been
        searched as it is for a subject of the base.
        """
        by_path: dict[str, list[str]] = {}
        for path in self._result.searched_alone - self._result.searched:
            by_path.setdefault(plain_path(path), []).append(path)
        return by_path

    def of(self, failure: Failure) -> tuple[str, ...]:
        """Return the files that were searched for the subject of a failure; none where nothing is missing."""
        if not failure.missing:
            return ()
        if not failure.row.places:
            return self._all
        own = {path for place in failure.row.places for path in self._alone.get(plain_path(place.path), ())}
        return tuple(sorted([*self._shared, *own])) if own else self._shared


def _without_parts(by_identity: dict[_Identity, _T]) -> dict[_Identity, _T]:
    """Return the findings without those that say less than another one at their place, as alternatives of a
    selector do.
    """
    forms: dict[tuple[object, object], dict[frozenset[str], list[_Identity]]] = {}
    for identity in by_identity:
        location, spot, bindings = identity
        names = frozenset(name for name, _ in bindings)
        forms.setdefault((location, spot), {}).setdefault(names, []).append(identity)
    parts: set[_Identity] = set()
    for by_names in forms.values():
        for few, fewer in by_names.items():
            for many, more in by_names.items() if len(by_names) > 1 else ():
                if few < many:
                    bound = {tuple(pair for pair in bindings if pair[0] in few) for _, _, bindings in more}
                    parts.update(identity for identity in fewer if identity[2] in bound)
    return {identity: finding for identity, finding in by_identity.items() if identity not in parts}


def _identity(failure: Failure, location: Location | None) -> _Identity:
    """Return what tells a finding of a policy from its others: its place, and what it binds under public names."""
    return (location, None if location and location.place else failure.place, failure.row.public_values)


def _fingerprint(
    policy: CompiledPolicy, failure: Failure, shape: str, outlines: dict[int, tuple[BoundValue, str]]
) -> str:
    """Return a digest that stays when lines move and files are renamed.

    It is of the policy, of what the bindings are (but for what a path pattern captured), and of the shape of the match:
    the keys that lead to a value, or the beginning of a text without its white space. Where nothing but the file itself
    is meant, its path takes the place of the shape.
    """
    cells = failure.row.public
    if failure.missing and policy.subjects is None:
        cells, shape = {}, ""
    elif not shape:
        shape = failure.place.path if failure.place else ""
    for cell in cells.values():
        if id(cell) not in outlines:
            outlines[id(cell)] = (cell, outline(cell.text))
    named = sorted((name, cell) for name, cell in cells.items() if not _of_path(cell))
    bindings = (f"{name}={outlines[id(cell)][1]}" for name, cell in named)
    parts = "\0".join([policy.ref, shape, *bindings])
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _of_path(cell: BoundValue) -> bool:
    """Return whether a name was bound by a path pattern."""
    return bool(cell.path) and cell.span is None and cell.ref is None and cell.inner is None


def dynamic_notices(outcomes: Iterable[PolicyOutcome]) -> list[Notice]:
    """Return one notice for each capture of a policy that isn't the constant that it has to be at some places."""
    notices: list[Notice] = []
    for outcome in outcomes:
        by_name: dict[str, list[DynamicCapture]] = {}
        for capture in outcome.dynamic:
            by_name.setdefault(capture.name, []).append(capture)
        for name, captures in by_name.items():
            notices.append(Notice("dynamic", not_constant(name, captures), captures[0].location, (outcome.ref,)))
    return notices


def outcome_of(
    result: PolicyResult, counting: Collection[str], accepted: int = 0, dynamic: tuple[DynamicCapture, ...] = ()
) -> PolicyOutcome:
    """Return the report on one policy; `counting` are the severities of its findings that nobody accepted.

    Without any, a policy that failed passes, or is undecided if something beside its failures was. One that fails has
    the severity of the worst of them.
    """
    policy = result.policy
    outcome = result.outcome
    severity = policy.severity
    if outcome == "fail" and counting:
        severity = min(counting, key=SEVERITIES.index)
    elif outcome == "fail":
        outcome = "undecided" if result.open else "pass"
    return PolicyOutcome(
        pack=policy.pack,
        id=policy.id,
        title=policy.title,
        requirement=policy.requirement,
        severity=severity,
        outcome=outcome,
        subjects=result.subjects,
        documents=len(result.documents),
        reasons=tuple(map(_readable, result.reasons)) if outcome == "undecided" else (),
        see=policy.see,
        remedy=policy.remedy.text,
        description=policy.description,
        deprecated=policy.deprecated,
        accepted=accepted,
        dynamic=dynamic,
    )


def _readable(reason: tuple[str, str]) -> tuple[str, str]:
    """Return a path and a reason, the path as people read it."""
    path, why = reason
    return (str(Location.of_file(path)) if path else "", why)


def notices_of(results: Sequence[PolicyResult], outcomes: Iterable[PolicyOutcome]) -> list[Notice]:
    """Return one notice for each document that could not be searched to the end, with the policies that it keeps
    undecided.
    """
    open_ = {outcome.ref for outcome in outcomes if outcome.outcome == "undecided"}
    policies: dict[tuple[str, str], list[str]] = {}
    faults = {result.reasons[-1] for result in results if result.fault}
    for result in results:
        for reason in result.reasons:
            names = policies.setdefault(reason, [])
            if result.policy.ref in open_:
                names.append(result.policy.ref)
    return [
        Notice(
            "fault" if (path, reason) in faults else "unsearched",
            reason,
            Location.of_file(path) if path else None,
            tuple(names),
        )
        for (path, reason), names in sorted(policies.items())
    ]


def deprecated_in(outcomes: Iterable[PolicyOutcome]) -> list[Notice]:
    """Return one notice for each policy of the run that another one is to take the place of, or that is to go."""
    outcomes = list(outcomes)
    ids = {outcome.id for outcome in outcomes} | {outcome.ref for outcome in outcomes}
    return [
        Notice("deprecated", f"`{old.ref}` is deprecated: {_successor(old.deprecated, ids)}")
        for old in outcomes
        if old.deprecated
    ]


def _successor(text: str, ids: Container[str]) -> str:
    """Return the successor that a deprecated policy names, or what it says in place of one."""
    if text in ids:
        return f"`{text}` takes its place and is in this run"
    return f"use `{text}`" if " " not in text else text
