"""Functions: what ours give, and what null does to all of them."""

from __future__ import annotations

import pytest

from polcheck.formats.values import Json
from polcheck.selectors.jmespath.expression import compile_expression
from polcheck.selectors.jmespath.functions import FUNCTIONS
from polcheck.selectors.jmespath.values import EvaluationError, ExpressionError

DAY = "2026-11-30"


def _given(expression: str, value: Json = None) -> Json:
    return compile_expression(expression, DAY).evaluate(value)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("basename('src/train.py')", "train.py"),
        ("basename('src/')", "src"),
        ("dirname('src/a/train.py')", "src/a"),
        ("dirname('train.py')", ""),
        ("dirname('/etc')", "/"),
        ("stem('src/train.tar.gz')", "train.tar"),
        ("stem('.bashrc')", ".bashrc"),
        ("stem('..')", ".."),
        ("lower('ÀB')", "àb"),
        ("upper('ab')", "AB"),
        ("strip('  a b ')", "a b"),
        ("split('a.b.c', '.')", ["a", "b", "c"]),
        ("split('abc', '')", ["a", "b", "c"]),
        ("split('', '.')", [""]),
        ("lines('')", []),
        ("matches('xGPUy', 'G.U')", True),
        ("matches('x', '^y')", False),
        ("matches(`5`, '5')", False),
        (r"replace('a-b', '(\w)-(\w)', '\2+\1')", "b+a"),
        (r"replace('aaa', 'a', '\0\0')", "aaaaaa"),
        ("replace('abc', 'x*', '-')", "-a-b-c-"),
        ("satisfies('3.11', '>=3.9,<4')", True),
        ("satisfies('3.12rc1', '>=3.11')", True),
        ("satisfies('latest', '>=1')", False),
        ("satisfies(`3.11`, '==3.11')", True),
        ("satisfies(`[]`, '==3.11')", False),
        ("includes(`{\"a\": 1}`, 'a')", True),
        ("includes(`{\"a\": 1}`, `1`)", False),
        ("includes(`[1, 2]`, `2`)", True),
        ("includes(`[true]`, `1`)", False),
        ("includes('a', 'a')", True),
        ("includes('ab', 'a')", False),
        ("unique(`[1, 1.0, true, \"1\", [1], [1], [true], {\"a\": 1, \"b\": 2}, {\"b\": 2, \"a\": 1}]`)",
         [1, True, "1", [1], [True], {"a": 1, "b": 2}]),
        ("contains('abc', `1`)", False),
    ],
)  # fmt: skip
def test_a_function_gives(expression: str, expected: Json) -> None:
    """Each function gives what its summary says."""
    assert _given(expression) == expected


def test_lines_splits_at_every_line_break_and_drops_the_last() -> None:
    """A text that ends in a line break has no empty line after it; form feeds break nothing."""
    assert _given("lines(@)", "a\r\nb\rc\n\fd\n") == ["a", "b", "c", "\fd"]


def test_replace_takes_half_a_surrogate_pair() -> None:
    """Text that is no valid Unicode, as JSON can hold it, doesn't stop a regular expression."""
    assert _given("replace(@, 'b', 'c')", "a\ud800b") == "a\ufffdc"
    assert _given("matches(@, 'b')", "a\ud800b") is True


def test_leaves_are_the_scalars_in_order() -> None:
    """Leaves have the last key, the value and a JSON pointer; empty containers are none, null is one."""
    value: Json = {"b": [1, {"x/y": None}], "a": {"~": "s"}, "e": {}}
    assert _given("leaves(@)", value) == [
        {"key": 0, "value": 1, "pointer": "/b/0"},
        {"key": "x/y", "value": None, "pointer": "/b/1/x~1y"},
        {"key": "~", "value": "s", "pointer": "/a/~0"},
    ]


def test_a_scalar_is_its_own_leaf() -> None:
    """A document that is a single scalar has one leaf, so that a policy over leaves sees it."""
    assert _given("leaves(@)", "x") == [{"key": None, "value": "x", "pointer": ""}]


def test_nodes_are_all_values_below() -> None:
    """Nodes are leaves and the containers that hold them, each before what it holds; not the value itself."""
    assert _given("nodes(@)[].pointer", {"a": {"b": [1]}, "c": {}}) == ["/a", "/a/b", "/a/b/0", "/c"]


def test_entries_go_one_level_down() -> None:
    """Entries of an object have its keys, of a list the numbers of its elements."""
    assert _given("entries(@)", {"a": {"b": 1}}) == [{"key": "a", "value": {"b": 1}, "pointer": "/a"}]
    assert _given("entries(@)[].key", ["x", "y"]) == [0, 1]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_null_argument_makes_the_result_null(name: str) -> None:
    """Every function gives null for null, except those that say something about null."""
    function = FUNCTIONS[name]
    arguments = ["&@" if p.kinds == ("expression",) else "missing" for p in function.parameters]
    result = _given(f"{name}({', '.join(arguments)})", {})
    assert result == {"type": "null", "to_array": [None], "to_string": "null", "today": DAY}.get(name)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("sum(@)", 4),
        ("avg(@)", 2),
        ("max(@)", 3),
        ("min(@)", 1),
        ("sort(@)", [1, 3]),
        ("sort_by(@, &@)", [1, 3, None]),
        ("max_by(@, &@)", 3),
        ("join('-', map(&to_string(@), @) | [?@ != 'null'])", "3-1"),
    ],
)
def test_nulls_in_lists_are_left_out(expression: str, expected: Json) -> None:
    """A null among numbers doesn't spoil the rest; `sort_by` keeps such elements, at the end."""
    assert _given(expression, [3, None, 1]) == expected


def test_join_leaves_nulls_out() -> None:
    """Joining a list of texts skips its nulls."""
    assert _given("join(',', @)", ["a", None, "b"]) == "a,b"


def test_only_numbers_are_ordered() -> None:
    """The order of anything but numbers is null; that of two strings is an error, for it would be null for all."""
    assert _given("a < `1`", {}) is None
    assert _given("a < `1`", {"a": "0"}) is None
    assert _given("`1` <= `1.0`") is True
    with pytest.raises(EvaluationError, match="`<` orders numbers"):
        _given("a < b", {"a": "10", "b": "9"})


@pytest.mark.parametrize("expression", ["a > '60'", "'a' <= b", "a < to_string(b)", "x[?a >= `true`]"])
def test_ordering_against_what_is_no_number_is_refused(expression: str) -> None:
    """A comparison by order of which one side can't be a number is null for every value."""
    with pytest.raises(ExpressionError, match="is always null"):
        compile_expression(expression)


def test_equality_tells_true_from_one() -> None:
    """`1` isn't `true`, at any depth, and is `1.0`."""
    assert _given("@ == `[true]`", [1]) is False
    assert _given("@ == `[1.0]`", [1]) is True


@pytest.mark.parametrize(
    ("expression", "value", "said"),
    [
        ("lower(@)", 5, "`lower` wants string for `text`, not the number `5`"),
        ("sum(@)", [1, "x"], '`sum` wants a list of numbers, and `"x"` is in it'),
        ("sort(@)", [1, "x"], '`sort` wants a list of numbers, and `"x"` is in it'),
        ("sort_by(@, &a)", [{"a": 1}, {"a": []}], "`sort_by` wants numbers or strings to order by"),
        ("matches('a', @)", "(", "`(` is not a regular expression"),
        (r"replace('a', 'a', @)", r"\1", "`\\1` in `\\1`: `a` has 0 groups"),
        ("satisfies('1', @)", "~", "`~` is not a version specifier"),
        ("ceil(@)", float("inf"), "`ceil` can't be computed"),
    ],
)
def test_a_wrong_value_is_an_error_that_shows_it(expression: str, value: Json, said: str) -> None:
    """A value of the wrong type is an error, whose text names the function and shows the value."""
    with pytest.raises(EvaluationError) as caught:
        _given(expression, value)
    assert said in caught.value.message


def test_long_values_are_cut_in_messages() -> None:
    """A message shows the beginning of a long value."""
    with pytest.raises(EvaluationError) as caught:
        _given("lower(@)", [["x" * 1000] * 100] * 100)
    assert len(caught.value.message) < 150


def test_every_function_is_documented() -> None:
    """Each function has a signature and a one-sentence summary for the documentation."""
    for name, function in FUNCTIONS.items():
        assert function.signature.startswith(f"{name}(")
        assert function.summary.endswith(".")
    assert {"leaves", "satisfies"} <= {name for name, function in FUNCTIONS.items() if function.own}
    assert not FUNCTIONS["sort_by"].own
