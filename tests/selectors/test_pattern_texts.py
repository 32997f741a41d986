"""Snippets as texts: what is refused, warned of, required of a file, and shown as a query."""

from __future__ import annotations

import pytest

from polcheck.base.spans import Source
from polcheck.languages.grammars import parse
from polcheck.selectors.syntax.compile import compile_code, compile_pattern
from polcheck.selectors.syntax.problem import SyntaxProblem
from polcheck.selectors.syntax.query_set import QuerySet

REFUSED = [
    ("", "the snippet is empty", 0),
    ("# only\n", "the snippet holds comments only", 0),
    ("f(", "the snippet", 0),
    ("def def", "the snippet is not valid Python", 0),
    ("$x", "matches anything at all", 0),
    ("...", "matches anything at all", 0),
    ("$x\nf()", "begins with anything at all", 0),
    ("f($line)", "`line` is set by polcheck", 2),
    ("a_$x(1)", "a name can't be part of another one", 0),
    ("f('$x$y')", "need some characters between them", 2),
    ("f('$x-$x')", "`$x` stands twice in one string", 2),
    ("f(f'$x{y}')", "in the text of an f-string", 2),
    ("(" * 120 + "1 + 1" + ")" * 120, "levels deep", None),
]


@pytest.mark.parametrize(("pattern", "message", "offset"), REFUSED)
def test_a_snippet_that_cannot_be_meant_is_refused(pattern: str, message: str, offset: int | None) -> None:
    """A bad snippet raises, with what is wrong and where."""
    with pytest.raises(SyntaxProblem) as caught:
        compile_pattern([pattern], "python")
    assert message in caught.value.message
    assert offset is None or caught.value.offset == offset


def test_the_alternative_that_is_wrong_is_named() -> None:
    """`index` says which of several snippets is refused."""
    with pytest.raises(SyntaxProblem) as caught:
        compile_pattern(["f()", "$x"], "python")
    assert caught.value.index == 1


@pytest.mark.parametrize(
    ("pattern", "warned"),
    [("f($x)", True), ("f($x, ...)", False), ("f(..., $x)", False), ("f()", False), ("g(f($x), ...)", True)],
)
def test_a_call_that_a_keyword_argument_defeats_is_warned_of(pattern: str, warned: bool) -> None:
    """A call with arguments and without `...` is warned of, at the place where `...` would stand."""
    warnings = compile_pattern([pattern], "python").warnings
    assert bool(warnings) == warned
    for _, offset, help, _index in warnings:
        assert pattern[offset] == ")"
        assert "`...`" in help


def test_a_string_of_three_dots_is_warned_of() -> None:
    """`"..."` is no wildcard."""
    assert compile_pattern(['"..."'], "python").warnings[0][2] == 'any string is `"$_"`'


LITERALS = [
    ("torch.load(...)", [{"load"}, {"torch"}]),
    ("torchvision.models.$m(...)", [{"models"}, {"torchvision"}]),
    ("f(key=$v, ...)", [{"f("}, {"key"}]),
    ("assert $x", [{"assert"}]),
    ("from src.model import Net", [{"Net"}]),
    ("$d['run_id']", []),
    ("def main(...): ...", [{"def"}, {"main"}]),
]


@pytest.mark.parametrize(("pattern", "wanted"), LITERALS)
def test_the_words_without_which_a_snippet_cannot_match(pattern: str, wanted: list[set[str]]) -> None:
    """`literals` hold no word that an alias or an escape could stand for."""
    assert list(compile_pattern([pattern], "python").literals) == wanted


def test_alternatives_need_a_word_of_either() -> None:
    """A union needs one word of each of its alternatives, and none when one of them needs none."""
    assert compile_pattern(["torch.load(...)", "torch.save(...)"], "python").literals == (
        frozenset({"load", "save"}),
        frozenset({"torch"}),
    )
    assert compile_pattern(["torch.load(...)", "$f(...)"], "python").literals == ()


def test_names_of_all_alternatives_and_of_some() -> None:
    """`binds` holds what every snippet binds, `some` what only some do."""
    syntax = compile_pattern(["f($x, $y)", "g($x, z=$here)"], "python")
    assert (set(syntax.binds), set(syntax.some)) == ({"x"}, {"y"})


def test_here_points_in_a_snippet_too() -> None:
    """`$here` moves the finding's place and binds nothing."""
    tree = parse(Source("a.py", b"f(1, 2)"), "python")
    (hit,) = QuerySet([compile_pattern(["f($x, $here)"], "python")]).search(tree)[0].matches
    assert (hit.point, len(hit.bindings)) == ((5, 6), 1)


QUERIES = [
    ("torch.load($p, ...)", '((call function: (_) @_name) @_match\n (#resolves-to? @_name "torch.load"))'),
    ("print(...)", '((call function: (_) @_name) @_match\n (#eq? @_name "print"))'),
    ("$a + $b", '(binary_operator operator: "+") @_match'),
    ("def main(): ...", '((function_definition name: (identifier) @_name) @_match\n (#eq? @_name "main"))'),
    (
        "$x.add($y)",
        '((call function: (attribute attribute: (identifier) @_name)) @_match\n (#eq? @_name "add"))\n'
        "(call function: (parenthesized_expression)) @_match",
    ),
]


@pytest.mark.parametrize(("pattern", "query"), QUERIES)
def test_a_snippet_shows_the_query_that_it_became(pattern: str, query: str) -> None:
    """The query is one that people can read and use: it compiles as a `code` selector."""
    assert compile_pattern([pattern], "python").queries == (query,)
    assert compile_code([query], "python").queries == (query,)


OTHERS = [
    ("bash", "rm -rf $x", "rm -rf build\nrm build\n", [{"x": "build"}]),
    ("bash", "pip install ...", "pip install -U a b\npip list\n", ["pip install -U a b"]),
    ("bash", 'echo "$x"', "echo 'a'\necho \"b\"\necho \"$c\"\n", [{"x": "a"}, {"x": "b"}]),
    ("javascript", "console.log($x, ...)", "console.log(1, 2)\nconsole.error(3)\n", [{"x": "1"}]),
    ("javascript", "require('$m')", 'const a = require("fs")', [{"m": "fs"}]),
    ("javascript", "const $a = {b: $c, ...}", "const x = {a: 1, b: 2}; let y = {b: 3}", [{"a": "x", "c": "2"}]),
    ("javascript", "function $f(...) { ... }", "function a(b) { c }\nasync function e() {}", [{"f": "a"}, {"f": "e"}]),
    ("go", "fmt.Println($x, ...)", 'package m\nfunc f() { fmt.Println("a", 1) }\n', [{"x": "a"}]),
    ("go", "func $f(...) { ... }", "package m\nfunc g() { h() }\n", [{"f": "g"}]),
    ("go", "if err != nil { return $e }", "package m\nfunc g() { if err != nil { return err } }\n", [{"e": "err"}]),
    ("json", '{"a": 1, "b": 2}', '{"b": 2, "a": 1}', ['{"b": 2, "a": 1}']),
]  # fmt: skip


@pytest.mark.parametrize(("language", "pattern", "code", "wanted"), OTHERS)
def test_snippets_of_other_languages(language: str, pattern: str, code: str, wanted: list[object]) -> None:
    """Snippets work structurally in every language with a grammar."""
    pytest.importorskip(f"tree_sitter_{language}")
    tree = parse(Source("a", code.encode()), language)
    hits = QuerySet([compile_pattern([pattern], language)]).search(tree)[0].matches
    rows = [{n: b.value for n, b in hit.bindings} or (code[slice(*hit.span)] if hit.span else "") for hit in hits]
    assert rows == wanted
