"""HCL, the language of Terraform, as code, which has syntax trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.languages.decoding import dedented, escapes, joined, literal, pieces, unescape, unix_lines
from polcheck.languages.language import MARK, Context, Language, Literal, SnippetRules
from polcheck.languages.literals import LINES, Quoting, four_or_eight
from polcheck.languages.respelling import tree_of_lines

if TYPE_CHECKING:
    from tree_sitter import Node

_escape = escapes({"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}, exact={"u": 4, "U": 8})
_TEMPLATES = ("template_interpolation", "template_directive")


def _value(node: Node) -> Literal | None:
    if node.type == "heredoc_template":
        return _heredoc(node)
    text = node.text or b""
    if len(text) < 2 or not (text.startswith(b'"') and text.endswith(b'"')):
        return None
    found = joined(pieces(node, 1, 1, _TEMPLATES), lambda part: unescape(_unmarked(part), _escape))
    return literal(found.value, found.plain)


def _unmarked(text: str) -> str:
    return text.replace("$${", "${").replace("%%{", "%{")


def _heredoc(node: Node) -> Literal | None:
    """Return the value of a heredoc; `<<-` takes off what all of its lines are indented by."""
    identifiers = [child for child in node.named_children if child.type == "heredoc_identifier"]
    if len(identifiers) != 2:
        return None
    text = (node.text or b"").decode("utf-8", "replace")
    found = joined(pieces(node, identifiers[0].end_byte - node.start_byte, 0, _TEMPLATES), _unmarked)
    lines = unix_lines(found.value).removeprefix("\n").split("\n")[:-1]
    if text.startswith("<<-"):
        lines = dedented(lines, min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0))
    return literal("".join(f"{line}\n" for line in lines), found.plain)


LANGUAGES = (
    Language(
        name="hcl",
        title="HCL",
        module="tree_sitter_hcl",
        suffixes=(".tf", ".hcl", ".tfvars", ".nomad"),
        general=False,
        extra="hcl",
        strings=frozenset({"string_lit", "quoted_template", "heredoc_template"}),
        string_value=_value,
        quoting=(Quoting("a = ", "\n", escapes={**LINES, "${": "$${", "%{": "%%{"}, character=four_or_eight),),
        string_content="template_literal",
        contexts=(Context("", "\n"), Context("a = ", "\n", fallback=True), Context("a = {\n", "\n}\n", fallback=True)),
        lists=frozenset({"body"}),
        any_forms_in_braces=(f"{MARK * 3} = {MARK}", MARK * 3),
        comment_signs=("#", "//"),
        quotes=('"',),
        parse=tree_of_lines,
        snippet=SnippetRules(
            expression_statements=frozenset({"expression"}),
            lists_of_one=frozenset({"expression", "literal_value", "template_expr"}),
        ),
    ),
)
