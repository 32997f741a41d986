"""What expressions and templates of a pack read of its parameters and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from polcheck.lint.view import View
from polcheck.policy.members import members, told
from polcheck.selectors.jmes.nodes import Current, Field, Node, children
from polcheck.selectors.jmes.syntax import parse


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
