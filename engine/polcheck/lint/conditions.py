"""Conditions that hold always or never: constants, and what the parameters' allowed values leave open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Any

from polcheck.documents.config import Json, Pointer
from polcheck.lint.expressions import constant
from polcheck.lint.view import View
from polcheck.policy.members import members
from polcheck.policy.origin import Origin
from polcheck.policy.plan import Absence, Conjunction, Step, Union, Where
from polcheck.selectors.jmes import EvaluationError, Expression

_MOST_WAYS = 4_096


def check(view: View) -> None:
    """Notes a `when` that never holds as an error, other conditions that are always the same as warnings."""
    for entry in view.entries:
        if entry.compiled is not None:
            for step in entry.compiled.when:
                if _never(step, view):
                    help = _allowed(view, step) or "drop the policy, or the condition"
                    entry.origin.error(_at(step), f"the policy `{entry.written.id}` never applies", help)
    for origin, step in view.steps():
        if isinstance(step, Where):
            _constant(origin, step, view)


def _constant(origin: Origin, step: Where, view: View) -> None:
    answers = _answers(step.condition, view)
    if len(answers) == 1:
        word = "always" if True in answers else "never"
        help = _allowed(view, step) or "drop it, or say what it is about"
        text = step.condition.text
        quoted = f"`` {text} ``" if "`" in text else f"`{text}`"
        origin.warning(_at(step), f"{quoted} {word} holds", help)


def _never(step: Step, view: View) -> bool:
    """Whether a step lets no row through, whatever the submission and the parameters are."""
    if isinstance(step, Where):
        return _answers(step.condition, view) == {False}
    if isinstance(step, Union):
        return all(_none(branch, view) for branch in step.branches)
    if isinstance(step, Absence):
        return bool(step.what) and all(isinstance(inner, Where) and _always(inner, view) for inner in step.what)
    return False


def _none(steps: Conjunction, view: View) -> bool:
    return any(_never(step, view) for step in steps)


def _always(step: Where, view: View) -> bool:
    return _answers(step.condition, view) == {True}


def _at(step: Step) -> Pointer:
    return (*step.at, "where") if isinstance(step, Where) and step.at[-1:] != ("where",) else step.at


def _answers(condition: Expression, view: View) -> frozenset[bool]:
    """What the condition can be; both where that depends on more than the parameters."""
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
    """The values that these parameters can have together; None when there is no telling."""
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
    """What the parameters that a condition reads can be."""
    declared: Mapping[str, Mapping[str, Any]] = view.document.get("params", {})
    names: Iterator[str] = iter(sorted(members(step.condition.text, "params")) if isinstance(step, Where) else ())
    said = [
        f"`{name}` can be " + ", ".join(f"`{value}`" for value in declared[name]["allowed"])
        for name in names
        if "allowed" in declared.get(name, {})
    ]
    return "; ".join(said)


def _truth(value: Json) -> bool:
    """JMESPath's truth: false, null, and what is empty are false; zero is true."""
    return bool(value) or (isinstance(value, int | float) and not isinstance(value, bool))
