"""JavaScript, and what TypeScript has of it."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from polcheck.base.spans import Source
from polcheck.languages.decoding import (
    character,
    exactly,
    joined,
    number,
    paired,
    pieces,
    quoted_text,
    unescape,
    unix_lines,
)
from polcheck.languages.language import Chain, Context, Language, Literal, ParsedCode, SnippetRules, each, parts
from polcheck.languages.literals import LINES, Quoting, utf16_units
from polcheck.languages.respelling import Change, Respelled

if TYPE_CHECKING:
    from tree_sitter import Language as Grammar
    from tree_sitter import Node, Parser, Query

    from polcheck.languages.constants import ConstantRules
    from polcheck.languages.names import NameRules

_SIMPLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_LINE_ENDS = "\n\r\u2028\u2029"


def string_value(node: Node) -> Literal | None:
    """Return the value of a string or a template, whose escapes count whatever function it is a template of."""
    text = quoted_text(node, '"', "'", "`")
    if text is None:
        return None
    if text[0] == "`":
        result = joined(
            pieces(node, 1, 1, ("template_substitution",)), lambda part: unescape(unix_lines(part), _escape)
        )
        return Literal(paired(result.value), result.plain)
    if node.parent is not None and node.parent.type == "jsx_attribute":
        return Literal(_without_references(text[1:-1]), True)
    return Literal(paired(unescape(text[1:-1], _escape)), True)


def template_parts(node: Node) -> list[str | Node]:
    """Return the texts of a template as the program sees them, and the nodes of its interpolated parts between them."""
    parts = pieces(node, 1, 1, ("template_substitution",))
    return [paired(unescape(unix_lines(part), _escape)) if isinstance(part, str) else part for part in parts]


def constant_rules() -> ConstantRules:
    """Return how names of constants are followed."""
    from polcheck.languages.javascript_constants import RULES

    return RULES


def _escape(text: str, at: int) -> tuple[str, int]:
    char = text[at : at + 1]
    if char in _SIMPLE:
        return _SIMPLE[char], at + 1
    if char and char in _LINE_ENDS:
        return "", at + (2 if text.startswith("\r\n", at) else 1)
    if char and char in "01234567":
        code, end = number(text, at, 3 if char in "0123" else 2, 8)
        return chr(code), end
    result: str | None = None
    end = at
    if char == "x":
        result, end = character(exactly(text, at + 1, 2)), at + 3
    elif text.startswith("u{", at):
        code, end = number(text, at + 2, len(text))
        result = character(code) if end > at + 2 and text[end : end + 1] == "}" else None
        end += 1
    elif char == "u":
        result, end = character(exactly(text, at + 1, 4)), at + 5
    if result is not None:
        return result, end
    return ("\\", at) if char in ("x", "u", "") else (char, at + 1)


def _without_references(text: str) -> str:
    """Return the value of an attribute in JSX, which has the character references of HTML in place of escapes."""
    if "&" not in text:
        return text
    import html

    parts = text.split("&")
    for index, part in enumerate(parts[1:], 1):
        name, end, rest = part.partition(";")
        # NOTE: a reference without a semicolon is none in JSX
        parts[index] = html.unescape(f"&{name};") + rest if end and 0 < len(name) <= 32 else "&" + part
    return "".join(parts)


_IN_NAME = re.compile(r"\\u(?:([0-9a-fA-F]{4})|\{([0-9a-fA-F]{1,6})\})")
_NAMES = ("identifier", "property_identifier", "private_property_identifier", "shorthand_property_identifier")


def tree_of(source: Source, parser: Parser) -> ParsedCode:
    """Return the tree of JavaScript, in which an escape in a name is the character. Raises Unreadable."""
    from tree_sitter import QueryCursor

    data = source.utf8
    code = Respelled(data, parser)
    code.parse()
    if b"\\u" in data:
        changes = []
        for node in QueryCursor(_names(code.tree.language)).captures(code.tree.root_node).get("name", ()):
            old = data[node.start_byte : node.end_byte]
            if b"\\" in old:
                new = _unescaped(old.decode("utf-8", "surrogatepass")).encode("utf-8", "surrogatepass")
                changes.append(Change(node.start_byte, new.ljust(len(old)), lasting=True))
        code.add(changes)
        code.parse()
    return ParsedCode(code.tree)


@cache
def _names(language: Grammar) -> Query:
    """Return the nodes that are names."""
    from tree_sitter import Query

    return Query(language, " ".join(f"({kind}) @name" for kind in _NAMES))


def _unescaped(text: str) -> str:
    """Names with their escapes as the characters that these stand for."""

    def char(found: re.Match[str]) -> str:
        code = int(found[1] or found[2], 16)
        letter = chr(code) if code <= 0x10FFFF else ""
        return letter if f"a{letter}".isidentifier() or letter == "$" else found[0]

    return _IN_NAME.sub(char, text)


def as_meant(source: Source) -> bytes | None:
    """Return the text with its escapes as names mean them; None where it has none. Raises Unreadable."""
    return _unescaped(source.text).encode("utf-8", "surrogatepass") if b"\\u" in source.utf8 else None


def _name_rules() -> NameRules:
    """Return how names are followed."""
    from polcheck.languages.javascript_names import JAVASCRIPT

    return JAVASCRIPT.rules()


QUOTING = (
    Quoting("a = ", ";", escapes=LINES, character=utf16_units),
    Quoting("a = ", ";", "'", LINES, utf16_units),
)
STRINGS = frozenset({"string", "template_string"})
COMMENTS = frozenset({"comment", "html_comment"})
COMMENT_SIGNS = ("//",)
MULTILINE_QUOTES = ("`",)
AWAITING = frozenset({"await_expression"})
CHAIN = Chain("identifier", "member_expression", "object", "property", r"(?:\?\.|\.)", single=False)
_MEMBERS = frozenset({"method_definition", "field_definition", "public_field_definition", "class_static_block"})
ERASED = {
    **dict.fromkeys(("as_expression", "satisfies_expression", "non_null_expression", "instantiation_expression"), 0),
    "type_assertion": -1,
}
"""What TypeScript says of the type of an expression; JavaScript has none of it."""
LISTS = frozenset({"class_body", "switch_body"})
CONTEXTS = (
    Context(),
    Context("try {} ", "", needs=("catch", "finally"), fallback=True),
    Context("switch (a) { ", " }", needs=("case", "default"), fallback=True),
    Context("class A { ", " }", kinds=_MEMBERS, fallback=True),
)
COMPLETIONS = (
    (" { ... }", "a body is missing: add `{ ... }`"),
    (" class $_ { ... }", "a decorator stands before a definition: add `class $_ { ... }`"),
)
SNIPPET = SnippetRules(
    chain=CHAIN,
    grouping=frozenset({"parenthesized_expression"}),
    mappings=frozenset({"object"}),
    alike={
        "function_declaration": frozenset({"function_declaration", "generator_function_declaration"}),
        "function_expression": frozenset({"function_expression", "generator_function"}),
    },
    bare_parts=frozenset({("new_expression", "arguments")}),
    optional={
        "call_expression": {"optional_chain": frozenset({"optional_chain", "?."})},
        **each("class_declaration class", parts("class_heritage", "decorator")),
        "try_statement": parts("finally_clause"),
        "export_statement": parts("decorator"),
        **each("function_declaration function_expression", parts("*")),
        "import_statement": parts("import_attribute"),
        "method_definition": parts("decorator"),
    },
    optional_fields={
        "if_statement": {"alternative": frozenset[str]()},
        **each("function_expression generator_function class", {"name": frozenset[str]()}),
    },
    optional_words=frozenset({"async", "static"}),
    alike_words={".": frozenset({"optional_chain", "?."})},
    exact_leaves=frozenset({"name", "property", "label", "key"}),
    exact_branches=frozenset({"arguments", "body", "parameters"}),
    called=frozenset({"function"}),
    named_fields=frozenset({("call_expression", "function")}),
)

LANGUAGES = (
    Language(
        name="javascript",
        title="JavaScript",
        module="tree_sitter_javascript",
        suffixes=(".js", ".mjs", ".cjs", ".jsx"),
        interpreters=("node", "nodejs", "bun", "bun run"),
        extra="javascript",
        strings=STRINGS,
        string_value=string_value,
        quoting=QUOTING,
        string_content="string_fragment",
        comments=COMMENTS,
        contexts=CONTEXTS,
        completions=COMPLETIONS,
        lists=LISTS,
        comment_signs=COMMENT_SIGNS,
        multiline_quotes=MULTILINE_QUOTES,
        snippet=replace(SNIPPET, optional={**SNIPPET.optional, "field_definition": parts("decorator")}),
        awaiting=AWAITING,
        template_parts=template_parts,
        constant_rules=constant_rules,
        name_rules=_name_rules,
        parse=tree_of,
        spelled=as_meant,
    ),
)
