"""Bounds: what grows without end is stopped, early, plain and traced alike."""

from __future__ import annotations

import time

import pytest

from polcheck.formats.values import Json
from polcheck.selectors.jmespath.expression import compile_expression
from polcheck.selectors.jmespath.values import LimitError

_GROWING = {
    "doubling lists": "[a, b]" + " | [@, @][]" * 20,
    "shared lists": "[a, b]" + " | [@, @]" * 60,
    "shared objects": "@" + " | {a: @, b: @}" * 60,
    "shared lists as text": "[a, b]" + " | [@, @]" * 60 + " | to_string(@)",
    "shared lists compared": f"([a]{' | [@, @]' * 40}) == ([a]{' | [@, @]' * 40})",
    "leaves of shared lists": "[a, b]" + " | [@, @]" * 60 + " | leaves(@)",
    "doubling texts": "a" + " | join('', [@, @])" * 40,
    "tripling texts": "'x'" + r" | replace(@, '(.*)', '\1\1\1')" * 40,
    "nested maps": "leaves(@)" + " | map(&leaves(@), @)[]" * 30,
}


@pytest.mark.parametrize("method", ["evaluate", "trace"])
@pytest.mark.parametrize("name", _GROWING)
def test_growth_is_stopped(name: str, method: str) -> None:
    """An expression that multiplies what it is given hits a limit before it fills the memory."""
    expression = compile_expression(_GROWING[name])
    started = time.process_time()
    with pytest.raises(LimitError):
        getattr(expression, method)({"a": "xy", "b": "z"})
    assert time.process_time() - started < 10  # NOTE: one to two seconds at most; room for a busy machine


def test_the_nearest_miss_has_one_bound_for_all_beginnings() -> None:
    """Looking for the nearest miss of a growing expression ends, too."""
    started = time.process_time()
    compile_expression(_GROWING["tripling texts"]).nearest({})
    assert time.process_time() - started < 10


def test_a_value_too_deep_is_a_limit() -> None:
    """A value nested deeper than the stack is a limit that was hit, not a crash."""
    deep: Json = []
    for _ in range(100_000):
        deep = [deep]
    for text in ("to_string(@)", "unique([@, @])"):
        with pytest.raises(LimitError, match="too deeply"):
            compile_expression(text).evaluate(deep)
        with pytest.raises(LimitError, match="too deeply"):
            compile_expression(text).trace(deep)


def test_leaves_of_a_deep_value_are_found() -> None:
    """The functions that walk a document don't recurse."""
    deep: Json = "end"
    for _ in range(1500):
        deep = {"k": deep}
    assert compile_expression("leaves(@)[].value").evaluate(deep) == ["end"]
    assert len(compile_expression("leaves(@)").trace(deep).rows[0].origin[0].pointer) == 1500


def test_a_large_document_is_within_the_limits() -> None:
    """A document of a hundred thousand values can be searched."""
    document: Json = {f"k{i}": {"version": str(i), "deps": [1, 2]} for i in range(30_000)}
    assert len(compile_expression("leaves(@)[?key == 'version'].value").rows(document)) == 30_000
