"""A snippet matches the code that it is."""

from __future__ import annotations

import pytest

from pack_files import judge, outcome, places
from polcheck.selectors.syntax import compile as compiling
from polcheck.selectors.syntax.compile import compile_pattern
from polcheck.selectors.syntax.problem import SyntaxProblem


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("(lambda: $x)()", "(lambda: 1)()\n"),
        ("($x or $y)(...)", "(a or b)(1)\n"),
        ("(await $x)($y)", "async def f():\n    (await g)(1)\n"),
        ("$x.add($y)", "(a.add)(1)\n"),
        ("$f($x)($y)", "(g(1))(2)\n"),
        ("$f.a($x).b($y)", "(((c.a))(1).b)(2)\n"),
        ("f($x)($y)", "((f)(1))(2)\n"),
    ],
)
def test_what_is_called_may_stand_in_parentheses(pattern: str, code: str) -> None:
    """In the snippet where the grammar asks for it, in the file wherever somebody writes it."""
    assert len(places(judge(f'forbid: {{files: "*.py", pattern: "{pattern}"}}', {"a.py": code}))) == 1


def test_parentheses_around_what_is_called_hide_no_other_callee() -> None:
    """What stands in them is compared as ever."""
    assert outcome(judge('forbid: {files: "*.py", pattern: "$x.add($y)"}', {"a.py": "(a.remove)(1)\n"})) == "pass"


def test_a_snippet_that_does_not_find_itself_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A snippet whose query misses the snippet's own text would pass over everything: it never gets that far."""
    monkeypatch.setattr(compiling, "candidates", lambda *_: ["(pass_statement) @_match"])
    with pytest.raises(SyntaxProblem, match="doesn't match its own text"):
        compile_pattern(["never_compiled_before($x)"], "python")


@pytest.mark.parametrize("text", ["(...)", "((...))", "($x)", "..."])
def test_a_snippet_that_is_anything_at_all_is_refused(text: str) -> None:
    """Parentheses around `...` or a name say nothing more."""
    with pytest.raises(SyntaxProblem, match="anything at all"):
        compile_pattern([text], "python")


@pytest.mark.parametrize("text", ["'$$5'", "'$$x'", "'$$x and $y'", "f('$$', ...)"])
def test_a_dollar_sign_in_a_string_of_a_snippet_finds_itself(text: str) -> None:
    """`$$` is one dollar sign in the code."""
    assert compile_pattern([text], "python").texts == (text,)


@pytest.mark.parametrize(
    ("path", "pattern", "code"),
    [
        ("a.js", "f($x, 2)", "f(/* a */ 1, // b\n 2)\n"),
        ("a.ts", "f($x, 2)", "f(/* a */ 1, // b\n 2)\n"),
        ("a.go", "f($x, 2)", "package a\n\nfunc g() { f(/* a */ 1, // b\n\t2) }\n"),
        ("a.py", "f($x, 2)", "f(  # a\n  1, 2)\n"),
    ],
)
def test_comments_of_every_language_make_no_difference(path: str, pattern: str, code: str) -> None:
    """What a language's record calls a comment is compared nowhere."""
    assert len(places(judge(f'forbid: {{files: {path}, pattern: "{pattern}"}}', {path: code}))) == 1
