"""What is refused when an expression is compiled, where, and with which advice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polcheck.formats.values import Json
from polcheck.selectors.jmespath.expression import compile_expression
from polcheck.selectors.jmespath.values import ExpressionError


def _refusal(text: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("", 0, "the expression is empty"),
        ("a.", 2, "expected a name or `[` or `{`, the expression ends"),
        ("a[0", 3, "the expression ends too early"),
        ("a | | b", 4, "unexpected token `|`"),
        ("{a b}", 3, "expected `:`, found `b`"),
        ("a = b", 2, "unexpected `=`"),
        ("a == 'b", 5, "unclosed `'`"),
        ("a#b", 1, "unexpected `#`: JMESPath has no such sign"),
        ('"a"(b)', 0, "a function's name is written without quotes"),
        ("a[::0]", 0, "a slice can't have step 0"),
        ("length(a, b)", 0, "`length` takes 1 argument, found 2"),
        ("x | not_null()", 4, "`not_null` takes at least 1 argument, found 0"),
        ("sort_by(a, b)", 0, "`sort_by` wants an expression as argument 2"),
        ("length(&a)", 0, "`length` wants a value as argument 1, not an expression"),
        ("[&a]", 0, "`&` is for arguments of functions such as `sort_by` only"),
        ("matches(a, '(')", 11, "`(` is not a regular expression: missing ): ("),
        (r"replace(a, 'b', '\1')", 11, r"`\1` in `\1`: `b` has 0 groups"),
        ("satisfies(a, '>>1')", 13, "`>>1` is not a version specifier (as in `>=3.11,<4`)"),
        ("a || abs('x')", 9, "`abs` wants number for `number`, not the string `'x'`"),
    ],
)
def test_what_can_never_run_is_refused(text: str, position: int, message: str) -> None:
    """A broken expression is refused at its place, in our own words."""
    error = _refusal(text)
    assert (error.position, error.message) == (position, message)


@pytest.mark.parametrize(
    ("text", "position", "advice"),
    [
        ("lenth(a)", 0, "did you mean `length`?"),
        ("[?a == true]", 7, "`` `true` ``"),
        ("null || a", 0, "`` `null` ``"),
        ("contains(a, false)", 12, "`` `false` ``"),
        ("[?a == \"b\"]", 7, "write `'b'`, or `b` if the field is meant"),
        ("jobs.*.steps[?x]", 12, "`values(jobs)[].steps[] | [?x]`"),
        ("jobs.*.steps[?uses].name", 12, "`values(jobs)[].steps[] | [?uses].name`"),
        ("a[?b].c[?d]", 7, "`a[?b].c[] | [?d]`"),
        ("a[].b[][?c].d", 7, "`a[].b[] | [?c].d`"),
        ("a[*].b | c", 9, "` | [*].c`"),
        ("a.*.b.c", 6, "` | [*].c`"),
        ("jobs.*.steps[0].run", 16, "` | [*].run`"),
        ("a[].{x: b}.x", 11, "` | [*].x`"),
        ("!a.b", 3, "put what follows it in parentheses"),
        ("leaves(@)[?vaule]", 11, "there are `key`, `value`, `pointer`"),
    ],
)  # fmt: skip
def test_what_is_silently_empty_is_refused_with_advice(text: str, position: int, advice: str) -> None:
    """An expression that would find nothing, whatever the document, is refused, and the help says what to write."""
    error = _refusal(text)
    assert error.position == position
    assert advice in error.help


@pytest.mark.parametrize(
    "text",
    [
        "jobs.*.steps[0] | [*].run",
        "values(jobs)[].steps[] | [?x]",
        "values(jobs)[].steps[?x]",
        "deps.*.version[?starts_with(@, '1')]",
        "{true: a, null: b}",
        '"true"',
        "on.true",
        "a[][0]",
        "[?a == \"b c\"]",
        "[?a == \"b\".c]",
        "leaves(@)[?matches(value, '_PLACEHOLDER$')]",
        "experiments[].keys(@)[]",
        "`foo`",
    ],
)  # fmt: skip
def test_what_can_find_something_is_not_refused(text: str) -> None:
    """Shapes that look like the refused ones, and work, compile."""
    assert compile_expression(text).text == text


def test_the_advice_for_a_late_filter_finds_what_was_meant() -> None:
    """The refused `jobs.*.steps[?x]` and the advised expression: only the latter finds the steps."""
    document: Json = {"jobs": {"a": {"steps": [{"x": 1}, {"y": 2}]}, "b": {"steps": [{"x": 3}]}}}
    advised = _refusal("jobs.*.steps[?x]").help.split("`")[1]
    assert compile_expression(advised).evaluate(document) == [{"x": 1}, {"x": 3}]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 600 + "a" + ")" * 600,
        "!" * 5000 + "a",
        "a" + "[*]" * 400,
        "a" + "[]" * 1000,
        "{a:" * 300 + "b" + "}" * 300,
        "length(" * 300 + "a" + ")" * 300,
        "*." * 2000 + "*",
        "a" * 10_001,
    ],
)
def test_length_and_depth_are_bounded(text: str) -> None:
    """Too long or too deep an expression is refused, and never exhausts the stack."""
    assert "too deep" in _refusal(text).message or "longer than 10,000" in _refusal(text).message


def test_long_chains_are_not_deep() -> None:
    """A long row of alternatives or fields is one level deep, and compiles."""
    assert compile_expression(" || ".join(["a"] * 1500) + " || b").evaluate({"b": 1}) == 1
    assert compile_expression("a" + ".a" * 4000).evaluate({}) is None


_SIGNS = "[]?()*{}:,.@&|!=<`'\\\"0 "
_WORDS = ("[?", "[]", "[*]", "&&", "||", "==", "a", "b.c", "'x'", "`1`", '"q"', "-1", "length(", "sort_by(")


@given(st.lists(st.sampled_from((*_SIGNS, *_WORDS)), max_size=12).map("".join) | st.text(max_size=20))
def test_any_text_compiles_or_is_refused(text: str) -> None:
    """Whatever the text, compiling it gives an expression or an ExpressionError with a place inside the text."""
    try:
        compile_expression(text)
    except ExpressionError as error:
        assert 0 <= error.position <= len(text)


def test_the_same_text_is_compiled_once() -> None:
    """Compiling is cached by text."""
    assert compile_expression("a.b.c") is compile_expression("a.b.c")


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("a.b-c", '"b-c"'),
        ("a-b-c.d", '"a-b-c"'),
        ("a - b", "subtract(a, b)"),
        ("a + b", "add(a, b)"),
        ("a * `2`", "multiply(a, b)"),
        ("a / b", "divide(a, b)"),
        ("a % b", "modulo(a, b)"),
        ("a and b", "`&&`"),
        ("a == 'x' or b", "`||`"),
        ("not a", "`!a`"),
        ("a in b", "includes(list, item)"),
        ("a is b", "`==`"),
        ("a == b ? c : d", "a && b || c"),
        ("a ?? b", "a || b"),
        ("a?.b", "a `.` is enough"),
        ("a =~ 'x'", "matches(text, 'regex')"),
        ("a <> b", "`!=`"),
        (".a.b", "begins with a key"),
        ("a | .b", "begins with a key"),
        ("a..b", "nodes(@)"),
        ("a['b']", '."b"'),
        ('a["b"]', '."b"'),
        ("a[b]", "get(…, $b)"),
        ("a.0", "list[0]"),
        ("a.[0]", "list[0]"),
        ("a/b", "a dot"),
        ("a, b", "[a, b]"),
        ("a # b", "no comments"),
        ("{{ a }}", "without braces"),
        ("${a}", "without braces"),
        ("a:b", "double quotes"),
        ("a.é", "double quotes"),
        ("a == -1", "`` `-1` ``"),
        ("a == 3.5", "`` `3.5` ``"),
        ("a == 'it's'", "\\'"),
    ],
)
def test_what_other_languages_write_is_answered_with_what_is_right(text: str, advice: str) -> None:
    """Signs and words of jq, JSONPath, Python, JavaScript, SQL and templates."""
    assert advice in _refusal(text).help


@given(st.text("ab.-$[]{}'\"|&!?=<>, 019#/\\é", max_size=30))
def test_advice_is_given_for_any_text(text: str) -> None:
    """Whatever is written is read or refused, never anything else."""
    try:
        compile_expression(text)
    except ExpressionError as error:
        assert isinstance(error.help, str)
