"""Many selectors in one search: the same as one by one, bounded, and movable between processes."""

from __future__ import annotations

import pickle
import sysconfig
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polcheck.base.spans import Source
from polcheck.languages.grammars import Tree, parse
from polcheck.selectors.results import SearchResult
from polcheck.selectors.syntax.compile import compile_code, compile_pattern
from polcheck.selectors.syntax.matcher import Matcher
from polcheck.selectors.syntax.nearest import nearest
from polcheck.selectors.syntax.query_set import LIMITS, QuerySet
from polcheck.selectors.syntax.selector import Syntax

PATTERNS = [
    *("open(...)", "json.dumps($x, ...)", "os.path.join($a, ...)", "os.path.$f(...)", "$x.append($y)", "len($x)"),
    *("assert $x", "import $m", "from $m import $n", "raise $e", "def $f(self, ...): ...", "class $c($b): ..."),
    *("$a = $b\n$c = $d", "{'a': $x, ...}", '$d["$k"]', "try: ... except: ...", "[$x for $y in $z]", "isinstance"),
]
QUERIES = [
    "(call function: (identifier) @f)",
    '((call function: (identifier) @f) (#eq? @f "len"))',
    '((call function: (identifier) @g) @here (#any-of? @g "len" "open"))',
    '((call function: (identifier) @f) (#not-eq? @f "len"))',
    '((call function: (_) @f) (#resolves-to? @f "os.path.join" "os.path.exists"))',
    "(list (_)* @x)",
]
STDLIB = Path(sysconfig.get_paths()["stdlib"])


def syntaxes() -> list[Syntax]:
    return [compile_pattern([text], "python") for text in PATTERNS] + [compile_code([q], "python") for q in QUERIES]


def tree_of(code: str, path: str = "src/main.py", language: str = "python") -> Tree:
    return parse(Source(path, code.encode()), language)


@pytest.mark.parametrize("name", ["glob.py", "json/encoder.py", "shutil.py", "asyncio/base_events.py"])
def test_merged_and_alone_find_the_same(name: str) -> None:
    """A bank of many selectors finds for each what it finds alone."""
    tree = parse(Source(name, (STDLIB / name).read_bytes()), "python")
    every = syntaxes()
    merged = QuerySet(every).search(tree)
    assert merged == {index: QuerySet([syntax]).search(tree)[0] for index, syntax in enumerate(every)}
    assert sum(len(found.matches) for found in merged.values()) > 50


def test_only_the_wanted_are_searched_for() -> None:
    """`wanted` limits the selectors that are answered, and not what they find."""
    tree = tree_of("len(open(x))")
    bank = QuerySet(syntaxes())
    assert bank.search(tree, [0, 5]) == {index: bank.search(tree)[index] for index in (0, 5)}


def test_a_bank_pickles_before_and_after_use() -> None:
    """A bank and its selectors are plain data, whatever was compiled for them."""
    bank = QuerySet(syntaxes())
    tree = tree_of("import os\nos.path.join(a)\n")
    before = pickle.loads(pickle.dumps(bank)).search(tree)
    assert bank.search(tree) == before == pickle.loads(pickle.dumps(bank)).search(tree)


def test_hits_are_in_order_and_distinct() -> None:
    """Two alternatives that find the same give one hit, and hits follow the text."""
    bank = QuerySet([compile_pattern(["f($x)", "$_($x)"], "python")])
    hits = bank.search(tree_of("g(1); f(g(2))"))[0].matches
    assert [dict(hit.bindings)["x"].value for hit in hits] == ["1", "g(2)", "2"]


def test_too_many_rows_are_incomplete() -> None:
    """A selector keeps no more rows than its limit, and says so."""
    found = QuerySet([compile_pattern(["[..., $x, ...]"], "python")]).search(tree_of(f"[{'1, ' * 10_001}]"))[0]
    assert (len(found.matches), found.incomplete) == (10_000, "more than 10,000 matches")


def test_exactly_as_many_rows_as_allowed_are_complete() -> None:
    """A file with just the number of matches that is allowed is searched to its end."""
    bank = QuerySet([compile_pattern(["f()"], "python")], LIMITS._replace(rows=3))
    assert bank.search(tree_of("f()\nf()\nf()\n"))[0].incomplete == ""
    assert bank.search(tree_of("f()\nf()\nf()\nf()\n"))[0].incomplete == "more than 3 matches"


def test_too_much_text_is_incomplete() -> None:
    """Matches nested in one another can't bind the file's text over and over."""
    code = "f(" * 300 + ")" * 300
    found = QuerySet([compile_pattern(["f($x)"], "python")], LIMITS._replace(text=10_000)).search(tree_of(code))[0]
    assert found.incomplete == "the matches bind too much text"


def test_what_a_snippet_says_is_looked_for_before_it_is_compared() -> None:
    """A file of a thousand items, none of which is the one that a snippet names, takes no comparison."""
    pattern = compile_pattern(["[..., 1, ..., 2, ..., 3]"], "python")
    bank = QuerySet([pattern], LIMITS._replace(steps=0))
    assert bank.search(tree_of(f"[{'1, ' * 500}]"))[0] == SearchResult()


@pytest.mark.parametrize("name", ["json/encoder.py", "shutil.py", "dataclasses.py", "asyncio/base_events.py"])
def test_what_is_not_compared_would_not_have_matched(name: str) -> None:
    """Nodes that lack a word of a snippet, or children of its kinds, are passed over, and are no match."""
    tree = parse(Source(name, (STDLIB / name).read_bytes()), "python")
    more = [
        *("$f(..., key=$x)", "$f(..., default=None)", "$a = $b.$c(...)", "$a[$b] = 'utf-8'", "$a = {...}", "$x == 0"),
        *("def $f(..., default, ...): ...", "{'encoding': $x, ...}", "$a = (yield)", "$x: Any = $y", "$_ / '.'"),
        *("for $x in $y: ...", "with open(...) as $f: ...", "lambda: $x", "not $x", "$a if $b else None"),
    ]
    every = [*syntaxes(), *(compile_pattern([text], "python") for text in more)]
    quick = QuerySet(every).search(tree)
    slow = "polcheck.selectors.syntax.query_set"
    with (
        mock.patch(f"{slow}.words_of", return_value=()),
        mock.patch(f"{slow}.matcher_of", Matcher),  # compiled anew
        mock.patch.object(Matcher, "_may_be", return_value=None) as asked,
    ):
        assert QuerySet(every).search(tree) == quick
    assert asked.called
    assert sum(bool(found.matches) for found in quick.values()) > 12


def test_too_many_comparisons_are_incomplete() -> None:
    """A snippet that would compare without end stops."""
    pattern = compile_pattern(["[..., 1, ..., 2, ..., 3]"], "python")
    bank = QuerySet([pattern], LIMITS._replace(steps=10_000))
    assert bank.search(tree_of(f"[3, {'1, ' * 1000}2]"))[0].incomplete == "limit of 10,000 comparisons exceeded"


def test_only_the_shape_that_lost_matches_is_incomplete() -> None:
    """When tree-sitter's match limit is hit, the other selectors are complete all the same."""
    pairs, calls = "(list (integer) @a (integer) @b (integer) @c)", "(call) @c"
    bank = QuerySet([compile_code([text], "python") for text in (pairs, calls)], LIMITS._replace(rows=1_000_000))
    found = bank.search(tree_of(f"[{'1, ' * 100}]\nf()\n"))
    assert found[0].incomplete == "match limit 256 exceeded"
    assert (len(found[1].matches), found[1].incomplete) == (1, "")


@pytest.mark.parametrize("code", ["[" * 100_000, ") " * 100_000, "f(*" * 10_000, "f'" + "{" * 20_000])
def test_a_hostile_file_is_incomplete_and_quick(code: str) -> None:
    """A flat error node of any width is not searched."""
    tree = tree_of(code)
    found = QuerySet(syntaxes()).search(tree)
    assert {found[index].incomplete for index in found} == {"syntax error at line 1"}
    assert nearest(syntaxes()[0], tree) is None


@pytest.mark.parametrize("code", ["x = " + "(" * 70_000 + "1" + ")" * 70_000, "x = a" + ".b" * 20_000])
def test_a_deep_file_is_searched(code: str) -> None:
    """Depth of a file costs no recursion."""
    found = QuerySet([compile_pattern(["$a = $b", "json.dumps($x)"], "python")]).search(tree_of(code))[0]
    assert len(found.matches) == 1
    assert not found.incomplete


@pytest.mark.parametrize("depth", [59_990, 59_998, 65_540, 130_000])
def test_what_lies_deep_is_found_once(depth: int) -> None:
    """Nothing is passed over below the levels to which tree-sitter searches, and nothing near that is found twice."""
    code = "x = " + "(" * depth + "f(g(1), f(2))" + ")" * depth
    found = QuerySet([compile_pattern(["f(...)"], "python"), compile_pattern(["g(...)"], "python")]).search(
        tree_of(code)
    )
    assert {index: (len(result.matches), result.incomplete) for index, result in found.items()} == {
        0: (2, ""),
        1: (1, ""),
    }


def test_a_file_is_searched_to_a_depth() -> None:
    """What lies below the levels that are searched makes the search incomplete; what was found is kept."""
    code = "x = " + "(" * 610_000 + "f(1)" + ")" * 610_000
    found = QuerySet([compile_pattern(["$a = $b"], "python")]).search(tree_of(code))[0]
    assert (len(found.matches), found.incomplete) == (1, "nested more than 600,000 levels deep")


NAMES = st.sampled_from(["a", "f", "torch", "load", "x1", "_y"])
ATOMS = st.one_of(NAMES, st.integers(0, 99).map(str), st.sampled_from(["'s'", '"q$"', "None", "b'x'", "[]", "-1"]))


def calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    keyword = st.tuples(NAMES, inner).map("=".join)
    arguments = st.tuples(st.lists(inner, max_size=3), st.lists(keyword, max_size=2, unique_by=lambda k: k[:2]))
    listed = arguments.map(lambda both: ", ".join([*both[0], *both[1]]))
    call = st.tuples(st.lists(NAMES, min_size=1, max_size=3).map(".".join), listed).map(lambda c: f"{c[0]}({c[1]})")
    items = st.lists(inner, min_size=1, max_size=3).map(", ".join)
    return st.one_of(call, items.map("[{}]".format), items.map("{{'k': ({},)}}".format))


@given(st.recursive(ATOMS, calls, max_leaves=12).filter(lambda code: code.endswith(")")))
def test_code_matches_the_pattern_made_of_it(code: str) -> None:
    """A call matches the snippet that is its own text, whatever stands in it."""
    pattern = compile_pattern([code], "python")
    hits = QuerySet([pattern]).search(tree_of(f"y = {code}\n"))[0].matches
    assert (4, 4 + len(code)) in [hit.span for hit in hits]


@given(st.recursive(ATOMS, calls, max_leaves=12).filter(lambda code: code.endswith(")")))
def test_literals_stand_in_the_code_that_matches(code: str) -> None:
    """Whatever a snippet says must stand in a file stands in code that it matches."""
    for words in compile_pattern([code], "python").literals:
        assert any(word in code for word in words)


def test_the_nearest_miss_fails_the_fewest_predicates() -> None:
    """A miss names what it would have to be, and shows what stands there."""
    query = '((call function: (_) @f arguments: (_ (_) @x)) (#eq? @f "load") (#eq? @x "p"))'
    near = nearest(compile_code([query], "python"), tree_of("save(q)\nload(q)\nother(r)\n"))
    assert near is not None
    assert near.span == (8, 15)
    assert near.failed == ("`#eq? @x` wants `p`, here `q`",)
    assert [(name, value.value) for name, value in near.bindings] == [("f", "load"), ("x", "q")]


def test_the_nearest_miss_of_a_snippet_has_a_name_like_its_own() -> None:
    """A snippet's nearest miss has a similar name, or the same and other arguments; there may be none."""
    syntax = compile_pattern(["torch.load($p)"], "python")
    other_arguments = nearest(syntax, tree_of("import torch\nprint(1)\ntorch.load(a, b=c)\n"))
    assert other_arguments is not None
    assert other_arguments.failed == ("`torch.load($p)` differs from `torch.load(a, b=c)`",)
    other_name = nearest(syntax, tree_of("import torch\ntorch.save(p)\n"))
    assert other_name is not None
    assert other_name.failed == ("wants `torch.load`, here `torch.save`",)
    assert nearest(syntax, tree_of("print(1)\n")) is None


@pytest.mark.parametrize(
    ("pattern", "code", "near"),
    [
        ("os.environ.get($x)", "app.get(x)\n", False),
        ("os.environ.get($x)", "environ.get(x)\n", True),
        ("numpy.load($x)", "np.load(x)\n", True),
        ("torch.load($x)", "T.load(x)\n", True),
        ("torch.load($x)", "qqqqqqqqqq.load(x)\n", False),
        ("torch.load($x)", "torhc.load(x)\n", True),
    ],
)
def test_a_name_that_only_ends_alike_is_not_meant(pattern: str, code: str, near: bool) -> None:
    """`get` is a method of many things; an abbreviation of the wanted root, or a slip in it, is close."""
    assert (nearest(compile_pattern([pattern], "python"), tree_of(code)) is not None) == near
