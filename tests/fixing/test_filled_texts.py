"""Templates filled into code and configuration: whatever is filled in stays what the template has it for."""

from __future__ import annotations

import ast
import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from polcheck.base.spans import Span
from polcheck.findings.fix_text import FixRefused, Hole, Template, fill, fix_worker

BESIDE = fix_worker()
HOSTILE = st.text(st.sampled_from("a1'\"\\{}[]()#:,;&*!|>%@`$ \n\tx=.-"), max_size=12) | st.sampled_from(
    (
        "');import os;(",
        '"""',
        "{__import__('os')}",
        "\\",
        "a: b",
        "- x",
        "&a",
        "*a",
        "!!x",
        "true",
        "1.0",
        "~",
        "${x}",
        "`x`",
    )
)


def filled(path: str, before: str, parts: list[str | int], after: str, value: object, source: str | None = None) -> str:
    """The file after a template with one hole came between two texts; raises FixRefused."""
    template = Template(path, before + after, Span(len(before), len(before)), tuple(parts), (Hole(value, source),))  # type: ignore[arg-type]
    return before + fill(template, BESIDE) + after


@settings(max_examples=150)
@given(HOSTILE)
def test_a_string_of_python_stays_one_string(value: str) -> None:
    """Between quotes of Python, what is filled in is the string, or the fix is refused."""
    for quote in ("'", '"', '"""', "f'", "r'"):
        end = quote.lstrip("fr")
        try:
            text = filled("a.py", "x = 1\n", [f"call({quote}", 0, f"{end}, 2)"], "\ny = 2\n", value)
        except FixRefused:
            continue
        first, call, last = ast.parse(text).body
        assert isinstance(call, ast.Expr)
        assert isinstance(call.value, ast.Call)
        assert len(call.value.args) == 2
        assert isinstance(first, ast.Assign)
        assert isinstance(last, ast.Assign)
        inner = call.value.args[0]
        assert ast.literal_eval(inner) == value if not isinstance(inner, ast.JoinedStr) else _joined(inner) == value


def _joined(node: ast.JoinedStr) -> str:
    return "".join(part.value for part in node.values if isinstance(part, ast.Constant) and isinstance(part.value, str))


@settings(max_examples=150)
@given(HOSTILE)
def test_code_takes_names_and_numbers_only(value: str) -> None:
    """Outside of quotes nothing but a name or a number gets in."""
    try:
        text = filled("a.py", "", ["x = ", 0, " + 1"], "\n", value)
    except FixRefused:
        return
    (statement,) = ast.parse(text).body
    assert isinstance(statement, ast.Assign)
    assert isinstance(statement.value, ast.BinOp)
    assert isinstance(statement.value.left, ast.Name | ast.Attribute | ast.Constant | ast.UnaryOp)


@settings(max_examples=150)
@given(HOSTILE)
def test_a_value_of_a_configuration_stays_one_value(value: str) -> None:
    """In YAML and JSON, bare and quoted, keys and comments stay as they are, and the value is a string."""
    for path, before, after in (
        ("a.yaml", "a: 1\nb: ", "  # c\nd: [2]\n"),
        ("a.yaml", 'a: 1\nb: "', '"\nd: [2]\n'),
        ("a.yaml", "a: 1\nb: 'x ", "'\nd: [2]\n"),
        ("a.json", '{"a": 1, "b": "', '", "d": [2]}'),
    ):
        try:
            text = filled(path, before, [0], after, value)
        except FixRefused:
            continue
        data = yaml.safe_load(text) if path == "a.yaml" else json.loads(text)
        prefix = "x " if before.endswith("x ") else ""
        assert data == {"a": 1, "b": prefix + value, "d": [2]}


@pytest.mark.parametrize("value", ["a", "1", "x.y", "-3"])
def test_what_is_harmless_is_not_refused(value: str) -> None:
    """Names and numbers fit everywhere."""
    assert filled("a.py", "", ["x = ", 0], "\n", value) == f"x = {value}\n"
    assert filled("a.py", "", ["x = '", 0, "'"], "\n", value) == f"x = '{value}'\n"


def test_code_as_it_is_written_stays_one_expression() -> None:
    """A captured expression fits where one was expected."""
    assert filled("a.py", "", ["f(", 0, ")"], "\n", "?", "a + b") == "f(a + b)\n"
    with pytest.raises(FixRefused):
        filled("a.py", "", ["f(", 0, ")"], "\n", "?", "a, b")
