"""Python code as Python reads it, where tree-sitter reads it otherwise; each byte keeps its place.

Python ends a line, and with it a comment, at a lone carriage return, and takes names that differ in form alone for the
same (NFKC): `ｅval` is `eval`. The grammar takes `[*eval(x)]` for a call of `*eval`, as if the star bound more than the
call. What only one of the two sees could be hidden from every policy.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import is_normalized, normalize

from polcheck.base.spans import Source

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Parser, Query, Tree

_BLANK = rb"[ \t\v\f]*"
# a star before what may be called or looked into, on this line or the next; what it is there for, the tree tells
_STAR = re.compile(rb"\*" + _BLANK + rb"(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*" + _BLANK + rb")?[\"'(\[{.#\\\r\n]")
# what may stand before a star that opens a list of values; otherwise it multiplies
_OPENED = re.compile(rb"(?:\A|[(\[{,=:;\r\n\x80-\xff]|\b(?:return|yield|in|match|except))" + _BLANK + rb"\Z")
_NEAR = 40  # bytes before a star; where all of them are blank, it may open one
_SPLATS = """[(call function: (list_splat) @star) (attribute object: (list_splat) @star)
 (subscript value: (list_splat) @star)]"""
_FEW = 100  # changes: each takes as long as there are nodes beside it
_LONE = re.compile(rb"\r(?!\n)")


def tree_of(source: Source, parser: Parser) -> Tree:
    """The tree of Python code. Raises Unreadable."""
    data = _LONE.sub(b"\n", source.utf8) if b"\r" in source.utf8 else source.utf8
    tree = parser.parse(data)
    changes = _names(tree, data) if as_meant(source) else []
    if _may_splat(data):
        changes += _stars(tree)
    if not changes:
        return tree
    changed = bytearray(data)
    for start, end, new in changes:
        changed[start.byte : end.byte] = new
    if len(changes) > _FEW or tree.root_node.has_error:
        return parser.parse(bytes(changed))
    for start, end, _ in changes:  # NOTE: what is around them need not be parsed again
        tree.edit(start.byte, end.byte, end.byte, start.point, end.point, end.point)
    return parser.parse(bytes(changed), tree)


class _Place(NamedTuple):
    byte: int
    point: tuple[int, int]


_Change = tuple[_Place, _Place, bytes]  # from where to where, and what as many bytes are to be


def _stars(tree: Tree) -> list[_Change]:
    """A sign that binds as the star should, in the place of each star that was taken for a part of a call."""
    from tree_sitter import QueryCursor

    found: list[_Change] = []
    for node in QueryCursor(_splats(tree.language), match_limit=256).captures(tree.root_node).get("star", ()):
        row, column = node.start_point
        found.append((_Place(node.start_byte, (row, column)), _Place(node.start_byte + 1, (row, column + 1)), b"+"))
    return found


def _may_splat(data: bytes) -> bool:
    """Whether a star may stand where no value is before it, by which it would multiply."""
    return any(_OPENED.search(data[max(0, star.start() - _NEAR) : star.start()]) for star in _STAR.finditer(data))


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
def _splats(language: Language) -> Query:
    from tree_sitter import Query

    return Query(language, _SPLATS)


def _names(tree: Tree, data: bytes) -> list[_Change]:
    """Names that are written otherwise than they mean, as they mean; blanks fill the room that is left."""
    found: list[_Change] = []
    for node in _identifiers(tree.root_node):
        old = data[node.start_byte : node.end_byte]
        if old.isascii():
            continue
        new = normalize("NFKC", old.decode("utf-8", "surrogatepass")).encode("utf-8", "surrogatepass")
        if new != old and len(new) <= len(old):
            begin, end = _Place(node.start_byte, node.start_point), _Place(node.end_byte, node.end_point)
            found.append((begin, end, new.ljust(len(old))))
    return found


def _identifiers(root: Node) -> list[Node]:
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
