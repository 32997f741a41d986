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
    parser = _parser(language)
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


@cache
def grammar(language: str) -> tree_sitter.Language:
    """Return the grammar of `language`. Raises UnknownLanguage when there is none, or when it isn't installed."""
    found = registry.language(language)
    try:
        module = importlib.import_module(found.module)
    except ImportError as error:
        package = f"polcheck[{found.extra}]" if found.extra else "polcheck"
        message = f"the grammar of `{language}` is not installed"
        raise UnknownLanguage(message, f"install it: `pip install '{package}'`") from error
    from tree_sitter import Language

    return Language(getattr(module, found.function)())


@cache
def _parser(language: str) -> tree_sitter.Parser:
    tongue = grammar(language)
    from tree_sitter import Parser

    return Parser(tongue)
