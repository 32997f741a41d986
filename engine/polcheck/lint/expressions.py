"""What expressions and templates of a pack read of its parameters and tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from polcheck.lint.view import View
from polcheck.selectors.jmes import ExpressionError
from polcheck.selectors.jmes.nodes import Chain, Current, Field, Node, children
from polcheck.selectors.jmes.syntax import parse

_EVERY = frozenset({"*"})  # read as a whole, so that every member is


def members(text: str, root: str) -> frozenset[str]:
    """The names `x` for which an expression reads `root.x`; `*` among them when it reads `root` otherwise."""
    try:
        node, _ = parse(text)
    except ExpressionError:
        return _EVERY  # noted when it was compiled
    return frozenset(_members(node, root))


def told(text: str, root: str) -> frozenset[str]:
    """The same for a template."""
    found = re.findall(rf"\b{root}\b(?:\.(\w+)|\[['\"](\w+)['\"]\])?", text)
    return frozenset(dotted or keyed or "*" for dotted, keyed in found)


def constant(text: str) -> bool:
    """Whether an expression reads nothing at all."""
    node, _ = parse(text)
    return not any(isinstance(part, Field) or (isinstance(part, Current) and not part.implied) for part in walk(node))


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def read_of(view: View, root: str) -> frozenset[str]:
    """The members of `params` or `tables` that anything in the pack reads; `*` among them for all."""
    found: set[str] = set()
    for text in _expressions(view):
        found |= members(text, root)
    for text in templates(view):
        found |= told(text, root)
    return frozenset(found)


def templates(view: View) -> Iterator[str]:
    """The text of every message, remedy and template."""
    for entry in view.entries:
        yield from (entry.written.message, entry.written.remedy)
    for path in view.pack.files.below("templates", ("",)):
        yield view.pack.files.files[path].decode("utf-8", "replace")


def _expressions(view: View) -> Iterable[str]:
    for _, item in view.items:
        yield from (text for text in (item.where, *item.let.values()) if text)
        if isinstance(item.values, str):
            yield item.values
    yield from (value for value in view.document.get("verdict", {}).values() if isinstance(value, str))


def _members(node: Node, root: str) -> Iterator[str]:
    match node:
        case Field(name):
            if name == root:
                yield "*"
        case Chain((Field(name), Field(member), *rest)) if name == root:
            yield member
            for step in rest:
                yield from _members(step, root)
        case _:
            for child in children(node):
                yield from _members(child, root)
