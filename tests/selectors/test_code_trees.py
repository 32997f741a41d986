"""Languages and trees: which ending is which language, what isn't installed, what Python itself says."""

from __future__ import annotations

import pytest

from polcheck.base.spans import Source, Unreadable
from polcheck.languages.grammars import parse
from polcheck.languages.registry import UnknownLanguage, language_of
from polcheck.languages.supported.python import python_error
from polcheck.selectors.syntax.compile import compile_code


@pytest.mark.parametrize(
    ("path", "language"),
    [("src/a.py", "python"), ("a.PYI", "python"), ("a.tsx", "tsx"), ("run.sh", "bash"), ("a.txt", None), ("py", None)],
)
def test_the_ending_of_a_path_says_its_language(path: str, language: str | None) -> None:
    """A file's language is known by its ending alone."""
    assert language_of(path) == language


def test_an_unknown_language_names_the_known_ones() -> None:
    """A language that nobody has heard of is refused with those there are."""
    with pytest.raises(UnknownLanguage, match="unknown language `cobol`") as caught:
        compile_code(["(call)"], "cobol")
    assert "python" in caught.value.help


def test_bytes_that_are_no_text_pass_through_as_unreadable() -> None:
    """Parsing raises what decoding raises."""
    with pytest.raises(Unreadable):
        parse(Source("a.py", b"\xff\xfe\xfa"), "python")


ERRORS = [
    ("x = 1\n", None),
    ("def f()\n  -> int: pass\n", 1),
    ("try:\n  pass\n", 2),
    ("x = 08\n", 1),
    ("return 1\n", 1),
    ("x = '\\d'\n", None),
    ("a\0b", 0),
    ("(" * 300 + ")" * 300, 1),
    ("-" * 100_000 + "1", 0),
]


@pytest.mark.parametrize(("code", "line"), ERRORS)
def test_python_says_itself_whether_it_accepts_a_text(code: str, line: int | None) -> None:
    """The compiler's verdict, with its line; nothing it raises gets out, and it warns of nothing."""
    error = python_error(Source("a.py", code.encode()))
    assert (error is None) == (line is None)
    if error is not None:
        assert error[0]
        assert error[1] in (line, 1, 2)
