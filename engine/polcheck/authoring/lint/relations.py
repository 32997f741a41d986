"""Checks of relations: `has` with a target that is the match itself."""

from __future__ import annotations

from polcheck.authoring.lint.view import View
from polcheck.policy.origin import SourceMap
from polcheck.policy.plan import Conjunction, Probe, Step
from polcheck.selectors.syntax.shape import Branch, Leaf, Name, Shape


def check_relations(view: View) -> None:
    """Warns of `has` whose target looks for what the match itself is: `has` leaves that out, and `is` is meant."""
    for entry in view.entries:
        policy = entry.compiled
        if policy is not None:
            subjects = policy.subjects or ()
            first = next((step for step in subjects if step.is_match), None)
            for steps, before in ((policy.when, None), (subjects, None), (policy.demand, first)):
                _check(entry.origin, steps, before, view.probes)
    for origin, steps in view.pack.selectors.values():
        _check(origin, steps, None, view.probes)


def _check(origin: SourceMap, steps: Conjunction, before: Step | None, probes: tuple[Probe, ...]) -> None:
    for step in steps:
        targets = [inner.steps[0] for inner in step.nested if inner.role == "target" and inner.steps]
        is_about_match = step.relation_to == "has" and not step.of and bool(targets)
        if before is not None and is_about_match and _is_itself(_shapes(targets[0], probes), _shapes(before, probes)):
            message = "`has` leaves the match itself out, and this looks for the same thing inside of it"
            origin.warning((*step.at, "has"), message, "write `is` if the match itself is meant")
        for inner in step.nested:
            if inner.role in ("branch", "absent"):
                _check(origin, inner.steps, before, probes)
        before = step if step.is_match else before


def _shapes(step: Step, probes: tuple[Probe, ...]) -> list[Shape]:
    """Return the snippets of a `pattern`, as far as it is one, in its first language."""
    syntaxes = probes[step.probes[0]].syntaxes if len(step.probes) == 1 else ()
    return [shape for _, shape, _ in syntaxes[0].alternatives if shape is not None] if syntaxes else []


def _is_itself(targets: list[Shape], matches: list[Shape]) -> bool:
    """Return whether each of the targets begins as one of the matches does, with the same name."""
    return bool(targets) and all(any(_same_head(target, match) for match in matches) for target in targets)


def _same_head(one: Shape, other: Shape) -> bool:
    """Return whether two snippets are of one kind, and begin with the same name, in which nothing is left open."""
    if not (isinstance(one, Branch) and isinstance(other, Branch) and one.kinds == other.kinds):
        return False
    if not (one.items and other.items and one.items[0] == other.items[0]):
        return False
    head = one.items[0]
    return isinstance(head, Leaf) or (isinstance(head, Name) and not head.holes and "*" not in head.text)
