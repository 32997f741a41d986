"""Laws, over generated expressions and documents."""

from __future__ import annotations

import copy
import json
from typing import Any, cast

from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from polcheck.formats.values import Json, Pointer
from polcheck.selectors.jmespath.expression import Expression, compile_expression
from polcheck.selectors.jmespath.values import EvaluationError, ExpressionError

# NOTE: some of the generated expressions are refused, and not looked at further.
_LOOSE = settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow], deadline=None)
_KEYS = st.sampled_from("abc")
_SCALARS = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "x", "y"])
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=12,
)
_DOCUMENTS = st.fixed_dictionaries({"a": _VALUES, "b": _VALUES}, optional={"c": _VALUES})
_FIELDS = _KEYS | st.just("@")
# NOTE: steps that hand on values of the document as they are, so that an edit there shows in the result.
_KEEPING_STEPS = st.sampled_from(
    ["[0]", "[-1]", "[*]", "[]", ".*", ".a", ".b", ".c", "[1:]", "[::-1]", "[?a]", "[?@]", "[?b == `1`]", "[?!a]",
     " | [0]", " | [?a]", " | a", " | values(@)", " | leaves(@)[].value", " | nodes(@)[].value", " | entries(@)",
     " | [@, a]", " | [a, b][]", " | {x: a, y: @}", " | reverse(@)", " | to_array(@)", " | not_null(b, @)",
     " | a || b", " | a && b", " | map(&a, @)", " | sort_by(@, &a)", " | unique(@)", " | merge(@, {c: a})"]
)  # fmt: skip
_OTHER_STEPS = st.sampled_from(
    [" | keys(@)", " | length(@)", " | a == b", " | !@", " | to_string(@)", " | max(@)", " | sort(@)", " | type(a)",
     " | contains(@, 'x')", " | [?a > `1`]", " | 'x'", " | {x: `1`}", " | lower(@)", " | join('', @)", " | sum(@)",
     " | includes(@, 'a')", " | min_by(@, &a)", " | leaves(@)", " | entries(@)[].key"]
)  # fmt: skip


def _expressions(steps: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(_FIELDS, st.lists(steps, max_size=5)).map(lambda parts: parts[0] + "".join(parts[1]))


def _row_expressions() -> st.SearchStrategy[str]:
    makers = ["[].{x: a, y: @}", " | {x: a}", " | leaves(@)", ".*.{x: @}", "[].entries(@)[]", " | map(&{x: @}, @)"]
    parts = (_FIELDS, st.sampled_from(makers), st.lists(_KEEPING_STEPS, max_size=3).map("".join))
    return st.tuples(*parts).map("".join)


def _compiled(text: str) -> Expression:
    try:
        return compile_expression(text)
    except ExpressionError:
        reject()


def _at(document: Json, pointer: Pointer) -> Json:
    for step in pointer:
        document = cast("Any", document)[step]
    return document


def _edited(document: Json, pointer: Pointer, value: Json) -> Json:
    if not pointer:
        return value
    changed = copy.deepcopy(document)
    cast("Any", _at(changed, pointer[:-1]))[pointer[-1]] = value
    return changed


def _same(one: Json, other: Json) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@settings(_LOOSE, max_examples=400)
@given(_expressions(_KEEPING_STEPS | _OTHER_STEPS), _DOCUMENTS)
def test_tracing_gives_what_evaluating_gives(text: str, document: Json) -> None:
    """Rows, traced or not, are the same or fail with the same message; every origin exists in the document."""
    expression = _compiled(text)
    try:
        rows = expression.rows(document)
    except EvaluationError as error:
        try:
            expression.trace(document)
        except EvaluationError as traced_error:
            assert traced_error.message == error.message
            return
        raise
    traced = expression.trace(document).rows
    assert _same([row.value for row in traced], rows)
    for row in traced:
        for origin in row.origin + sum(row.parts.values(), ()):
            _at(document, origin.pointer)
            assert not origin.key or isinstance(origin.pointer[-1], str)


@settings(_LOOSE, max_examples=600)
@given(_expressions(_KEEPING_STEPS), _DOCUMENTS)
def test_an_edit_at_the_origin_shows_in_the_result(text: str, document: Json) -> None:
    """What a value-preserving expression gives stands at its origin, and editing it there changes the result."""
    expression = _compiled(text)
    try:
        traced = expression.trace(document).rows
    except EvaluationError:
        return
    places = [(row.value, row.origin) for row in traced if not isinstance(row.value, (dict, list))]
    for value, origins in places:
        (origin,) = origins
        if origin.key or _is_pointer_text(value):
            continue
        assert _at(document, origin.pointer) == value
        try:
            after = expression.rows(_edited(document, origin.pointer, _other(value)))
        except EvaluationError:
            continue
        assert not _same(after, [row.value for row in traced])


def _other(value: Json) -> Json:
    """Another value that is as true: else `a && b` gives `b` in place of a false `a`, and that may be the same."""
    if value is False:
        return ""
    return False if value == "" else "edited"


def _is_pointer_text(value: Json) -> bool:
    return isinstance(value, str) and value.startswith("/")


@settings(_LOOSE, max_examples=400)
@given(_expressions(_KEEPING_STEPS | _OTHER_STEPS), _DOCUMENTS)
def test_without_a_needed_key_there_are_no_rows(text: str, document: Json) -> None:
    """When none of a set of needed keys occurs in the document, the result is null or an empty list."""
    expression = _compiled(text)
    for alternatives in expression.literals:
        bare = _without(document, alternatives)
        try:
            assert expression.evaluate(bare) in (None, [])
        except EvaluationError:
            continue


def _without(document: Json, keys: frozenset[str]) -> Json:
    if isinstance(document, dict):
        return {f"{key}_" if key in keys else key: _without(value, keys) for key, value in document.items()}
    if isinstance(document, list):
        return [_without(item, keys) for item in document]
    return document


@settings(_LOOSE, max_examples=300)
@given(_row_expressions(), _DOCUMENTS)
def test_bound_keys_are_those_of_every_row(text: str, document: Json) -> None:
    """When an expression says what its rows bind, each of its rows is an object of exactly these keys."""
    expression = _compiled(text)
    if expression.binds is None:
        return
    try:
        rows = expression.rows(document)
    except EvaluationError:
        return
    assert all(isinstance(row, dict) and row.keys() == expression.binds for row in rows)


@settings(_LOOSE, max_examples=300)
@given(_expressions(_KEEPING_STEPS | _OTHER_STEPS), _DOCUMENTS, _DOCUMENTS)
def test_only_named_fields_of_the_root_matter(text: str, document: dict[str, Json], other: Json) -> None:
    """An expression that doesn't use the root as a whole gives the same when other fields of it change."""
    expression = _compiled(text)
    if text[0] == "@":
        return
    fields = dict(document)
    fields.update({key: other for key in "abcd" if key not in expression.names})
    assert _outcome(expression, document) == _outcome(expression, fields)


def _outcome(expression: Expression, document: Json) -> str:
    try:
        return json.dumps(expression.evaluate(document))
    except EvaluationError as error:
        return error.message


@settings(_LOOSE, max_examples=200)
@given(_expressions(_KEEPING_STEPS | _OTHER_STEPS), _DOCUMENTS)
def test_the_nearest_miss_never_fails(text: str, document: Json) -> None:
    """Whatever the expression and the document, there is a nearest miss whose pointer exists."""
    nearest = _compiled(text).nearest(document)
    _at(document, nearest.pointer)
    assert nearest.closest is None or nearest.failed
