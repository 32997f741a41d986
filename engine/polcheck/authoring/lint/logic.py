"""Checks of conditions that are always true or false: constants, and the allowed values of parameters."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, islice, product
from typing import Any

from polcheck.authoring.lint.globs import within
from polcheck.authoring.lint.pack import constant
from polcheck.authoring.lint.view import Entry, View, at_index
from polcheck.formats.values import Json, Pointer
from polcheck.policy.model import Item
from polcheck.policy.name_usage import members
from polcheck.policy.origin import SourceMap
from polcheck.policy.plan import CompiledPolicy, Conjunction, Source, Step, key_of
from polcheck.selectors.jmespath.expression import Expression
from polcheck.selectors.jmespath.values import EvaluationError


def covers(wide: Conjunction, narrow: Conjunction) -> bool:
    """Return whether surely every row that `narrow` gives is one that `wide` gives, with at least the names of
    `wide`.

    NOTE: compared step by step, and what `narrow` says beyond that only restricts it further. `wide` may hold for
    other reasons, too: a False means that nobody knows.
    """
    return len(wide) <= len(narrow) and all(_covers(one, other) for one, other in zip(wide, narrow, strict=False))


def _covers(wide: Step, narrow: Step) -> bool:
    if wide.join is wide and narrow.join is narrow:
        one, other = wide.join, narrow.join
        fewer = {inner.key() for inner in one.modifiers.own} <= {inner.key() for inner in other.modifiers.own}
        same = one.binds == other.binds and one.modifiers.covers(other.modifiers)
        return same and fewer and _finds_all(one.source, other.source)
    branches = [inner.steps for inner in wide.nested if inner.role == "branch" and not wide.names_behind(wide.exports)]
    return any(covers(branch, (narrow,)) for branch in branches) or wide.key() == narrow.key()


def _finds_all(wide: Source, narrow: Source) -> bool:
    """Return whether one source has every row of the other."""
    one, other = wide.file_patterns, narrow.file_patterns
    if wide.row_key() != narrow.row_key() or one is None or other is None:
        return wide.key() == narrow.key()
    return one.texts == other.texts or (not one.names and not other.names and within(other.texts, one.texts))


_LISTS = ("files", "pattern", "code")


def check_branches(view: View) -> None:
    """Warns of branches that match only where another one does, and of texts that stand twice in a list."""
    for origin, step in view.steps():
        _branches(origin, step)
    for origin, item in view.items:
        _repeated(origin, item)


def _branches(origin: SourceMap, step: Step) -> None:
    dropped: set[int] = set()
    branches = [inner.steps for inner in step.nested if inner.role == "branch"]
    for index, branch in enumerate(branches):
        for other, wide in enumerate(branches):
            # of two that are the same the later one goes
            if other == index or other in dropped or not covers(wide, branch):
                continue
            if other > index and covers(branch, wide):
                continue
            dropped.add(index)
            line = _line(origin, (*step.at, "any", other))
            message = f"this branch is never needed: the one on line {line} matches wherever it does"
            origin.warning((*step.at, "any", index), message, "drop it, or narrow the other")
            break


def _line(origin: SourceMap, at: Pointer) -> int:
    try:
        return origin.source.line_of(origin.config.locate(origin.index, at).value.start)
    except KeyError:
        return origin.line


def _repeated(origin: SourceMap, item: Item) -> None:
    for key in _LISTS:
        texts: tuple[str, ...] = getattr(item, key)
        for index, text in enumerate(texts):
            if text in texts[:index]:
                origin.warning(at_index(origin, (*item.at, key), index), f"`{text}` is listed twice", "drop it")


def check_pairs(view: View) -> None:
    """Notes policies of which one requires what the other forbids, and warns of policies that are the same."""
    entries = [entry for entry in view.entries if entry.compiled is not None]
    for one, other in combinations(entries, 2):
        _contradiction(one, other)
        _contradiction(other, one)
        _twins(one, other)


def _contradiction(requiring: Entry, forbidding: Entry) -> None:
    """Notes that no project can meet both."""
    wants, bans = requiring.compiled, forbidding.compiled
    if wants is None or bans is None or wants.forbids or not bans.forbids or not _same_subjects(wants, bans):
        return
    needed = wants.count is None or wants.count[0] > 0
    if needed and wants.demand and bans.demand and covers(bans.demand, wants.demand):
        forbidding.origin.error(
            ("forbid",),
            f"`{bans.id}` forbids what `{wants.id}` requires",
            f"no project can meet both; the other one is at {wants.path}:{wants.line}",
        )


def _twins(one: Entry, other: Entry) -> None:
    first, second = one.compiled, other.compiled
    if first is None or second is None or first.forbids != second.forbids or first.count != second.count:
        return
    if (
        key_of(first.when) == key_of(second.when)
        and _same_subjects(first, second)
        and key_of(first.demand) == key_of(second.demand)
    ):
        message = f"`{second.id}` is the same as `{first.id}`"
        other.origin.warning((), message, f"drop one of them; the other one is at {first.path}:{first.line}")


def _same_subjects(one: CompiledPolicy, other: CompiledPolicy) -> bool:
    """Return whether `other` speaks of the same subjects as `one`, wherever that one applies."""
    applies = not other.when or key_of(one.when) == key_of(other.when)
    groups = (one.per, key_of(one.grouped)) == (other.per, key_of(other.grouped))
    return applies and key_of(one.subjects or ()) == key_of(other.subjects or ()) and groups


_MOST_WAYS = 4_096


def check_conditions(view: View) -> None:
    """Notes a `when` that never holds as an error, other conditions that are always the same as warnings."""
    for entry in view.entries:
        if entry.compiled is not None:
            for step in entry.compiled.when:
                if _never(step, view):
                    help = _allowed(view, step) or "drop the policy, or the condition"
                    entry.origin.error(_at(step), f"the policy `{entry.written.id}` never applies", help)
    for origin, step in view.steps():
        for condition in step.tests:
            _constant(origin, step, condition, view)


def _constant(origin: SourceMap, step: Step, condition: Expression, view: View) -> None:
    answers = _answers(condition, view)
    if len(answers) == 1:
        word = "always" if True in answers else "never"
        help = _allowed(view, step) or "drop it, or say what it is about"
        text = condition.text
        quoted = f"`` {text} ``" if "`" in text else f"`{text}`"
        origin.warning(_at(step), f"{quoted} {word} holds", help)


def _never(step: Step, view: View) -> bool:
    """Return whether a step lets no row through, whatever the submission and the parameters are."""
    if any(_answers(condition, view) == {False} for condition in step.tests):
        return True
    roles = {role: [inner.steps for inner in step.nested if inner.role == role] for role in ("branch", "absent")}
    if roles["branch"]:
        return all(_none(branch, view) for branch in roles["branch"])
    return any(steps and all(_always(inner, view) for inner in steps) for steps in roles["absent"])


def _none(steps: Conjunction, view: View) -> bool:
    return any(_never(step, view) for step in steps)


def _always(step: Step, view: View) -> bool:
    """Return whether a step is a condition that always holds."""
    return bool(step.tests) and all(_answers(condition, view) == {True} for condition in step.tests)


def _at(step: Step) -> Pointer:
    return (*step.at, "where") if step.tests and step.at[-1:] != ("where",) else step.at


def _answers(condition: Expression, view: View) -> frozenset[bool]:
    """Return the possible results of the condition; both where it depends on more than the parameters."""
    either = frozenset({True, False})
    if not condition.names <= {"params"} or (not condition.names and not constant(condition.text)):
        return either
    ways = _ways(view, members(condition.text, "params"))
    if ways is None:
        return either
    try:
        return frozenset(_truth(condition.evaluate({"params": params})) for params in ways)
    except EvaluationError:
        return either


def _ways(view: View, names: frozenset[str]) -> list[dict[str, Json]] | None:
    """Return the values that these parameters can have together; None when there is no telling."""
    declared: Mapping[str, Mapping[str, Any]] = view.document.get("params", {})
    choices: list[list[tuple[str, Json]]] = []
    for name in sorted(names):
        values = _values(declared.get(name, {}))
        if values is None:
            return None
        choices.append([(name, value) for value in values])
    ways = list(islice(product(*choices), _MOST_WAYS + 1))
    return [dict(way) for way in ways] if len(ways) <= _MOST_WAYS else None


def _values(shape: Mapping[str, Any]) -> list[Json] | None:
    if "allowed" in shape:
        return [*shape["allowed"], *([None] if shape["default"] is None else [])]
    return [True, False] if shape.get("type") == "boolean" else None


def _allowed(view: View, step: Step) -> str:
    """Return the allowed values of the parameters that a condition reads."""
    declared: Mapping[str, Mapping[str, Any]] = view.document.get("params", {})
    names = frozenset(name for condition in step.tests for name in members(condition.text, "params"))
    message = [
        f"`{name}` can be " + ", ".join(f"`{value}`" for value in declared[name]["allowed"])
        for name in sorted(names)
        if "allowed" in declared.get(name, {})
    ]
    return "; ".join(message)


def _truth(value: Json) -> bool:
    """JMESPath's truth: false, null, and what is empty are false; zero is true."""
    return bool(value) or (isinstance(value, int | float) and not isinstance(value, bool))
