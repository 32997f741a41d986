"""What is known of an expression before it runs: names, bound keys, needed keys, truth values."""

from __future__ import annotations

import pytest

from polcheck.selectors.jmespath.expression import compile_expression


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("split(module, '.')[0]", {"module"}),
        ("params.contract != 'v1'", {"params"}),
        ("@.a.b", {"a"}),
        ("(@ || b).c", {"b", "c"}),
        ("not_null(@, x).c", {"x", "c"}),
        ("@ | a | b", {"a"}),
        ("[a, {x: b.c}, d[?e].f]", {"a", "b", "d"}),
        ("sort_by(a, &b)", {"a"}),
        ("*.b", set()),
        ("[?a]", set()),
        ("values(@)[].b", set()),
        ("!a && `1` < b", {"a", "b"}),
    ],
)
def test_names_are_the_fields_of_the_root(text: str, names: set[str]) -> None:
    """Only fields read from the root count: not those of elements, of rows, or of what a field gave."""
    assert compile_expression(text).names == names


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("a[].{x: b, y: c}", {"x", "y"}),
        ("{x: b}", {"x"}),
        ("leaves(@)", {"key", "value", "pointer"}),
        ("nodes(a)[?matches(value, 'x')] | [0:3]", {"key", "value", "pointer"}),
        ("a[].entries(@)[]", {"key", "value", "pointer"}),
        ("sort_by(a[].{x: b}, &x) | reverse(@)[]", {"x"}),
        ("a.*.{x: b}[]", {"x"}),
        ("a[].b[].{x: c} | [?x == 'y']", {"x"}),
        ("unique(a[].{x: b})", {"x"}),
        ("max_by(leaves(@), &pointer)", {"key", "value", "pointer"}),
        ("merge({x: a}, {y: b})", {"x", "y"}),
        ("a[].{x: b} || c[].{x: d}", {"x"}),
        ("map(&{x: @}, a)", {"x"}),
        ("a[].merge(@, {x: b})", None),
        ("a[].{x: b} || c[].{y: d}", None),
        ("a[].{x: b} | [].x", None),
        ("a.b", None),
        ("leaves(@)[].value", None),
    ],
)
def test_binds_are_the_keys_of_rows(text: str, keys: set[str] | None) -> None:
    """Rows made by a multiselect hash or by leaves, nodes, entries bind their keys, whatever happens to the list."""
    assert compile_expression(text).binds == keys


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("values(jobs)[].steps[].run", [{"jobs"}, {"run"}, {"steps"}]),
        ("jobs.*.steps[] | [?uses].name", [{"jobs"}, {"name"}, {"steps"}, {"uses"}]),
        ("a || b.c", [{"a", "b"}, {"a", "c"}]),
        ("a[].{x: b}", [{"a"}]),
        ("[a, b]", []),
        ("length(a)", [{"a"}]),
        ("length(a[].b)", [{"a"}]),
        ("max(a[].b)", [{"a"}, {"b"}]),
        ("not_null(a, b)", [{"a", "b"}]),
        ("not_null(a, [@])[?b && c].{x: d}", [{"b"}, {"c"}]),
        ("not_null(a, 'x')", []),
        ("[@][?a || b].c", [{"a", "b"}, {"c"}]),
        ("[@][?a == 'x' && b != 'y' && !c].d", [{"a"}, {"d"}]),
        ("[@][?a == `null`].c", [{"c"}]),
        ("[@][?a == b].c", [{"c"}]),
        ("[@][?starts_with(a, 'x') && b].c", [{"a"}, {"c"}]),
        ("[@][?b && starts_with(a, 'x')].c", [{"a"}, {"b"}, {"c"}]),
        ("[@][?starts_with(a, 'x') || b].c", [{"a", "b"}, {"c"}]),
        ("a.b == 'x'", []),
        ("!a", []),
        ("leaves(@)[?key].value", []),
        ("{x: a}.x.y", []),
        ("a[].keys(@)[]", [{"a"}]),
        ("to_array(a)", []),
    ],
)
def test_literals_are_the_keys_without_which_nothing_is_found(text: str, needed: list[set[str]]) -> None:
    """Keys on the way count; and those without which the condition of a filter is false.

    Those of a comparison alone, after a function that may raise, or of objects that the expression made don't.
    """
    assert [set(one) for one in compile_expression(text).literals] == needed


@pytest.mark.parametrize(
    "text", ["a == b", "!a", "a && b == c", "a | contains(@, 'x')", "a < b || c", "matches(a, 'b')"]
)
def test_a_truth_value_is_known_as_one(text: str) -> None:
    """Comparisons, not, their combinations and functions that give true or false are told apart."""
    assert compile_expression(text).comparison


@pytest.mark.parametrize("text", ["a", "a || b", "[?a == b]", "a[?b == c].d", "length(a)", "{x: a == b}"])
def test_other_values_are_no_truth_values(text: str) -> None:
    """A filter or an alternative gives what it found."""
    assert not compile_expression(text).comparison
