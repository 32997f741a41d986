"""Edits: where they move what they leave, and which of many are made."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from polcheck.authoring.rewrites.edit import Edit, Moves, applied, in_order, most


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    """A text, and edits of it that are in order and don't overlap."""
    text = draw(st.text("abc\n", max_size=30))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    return text, [Edit(start, end, draw(st.text("XY", max_size=4))) for start, end in pairs]


@given(edited())
def test_what_edits_leave_is_where_they_move_it(made: tuple[str, list[Edit]]) -> None:
    """Each character outside of the edits stands, after them, where `moved` says."""
    text, edits = made
    after, moves = applied(text, edits), Moves(edits)
    for offset, character in enumerate(text):
        if not any(edit.start <= offset < edit.end for edit in edits):
            assert after[moves.moved(offset)] == character
    assert moves.moved(len(text)) == len(after)


def test_what_is_replaced_is_where_its_replacement_begins() -> None:
    """The first character of what an edit replaces is moved to the first of what stands there now."""
    assert Moves([Edit(0, 0, "# x\n"), Edit(2, 4, "long")]).moved(2) == 6


def test_the_edits_that_keep_the_meaning_are_made() -> None:
    """One edit that doesn't keep it doesn't stop those around it."""
    groups = [(Edit(at, at + 1, "X"),) for at in range(9)]
    assert applied("abcdefghi", most("abcdefghi", groups, lambda text: "e" in text and "h" in text)) == "XXXXeXXhX"


def test_edits_that_keep_the_meaning_only_alone_are_not_made_together() -> None:
    """What comes out keeps the meaning, even where each of two edits does and both don't."""
    groups = [(Edit(0, 1, "X"),), (Edit(1, 2, "X"),)]
    assert applied("ab", most("ab", groups, lambda text: text != "XX")) == "Xb"


def test_a_group_is_made_whole() -> None:
    """Of edits that belong together none is made without the others."""
    groups = [(Edit(0, 0, "("), Edit(1, 1, ")")), (Edit(1, 1, "["), Edit(2, 2, "]"))]
    assert applied("ab", most("ab", groups, lambda text: "]" not in text)) == "(a)b"


def test_edits_at_one_place_keep_the_order_of_their_groups() -> None:
    """Two insertions at one place come out in the order in which they are given."""
    assert applied("a", in_order([(Edit(0, 0, "1"),), (Edit(0, 0, "2"),)])) == "12a"
