"""Walking a compiled policy: every step of it, and what they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from polcheck.policy.plan import (
    Absence,
    CompiledPolicy,
    Find,
    Join,
    Let,
    Relate,
    Step,
    Union,
    Used,
    Where,
    Within,
)


def every_step(policy: CompiledPolicy) -> Iterator[Step]:
    """Every step of a policy, those of nested conjunctions and used selectors included."""
    for conjunction in (policy.when, policy.subjects or (), policy.demand):
        yield from below(conjunction)


def below(steps: Iterable[Step]) -> Iterator[Step]:
    """The steps of a conjunction and all that are nested in them."""
    for step in steps:
        yield step
        if isinstance(step, Join):
            yield from below(step.own)
            if isinstance(step.source, Used):
                yield from below(step.source.what)
        elif isinstance(step, Union):
            for branch in step.branches:
                yield from below(branch)
        elif isinstance(step, Absence):
            yield from below(step.what)
        elif isinstance(step, Relate):
            yield from below(step.until)
            if not isinstance(step.target, str):
                yield from below(step.target)


def reads(step: Step) -> frozenset[str]:
    """The names that a step's expressions read."""
    if isinstance(step, Where):
        return step.condition.names
    if isinstance(step, Let):
        return frozenset(name for _, expression in step.names for name in expression.names)
    return frozenset()


def needs_places(policy: CompiledPolicy) -> bool:
    """Whether a policy compares places, so that those of `data` rows must be known to judge."""
    steps = list(every_step(policy))
    return policy.count is not None or any(
        isinstance(step, Relate)
        or (isinstance(step, Join) and (step.near is not None or step.scope == "subject"))
        or bool(reads(step) & {"line", "column"})
        for step in steps
    )


def probes_of(policy: CompiledPolicy) -> frozenset[int]:
    """The probes that a policy uses."""
    found: set[int] = set()
    for step in every_step(policy):
        if isinstance(step, Within):
            found.add(step.probe)
        elif isinstance(step, Join) and isinstance(step.source, Find):
            found.add(step.source.probe)
    return frozenset(found)
