"""Regular expressions that are searched for in one pass find what each finds alone."""

from __future__ import annotations

from unittest.mock import Mock, patch

from hypothesis import given
from hypothesis import strategies as st

from polcheck.selectors.syntax.predicates import Regexes, regex

PATTERNS = st.lists(st.from_regex(r"\A\^?[abö.]{1,3}(\[ab\])?[*+?]?\|?c?\$?\Z"), min_size=1, max_size=6)


def _all(patterns: list[str]) -> Regexes[int]:
    made: Regexes[int] = Regexes()
    for number, pattern in enumerate(patterns):
        made.add(pattern, number)
    return made


@given(PATTERNS, st.text("abcö\n.", max_size=6))
def test_the_same_are_found_as_one_by_one(patterns: list[str], text: str) -> None:
    """Whatever the patterns, and however many of them are alike."""
    data = text.encode()
    expected = [number for number, pattern in enumerate(patterns) if regex(pattern).search(data) is not None]
    assert sorted(_all(patterns).items(data)) == expected


def test_a_set_that_runs_out_of_memory_is_not_believed() -> None:
    """It gives nothing at all then: each pattern is searched for by itself."""
    made = _all(["^a", "b", "c$", "d"])
    assert made._set is not None
    made._set._set = Mock(**{"Match.return_value": []})
    assert sorted(made.items(b"abc")) == [0, 1, 2]


def test_patterns_that_are_too_large_together_are_searched_for_one_by_one() -> None:
    """RE2 takes no set of them."""
    with patch("polcheck.selectors.syntax.predicates._MEMORY", 1_000):
        large = _all([f"(a|b)*a(a|b){{{number}}}c" for number in range(12)])
        assert large._set is not None and large._set._set is None
        assert list(large.items(b"ab" * 400 + b"c")) == [1, 3, 5, 7, 9, 11]
