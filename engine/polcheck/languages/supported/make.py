"""Makefiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import text_of
from polcheck.languages.language import MARK, Context, Language, Literal, SnippetRules, parts
from polcheck.languages.respelling import tree_of_lines

if TYPE_CHECKING:
    from tree_sitter import Node

_TEXTS = frozenset({"shell_text", "text", "word", "raw_text", "shell_command"})


def _value(node: Node) -> Literal | None:
    """Return the text of a word, a value or a command; references to variables stay as written."""
    return text_of(node)


LANGUAGES = (
    Language(
        name="make",
        title="Makefile",
        module="tree_sitter_make",
        suffixes=(".mk", ".mak", ".make"),
        file_names=("Makefile", "makefile", "GNUmakefile"),
        file_prefixes=("Makefile.",),
        interpreters=("make",),
        general=False,
        extra="make",
        strings=_TEXTS,
        string_value=_value,
        texts=_TEXTS,
        contexts=(
            Context("", "\n"),
            Context("a: ", "\n", kinds=frozenset({"variable_reference", "function_call", "shell_function"})),
            Context("a:\n\t", "\n", fallback=True),
        ),
        lists=frozenset({"recipe", "recipe_line", "prerequisites"}),
        any_forms=(MARK * 3,),
        ascii_names=True,
        parse=tree_of_lines,
        snippet=SnippetRules(
            punctuation=frozenset({"\t", "recipe_prefix"}),
            optional={"rule": parts("recipe", "prerequisites")},
        ),
    ),
)
