"""A loop of bash over the arguments, whose `do` stands on the line of the name, is a loop."""

from __future__ import annotations

import pytest

from polcheck.base.spans import Source
from polcheck.languages.grammars import parse


@pytest.mark.parametrize(
    ("text", "loops"),
    [
        ("for i do\n  rm $i\ndone\n", 1),
        ("for i \t do rm $i; done\n", 1),
        ("for a do for b do x; done; done # for c do\n", 2),
        ("echo 'for i do'\n", 0),
        ("for i do x; done; cat <<E\nwait for i do\nE\n", 1),
    ],
)
def test_a_loop_over_the_arguments_is_read(text: str, loops: int) -> None:
    """POSIX, 2.9.4: `do` may follow the name at once. Texts and comments stay as they are."""
    root = parse(Source("a.sh", text.encode()), "bash").tree.root_node
    left, found = [root], 0
    while left:
        node = left.pop()
        found += node.type == "for_statement"
        assert not node.is_error and (node.text or b"") == text.encode()[node.start_byte : node.end_byte]
        left += node.children
    assert found == loops


def test_what_is_no_loop_keeps_its_fault() -> None:
    """A script that isn't one stays undecided as it was."""
    assert parse(Source("a.sh", b"for i do\n  rm $i\n"), "bash").tree.root_node.has_error
