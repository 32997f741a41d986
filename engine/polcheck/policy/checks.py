"""Checks that refuse compiled policies which would silently pass, such as a join on nothing."""

from __future__ import annotations

from collections.abc import Iterable

from polcheck.policy.name_usage import Binding, binders, steps_of
from polcheck.policy.origin import SourceMap
from polcheck.policy.plan import CompiledPolicy, Conjunction, Names, Step, below, exports_of

_OF_MATCH = frozenset({"path", "line", "column", "file", "subject"})  # names that a match sets for what follows it


def refuse_policy(policy: CompiledPolicy, origin: SourceMap) -> None:
    """Notes at `origin` the items of a policy that can't mean anything."""
    _lone(binders(policy), origin)
    subjects = policy.subjects or ()
    _placeless(policy.when, None, origin)
    _placeless(subjects, None, origin)
    first = next((step for step in subjects if step.is_match), None)
    _placeless(policy.demand, first, origin)
    every = (*policy.when, *subjects, *policy.grouped, *policy.demand)
    _lost_words(every, origin)
    nothing: Names = frozenset()
    _early(policy.when, nothing, origin)
    _early(subjects, nothing, origin)
    _early(policy.demand, exports_of((*subjects, *policy.grouped)), origin)
    _file_as_subject(first or next((step for step in policy.demand if step.is_match), None), policy.demand, origin)
    if policy.place in _unplaced(every):
        origin.error(
            ("at",),
            f"findings can't point at `{policy.place}`, which has no place in a text",
            "name a capture of `pattern`, `code` or `text`, a value of `data`, or a match that `name` names",
        )


def refuse_selector(steps: Conjunction, binds: Names, origin: SourceMap) -> None:
    """Notes at `origin` the items of a named selector, which binds `binds`, that can't mean anything."""
    _lone(steps_of(steps, binds), origin)
    _placeless(steps, None, origin)
    _lost_words(steps, origin)
    _early(steps, frozenset(), origin)


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
    """Notes relations and names of a match where no match is before, and relations of a match without a place.

    They are about nothing, or about what lies nowhere (a whole file, a row of values), so none ever holds.
    """
    for step in steps:
        source = before.join.source if before and before.join else None
        if step.relation_to and not step.of and before is None:
            origin.error(
                (*step.at, step.relation_to),
                f"`{step.relation_to}` is about the match before it, and there is none here",
                "write the item with the selector first, or say with `of` what it is about",
            )
        if before is None and not step.is_match:
            _matchless(step, origin)
        if step.relation_to and not step.of and source is not None and not source.is_in_text:
            origin.error(
                (*step.at, step.relation_to),
                f"`{step.relation_to}` never holds for a match of `{source.kind(())}`, which has no place in a text",
                "add what to look for in the file: a `pattern`, `code`, `data` or `text`",
            )
        for inner in step.nested:
            if inner.role in ("target", "branch", "absent"):
                _placeless(inner.steps, None if inner.role == "target" else before, origin)
        before = step if step.is_match else before


def _matchless(step: Step, origin: SourceMap) -> None:
    """Notes what a step reads of the match before it, of which there is none: it would be null."""
    for at, expression in step.expressions:
        for name in sorted(_OF_MATCH & expression.reads):
            origin.error(
                at,
                f"`{name}` is that of the match before, and there is none here",
                "write the item with the selector first",
                expression.text.find(name),
            )


def _early(steps: Conjunction, before: Names, origin: SourceMap) -> None:
    """Notes each `not` that binds a name which an item after it binds, too: it would not compare the two."""
    for index, step in enumerate(steps):
        later = exports_of(tuple(each for each in steps[index + 1 :] if each.is_match))
        for inner in step.nested:
            if inner.role == "absent" and (names := (exports_of(inner.steps) - before) & later):
                origin.error(
                    (*step.at, "not"),
                    f"this `not` compares {_listed(names)} with nothing: an item after it binds that",
                    "write the `not` after what it is to be compared with, or give what it binds another name",
                )
            if inner.role in ("branch", "absent", "edges"):
                _early(inner.steps, before, origin)
        before |= step.exports


def _lost_words(steps: Conjunction, origin: SourceMap) -> None:
    """Notes relations to a capture of a path, or to a value of a row: it lies nowhere, so none ever holds."""
    nowhere = _unplaced(steps)
    for step in below(steps):
        for name, key in ((step.capture, step.relation_to), (step.of, "of")):
            if name in nowhere:
                origin.error(
                    (*step.at, key),
                    f"`{step.relation_to}` never holds: `{name}` has no place in a text",
                    "name a capture of `pattern`, `code` or `text`, or write a target",
                )


def _file_as_subject(first: Step | None, steps: Conjunction, origin: SourceMap) -> None:
    """Notes relations to the subject, or of it, where that is a whole file: none ever holds."""
    source = first.join.source if first and first.join else None
    if source is None or source.file_patterns is None or source.is_in_text:
        return
    for step in below(steps):
        for name, key in ((step.capture, step.relation_to), (step.of, "of")):
            if name == "subject":
                origin.error(
                    (*step.at, key),
                    f"`{step.relation_to}` never holds: the subject is a file, which has no place in a text",
                    "say in `for` what to look for in the file: a `pattern`, `code`, `data` or `text`",
                )


def _unplaced(steps: Conjunction) -> Names:
    """Return the names of what has no place in a text: parts of a path, values in the pack, files as a whole."""
    every = list(below(steps))
    somewhere = frozenset(name for step in every for name in step.placed)
    nowhere = frozenset(name for step in every if step.join for name in step.join.binds) - somewhere
    files = frozenset(
        step.item_modifiers.name
        for step in every
        if step.item_modifiers is not None and step.join is step and not step.join.source.is_in_text
    )
    return (nowhere | files) - {""}


def _listed(names: Names) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
