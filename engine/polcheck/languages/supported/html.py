"""HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import literal, text_of
from polcheck.languages.language import Context, Language, Literal, SnippetRules
from polcheck.languages.literals import Quoting

if TYPE_CHECKING:
    from tree_sitter import Node

_TEXTS = frozenset({"text", "raw_text"})


def _value(node: Node) -> Literal | None:
    """Return the value of an attribute, with its character references replaced, or a text."""
    import html

    if node.type in _TEXTS:
        found = text_of(node)
        return literal(html.unescape(found.value) if node.type == "text" else found.value)
    text = (node.text or b"").decode("utf-8", "replace")
    if node.type == "quoted_attribute_value":
        if len(text) < 2 or text[0] != text[-1]:
            return None
        text = text[1:-1]
    return literal(html.unescape(text))


# NOTE: a snippet without an end tag says nothing of what is in the element
_OPEN_ELEMENT = {
    "end_tag": frozenset(
        {"end_tag", "text", "entity", "element", "script_element", "style_element", "erroneous_end_tag"}
    )
}
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}

LANGUAGES = (
    Language(
        name="html",
        title="HTML",
        module="tree_sitter_html",
        suffixes=(".html", ".htm", ".xhtml"),
        general=False,
        extra="html",
        strings=frozenset({"quoted_attribute_value", "attribute_value"}) | _TEXTS,
        string_value=_value,
        quoting=(Quoting("<a b=", "></a>", escapes=_ENTITIES, raw=True),),
        texts=_TEXTS,
        contexts=(
            Context(),
            Context("<a ", "></a>", kinds=frozenset({"attribute"})),
        ),
        ascii_names=True,
        comment_signs=(),
        snippet=SnippetRules(
            lists_of_one=frozenset({"element"}),
            mappings=frozenset({"start_tag", "self_closing_tag"}),
            optional={"element": _OPEN_ELEMENT},
            ignores_case=frozenset({"tag_name", "attribute_name"}).__contains__,
        ),
    ),
)
