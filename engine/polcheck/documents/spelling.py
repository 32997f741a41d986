"""Python code as Python reads it, where tree-sitter reads it otherwise; each byte keeps its place.

Python ends a line, and with it a comment, at a lone carriage return, and takes names that differ in form alone for the
same (NFKC): `ｅval` is `eval`. The grammar takes `[*eval(x)]` for a call of `*eval`, as if the star bound more than the
call. What only one of the two sees could be hidden from every policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING
from unicodedata import is_normalized, normalize

from polcheck.source import Source

if TYPE_CHECKING:
    from tree_sitter import Node, Query, Tree

_GAP = rb"(?:[\s\\]|#[^\n]*\n)*"  # white space, comments, continued lines
# a star before what is called or looked into; what it is there for, the tree tells
_STAR = re.compile(rb"\*" + _GAP + rb"(?:[\"'(\[{]|[A-Za-z_\x80-\xff][\w\x80-\xff]*" + _GAP + rb"[\"'(.\[])")
_SPLATS = """[(call function: (list_splat) @star) (attribute object: (list_splat) @star)
 (subscript value: (list_splat) @star)]"""
_LONE = re.compile(rb"\r(?!\n)")


def tree_of(source: Source, parse: Callable[[bytes], Tree]) -> Tree:
    """What `parse` makes of Python code. Raises Unreadable."""
    data = _LONE.sub(b"\n", source.utf8) if b"\r" in source.utf8 else source.utf8
    tree = parse(data)
    changed = bytearray(data)
    if as_meant(source):
        _spell(changed, tree, data)
    if _STAR.search(data):
        _mend(changed, tree)
    return parse(bytes(changed)) if changed != data else tree


def _mend(changed: bytearray, tree: Tree) -> None:
    """Puts a sign that binds as the star should in the place of each star that was taken for a part of a call."""
    from tree_sitter import QueryCursor

    for node in QueryCursor(_splats(), match_limit=256).captures(tree.root_node).get("star", ()):
        changed[node.start_byte] = ord("+")


def as_meant(source: Source) -> bytes | None:
    """The text with every name as it means, in UTF-8; None where that is the text itself. Raises Unreadable.

    What is no part of a name stays as it is: of `½` and `㎏` Python makes no digits and letters.
    """
    if source.utf8.isascii() or is_normalized("NFKC", text := source.text):
        return None
    between = "".join(sorted(char for char in set(text) if not (char.isascii() or f"a{char}".isidentifier())))
    pieces = re.split(f"([{re.escape(between)}]+)", text) if between else [text]
    pieces[::2] = [normalize("NFKC", piece) for piece in pieces[::2]]
    meant = "".join(pieces)
    return None if meant == text else meant.encode("utf-8", "surrogatepass")


@cache
def _splats() -> Query:
    from tree_sitter import Query

    from polcheck.documents.syntax import grammar

    return Query(grammar("python"), _SPLATS)


def _spell(changed: bytearray, tree: Tree, data: bytes) -> None:
    """Writes names as they mean; blanks fill the room that is left."""
    for node in _names(tree.root_node):
        old = data[node.start_byte : node.end_byte]
        if old.isascii():
            continue
        new = normalize("NFKC", old.decode("utf-8", "surrogatepass")).encode("utf-8", "surrogatepass")
        if len(new) <= len(old):
            changed[node.start_byte : node.end_byte] = new.ljust(len(old))


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
