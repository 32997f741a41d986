"""Who speaks of a name: what each step of a compiled policy binds and reads, and what nobody else speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from polcheck.policy.plan import (
    Absence,
    CompiledPolicy,
    Conjunction,
    Find,
    Join,
    Let,
    Relate,
    Step,
    Union,
    Used,
    Within,
)
from polcheck.policy.steps import reads
from polcheck.policy.template import TemplateFault, names
from polcheck.records import record

Names = frozenset[str]
_NONE: Names = frozenset()


@record(frozen=True)
class Binder:
    """A step that binds names: those bound before it, its own, and those of them that nobody else speaks of.

    `tied` says that the place of its match is asked for too, so that it may join without a shared name. `named` is the
    name of the match itself where nobody speaks of it.
    """

    step: Join | Within | Let
    before: Names
    binds: Names
    unused: Names
    tied: bool
    named: str = ""

    @property
    def public(self) -> Names:
        """The names that it binds for somebody to speak of: those that don't start with `_`."""
        return frozenset(name for name in self.binds if not name.startswith("_"))

    @property
    def lone(self) -> bool:
        """Whether the step can only join on nothing: it shares no name, no place, and its names go nowhere."""
        return not self.tied and bool(self.before and self.public) and self.unused == self.binds


def binders(policy: CompiledPolicy) -> Iterator[Binder]:
    """Every step of a policy that binds names; what used selectors do inside is their own affair."""
    told = _told(policy)
    yield from steps_of(policy.when, _NONE)
    subjects = policy.subjects or ()
    demanded = _names(mentions(step) for step in policy.demand)
    yield from steps_of(subjects, told | demanded | frozenset(policy.per))
    before = bound(subjects)
    yield from steps_of(policy.demand, told if policy.forbids else _NONE, before)


def steps_of(steps: Conjunction, later: Names, before: Names = _NONE) -> Iterator[Binder]:
    """The steps of a conjunction that bind names; `later` are the names that are spoken of after it."""
    yield from _walk(steps, before, later, tied=False)


def mentions(step: Step) -> Names:
    """Every name that a step binds or reads, nested ones included."""
    if isinstance(step, Join):
        return step.binds | step.optional | _own(step)
    if isinstance(step, Within):
        return step.binds | {step.source}
    if isinstance(step, Let):
        return reads(step) | {name for name, _ in step.names}
    if isinstance(step, Union):
        renamed = frozenset(new for _, new in step.renames)
        return renamed | _names(mentions(inner) for branch in step.branches for inner in branch)
    if isinstance(step, Absence):
        return _names(mentions(inner) for inner in step.what)
    if isinstance(step, Relate):
        if isinstance(step.target, str):
            return frozenset({step.target})
        return _names(mentions(inner) for inner in step.target)
    return reads(step)


def bound(steps: Conjunction) -> Names:
    """The names that a conjunction binds for what comes after it."""
    return _names(_bound(step) for step in steps)


def _told(policy: CompiledPolicy) -> Names:
    """The names that the policy's message and remedy speak of."""
    told: Names = _NONE
    for template in (policy.message, policy.remedy):
        if not template.plain:
            try:
                told |= names(template.text)
            except TemplateFault:
                continue  # noted when it was compiled
    return told


def _names(many: Iterable[Names]) -> Names:
    return frozenset(name for some in many for name in some)


def _own(step: Join) -> Names:
    return _names(reads(inner) for inner in step.own)


def _bound(step: Step) -> Names:
    if isinstance(step, Join):
        return step.binds | step.optional
    if isinstance(step, (Within, Union)):
        return step.binds
    if isinstance(step, Let):
        return frozenset(name for name, _ in step.names)
    if isinstance(step, Relate) and not isinstance(step.target, str):
        return bound(step.target)
    return _NONE


def _walk(steps: Conjunction, before: Names, later: Names, *, tied: bool) -> Iterator[Binder]:
    for index, step in enumerate(steps):
        after = later | _names(mentions(following) for following in steps[index + 1 :])
        yield from _at(step, before, after, tied=tied or _near(step))
        before |= _bound(step)


def _at(step: Step, before: Names, after: Names, *, tied: bool) -> Iterator[Binder]:
    """The binders that a step is or holds."""
    if isinstance(step, Join):
        yield _binder(step, step.binds | step.optional, before, after | _own(step), step.name, tied=tied)
    elif isinstance(step, Within):
        yield _binder(step, step.binds, before, after, step.name, tied=True)
    elif isinstance(step, Let):
        yield _binder(step, _bound(step), before, after | reads(step), "", tied=True)
    elif isinstance(step, Union):
        inner = after | frozenset(old for old, new in step.renames if new in after | before)
        for branch in step.branches:
            yield from _walk(branch, before, inner, tied=tied)
    elif isinstance(step, Absence):
        yield from _walk(step.what, before, _NONE, tied=False)
    elif isinstance(step, Relate):
        if not isinstance(step.target, str):
            yield from _walk(step.target, before, after, tied=True)
        for until in step.until:
            yield from _at(until, _NONE, _NONE, tied=True)


def _binder(step: Join | Within | Let, binds: Names, before: Names, spoken: Names, alias: str, *, tied: bool) -> Binder:
    if alias in spoken:
        return Binder(step, before, binds, _NONE, tied)
    return Binder(step, before, binds, binds - before - spoken, tied, alias)


def _near(step: Step) -> bool:
    """Whether a step's matches are kept near the subject, or in its file."""
    if not isinstance(step, Join):
        return False
    source = step.source
    roams = (isinstance(source, Find) and source.files is None) or (isinstance(source, Used) and source.anchored)
    return roams or bool(step.scope) or step.near is not None
