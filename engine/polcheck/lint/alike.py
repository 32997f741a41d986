"""Which steps are the same, wherever they are written, and which find all that others find."""

from __future__ import annotations

from polcheck.lint.globs import within
from polcheck.policy.plan import (
    Absence,
    Conjunction,
    Find,
    Join,
    Let,
    Listing,
    Step,
    Union,
    Used,
    Values,
    Where,
    Within,
)
from polcheck.selectors.files import FilePatterns

Key = tuple[object, ...]


def keys(steps: Conjunction) -> Key:
    """What tells conjunctions apart that mean different things; equal for equal ones."""
    return tuple(key(step) for step in steps)


def key(step: Step) -> Key:
    """The same for one step."""
    if isinstance(step, Join):
        return ("join", _source(step.source), *_said(step), frozenset(key(inner) for inner in step.own))
    if isinstance(step, Within):
        renames = frozenset(step.renames.items())
        return ("within", step.probe, step.source, step.language, renames, step.value_as)
    if isinstance(step, Union):
        return ("any", frozenset(keys(branch) for branch in step.branches), step.renames)
    if isinstance(step, Absence):
        return ("not", keys(step.what))
    if isinstance(step, Where):
        return ("where", step.condition.text)
    if isinstance(step, Let):
        return ("let", tuple((name, expression.text) for name, expression in step.names))
    target = step.target if isinstance(step.target, str) else keys(step.target)
    return (step.relation, target, keys(step.until))


def covers(wide: Conjunction, narrow: Conjunction) -> bool:
    """Whether surely every row that `narrow` gives is one that `wide` gives, with at least the names of `wide`.

    NOTE: compared step by step, and what `narrow` says beyond that only restricts it further. `wide` may hold for
    other reasons, too: a False means that nobody knows.
    """
    return len(wide) <= len(narrow) and all(_covers(one, other) for one, other in zip(wide, narrow, strict=False))


def _covers(wide: Step, narrow: Step) -> bool:
    if isinstance(wide, Join) and isinstance(narrow, Join):
        same = _said(wide)[1:] == _said(narrow)[1:] and wide.scope in ("", narrow.scope)
        fewer = {key(inner) for inner in wide.own} <= {key(inner) for inner in narrow.own}
        return same and fewer and _finds_all(wide, narrow)
    if isinstance(wide, Union) and not wide.renames and any(covers(branch, (narrow,)) for branch in wide.branches):
        return True
    return type(wide) is type(narrow) and key(wide) == key(narrow)


def _finds_all(wide: Join, narrow: Join) -> bool:
    """Whether the source of one join has every row of the other's."""
    one, other = wide.source, narrow.source
    if isinstance(one, Find) and isinstance(other, Find):
        return one.probe == other.probe and one.path_as == other.path_as and _takes_all(one.files, other.files)
    if isinstance(one, Listing) and isinstance(other, Listing):
        return one.path_as == other.path_as and _takes_all(one.files, other.files)
    return _source(one) == _source(other)


def _takes_all(one: FilePatterns | None, other: FilePatterns | None) -> bool:
    """Whether one list takes every path of the other, with the same captures."""
    if one is None or other is None or one.texts == other.texts:
        return one == other
    return not one.names and not other.names and within(other.texts, one.texts)


def _source(source: Find | Listing | Values | Used) -> Key:
    if isinstance(source, Find):
        return ("find", source.probe, source.files.texts if source.files else None, source.path_as)
    if isinstance(source, Listing):
        return ("files", source.files.texts, source.path_as)
    if isinstance(source, Values):
        return ("values", repr(source.rows))
    return ("use", source.name)


def _said(step: Join) -> Key:
    return (step.scope, step.near, step.binds, step.optional, frozenset(step.renames.items()), step.value_as)
