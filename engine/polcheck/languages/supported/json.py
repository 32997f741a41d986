"""JSON as code, which has syntax trees; as configuration it is in `formats`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.language import Language, Literal, SnippetRules
from polcheck.languages.literals import LINES, Quoting, utf16_units

if TYPE_CHECKING:
    from tree_sitter import Node


def _value(node: Node) -> Literal | None:
    import json

    text = (node.text or b"").decode("utf-8", "replace")
    try:
        return Literal(str(json.loads(text, strict=False)), True)
    except (ValueError, RecursionError):
        return Literal(text, True) if text.endswith('"') else None


LANGUAGES = (
    Language(
        name="json",
        title="JSON",
        module="tree_sitter_json",
        suffixes=(".json",),
        strings=frozenset({"string"}),
        string_value=_value,
        quoting=(Quoting(escapes=LINES, character=utf16_units),),
        string_content="string_content",
        comment_signs=("//",),
        quotes=('"',),
        snippet=SnippetRules(mappings=frozenset({"object"})),
    ),
)
