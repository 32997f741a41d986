"""Python code as Python reads it, where tree-sitter reads it otherwise; each byte keeps its place.

Python ends a line, and with it a comment, at a lone carriage return, and takes names that differ in form alone for the
same (NFKC): `ｅval` is `eval`. What only one of the two sees could be hidden from every policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from unicodedata import is_normalized, normalize

from polcheck.source import Source

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

_LONE = re.compile(rb"\r(?!\n)")


def tree_of(source: Source, parse: Callable[[bytes], Tree]) -> Tree:
    """What `parse` makes of Python code. Raises Unreadable."""
    data = _LONE.sub(b"\n", source.utf8) if b"\r" in source.utf8 else source.utf8
    tree = parse(data)
    if not is_disguised(source):
        return tree
    spelled = _spelled(tree, data)
    return parse(spelled) if spelled != data else tree


def is_disguised(source: Source) -> bool:
    """Whether names in the text may mean others than their characters say. Raises Unreadable."""
    return not source.utf8.isascii() and not is_normalized("NFKC", source.text)


def _spelled(tree: Tree, data: bytes) -> bytes:
    """The code with its names as they mean; blanks fill the room that is left."""
    changed = bytearray(data)
    for node in _names(tree.root_node):
        old = data[node.start_byte : node.end_byte]
        if old.isascii():
            continue
        new = normalize("NFKC", old.decode("utf-8", "surrogatepass")).encode("utf-8", "surrogatepass")
        if len(new) <= len(old):
            changed[node.start_byte : node.end_byte] = new.ljust(len(old))
    return bytes(changed)


def _names(root: Node) -> list[Node]:
    """Every identifier below a node."""
    found: list[Node] = []
    cursor = root.walk()
    while True:
        if cursor.node is not None and cursor.node.type == "identifier":
            found.append(cursor.node)
        if cursor.goto_first_child() or cursor.goto_next_sibling():
            continue
        while cursor.goto_parent():
            if cursor.goto_next_sibling():
                break
        else:
            return found
