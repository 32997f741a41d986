"""A stretch of code is exchanged for another text only if nothing around it is read otherwise."""

from __future__ import annotations

import pytest

from polcheck.base.spans import Source, Span
from polcheck.edits.code import replace_code
from polcheck.edits.edit import EditRefused, apply


def replaced(code: str, old: str, new: str, language: str = "python") -> str:
    """The code after an edit."""
    source = Source("file", code.encode())
    start = source.text.index(old)
    return apply(source.data, replace_code(source, language, Span(start, start + len(old)), new)).decode()


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("f(x)\n", "x", "y"),
        ("f(x)\n", "x", "y, z"),
        ("x * y\n", "x", "(a + b)"),
        ("s = 'abc'\n", "abc", "d"),
        ("s = 'abc'\n", "'abc'", '"d"'),
        ("# abc\nx\n", "abc", "d"),
        ("import os\nx = 1\n", "import os\n", ""),
        ("a = 1\nb = 2\n", "a = 1", "a = 1\nc = 3"),
        ("if x:\n    pass\n", "pass", "y\n    z"),
        ("\ufeffé = x\r\n", "x", "ü"),
    ],
)
def test_what_stands_by_itself_is_exchanged(code: str, old: str, new: str) -> None:
    """Every other byte stays."""
    assert replaced(code, old, new) == code.replace(old, new)
    assert replaced(code, old, old) == code


@pytest.mark.parametrize(
    ("code", "old", "new", "language", "reason"),
    [
        ("f(x)\n", "x", "y); evil(", "python", "around it"),
        ("x * y\n", "x", "a + b", "python", "parentheses"),
        ("a - b\n", "b", "c - d", "python", "parentheses"),
        ("s = 'abc'\n", "abc", "d' + 'e", "python", "around it"),
        ("s = f'abc'\n", "abc", "{d}", "python", "string"),
        ("# abc\nx\n", "abc", "d\ny", "python", "around it"),
        ("if x:\n    pass\n", "pass", "y\nz", "python", "around it"),
        ("f(x)\n", "x", "y # c", "python", "parsed"),
        ("f(x)\n", "f(x)", "return = 1", "python", "parsed"),
        ("f(x)\n", "f(x)", "return", "python", "parsed"),
        ("echo $x\n", "$x", "a; rm", "bash", "around it"),
        ("let x = a;", "a", "b, y = c", "javascript", "around it"),
        ("let x = a; /* */", "a", "b; /* ", "javascript", "around it"),
    ],
)
def test_what_would_be_read_with_its_surroundings_is_refused(
    code: str, old: str, new: str, language: str, reason: str
) -> None:
    """The refusal says why."""
    with pytest.raises(EditRefused, match=reason):
        replaced(code, old, new, language)


def test_a_file_in_another_encoding_is_refused() -> None:
    """Edits are in UTF-8."""
    with pytest.raises(EditRefused, match="UTF-8"):
        replace_code(Source("a.py", b"# coding: latin-1\nx = '\xe9'\n"), "python", Span(18, 19), "y")
