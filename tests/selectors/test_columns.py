"""Matches kept as columns are the hits that are told one by one."""

from __future__ import annotations

import pickle
from unittest.mock import patch

import pytest

from polcheck.base.spans import Source, Span
from polcheck.languages.grammars import parse
from polcheck.selectors.results import MatchTable, SearchResult
from polcheck.selectors.syntax.compile import compile_code, compile_pattern
from polcheck.selectors.syntax.matches import Rows
from polcheck.selectors.syntax.query_set import QuerySet
from polcheck.selectors.syntax.selector import Syntax
from polcheck.selectors.text import compile_text

CODE = """
import os.path as p, json
näme = "wört"; x = f"{näme}:{1}"
def outer(a, b=lambda: 0):
    def inner(*c, **d): return a(b)(c)(d)
    return [inner(1, 2, k="é"), p.join("a", *b), not (a and b), {"k": {"n": [1]}}]
class K(object): pass
assert outer(1)(2), "sö"
"""
QUERIES = [
    "(identifier) @x",
    "(call) @here",
    "(call function: (_) @f) @whole",
    "[(identifier) @x (string) @x]",
    "[(attribute) @a (call) @c]",
    "(call arguments: (argument_list (_) @a))",
    "(call arguments: (argument_list (_)* @a))",
    "(function_definition name: (identifier) @n return_type: (_)? @r)",
    "(function_definition (block) @here) @f",
    '((identifier) @x (#match? @x "^[a-c]$"))',
    '((identifier) @x (#any-of? @x "a" "näme"))',
    '((_) @x (#resolves-to? @x "os.path.join"))',
    "(list (_) @x . (_) @y)",
    "(class_definition)",
]


def _found(syntaxes: list[Syntax], *, columns: bool) -> list[SearchResult]:
    tree = parse(Source("src/main.py", CODE.encode()), "python")
    if columns:
        return list(QuerySet(syntaxes).search(tree).values())
    with patch.object(Rows, "_as_table", return_value=None):
        return list(QuerySet(syntaxes).search(tree).values())


@pytest.mark.parametrize("query", QUERIES)
def test_columns_say_what_each_hit_says(query: str) -> None:
    """In the same order, with the same bindings, places and weights; and after a way between processes, too."""
    (found,) = _found([compile_code([query], "python")], columns=True)
    (expected,) = _found([compile_code([query], "python")], columns=False)
    assert tuple(found.matches) == tuple(expected.matches) and found.incomplete == expected.incomplete
    assert found.matches and tuple(pickle.loads(pickle.dumps(found)).matches) == tuple(expected.matches)


def test_queries_that_find_the_same_place_twice_give_it_once() -> None:
    """Two alternatives of one selector that match the same node are one hit, as are two nodes of one span if alike."""
    syntax = compile_code(["(string) @x", "[(string) (concatenated_string)] @x"], "python")
    (found,) = _found([syntax], columns=True)
    assert [hit.bindings[0][1].value for hit in found.matches] == ["wört", "{}:{}", "é", "a", "k", "n", "sö"]


def test_a_query_and_a_snippet_share_their_places() -> None:
    """What a snippet finds is columns as well, where each match binds the same names."""
    (found,) = _found([compile_pattern(["$f($x)"], "python")], columns=True)
    assert isinstance(found.matches, MatchTable)
    assert [tuple(bound.value for _, bound in hit.bindings) for hit in found.matches] == [
        ("a", "b"),
        ("a(b)", "c"),
        ("a(b)(c)", "d"),
        ("outer", "1"),
        ("outer(1)", "2"),
    ]


def test_values_are_worked_out_when_they_are_asked_for() -> None:
    """A selector whose matches nobody looks at costs no text."""
    with patch("polcheck.languages.language.Language.literal") as literal:
        (found,) = _found([compile_code(["(identifier) @x"], "python")], columns=True)
        assert len(found.matches) > 10 and not literal.called
        literal.return_value = None
        assert found.matches[0].bindings[0][1].value == "os" and literal.called


def test_a_group_that_takes_no_part_binds_nothing() -> None:
    """Matches of `text` that bind different names are no columns."""
    found = compile_text(r"(?P<a>x)|(?P<b>y)").search("xy")
    assert [[name for name, _ in hit.bindings] for hit in found.matches] == [["a"], ["b"]]
    alike = compile_text(r"(?P<a>[xy])(?P<_c>.)?").search("xöy")
    assert isinstance(alike.matches, MatchTable)
    assert [(hit.span, hit.bindings[0][1]) for hit in alike.matches] == [
        (Span(0, 2), ("x", Span(0, 1))),
        (Span(2, 3), ("y", Span(2, 3))),
    ]
