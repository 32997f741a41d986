"""The lines of a text as people number them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from polcheck.base.spans import Source

TEXTS = st.text(st.sampled_from("ab é\n\r"), max_size=30)


@given(TEXTS)
def test_lines_begin_after_each_line_end(text: str) -> None:
    """A line begins at the start of a text, and after each line feed, carriage return, or both in this order."""
    assert Source("", text.encode()).line_starts == [0, *(end.end() for end in re.finditer("\r\n|\r|\n", text))]


@given(TEXTS, st.data())
def test_lines_that_are_read_at_once_are_those_that_are_read_one_by_one(text: str, data: st.DataObject) -> None:
    """Several lines in a row have the texts that each of them has."""
    source = Source("", text.encode())
    last = data.draw(st.integers(1, len(source.line_starts)))
    first = data.draw(st.integers(1, last))
    assert source.lines(first, last) == [source.line(number) for number in range(first, last + 1)]
