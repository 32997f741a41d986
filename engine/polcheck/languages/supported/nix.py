"""Nix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import dedented, escapes, joined, literal, pieces, unescape, unix_lines
from polcheck.languages.language import MARK, Context, Language, Literal, SnippetRules
from polcheck.languages.literals import LINES, Quoting

if TYPE_CHECKING:
    from tree_sitter import Node

_escape = escapes({"n": "\n", "r": "\r", "t": "\t"}, unknown="drop")


def _value(node: Node) -> Literal | None:
    text = (node.text or b"").decode("utf-8", "replace")
    quotes = 1 if node.type == "string_expression" else 2
    if len(text) < 2 * quotes:
        return None
    parts = pieces(node, quotes, quotes, ("interpolation",))
    if quotes == 1:
        found = joined(parts, lambda part: unescape(unix_lines(part), _escape))
        return literal(found.value, found.plain)
    whole = unix_lines("".join(part if isinstance(part, str) else "\0" for part in parts))
    first, end, rest = whole.partition("\n")
    lines = rest.split("\n") if end and not first.strip(" ") else whole.split("\n")
    if not lines[-1].strip(" "):
        lines[-1] = ""
    indent = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip(" ")), default=0)
    value = _unquoted("\n".join(dedented(lines, indent)))
    return literal(value.replace("\0", "{}"), all(isinstance(part, str) for part in parts))


def _unquoted(text: str) -> str:
    """Return the text between two pairs of single quotes, in which another pair begins what escapes there are."""
    result: list[str] = []
    at = 0
    while (found := text.find("''", at)) >= 0:
        result.append(text[at:found])
        at = found + 2
        if text.startswith("'", at):
            result.append("''")
            at += 1
        elif text.startswith("\\", at):
            value, at = _escape(text, at + 1)
            result.append(value)
    return "".join(result) + text[at:]


LANGUAGES = (
    Language(
        name="nix",
        title="Nix",
        module="tree_sitter_nix",
        suffixes=(".nix",),
        interpreters=("nix",),
        extra="nix",
        strings=frozenset({"string_expression", "indented_string_expression"}),
        string_value=_value,
        quoting=(Quoting(escapes={**LINES, "${": "\\${"}),),
        string_content="string_fragment",
        contexts=(
            Context(),
            Context("{ ", " }", fallback=True),
            Context("{ ", "; }", fallback=True),
        ),
        lists=frozenset({"binding_set"}),
        ascii_names=True,
        any_forms_in_braces=(f"{MARK * 3} = {MARK};", MARK * 3),
        quotes=('"',),
        snippet=SnippetRules(
            grouping=frozenset({"parenthesized_expression"}),
            mappings=frozenset({"binding_set"}),
        ),
    ),
)
