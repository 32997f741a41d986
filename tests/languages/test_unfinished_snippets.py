"""A snippet that breaks off before the language lets it end is refused with what to add."""

from __future__ import annotations

import pytest

from polcheck.selectors.syntax.problem import SyntaxProblem
from polcheck.selectors.syntax.snippet import prepare


@pytest.mark.parametrize(
    ("language", "snippet", "help"),
    [
        ("python", "@app.get(...)", "add `def $_(...): ...` on the next line"),
        ("python", "def $_(...)", "add `: ...`"),
        ("python", "class $name($base)", "add `: ...`"),
        ("python", "with open($path)", "add `: ...`"),
        ("javascript", "function $name($x)", "add `{ ... }`"),
        ("go", "if $x", "add `{ ... }`"),
        ("typescript", "@Component(...)", "add `class $_ { ... }`"),
        ("java", "return $x", "end it with `;`"),
        ("rust", "use std::fs", "end it with `;`"),
        ("python", "f(", "`(` is not closed"),
        ("python", "f('$x", "`'` is not closed"),
        ("python", "except $e: ...", "`except` is a part of a statement"),
        ("go", "case $x:", "`case` is a part of a statement"),
        ("python", "f($...ARGS)", "which binds no name"),
        ("python", "f($$$ARGS)", "which binds no name"),
        ("python", "f(<... $x ...>)", "`has: {pattern: …}`"),
        ("python", "f($1)", "a name begins with a letter"),
        ("python", "function f() {}", "this is read as Python"),
        ("python", "a && b", "this is read as Python"),
        ("python", "x y z", "a snippet is code as the language writes it"),
    ],
)
def test_what_is_missing_is_named(language: str, snippet: str, help: str) -> None:
    """A decorator without a definition, a head without a body, what others write; else there is the general help."""
    with pytest.raises(SyntaxProblem) as problem:
        prepare(snippet, language)
    assert help in problem.value.help
