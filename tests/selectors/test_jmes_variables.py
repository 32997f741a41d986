"""Names of the row in expressions (`$name`), and projections in which an element can't be evaluated."""

from __future__ import annotations

import pytest

from polcheck.formats.values import Json
from polcheck.selectors.jmespath.expression import compile_expression
from polcheck.selectors.jmespath.nodes import text_of
from polcheck.selectors.jmespath.values import EvaluationError, ExpressionError

_NAMES: dict[str, Json] = {"axis": "os", "banned": ["y"], "row": {"key": "k"}}


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("$axis", None, "os"),
        ("$row.key", None, "k"),
        ("$banned[0]", None, "y"),
        ("$row | key", None, "k"),
        ("$nothing", None, None),
        ("matrix[?key == $axis].value", {"matrix": [{"key": "os", "value": 1}, {"key": "py", "value": 2}]}, [1]),
        ("[?contains($banned, @)]", ["x", "y"], ["y"]),
        ("map(&[@, $axis], @)", [1], [[1, "os"]]),
        ("sort_by(@, &get(@, $axis))[].os", [{"os": 2}, {"os": 1}], [1, 2]),
        ("[*].{a: $axis, b: @}", [1], [{"a": "os", "b": 1}]),
        ("{a: $axis}.a", {}, "os"),
        ("!$axis", {}, False),
    ],
)
def test_a_name_has_its_value_everywhere(text: str, value: Json, expected: Json) -> None:
    """`$name` is the bound value in filters, projections and arguments, with and without places, and unparses."""
    expression = compile_expression(text)
    assert expression.evaluate(value, _NAMES) == expected
    rows = [row.value for row in expression.traced_rows(value, _NAMES)]
    assert rows == ([] if expected is None else expected if isinstance(expected, list) else [expected])
    assert text_of(compile_expression(text_of(expression.node)).node) == text_of(expression.node)


def test_names_are_told_from_fields() -> None:
    """An expression says which names it reads from the row, apart from the fields of its value."""
    expression = compile_expression("fields[?key == $axis && $row.key == '$no'].name")
    assert expression.variables == {"axis", "row"}
    assert expression.names == {"fields"}
    assert expression.reads == {"axis", "row", "fields"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("$", "JSONPath"),
        ("$.a", "JSONPath"),
        ("$[0]", "JSONPath"),
        ("a.$b", "expected a name"),
        ("a$b", "unexpected token `$b`"),
        ("$1", "unexpected `$1`"),
        ("$$a", "unexpected `$`"),
        ("$a()", "`$a` is not the name of a function"),
        ("{$a: b}", "expected a name"),
    ],
)
def test_a_name_stands_where_a_value_does(text: str, said: str) -> None:
    """What isn't `$` and a name at the beginning of an expression is refused."""
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text)
    assert said in caught.value.message


_MIXED: Json = {"a": [{"n": "x"}, {"n": [1]}, {"n": "z"}], "o": {"p": {"n": ["u", {}, "v"]}, "q": {"n": "no list"}}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a[].upper(n)", ["X", "Z"]),
        ("a[?upper(n) == 'Z'].n", ["z"]),
        ("a[*].{up: upper(n)}", [{"up": "X"}, {"up": "Z"}]),
        ("o.*.n[].upper(@)", ["U", "V", "NO LIST"]),
        ("values(o)[].n[].upper(@)", ["U", "V", "NO LIST"]),
        ("a[].n | [].upper(@)", ["X", "Z"]),
        ("a[].upper(n) | [?@ != 'X']", ["Z"]),
        ("a[].[upper(n)][]", ["X", "Z"]),
    ],
)
def test_an_element_that_cannot_be_evaluated_leaves_the_others(text: str, expected: Json) -> None:
    """A type error in an element takes that element's rows alone, and says that they are missing; so do traced rows."""
    expression = compile_expression(text)
    found = expression.search(_MIXED)
    assert found.rows == expected
    assert "`upper` wants string" in found.missing
    traced = expression.trace(_MIXED)
    assert [row.value for row in traced.rows] == expected
    assert traced.missing


@pytest.mark.parametrize(
    "text",
    [
        "length(a[].upper(n))",
        "a[].upper(n) | [0]",
        "a[].upper(n) | length(@)",
        "a[?length(a[].upper(n)) > `0`].n || [upper(a[1].n)]",
        "!(a[].upper(n))",
        "a[].upper(n) || ['none']",
        "{all: a[].upper(n)}",
        "[a[].upper(n)]",
        "join('', a[].upper(n))",
        "a[].upper(n) | [:1]",
        "sort(a[].upper(n))[0]",
        "upper(a[1].n)",
    ],
)
def test_a_result_that_the_element_is_part_of_is_an_error(text: str) -> None:
    """Where elements are counted, joined, negated or one of them is picked, an error in one is that of the whole."""
    expression = compile_expression(text)
    with pytest.raises(EvaluationError):
        expression.search(_MIXED)
    with pytest.raises(EvaluationError):
        expression.trace(_MIXED)


def test_conditions_are_evaluated_as_a_whole() -> None:
    """`evaluate`, which conditions and `let` use, leaves no element out."""
    with pytest.raises(EvaluationError):
        compile_expression("a[].upper(n)").evaluate(_MIXED)
