"""Positions of editors: whatever the text and the units, they lead back to the character that they are of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import Position

from polcheck.base.spans import Source, Span
from polcheck.servers.lsp.code_units import Lines

ENCODINGS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
SIZES = {"utf-8": 1, "utf-16": 2, "utf-32": 4}
TEXTS = st.text(st.sampled_from("ab \t\r\n\x0b\x0c\x1c\x85\u2028é\u00df€😀𐍈"), max_size=40)


def reference(text: str, offset: int, encoding: str) -> Position:
    """Count the lines and the code units before an offset, character by character."""
    line = start = at = 0
    while at < len(text):
        end = at + 2 if text[at : at + 2] == "\r\n" else at + 1 if text[at] in "\r\n" else 0
        if end and end <= offset:
            line, start = line + 1, end
        at = end or at + 1
    return Position(line, len(text[start:offset].encode(ENCODINGS[encoding])) // SIZES[encoding])


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXTS, data=st.data())
def test_a_position_is_that_of_the_protocol_and_leads_back(encoding: str, text: str, data: st.DataObject) -> None:
    lines = Lines(text, encoding)
    offset = data.draw(st.integers(0, len(text)))
    if text[offset - 1 : offset + 1] == "\r\n" or (offset and text[offset - 1] in "\r\n" and text[offset:] == ""):
        return  # within a line break, or at the end of one that ends the text
    assert lines.position(offset) == reference(text, offset, encoding)
    assert lines.offset(lines.position(offset)) == offset


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXTS, data=st.data())
def test_a_place_is_the_range_of_its_span(encoding: str, text: str, data: st.DataObject) -> None:
    source = Source("", text.encode())
    start = data.draw(st.integers(0, len(source.text)))
    end = data.draw(st.integers(start, len(source.text)))
    if any(source.text[at - 1 : at + 1] == "\r\n" for at in (start, end) if at):
        return
    lines = Lines(source.text, encoding)
    assert lines.range_of_place(source.place(Span(start, end))) == lines.range_of(Span(start, end))


@given(text=TEXTS, line=st.integers(0, 50), character=st.integers(0, 100))
def test_a_position_beyond_the_text_is_the_end_of_its_line_or_of_the_text(text: str, line: int, character: int) -> None:
    assert 0 <= Lines(text).offset(Position(line, character)) <= len(text)


def test_a_position_within_a_character_is_before_it() -> None:
    assert Lines("a😀b").offset(Position(0, 2)) == 1
    assert Lines("a😀b", "utf-8").offset(Position(0, 3)) == 1


def test_a_byte_order_mark_in_the_text_of_a_document_moves_the_first_line() -> None:
    source = Source("a.py", "é = 1\né = 2\n".encode())
    lines = Lines("\ufeff" + source.text)
    assert lines.range_of_place(source.place(Span(0, 1))).start == Position(0, 1)
    assert lines.range_of_place(source.place(Span(6, 7))).start == Position(1, 0)
