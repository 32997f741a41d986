"""The standard's own cases: what each expression gives, plain and traced, with and without null tolerance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from polcheck.selectors.jmespath.expression import Expression
from polcheck.selectors.jmespath.nodes import text_of
from polcheck.selectors.jmespath.values import EvaluationError, ExpressionError

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "conformance" / "jmespath"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the JMESPath compliance cases aren't here")


def _cases() -> Iterator[tuple[Any, dict[str, Any]]]:
    for path in sorted(CASES.glob("*.json")):
        for group in json.loads(path.read_text("utf-8")):
            for case in group["cases"]:
                yield group["given"], case


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _rows(result: Any) -> list[Any]:
    rows = result if isinstance(result, list) else [result]
    return [row for row in rows if row is not None]


def _strict(case: dict[str, Any], given: Any) -> Any:
    return Expression(case["expression"], strict=True).evaluate(given)


def test_every_case_gives_its_result_without_null_tolerance() -> None:
    """Each of the cases gives its value, or an error when compiled or run, as the standard says."""
    wrong = []
    for given, case in _cases():
        try:
            result = _strict(case, given)
            if "error" in case or ("result" in case and _canonical(result) != _canonical(case["result"])):
                wrong.append((case["expression"], result))
        except (ExpressionError, EvaluationError) as error:
            if "error" not in case:
                wrong.append((case["expression"], str(error)))
    assert wrong == []
    assert sum(1 for _ in _cases()) > 900


def test_tracing_gives_the_same_values() -> None:
    """The rows of the traced evaluation are those of the plain one, in each case."""
    for given, case in _cases():
        if "error" not in case:
            traced = Expression(case["expression"], strict=True).trace(given).rows
            assert [row.value for row in traced] == _rows(_strict(case, given)), case


def test_null_tolerance_only_turns_errors_into_values() -> None:
    """With null tolerance a case gives the same; where it differs, the standard has an error, or it is refused."""
    refused, different = set(), set()
    for given, case in _cases():
        try:
            result = Expression(case["expression"]).evaluate(given)
        except ExpressionError:
            if "error" not in case:
                refused.add(case["expression"])
            continue
        except EvaluationError:
            assert "error" in case, case
            continue
        if case.get("error"):
            different.add((case["expression"], result is None))
        else:
            assert _canonical(result) == _canonical(_strict(case, given)), case
    ordered_strings = {'[?"\\\\">`"foo"`]', '[?"\\\\" > `"foo"`]'}
    assert refused == {"to_array(false)", "*||*|*|*"} | ordered_strings
    assert {expression for expression, null in different if not null} == {
        "max_by(people, &extra)",
        "min_by(people, &extra)",
        "sort_by(people, &extra)",
    }
    assert ("map(&a, badkey)", True) in different


def test_the_text_of_a_tree_means_the_same() -> None:
    """Writing a tree and reading it again gives an expression with the same results."""
    for given, case in _cases():
        if "error" in case:
            continue
        expression = Expression(case["expression"], strict=True)
        again = Expression(text_of(expression.node) or "@", strict=True)
        assert _canonical(again.evaluate(given)) == _canonical(expression.evaluate(given)), case
