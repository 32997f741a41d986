"""Markdown: its blocks; what stands in a line is text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import literal, text_of, unix_lines
from polcheck.languages.language import MARK, Context, Language, Literal, SnippetRules
from polcheck.languages.respelling import tree_of_lines

if TYPE_CHECKING:
    from tree_sitter import Node

_TEXTS = frozenset({"inline", "info_string", "pipe_table_cell", "link_destination", "link_label", "html_block"})


def _value(node: Node) -> Literal | None:
    """Return the text of a heading, a paragraph or a cell as one line, that of a block of code as it is."""
    if node.type in _TEXTS:
        return text_of(node)
    return literal(unix_lines((node.text or b"").decode("utf-8", "replace")))


LANGUAGES = (
    Language(
        name="markdown",
        title="Markdown",
        module="tree_sitter_markdown",
        suffixes=(".md", ".markdown", ".mdown", ".mkd"),
        general=False,
        extra="markdown",
        strings=_TEXTS | {"code_fence_content"},
        string_value=_value,
        texts=_TEXTS,
        comments=frozenset(),
        contexts=(Context("", "\n"),),
        lists=frozenset({"section", "list"}),
        any_forms=(MARK * 3,),
        comment_signs=(),
        quotes=(),
        parse=tree_of_lines,
        snippet=SnippetRules(
            punctuation=frozenset(
                {
                    "list_marker_minus",
                    "list_marker_plus",
                    "list_marker_star",
                    "block_continuation",
                    "block_quote_marker",
                }
            ),
            lists_of_one=frozenset({"paragraph"}),
        ),
    ),
)
