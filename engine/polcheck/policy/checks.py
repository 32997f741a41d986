"""What is refused of a compiled policy because it would be silently green: nobody sees a join that joins nothing."""

from __future__ import annotations

from collections.abc import Iterable

from polcheck.policy.name_usage import Binding, Names, binders, steps_of
from polcheck.policy.origin import SourceMap
from polcheck.policy.plan import (
    AntiJoin,
    CompiledPolicy,
    Conjunction,
    Find,
    Join,
    Listing,
    SearchInValue,
    SelectorRef,
    SpanFilter,
    Step,
    Union,
    Values,
    below,
)


def refuse_policy(policy: CompiledPolicy, origin: SourceMap) -> None:
    """Notes at `origin` the items of a policy that can't mean anything."""
    _lone(binders(policy), origin)
    subjects = policy.subjects or ()
    _placeless(policy.when, None, origin)
    _placeless(subjects, None, origin)
    first = next((step for step in subjects if isinstance(step, Join | Union)), None)
    _placeless(policy.demand, first, origin)
    _lost_words((*policy.when, *subjects, *policy.demand), origin)


def refuse_selector(steps: Conjunction, binds: Names, origin: SourceMap) -> None:
    """Notes at `origin` the items of a named selector, which binds `binds`, that can't mean anything."""
    _lone(steps_of(steps, binds), origin)
    _placeless(steps, None, origin)
    _lost_words(steps, origin)


def _lone(found: Iterable[Binding], origin: SourceMap) -> None:
    """Notes the items that can only join on nothing."""
    for binder in found:
        if binder.lone:
            origin.error(
                binder.step.at,
                f"this can only join on nothing: it binds {_listed(binder.public)}, "
                f"and what is before it binds {_listed(binder.before)}",
                "give the same name to what must be equal; if any match will do, bind nothing, or a name with `_`",
            )


def _placeless(steps: Conjunction, before: Step | None, origin: SourceMap) -> None:
    """Notes relations of a match that is a whole file, or a row of values: it lies nowhere, so none ever holds."""
    for step in steps:
        if isinstance(step, SpanFilter):
            if isinstance(before, Join) and isinstance(before.source, Listing | Values):
                kind = "files" if isinstance(before.source, Listing) else "values"
                origin.error(
                    (*step.at, step.relation),
                    f"`{step.relation}` never holds for a match of `{kind}`, which has no place in a text",
                    "add what to look for in the file: a `pattern`, `code`, `data` or `text`",
                )
            if not isinstance(step.target, str):
                _placeless(step.target, None, origin)
            continue
        for inner in _nested(step):
            _placeless(inner, before, origin)
        if not isinstance(step, AntiJoin):
            before = step if isinstance(step, Join | Union) else before


def _lost_words(steps: Conjunction, origin: SourceMap) -> None:
    """Notes relations to a capture of a path, or to a value of a row: it lies nowhere, so none ever holds."""
    every = list(below(steps))
    somewhere = frozenset(name for step in every for name in _placed(step))
    nowhere = frozenset(name for step in every if isinstance(step, Join) for name in step.binds) - somewhere
    for step in every:
        if isinstance(step, SpanFilter) and isinstance(step.target, str) and step.target in nowhere:
            origin.error(
                (*step.at, step.relation),
                f"`{step.relation}` never holds: `{step.target}` has no place in a text",
                "name a capture of `pattern`, `code` or `text`, or write a target",
            )


def _placed(step: Step) -> Names:
    """The names that a step binds to something in a text."""
    if not isinstance(step, Join):
        return step.binds if isinstance(step, SearchInValue) else frozenset()
    if isinstance(step.source, Find):
        return step.binds - (step.source.files.binds if step.source.files else frozenset())
    return step.binds if isinstance(step.source, SelectorRef) else frozenset()


def _nested(step: Step) -> tuple[Conjunction, ...]:
    if isinstance(step, AntiJoin):
        return (step.what,)
    return step.branches if isinstance(step, Union) else ()


def _listed(names: Names) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
