"""Syntax trees: the grammars of languages, and a file's tree in one of them.

A grammar is imported when the first file of its language is parsed: importing all of them at start would cost
more than a small run takes.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from polcheck.base.spans import Source
from polcheck.languages import registry
from polcheck.languages.registry import UnknownLanguage

if TYPE_CHECKING:
    import tree_sitter
    from tree_sitter import Node


# NOTE: tree-sitter's search passes without a word over nodes more than 65,535 levels below the one where it begins. It
# begins again every so many levels, so that what is found near an end is found whole.
_STRIDE = 60_000
MOST_LEVELS = 600_000
_MATCHES = 256  # that tree-sitter keeps in progress


class Tree(Struct, frozen=True, eq=False, weakref=True):
    """One file and its syntax tree, whose offsets are those of `source.utf8`; equal only to itself.

    `misread` says where the tree is known not to be what the language's own parser reads; empty if it is nowhere.
    """

    source: Source
    language: str
    tree: tree_sitter.Tree
    misread: str = ""


def parse(source: Source, language: str) -> Tree:
    """Return the tree of `source`. Raises Unreadable for bytes that are no text, UnknownLanguage without a grammar."""
    parser = parser_of(language)
    own = registry.language(language).parse
    if own is None:
        return Tree(source, language, parser.parse(source.utf8))
    return Tree(source, language, *own(source, parser))


def first_error(root: Node) -> Node:
    """Return the innermost node at which a tree that has errors first departs from its grammar."""
    node = root
    while not (node.is_error or node.is_missing):
        broken = next((child for child in node.children if child.has_error or child.is_error or child.is_missing), None)
        if broken is None:
            break
        node = broken
    return node


def beginnings(tree: Tree) -> tuple[list[Node], bool]:
    """Return the nodes where a search has to begin to pass over nothing, and whether all of them are among them."""
    found: list[Node] = [tree.tree.root_node]
    waiting: list[tuple[Node, int]] = [(tree.tree.root_node, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth and depth % _STRIDE == 0:
            if depth >= MOST_LEVELS:
                return found, False
            found.append(node)
        needed = _STRIDE - depth % _STRIDE  # nodes below, or none of them is where a search begins
        if node.descendant_count > needed:
            waiting += [(child, depth + 1) for child in node.children if child.descendant_count >= needed]
    return found, True


def captures(query: str, tree: Tree) -> dict[str, list[Node]]:
    """Return the nodes that each capture of a query of single nodes has in a tree, each once, in order of place."""
    from tree_sitter import QueryCursor

    roots, _ = beginnings(tree)
    cursor = QueryCursor(query_of(query, tree.language), match_limit=_MATCHES)
    nodes = cursor.captures(roots[0])
    for root in roots[1:]:
        for name, more in cursor.captures(root).items():
            known = {node.id for node in nodes.get(name, ())}
            nodes.setdefault(name, []).extend(node for node in more if node.id not in known)
    # NOTE: tree-sitter gives them in no order
    return {name: sorted(each, key=lambda node: node.start_byte) for name, each in nodes.items()}


@cache
def query_of(text: str, language: str) -> tree_sitter.Query:
    """Return a compiled query, which is compiled once. Raises UnknownLanguage as `grammar` does."""
    from tree_sitter import Query

    return Query(grammar(language), text)


_CAPSULE = b"tree_sitter.Language"  # NOTE: a capsule keeps no copy of its name


@cache
def grammar(language: str) -> tree_sitter.Language:
    """Return the grammar of `language`. Raises UnknownLanguage when there is none, or when it isn't installed."""
    result = registry.language(language)
    try:
        module = importlib.import_module(result.module)
    except ImportError as error:
        package = f"polcheck[{result.extra}]" if result.extra else "polcheck"
        message = f"the grammar of `{language}` is not installed"
        raise UnknownLanguage(message, f"install it: `pip install '{package}'`") from error
    from tree_sitter import Language

    return Language(_capsule(getattr(module, result.function)()))


def _capsule(pointer: object) -> object:
    """Return a grammar in the form in which tree-sitter takes it; older ones are numbers: where they are in memory."""
    if not isinstance(pointer, int):
        return pointer
    import ctypes

    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    capsule: object = new(pointer, _CAPSULE, None)
    return capsule


@cache
def parser_of(language: str) -> tree_sitter.Parser:
    """Return the parser of `language`. Raises UnknownLanguage as `grammar` does."""
    tongue = grammar(language)
    from tree_sitter import Parser

    return Parser(tongue)
