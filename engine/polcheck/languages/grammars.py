"""Syntax trees: which languages there are, and a file's tree in one of them.

A grammar is imported when the first file of its language is parsed: importing all of them at start would cost
more than a small run takes.
"""

from __future__ import annotations

import importlib
import warnings
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from polcheck.base.errors import PolcheckError
from polcheck.base.spans import Source
from polcheck.languages.spelling import tree_of

if TYPE_CHECKING:
    import tree_sitter


class Grammar(NamedTuple):
    """Where a language's grammar is found, and the endings of its files."""

    module: str
    attribute: str
    suffixes: tuple[str, ...]


LANGUAGES: dict[str, Grammar] = {
    "python": Grammar("tree_sitter_python", "language", (".py", ".pyi")),
    "bash": Grammar("tree_sitter_bash", "language", (".sh", ".bash")),
    "json": Grammar("tree_sitter_json", "language", (".json",)),
    "toml": Grammar("tree_sitter_toml", "language", (".toml",)),
    "javascript": Grammar("tree_sitter_javascript", "language", (".js", ".mjs", ".cjs", ".jsx")),
    "typescript": Grammar("tree_sitter_typescript", "language_typescript", (".ts", ".mts", ".cts")),
    "tsx": Grammar("tree_sitter_typescript", "language_tsx", (".tsx",)),
    "go": Grammar("tree_sitter_go", "language", (".go",)),
}
_BY_SUFFIX = {suffix: name for name, entry in LANGUAGES.items() for suffix in entry.suffixes}
_REQUIRED = frozenset({"python", "bash", "json", "toml"})


class UnknownLanguage(PolcheckError):
    """A language without a grammar, or whose grammar isn't installed; `help` says what to do."""

    def __init__(self, message: str, help: str) -> None:
        self.message = message
        self.help = help
        super().__init__(message)


class Tree(Struct, frozen=True, eq=False, weakref=True):
    """One file and its syntax tree, whose offsets are those of `source.utf8`; equal only to itself."""

    source: Source
    language: str
    tree: tree_sitter.Tree


def parse(source: Source, language: str) -> Tree:
    """The tree of `source`. Raises Unreadable for bytes that are no text, UnknownLanguage without a grammar."""
    parser = _parser(language)
    tree = tree_of(source, parser) if language == "python" else parser.parse(source.utf8)
    return Tree(source, language, tree)


def language_of(path: str) -> str | None:
    """The language that the ending of `path` stands for, None for an ending that no language has."""
    start = path.rfind("/") + 1
    dot = path.rfind(".")
    return _BY_SUFFIX.get(path[dot:].lower()) if dot > start else None


@cache
def grammar(language: str) -> tree_sitter.Language:
    """The grammar of `language`. Raises UnknownLanguage when there is none, or when it isn't installed."""
    entry = LANGUAGES.get(language)
    if entry is None:
        raise UnknownLanguage(f"unknown language `{language}`", "known: " + ", ".join(sorted(LANGUAGES)))
    try:
        module = importlib.import_module(entry.module)
    except ImportError as error:
        extra = "polcheck" if language in _REQUIRED else "polcheck[languages]"
        message = f"the grammar of `{language}` is not installed"
        raise UnknownLanguage(message, f"install it: `pip install '{extra}'`") from error
    from tree_sitter import Language

    return Language(getattr(module, entry.attribute)())


@cache
def _parser(language: str) -> tree_sitter.Parser:
    tongue = grammar(language)
    from tree_sitter import Parser

    return Parser(tongue)


def python_error(source: Source) -> tuple[str, int] | None:
    """Why this Python doesn't accept `source`, and the line (0 where it has none); None when it does.

    The code is compiled and never run. Raises Unreadable for bytes that are no text.
    """
    text = source.text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # NOTE: for an error Python opens the file of this name to show its line; the empty name is none of a file
            compile(text, "", "exec", dont_inherit=True)
    except SyntaxError as error:
        return error.msg, error.lineno or 0
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return f"{type(error).__name__}: {error}".rstrip(": "), 0
    return None
