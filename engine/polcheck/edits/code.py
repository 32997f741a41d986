"""Edits of code: the exchange of a stretch of it for another text, which changes nothing around it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from polcheck.base.spans import Source, Span, Unreadable
from polcheck.edits.edit import Edit, EditRefused, apply
from polcheck.languages.grammars import Tree, parse
from polcheck.languages.registry import UnknownLanguage, language

if TYPE_CHECKING:
    from tree_sitter import Node

_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n\f"


def replace_code(source: Source, name: str, span: Span, text: str) -> tuple[Edit, ...]:
    """Return the edit that puts `text` in the place of a span of a file in the language `name`.

    `span` counts characters, as places do. Raises EditRefused where the file couldn't be parsed as well afterwards, and
    where the text would be taken together with what is around it, as `a + b` in the place of `x` in `x * y`, or what
    closes a bracket that was opened before it.
    """
    before = tree_of(source, name)
    check_encoding(source)
    start, end = source.byte_of(span.start), source.byte_of(span.end)
    if source.utf8[start:end] == text.encode("utf-8", "surrogatepass"):
        return ()
    mark = len(_BOM) if source.data.startswith(_BOM) else 0
    edit = Edit(start + mark, end + mark, text)
    edited = Source(source.path, apply(source.data, [edit]))
    try:
        after = tree_of(edited, name)
    except EditRefused as refusal:
        raise EditRefused(f"after the edit {refusal}") from refusal
    check_syntax(before, after)
    _check_surroundings(before, after, Span(start, end), Span(start, start + len(text.encode("utf-8"))))
    return (edit,)


def check_encoding(source: Source) -> None:
    """Raises EditRefused for a file that is not in UTF-8, in which edits are written."""
    if source.utf8 != source.data.removeprefix(_BOM):
        raise EditRefused("the file is not in UTF-8: only such files are edited")


def tree_of(source: Source, name: str) -> Tree:
    """Return the tree of a file. Raises EditRefused where it can't be parsed at all."""
    return _parsed(source.path, source.data, name)


@lru_cache(maxsize=4)  # NOTE: a file has many edits, each of which begins with the file as it is
def _parsed(path: str, data: bytes, name: str) -> Tree:
    source = Source(path, data)
    try:
        return parse(source, name)
    except UnknownLanguage as error:
        raise EditRefused(f"{error}: {error.help}") from error
    except Unreadable as error:
        raise EditRefused(f"the file can't be read: {error}") from error


def check_syntax(before: Tree, after: Tree) -> None:
    """Raises EditRefused for errors of syntax that weren't there before."""
    check = language(before.language).check
    if _errors(after) > _errors(before):
        raise EditRefused("the code couldn't be parsed after the edit")
    if check is not None and (problem := check(after.source)) is not None and check(before.source) is None:
        raise EditRefused(f"the code couldn't be parsed after the edit: {problem[0]}")
    if after.misread and not before.misread:
        raise EditRefused(f"the code couldn't be parsed surely after the edit: {after.misread}")


def _errors(tree: Tree) -> int:
    """Return how many nodes of a tree are errors, or missing."""
    count, waiting = 0, [tree.tree.root_node]
    while waiting:
        node = waiting.pop()
        count += node.is_error or node.is_missing
        if node.has_error:
            waiting += node.children
    return count


def _check_surroundings(before: Tree, after: Tree, old: Span, new: Span) -> None:
    """Raises EditRefused unless the nodes around a stretch, and those beside it, are after an edit what they were."""
    shift = new.end - old.end
    old, new = _trimmed(before.source.utf8, old), _trimmed(after.source.utf8, new)
    known = language(before.language)
    outer: Node | None = before.tree.root_node
    inner: Node | None = after.tree.root_node
    while outer is not None and inner is not None:
        literal, now = known.literal(outer), known.literal(inner)
        if (literal is None) != (now is None) or (literal and now and literal.plain and not now.plain):
            raise EditRefused("the new code would end the string that it stands in, or have a part put into it")
        if _beside(outer, old, 0) != _beside(inner, new, shift):
            raise EditRefused("the new code would be taken together with the code around it: put it in parentheses")
        outer, inner = _around(outer, old), _around(inner, new)


def _trimmed(data: bytes, span: Span) -> Span:
    """Return a span without the white space at both of its ends."""
    start, end = span
    while start < end and data[start : start + 1] in _SPACE:
        start += 1
    while end > start and data[end - 1 : end] in _SPACE:
        end -= 1
    return Span(start, end)


def _around(node: Node, span: Span) -> Node | None:
    """Return the child of a node that holds a stretch and more, None where none does."""
    return next((child for child in node.children if _side(child, span) == "around"), None)


def _side(node: Node, span: Span) -> str:
    """Return where a node stands to a stretch: `before`, `behind`, `around`, `within` or `across` one of its ends."""
    start, end = node.start_byte, node.end_byte
    if end <= span.start and start < span.start:
        return "before"
    if start >= span.end and end > span.end:
        return "behind"
    if span.start <= start and end <= span.end:
        return "within"
    return "around" if start <= span.start and end >= span.end else "across"


def _beside(node: Node, span: Span, shift: int) -> list[tuple[str, str, int, int]]:
    """Return the children of a node that aren't within a stretch: where they stand to it, their kinds and places."""
    places: list[tuple[str, str, int, int]] = []
    for child in node.children:
        side = _side(child, span)
        if side != "within":
            start = child.start_byte - (shift if side == "behind" else 0)
            places.append((side, child.type, start, child.end_byte - (0 if side == "before" else shift)))
    return places
