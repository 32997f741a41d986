"""Where a tree has syntax errors, and whether it can still be searched in reasonable time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.grammars import Tree

if TYPE_CHECKING:
    from tree_sitter import Node

    from polcheck.selectors.syntax.query import Element


def first_error(tree: Tree) -> int:
    """Return the line, from 1, of the first error in a tree that has one."""
    node = tree.tree.root_node
    while not (node.is_error or node.is_missing):
        broken = _first_broken(node)
        if broken is None:
            break
        node = broken
    return node.start_point.row + 1


def too_wide(tree: Tree, width: int) -> bool:
    """Return whether a node at or under an error has more than `width` children.

    NOTE: tree-sitter's search takes quadratic time over such a node: 37 s for 200,000 open brackets.
    """
    waiting: list[Node] = [tree.tree.root_node]
    while waiting:
        node = waiting.pop()
        if node.child_count > width and (node.is_error or _holds_error(node)):
            return True
        if node.child_count <= width:
            waiting += [child for child in node.children if child.has_error]
    return False


def _holds_error(node: Node) -> bool:
    return any(child.is_error for child in node.children)


def _first_broken(node: Node) -> Node | None:
    cursor = node.walk()
    going = cursor.goto_first_child()
    while going:
        child = cursor.node
        if child is not None and (child.has_error or child.is_missing):
            return child
        going = cursor.goto_next_sibling()
    return None


def free_of(element: Element) -> int:
    """Return the largest number of choices that a match of a pattern may make: 1 where it has no two free siblings."""
    return 1 + _choices(element)


def _choices(element: Element) -> int:
    inner = [_choices(part) for part in element.elements]
    if element.form == "alternation":
        return max(inner, default=0)
    free = 0
    in_field = anchored = False  # whether the next child is in a field, or right after the one before
    for part in element.parts:
        if isinstance(part, str):
            in_field = in_field or part.endswith(":")
            anchored = anchored or part == "."
            continue
        free += 2 if part.quantifier in ("*", "+") else not (in_field or anchored)
        in_field = anchored = False
    return max(free - 1, 0) + sum(inner)
