"""What path patterns have in common, against the patterns themselves."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from polcheck.authoring.lint.globs import glob, some_path, within
from polcheck.sources.path_patterns import FilesProblem, _regex, alternatives, compile_files

WITHIN = [
    (["src/*.py"], ["src/**"]),
    (["src/*.py"], ["**/*.py"]),
    (["*.py"], ["**/*.py"]),
    (["src/{a,b}.py"], ["src/?.py"]),
    (["src/{name}.py"], ["src/*.py"]),
    (["src/{name:**}.py"], ["src/**"]),
    (["**"], ["**/*"]),
    (["src/*.py", "!src/a.py"], ["src/*.py"]),
    (["src/b.py"], ["src/*.py", "!src/a.py"]),
    (["!src/**"], ["**"]),
    (["a/**/b.py"], ["a/**"]),
    (["docs/"], ["*/"]),
    ([".github/workflows/*.yml"], [".github/**/*.{yml,yaml}"]),
]
NOT_WITHIN = [
    (["src/**"], ["src/*.py"]),
    (["**/*.py"], ["*.py"]),
    (["src/*.py"], ["src/*.py", "!src/a.py"]),
    (["docs/"], ["docs"]),
    (["docs/**"], ["docs/"]),
    (["src/{a}/{b}.py"], ["src/{a}/{a}.py"]),
    (["*"], ["{a,b}"]),
]
_PATHS = st.lists(st.text("ab.", min_size=1, max_size=3), min_size=1, max_size=3).map("/".join)
_PIECES = st.sampled_from(["a", "b", ".", "*", "**", "?", "{n}", "{m:**}", "{a,b}", "{a,.b,}"])
_SEGMENTS = st.lists(_PIECES, min_size=1, max_size=3).map("".join)
_PATTERNS = (
    st.lists(_SEGMENTS, min_size=1, max_size=3)
    .map("/".join)
    .filter(lambda text: not {"", ".", ".."} & set(text.split("/")) and text.count("{n}") < 2 and text.count("{m") < 2)
    .filter(lambda text: text.count("{a,") < 4)
)


@pytest.mark.parametrize(("one", "other"), WITHIN)
def test_a_list_within_another_is_known(one: list[str], other: list[str]) -> None:
    """Every path of the one is one of the other."""
    assert within(one, other)


@pytest.mark.parametrize(("one", "other"), NOT_WITHIN)
def test_a_list_that_is_not_surely_within_another_is_left_alone(one: list[str], other: list[str]) -> None:
    """Some path of the one is not among the other's, or nobody knows."""
    assert not within(one, other)


def test_two_patterns_without_a_common_path_are_told() -> None:
    """Nothing is in both folders."""
    assert some_path([glob("src/**"), glob("tests/**")], all) is False
    assert some_path([glob("src/**"), glob("**/a.py")], all) is True


@settings(max_examples=300, deadline=None)
@given(pattern=_PATTERNS, path=_PATHS)
def test_an_automaton_takes_what_its_pattern_takes(pattern: str, path: str) -> None:
    """The two readings of a pattern agree on every path."""
    each = glob(pattern)
    state = each.begin
    for char in path:
        state = each.step(state, char)
    assert each.ends[state] == bool(compile_files([pattern]).match(path))


@settings(max_examples=150, deadline=None)
@given(one=_PATTERNS, other=_PATTERNS, path=_PATHS)
def test_no_path_escapes_a_list_that_holds_another(one: str, other: str, path: str) -> None:
    """What `within` says holds for every path."""
    if within([one], [other]) and compile_files([one]).match(path):
        assert compile_files([other]).match(path)


@settings(max_examples=300, deadline=None)
@given(
    pattern=_PATTERNS,
    path=_PATHS,
    exclude=st.booleans(),
)
def test_patterns_compared_as_text_match_as_their_regular_expressions_do(
    pattern: str, path: str, exclude: bool
) -> None:
    """A path is in exactly where the regular expression of some alternative matches the whole of it."""
    try:
        expected = any(
            re2.fullmatch(f"(?s:{_regex(way, 0)})", path) for way in alternatives(pattern) if not pattern.endswith("/")
        )
        files = compile_files(["**", f"!{pattern}"] if exclude else [pattern])
    except FilesProblem:
        return
    if files.names:  # NOTE: a name that stands twice has one value
        return
    assert bool(files.match(path)) is (not expected if exclude else expected)
    assert [each for each, _ in files.among([path])] == ([path] if files.match(path) else [])
