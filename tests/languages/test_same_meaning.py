"""Ways to write one thing: what a pattern finds doesn't depend on which of them the code has."""

from __future__ import annotations

import pytest

from pack_files import judge
from polcheck.base.spans import Source
from polcheck.languages.grammars import parse
from polcheck.selectors.syntax.compile import compile_pattern
from polcheck.selectors.syntax.query_set import QuerySet

NAMES = {"python": "a.py", "javascript": "a.js", "typescript": "a.ts", "bash": "a.sh", "go": "a.go"}

SAME = [
    ("python", "($x + $y)(...)", ["(a + b)(c)", "((a + b))(c)"]),
    ("python", "(await $x)(...)", ["(await a)(b)"]),
    ("python", "(lambda: $x)()", ["(lambda: 1)()"]),
    ("python", "($x or $y)(...)", ["(a or b)(1)"]),
    ("python", "$x.f(...)", ["a.f(1)", "(a.f)(1)", "(a).f(1)", "((a).f)(1)", "a . f(1)"]),
    ("python", "f(1)(2)", ["f(1)(2)", "(f(1))(2)", "((f)(1))(2)"]),
    (
        "python",
        "match $x:\n    case 1: ...",
        ["match a:\n    case 1: f()", "match a:\n    case 0: f()\n    case 1 if b: g()"],
    ),
    ("javascript", "eval(...)", ["eval(x)", "(eval)(x)", "eval?.(x)", r"\u0065val(x)", r"ev\u{61}l(x)", "((eval))(x)"]),
    ("javascript", "a.b($x)", ["a.b(1)", "a?.b(1)", "(a.b)(1)", "(a).b(1)", r"a.\u0062(1)", "a.b?.(1)"]),
    ("javascript", "f($x)($y)", ["f(1)(2)", "(f(1))(2)", "(f)(1)(2)"]),
    ("typescript", "eval(...)", ["eval(x)", "(eval)(x)", "eval?.(x)", r"\u0065val(x)"]),
    (
        "bash",
        "curl ...",
        [
            "curl",
            "curl a b",
            "A=1 curl b",
            ">f curl c",
            '"curl" d',
            "'curl' e",
            "\\curl f",
            'c"ur"l g',
            "command curl h",
            "$'curl' i",
            "$'\\x63url' j",
            "A=1 B=2 >f 'curl' k",
            "builtin command curl l",
            "! curl m",
            "time curl n",
            "if curl o; then p; fi",
            "x | curl q",
            "a && curl r",
            "$(curl s)",
        ],
    ),
    ("bash", "curl $url", ["curl 'a'", "curl a", "<f curl a"]),
    ("bash", "git commit -m ...", ["git commit -m a", "git 'commit' -m b", '"git" "commit" "-m" c']),
    ("go", "f($x)", ["f(1)", "(f)(1)"]),
    ("go", "a.b(...)", ["a.b(1)", "(a.b)(1)", "(a).b(1)"]),
    ("go", "$x, $y := h(...)", ["p, q := h(1)"]),
    ("go", "$x = $y", ["p = q"]),
]

OTHER = [
    ("python", "$x.f(...)", ["f(1)", "(f)(1)", "a.f", "(a.f or b)(1)"]),
    ("python", "match $x:\n    case 1: ...", ["match a:\n    case 2: f()"]),
    ("javascript", "eval(...)", ["evil(x)", "(0, eval)(x)", "a.eval(x)", "eval", r"'\u0065val(x)'"]),
    (
        "bash",
        "curl ...",
        ["echo curl", "A=curl", 'echo "curl x"', "> curl", "curl=1", "curlx", '"curl x"', '"$curl"', "$curl"],
    ),
    ("go", "f($x)", ["g(1)", "f(1, 2)", "a.f(1)"]),
]


def count(language: str, pattern: str, code: str) -> int:
    """How often a pattern is found in some code."""
    if language == "go":
        code = f"package a\n\nfunc m() {{\n\t{code}\n}}\n"
    tree = parse(Source(NAMES[language], f"{code}\n".encode()), language)
    result = QuerySet([compile_pattern([pattern], language)]).search(tree)[0]
    assert not result.incomplete
    return len(result.matches)


@pytest.mark.parametrize(("language", "pattern", "codes"), SAME)
def test_a_pattern_finds_each_way_to_write_it(language: str, pattern: str, codes: list[str]) -> None:
    """Parentheses around what is called, optional calls, escapes, quotes and assignments make no difference."""
    assert {code: count(language, pattern, code) for code in codes} == dict.fromkeys(codes, 1)


@pytest.mark.parametrize(("language", "pattern", "codes"), OTHER)
def test_a_pattern_finds_nothing_else(language: str, pattern: str, codes: list[str]) -> None:
    """What only looks like it isn't found."""
    assert {code: count(language, pattern, code) for code in codes} == dict.fromkeys(codes, 0)


@pytest.mark.parametrize(("language", "pattern", "codes"), SAME)
def test_the_words_that_a_file_must_hold_are_in_each_way_to_write_it(
    language: str, pattern: str, codes: list[str]
) -> None:
    """No file is left out by its words in which the pattern is found."""
    from polcheck.languages import registry

    spelled = registry.language(language).spelled
    for code in codes:
        source = Source(NAMES[language], code.encode())
        text = code.encode() + ((spelled(source) or b"") if spelled is not None else b"")
        for words in compile_pattern([pattern], language).literals:
            assert any(word.removesuffix("(").encode() in text for word in words), (code, words)


def test_alternatives_at_one_place_are_one_finding() -> None:
    """Of patterns of a list that match the same code, the one that binds more is the finding; others stay two."""
    files = {"a.py": "import numpy as np\nnp.load('a')\nnp.load('b', 1)\n"}
    report = judge("forbid: {files: a.py, pattern: ['numpy.load(...)', 'numpy.load($x)']}", files)
    assert [
        (finding.location.place.line, dict(finding.bindings))
        for finding in report.findings
        if finding.location and finding.location.place
    ] == [(2, {"x": "a"}), (3, {})]
    report = judge("forbid: {files: a.py, pattern: ['numpy.load($x, ...)', 'numpy.load($y)']}", files)
    assert len(report.findings) == 3
