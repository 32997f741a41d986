"""Elixir."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import dedented, escapes, joined, literal, pieces, unescape, unix_lines
from polcheck.languages.language import MARK, Context, Language, Literal, SnippetRules, parts
from polcheck.languages.literals import LINES, Quoting, in_braces

if TYPE_CHECKING:
    from tree_sitter import Node

_escape = escapes(
    {
        "0": "\0", "a": "\a", "b": "\b", "d": "\x7f", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "s": " ", "t": "\t",
        "v": "\v", "\n": "",
    },
    exact={"x": 2, "u": 4}, braces="ux", unknown="drop",
)  # fmt: skip


def _value(node: Node) -> Literal | None:
    text = (node.text or b"").decode("utf-8", "replace")
    quotes = 3 if text[:3] in ('"""', "'''") and len(text) >= 6 else 1
    if len(text) < 2 * quotes or text[-1] != text[0]:
        return None
    parts = pieces(node, quotes, quotes, ("interpolation",))
    if quotes == 3:
        whole = unix_lines("".join(part if isinstance(part, str) else "\0" for part in parts)).removeprefix("\n")
        lines = whole.split("\n")
        value = "".join(f"{line}\n" for line in dedented(lines[:-1], len(lines[-1])))
        return literal(unescape(value, _escape).replace("\0", "{}"), all(isinstance(part, str) for part in parts))
    found = joined(parts, lambda part: unescape(part, _escape))
    return literal(found.value, found.plain)


LANGUAGES = (
    Language(
        name="elixir",
        title="Elixir",
        module="tree_sitter_elixir",
        suffixes=(".ex", ".exs"),
        interpreters=("elixir", "iex"),
        extra="elixir",
        strings=frozenset({"string", "charlist"}),
        string_value=_value,
        quoting=(Quoting("a = ", "\n", escapes={**LINES, "#{": "\\#{"}, character=in_braces),),
        string_content="quoted_content",
        contexts=(Context(), Context("case a do\n", "\nend", fallback=True)),
        lists=frozenset({"do_block"}),
        name_forms=(MARK + "{}", "Z" + MARK + "{}"),
        any_forms=(MARK * 3, f"{MARK * 3} -> {MARK}", f"{MARK * 3}: {MARK}"),
        any_forms_in_braces=(MARK * 3, f"{MARK * 3}: {MARK}", f"{MARK * 3} => {MARK}"),
        multiline_quotes=('"""',),
        snippet=SnippetRules(
            bare_lists=frozenset({"arguments"}),
            mappings=frozenset({"map_content"}),
            optional={"call": parts("do_block")},
        ),
    ),
)
