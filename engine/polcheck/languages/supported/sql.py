"""SQL, of the dialects that its grammar knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import escapes, literal, unescape
from polcheck.languages.language import MARK, Context, Language, Literal, SnippetRules, each
from polcheck.languages.literals import Quoting

if TYPE_CHECKING:
    from tree_sitter import Node

_escape = escapes(
    {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'"},
    octal=3, exact={"u": 4, "U": 8}, upto={"x": 2}, unknown="drop",
)  # fmt: skip


def _value(node: Node) -> Literal | None:
    """Return the value of a string: `''` is a quote, escapes count after an `E`, as the standard and PostgreSQL say."""
    text = (node.text or b"").decode("utf-8", "replace")
    if text.startswith("$"):
        tag = text[: text.find("$", 1) + 1]
        return literal(text[len(tag) : len(text) - len(tag)]) if len(text) >= 2 * len(tag) > 0 else None
    start = text.find("'")
    if start < 0:
        start = text.find('"')
    if start not in (0, 1) or len(text) < start + 2 or text[-1] != text[start]:
        return None
    content = text[start + 1 : -1].replace(text[start] * 2, text[start])
    return literal(unescape(content, _escape) if text[:start] in ("E", "e") else content)


def _ignores_case(kind: str) -> bool:
    return kind.startswith("keyword_") or kind in ("identifier", "literal")


_IF_EXISTS = {"keyword_if": frozenset({"keyword_if", "keyword_exists", "keyword_not"})}
_CASCADE = {"keyword_cascade": frozenset({"keyword_cascade"})}

LANGUAGES = (
    Language(
        name="sql",
        title="SQL",
        module="tree_sitter_sql",
        suffixes=(".sql", ".ddl", ".dml"),
        general=False,
        extra="sql",
        strings=frozenset({"literal"}),
        string_value=_value,
        quoting=(Quoting("SELECT ", "", "'", {"\n": "\n", "\t": "\t"}, doubled=True, raw=True, refused="\\"),),
        comments=frozenset({"comment", "marginalia"}),
        contexts=(
            Context(),
            Context("SELECT * FROM a WHERE ", "", fallback=True),
            Context("SELECT ", "", fallback=True),
            Context("CREATE TABLE a (", ")", fallback=True),
        ),
        lists=frozenset({"where", "select_expression", "term", "column_definitions"}),
        ascii_names=True,
        any_forms=(MARK * 3, f"{MARK * 3} {MARK}"),
        comment_signs=("--",),
        quotes=("'", '"'),
        snippet=SnippetRules(
            expression_statements=frozenset({"statement"}),
            lists_of_one=frozenset({"term"}),
            optional={
                **each("drop_table drop_view drop_index drop_schema drop_database", {**_IF_EXISTS, **_CASCADE}),
                **each("create_table create_index create_schema create_view", _IF_EXISTS),
            },
            optional_words=frozenset(),
            ignores_case=_ignores_case,
        ),
    ),
)
