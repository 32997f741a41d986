"""The deletion of code: of an entry of a list that commas divide with its comma, of other code by itself.

Lists are arguments, parameters, elements, names of an import and the like. Which nodes are entries of a list follows
from the tree: siblings with a comma between each two. So one rule does for every language. Before edits are returned
the edited file is parsed: it has to have the nodes that it had, but for the entry and one comma.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from polcheck.base.spans import Source, Span
from polcheck.edits.brackets import Brackets
from polcheck.edits.code import check_encoding, check_syntax, tree_of
from polcheck.edits.document import Change, Layout, in_bytes
from polcheck.edits.edit import Edit, EditRefused, apply

if TYPE_CHECKING:
    from tree_sitter import Node

    from polcheck.languages.grammars import Tree

_PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">", "|": "|"}
_SPACE = " \t\r\n\f"


class CodeList(Struct, frozen=True):
    """A list between commas: the node that holds it, its entries in their order, and the number of one of them.

    `start` and `end` are the offsets in bytes between which the list stands, without its brackets. `commas` are the
    offsets of its commas, `comments` the comments in it.
    """

    parent: Node
    entries: Sequence[Node]
    number: int
    start: int
    end: int
    commas: Sequence[int]
    comments: Sequence[Node]


def delete_code(source: Source, name: str, span: Span, *, whole: bool = True) -> tuple[Edit, ...]:
    """Return the edits that take a span out of a file in the language `name`.

    `span` counts characters, as places do. An entry of a list goes with its comma, and with the comments and the line
    that are its own; other code with its line where nothing else stands there. Unless this is the `whole` of a change,
    other code may be needed where it is: what is changed besides may make up for it. Raises EditRefused where the file
    couldn't be parsed afterwards, or something else would be read otherwise.
    """
    before = tree_of(source, name)
    check_encoding(source)
    start, end = source.byte_of(span.start), source.byte_of(span.end)
    found = list_at(before, start, end)
    if found is None:
        return _alone(before, whole_lines(source, span), check=whole)
    reasons: list[str] = []
    for changes in _candidates(source, found):
        edits = in_bytes(source, changes)
        try:
            after = tree_of(Source(source.path, apply(source.data, edits)), name)
            check_syntax(before, after)
        except EditRefused as refusal:
            reasons.append(refusal.reason)
            continue
        if _lacks_only(before, after, found):
            return edits
    if len(found.entries) == 1:
        raise EditRefused("it is the only entry of its list, which can't be empty: delete what holds it, too")
    raise EditRefused(next(iter(reasons), "what is left of the list would be read as something else"))


def whole_lines(source: Source, span: Span) -> Span:
    """Return the lines of a span of characters where nothing else stands on them; otherwise the span itself."""
    text = source.text
    first = source.line_starts[source.line_of(span.start) - 1]
    number = source.line_of(max(span.end - 1, span.start))
    last = source.line_starts[number] if number < len(source.line_starts) else len(text)
    around = text[first : span.start] + text[span.end : max(last, span.end)]
    return Span(first, max(last, span.end)) if not around.strip() else span


def list_at(tree: Tree, start: int, end: int) -> CodeList | None:
    """Return the list of which the node from byte `start` to `end` is an entry; None where it is that of none."""
    node: Node | None = tree.tree.root_node.descendant_for_byte_range(start, end)
    while node is not None and (node.start_byte, node.end_byte) == (start, end):
        parent = node.parent
        if parent is not None and node.is_named and (found := _list_in(parent, node)) is not None:
            return found
        node = parent
    return None


def _list_in(parent: Node, node: Node) -> CodeList | None:
    """Return the list among a node's children of which one is an entry; None where there is none."""
    children = _members(parent)
    at = next((number for number, child in enumerate(children) if child.id == node.id), -1)
    if at < 0:
        return None  # NOTE: what could not be parsed stands where nothing is expected
    first = last = at
    while first >= 2 and _is_comma(children[first - 1]) and children[first - 2].is_named:
        first -= 2
    while last + 2 < len(children) and _is_comma(children[last + 1]) and children[last + 2].is_named:
        last += 2
    stop = last + 1 if last + 1 < len(children) and _is_comma(children[last + 1]) else last
    opening = children[first - 1] if first else None
    closing = children[stop + 1] if stop + 1 < len(children) else None
    closed = (
        opening is not None
        and closing is not None
        and not (opening.is_named or closing.is_named)
        and _PAIRS.get(_text(opening)[-1:]) == _text(closing)[:1]
    )
    if first == stop and not closed:
        return None
    if opening is not None and _is_comma(opening):
        return None  # NOTE: nothing stands before that comma, which counts as an entry in JavaScript
    start, end = children[first].start_byte, children[stop].end_byte
    if closed and opening is not None and closing is not None:
        start, end = opening.end_byte, closing.start_byte
    return CodeList(
        parent,
        children[first : last + 1 : 2],
        (at - first) // 2,
        start,
        end,
        [child.start_byte for child in children[first : stop + 1] if _is_comma(child)],
        [child for child in parent.children if child.is_extra and start <= child.start_byte < end],
    )


def _members(node: Node) -> list[Node]:
    """Return the children of a node without comments, and what else may stand anywhere."""
    return [child for child in node.children if not child.is_extra]


def _is_comma(node: Node) -> bool:
    return not node.is_named and node.type == ","


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _candidates(source: Source, found: CodeList) -> Iterator[list[Change]]:
    """Yield what may take an entry out of its list, the best layout first."""
    spans = [source.span_of_bytes(entry.start_byte, entry.end_byte) for entry in found.entries]
    inner = source.span_of_bytes(found.start, found.end)
    own = spans[found.number]
    signs = _signs(found.comments)
    text = source.text
    if signs is not None and "\\" not in _between(text, inner, spans):
        try:
            brackets = Brackets(Layout(source), inner.start - 1, inner.end + 1, spans, signs)
            yield brackets.delete(found.number)
        except EditRefused:
            pass
    commas = [source.span_of_bytes(comma, comma + 1).start for comma in found.commas]
    number = found.number
    if number + 1 < len(spans):
        after = commas[number] + 1
        stop = next((at for at in range(after, len(text)) if text[at] not in " \t"), len(text))
        yield [Change(own.start, own.end, ""), Change(commas[number], stop, "")]
    elif number:
        yield [Change(spans[number - 1].end if not found.comments else commas[number - 1], own.end, "")]
        yield [Change(commas[number - 1] + 1, own.end, "")]  # NOTE: `(a,)` is a tuple, and `(a)` is none
    else:
        yield [Change(own.start, inner.end if not found.comments else own.end, "")]


def _between(text: str, inner: Span, spans: Sequence[Span]) -> str:
    """Return the text of a list that is in none of its entries."""
    ends = [inner.start, *(span.end for span in spans)]
    starts = [*(span.start for span in spans), inner.end]
    return "".join(text[end:start] for end, start in zip(ends, starts, strict=True))


def _signs(comments: Sequence[Node]) -> tuple[str, ...] | None:
    """Return what begins the comments of a list: of those in one line, and `/*`; None where others are among them."""
    signs: set[str] = set()
    for comment in comments:
        text = _text(comment).strip(_SPACE)
        if text.startswith("/*"):
            signs.add("/*")
        elif "\n" in text or "\r" in text:
            return None
        else:
            sign = text[:2] if text.startswith(("//", "--")) else text[:1]
            if sign not in ("#", "//", "--", "%", ";") or (sign == "#" and text[:2] in ("#=", "#|")):
                return None
            signs.add(sign)
    return tuple(sorted(signs))


def _lacks_only(before: Tree, after: Tree, found: CodeList) -> bool:
    """Return whether a tree has the nodes of another one, but for an entry of a list and at most one of its commas."""
    entry = found.entries[found.number]
    outer, inner = before.tree.root_node, after.tree.root_node
    while True:
        if outer.type != inner.type:
            return False
        old, new = _members(outer), _members(inner)
        if outer.id == found.parent.id:
            return _is_shortened(old, new, entry)
        if len(old) != len(new):
            return False
        at = next((number for number, child in enumerate(old) if _holds(child, entry)), -1)
        if at < 0:
            return False
        beside = zip([*old[:at], *old[at + 1 :]], [*new[:at], *new[at + 1 :]], strict=True)
        if not all(_is_same(one, other) for one, other in beside):
            return False
        outer, inner = old[at], new[at]


def _holds(node: Node, inner: Node) -> bool:
    return node.start_byte <= inner.start_byte and node.end_byte >= inner.end_byte


def _is_shortened(old: Sequence[Node], new: Sequence[Node], entry: Node) -> bool:
    """Return whether children of a node are those of another one, but for an entry and at most one comma beside it."""
    at = next(number for number, child in enumerate(old) if child.id == entry.id)
    rests = [[*old[:at], *old[at + 1 :]]]
    if at + 1 < len(old) and _is_comma(old[at + 1]):
        rests.append([*old[:at], *old[at + 2 :]])
    if at and _is_comma(old[at - 1]):
        rests.append([*old[: at - 1], *old[at + 1 :]])
    return any(
        len(rest) == len(new) and all(_is_same(one, other) for one, other in zip(rest, new, strict=True))
        for rest in rests
    )


def _is_same(one: Node, other: Node) -> bool:
    """Return whether two nodes have the same text, and are read alike from it."""
    if one.text != other.text:
        return False
    waiting = [(one, other)]
    while waiting:
        left, right = waiting.pop()
        size, other_size = left.end_byte - left.start_byte, right.end_byte - right.start_byte
        if left.type != right.type or left.child_count != right.child_count or size != other_size:
            return False
        waiting += zip(left.children, right.children, strict=True)
    return True


def _alone(before: Tree, span: Span, *, check: bool) -> tuple[Edit, ...]:
    """Return the edit that takes a span out which is no entry of a list; with `check`, if the rest can be parsed."""
    source = before.source
    start, text = span.start, source.text
    if text[span.end : span.end + 1] in ("", *" \t\r\n,;)]}"):
        blanks = start - len(text[:start].rstrip(" \t"))  # NOTE: those in the line, but for its indent
        start -= blanks if text[start - blanks - 1 : start - blanks] not in ("", "\r", "\n") else 0
    edits = in_bytes(source, [Change(start, span.end, "")])
    if not check:
        return edits
    try:
        check_syntax(before, tree_of(Source(source.path, apply(source.data, edits)), before.language))
    except EditRefused as refusal:
        raise EditRefused("the file would not parse without it: delete what holds it, too") from refusal
    return edits
