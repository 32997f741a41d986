"""Checks of what `path`, `line` and `column` are read of."""

from __future__ import annotations

from polcheck.authoring.lint.view import View
from polcheck.formats.values import Pointer
from polcheck.policy.origin import SourceMap
from polcheck.policy.plan import Conjunction, Step

_OF_MATCH = ("path", "line", "column")


def check_places(view: View) -> None:
    """Warns where `path`, `line` or `column` is read after several selectors that look in files."""
    for entry in view.entries:
        if entry.compiled is not None:
            _check(entry.origin, entry.compiled.when, ())
            subjects = _check(entry.origin, entry.compiled.subjects or (), ())
            _check(entry.origin, entry.compiled.demand, subjects)
    for origin, steps in view.pack.selectors.values():
        _check(origin, steps, ())


def _check(origin: SourceMap, steps: Conjunction, searches: tuple[Pointer, ...]) -> tuple[Pointer, ...]:
    """Warn of the steps of a conjunction, and return where the selectors stand that look in files, those before it
    included.
    """
    for step in steps:
        for at, expression in step.expressions:
            # NOTE: a condition that stands beside its selector is plainly about that
            names = [name for name in _OF_MATCH if name in expression.names]
            if names and len(searches) > 1 and at[: len(searches[-1])] != searches[-1]:
                _warn(origin, at, names[0], expression.text)
        for inner in step.inner:
            _check(origin, inner, searches)
        if _looks_in_files(step):
            searches = (*searches, step.at)
    return searches


def _looks_in_files(step: Step) -> bool:
    if step.join is step:
        return step.join.source.opens_documents
    return any(_looks_in_files(inner) for nested in step.nested if nested.role == "branch" for inner in nested.steps)


def _warn(origin: SourceMap, at: Pointer, name: str, text: str) -> None:
    offset = text.find(name)
    origin.warning(
        at,
        f"`{name}` is that of the last match, and several selectors before it look in files",
        f"give the one that is meant a name, as `name: it`, and write `it.{name}`; or put the condition beside it",
        offset if offset >= 0 else None,
    )
