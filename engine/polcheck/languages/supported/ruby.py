"""Ruby."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import escapes, literal, number, pieces, unescape, unix_lines
from polcheck.languages.language import MARK, Context, Language, Literal, SnippetRules, each, parts
from polcheck.languages.literals import LINES, Quoting, in_braces

if TYPE_CHECKING:
    from tree_sitter import Node

_escape = escapes(
    {"a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "s": " ", "t": "\t", "v": "\v", "\n": ""},
    octal=3,
    exact={"u": 4},
    upto={"x": 2},
    unknown="drop",
)


def _any_escape(text: str, at: int) -> tuple[str, int]:
    if text.startswith("u{", at) and (end := text.find("}", at)) > 0:
        codes = [number(word, 0, 6) for word in text[at + 2 : end].split()]
        if all(code <= 0x10FFFF for code, _ in codes):
            return "".join(chr(code) for code, _ in codes), end + 1
    if text[at : at + 1] == "c" and at + 1 < len(text):
        return chr(ord(text[at + 1]) & 0x1F), at + 2
    if text.startswith("C-", at) and at + 2 < len(text):
        return chr(ord(text[at + 2]) & 0x1F), at + 3
    return _escape(text, at)


def _value(node: Node) -> Literal | None:
    if node.type == "chained_string":
        values = [_value(child) for child in node.named_children if child.type == "string"]
        known = [value for value in values if value is not None]
        return Literal("".join(part.value for part in known), all(part.plain for part in known))
    text = (node.text or b"").decode("utf-8", "replace")
    opening = 1
    raw = text.startswith("'")
    if text.startswith("%"):
        opening = 3 if text[1:2] in ("q", "Q") else 2
        raw = text[1:2] == "q"
    elif not text.startswith(('"', "'")):
        return None
    if len(text) <= opening:
        return None
    ends = {text[opening - 1], {"(": ")", "[": "]", "{": "}", "<": ">"}.get(text[opening - 1], text[-1])}

    def single(part: str, at: int) -> tuple[str, int]:
        char = part[at : at + 1]
        return (char, at + 1) if char == "\\" or char in ends else ("\\", at)

    parts = pieces(node, opening, 1, () if raw else ("interpolation",))
    escape = single if raw else _any_escape
    value = "".join(unescape(unix_lines(part), escape) if isinstance(part, str) else "{}" for part in parts)
    return literal(value, all(isinstance(part, str) for part in parts))


LANGUAGES = (
    Language(
        name="ruby",
        title="Ruby",
        module="tree_sitter_ruby",
        suffixes=(".rb", ".rake", ".gemspec", ".ru", ".podspec"),
        file_names=("Rakefile", "Gemfile", "Vagrantfile", "Guardfile", "Capfile", "Podfile", "Fastfile", "Brewfile"),
        interpreters=("ruby", "jruby", "rake"),
        extra="ruby",
        strings=frozenset({"string", "chained_string"}),
        string_value=_value,
        quoting=(
            Quoting("a = ", "\n", "'"),
            Quoting("a = ", "\n", escapes={**LINES, "#": "\\#"}, character=in_braces),
        ),
        string_content="string_content",
        contexts=(
            Context(),
            Context("begin\n", "\nend\n", fallback=True),
            Context("case a\n", "\nend\n", fallback=True),
        ),
        lists=frozenset({"begin", "case"}),
        name_forms=(MARK + "{}", "Z" + MARK + "{}"),
        any_forms_in_braces=(MARK * 3, "**" + MARK * 3),
        comment_signs=("#",),
        quotes=('"', "'"),
        snippet=SnippetRules(
            grouping=frozenset({"parenthesized_statements", "scope_resolution"}),  # the latter around one name: `::A`
            bodies=frozenset({"body_statement"}),
            bare_lists=frozenset({"argument_list"}),
            mappings=frozenset({"hash"}),
            optional={"class": parts("superclass"), **each("block do_block", parts("block_parameters"))},
            optional_fields={
                **each("if unless", {"alternative": frozenset[str]()}),
                "call": {"block": frozenset[str]()},
            },
            alike_words={".": frozenset({"&.", "::"})},
            exact_leaves=frozenset({"name", "method"}),
            exact_branches=frozenset({"arguments", "body", "parameters"}),
        ),
    ),
)
