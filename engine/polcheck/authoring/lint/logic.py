"""Conditions that hold always or never: constants, and what the parameters' allowed values leave open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, islice, product
from typing import Any

from polcheck.authoring.lint.globs import within
from polcheck.authoring.lint.pack import constant
from polcheck.authoring.lint.view import Entry, View, at_index
from polcheck.formats.values import Json, Pointer
from polcheck.policy.model import Item
from polcheck.policy.name_usage import members
from polcheck.policy.origin import SourceMap
from polcheck.policy.plan import (
    AntiJoin,
    CompiledPolicy,
    Conjunction,
    Find,
    Join,
    Let,
    Listing,
    SearchInValue,
    SelectorRef,
    Step,
    Union,
    Values,
    Where,
)
from polcheck.selectors.jmespath.expression import Expression
from polcheck.selectors.jmespath.values import EvaluationError
from polcheck.sources.path_patterns import FilePatterns

Key = tuple[object, ...]


def keys(steps: Conjunction) -> Key:
    """What tells conjunctions apart that mean different things; equal for equal ones."""
    return tuple(key(step) for step in steps)


def key(step: Step) -> Key:
    """The same for one step."""
    if isinstance(step, Join):
        return ("join", _source(step.source), *_said(step), frozenset(key(inner) for inner in step.own))
    if isinstance(step, SearchInValue):
        renames = frozenset(step.renames.items())
        return ("within", step.probe, step.source, step.language, renames, step.value_as)
    if isinstance(step, Union):
        return ("any", frozenset(keys(branch) for branch in step.branches), step.renames)
    if isinstance(step, AntiJoin):
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


def _source(source: Find | Listing | Values | SelectorRef) -> Key:
    if isinstance(source, Find):
        return ("find", source.probe, source.files.texts if source.files else None, source.path_as)
    if isinstance(source, Listing):
        return ("files", source.files.texts, source.path_as)
    if isinstance(source, Values):
        return ("values", repr(source.rows))
    return ("use", source.name)


def _said(step: Join) -> Key:
    return (step.scope, step.near, step.binds, step.optional, frozenset(step.renames.items()), step.value_as)


_LISTS = ("files", "pattern", "code")


def check_branches(view: View) -> None:
    """Warns of branches that match only where another one does, and of texts that stand twice in a list."""
    for origin, step in view.steps():
        if isinstance(step, Union):
            _branches(origin, step)
    for origin, item in view.items:
        _repeated(origin, item)


def _branches(origin: SourceMap, step: Union) -> None:
    dropped: set[int] = set()
    for index, branch in enumerate(step.branches):
        for other, wide in enumerate(step.branches):
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
                origin.warning(
                    at_index(origin, (*item.at, key), index), f"`{text}` stands twice in the list", "drop it"
                )


def check_pairs(view: View) -> None:
    """Notes policies of which one requires what the other forbids, and warns of policies that are the same."""
    entries = [entry for entry in view.entries if entry.compiled is not None]
    for one, other in combinations(entries, 2):
        _contradiction(one, other)
        _contradiction(other, one)
        _twins(one, other)


def _contradiction(requiring: Entry, forbidding: Entry) -> None:
    """Notes that no submission can meet both."""
    wants, bans = requiring.compiled, forbidding.compiled
    if wants is None or bans is None or wants.forbids or not bans.forbids or not _same_subjects(wants, bans):
        return
    needed = wants.count is None or wants.count[0] > 0
    if needed and wants.demand and bans.demand and covers(bans.demand, wants.demand):
        forbidding.origin.error(
            ("forbid",),
            f"`{bans.id}` forbids what `{wants.id}` requires",
            f"no submission can meet both; the other one is at {wants.path}:{wants.line}",
        )


def _twins(one: Entry, other: Entry) -> None:
    first, second = one.compiled, other.compiled
    if first is None or second is None or first.forbids != second.forbids or first.count != second.count:
        return
    if (
        keys(first.when) == keys(second.when)
        and _same_subjects(first, second)
        and keys(first.demand) == keys(second.demand)
    ):
        message = f"`{second.id}` says the same as `{first.id}`"
        other.origin.warning((), message, f"drop one of them; the other one is at {first.path}:{first.line}")


def _same_subjects(one: CompiledPolicy, other: CompiledPolicy) -> bool:
    """Whether `other` speaks of the same subjects as `one`, wherever that one applies."""
    applies = not other.when or keys(one.when) == keys(other.when)
    return applies and keys(one.subjects or ()) == keys(other.subjects or ()) and one.per == other.per


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
        if isinstance(step, Where):
            _constant(origin, step, view)


def _constant(origin: SourceMap, step: Where, view: View) -> None:
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
    if isinstance(step, AntiJoin):
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
